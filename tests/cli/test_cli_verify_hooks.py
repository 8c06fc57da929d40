"""The pre-commit hooks and the GitHub Action, run as their hosts run them."""

from __future__ import annotations

import json
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
from ruamel.yaml import YAML

ROOT = Path(__file__).parents[2]
TOOL = {
    "name": "f",
    "description": "Takes a number.",
    "parameters": {"type": "object", "properties": {"n": {"type": "integer"}}, "required": ["n"]},
}
HOOKS = YAML(typ="safe").load((ROOT / ".pre-commit-hooks.yaml").read_text())
ACTION = YAML(typ="safe").load((ROOT / "action.yml").read_text())


def row(n: object, name: str = "f") -> str:
    call = {"name": name, "arguments": {"n": n}}
    return json.dumps({"query": "Take 3.", "tools": [TOOL], "answers": [call]}) + "\n"


def ran(command: list[str], folder: Path, **env: str) -> subprocess.CompletedProcess[str]:
    """Runs a command where `actloom` is the one under test."""
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    return subprocess.run(
        command,
        cwd=folder,
        env={**os.environ, "PATH": path, **env},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


def hook(name: str, folder: Path, *files: str) -> subprocess.CompletedProcess[str]:
    """Runs a hook as pre-commit does: its entry, then the changed files that fit its pattern."""
    [found] = [hook for hook in HOOKS if hook["id"] == name]
    assert found["language"] == "python"
    fitting = [file for file in files if re.search(found["files"], file)]
    return ran([*shlex.split(found["entry"]), *found.get("args", []), *fitting], folder)


def test_the_verify_hook_fails_on_a_faulty_file_and_passes_over_other_files(tmp_path):
    (tmp_path / "good.jsonl").write_text(row(3))
    (tmp_path / "bad.jsonl").write_text(row(3, name="g"))
    (tmp_path / "notes.md").write_text("no data")
    assert hook("actloom-verify", tmp_path, "good.jsonl", "notes.md").returncode == 0
    done = hook("actloom-verify", tmp_path, "good.jsonl", "bad.jsonl", "notes.md")
    assert done.returncode == 1
    assert "bad.jsonl:1: CALL002" in done.stdout


@pytest.mark.slow
def test_the_fix_hook_changes_the_file_and_is_quiet_the_second_time(tmp_path):
    file = tmp_path / "data.jsonl"
    file.write_text(row("3"))
    assert hook("actloom-fix", tmp_path, "data.jsonl").returncode == 0
    assert file.read_text() == row(3)
    again = hook("actloom-fix", tmp_path, "data.jsonl")
    assert (again.returncode, again.stderr, file.read_text()) == (0, "", row(3))


def action(folder: Path, **inputs: str) -> list[subprocess.CompletedProcess[str]]:
    """Runs the action's steps as the runner does, up to the first that fails."""
    given = {name: item.get("default", "") for name, item in ACTION["inputs"].items()} | inputs
    done = []
    for step in ACTION["runs"]["steps"]:
        env = {
            key: re.sub(r"\$\{\{ inputs\.(\w+) \}\}", lambda m: given[m[1]], text)
            for key, text in step["env"].items()
        }
        assert "${{" not in step["run"], "inputs must come by the environment, never as script"
        script = folder / "step.sh"
        script.write_text(step["run"])
        shell = ["bash", "--noprofile", "--norc", "-eo", "pipefail", str(script)]
        done.append(ran(shell, folder, **env))
        if done[-1].returncode:
            break
    return done


def test_every_step_of_the_action_says_its_shell():
    assert ACTION["runs"]["using"] == "composite"
    assert [step["shell"] for step in ACTION["runs"]["steps"]] == ["bash", "bash"]


@pytest.mark.parametrize(("name", "code"), [("f", 0), ("g", 1)])
def test_the_action_annotates_and_ends_as_verify_does(name, code, tmp_path):
    (tmp_path / "my data.jsonl").write_text(row(3, name=name))
    *_, last = action(tmp_path, paths="my data.jsonl\n", install="false")
    assert last.returncode == code
    assert last.stdout.startswith("::error file=my data.jsonl,line=1" if code else "1 item")


@pytest.mark.slow
def test_the_action_takes_arguments_and_writes_sarif(tmp_path):
    (tmp_path / "a.jsonl").write_text(row(3, name="g"))
    (tmp_path / "b.jsonl").write_text(row("3"))
    *_, last = action(
        tmp_path,
        paths="a.jsonl\nb.jsonl",
        arguments="--ignore\nCALL002",
        sarif="out.sarif",
        install="false",
    )
    assert last.returncode == 1
    log = json.loads((tmp_path / "out.sarif").read_text())
    assert [result["ruleId"] for result in log["runs"][0]["results"]] == ["CALL005"]


def test_input_of_the_action_is_never_run(tmp_path):
    *_, last = action(tmp_path, paths="$(touch pwned); `touch pwned`", install="false")
    assert last.returncode == 2
    assert not (tmp_path / "pwned").exists()


def test_a_missing_file_fails_the_action_with_sarif_too(tmp_path):
    *_, last = action(tmp_path, paths="no.jsonl", sarif="out.sarif", install="false")
    assert last.returncode == 2
