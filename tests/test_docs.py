"""Every code block of README and docs runs: Python as a program, sh as commands in a fresh folder.

Those of README are in the fast suite, those of docs in the slow one.

Blocks that install or call make are left to CI, which runs them itself (`.ci/run`).
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
FENCE = re.compile(r"^```(python|sh)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
LEFT_TO_CI = re.compile(r"^(make|pip|git) ", re.MULTILINE)


def blocks() -> list[tuple[str, str, str]]:
    """Returns (name, language, code) of every block in README and docs."""
    found = []
    for page in [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]:
        for index, match in enumerate(FENCE.finditer(page.read_text())):
            if not LEFT_TO_CI.search(match[2]):
                found.append((f"{page.name}-{index}", match[1], match[2]))
    return found


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Returns a folder holding the files the pages talk about."""
    samples = ROOT / "tests" / "docs_files"
    shutil.copytree(samples, tmp_path, dirs_exist_ok=True)
    shutil.copytree(ROOT / "recipes", tmp_path / "recipes")
    return tmp_path


def marked(name: str, language: str, code: str) -> object:
    """Returns a block as a test's parameters."""
    marks = () if name.startswith("README") else (pytest.mark.slow,)
    return pytest.param(language, code, id=name, marks=marks)


@pytest.mark.parametrize(("language", "code"), [marked(*block) for block in blocks()])
def test_the_block_runs(language: str, code: str, folder: Path) -> None:
    script = folder / ("block.py" if language == "python" else "block.sh")
    script.write_text(code if language == "python" else "set -e\n" + code)
    shell = [sys.executable, "-X", "utf8"] if language == "python" else ["bash"]
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    done = subprocess.run(
        [*shell, str(script)],
        cwd=folder,
        env={**os.environ, "PATH": path},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    # Exit code 1 means findings: the pages show what a linter says about a faulty file.
    assert done.returncode in (0, 1), f"{done.stdout}\n{done.stderr}"
    assert "Traceback" not in done.stderr
