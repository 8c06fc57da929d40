"""An environment of its own for `bfcl-eval`, the leaderboard's runner, without its 150 packages.

`bfcl_eval_python()` makes `benchmarks/.venvs/bfcl_eval` once and returns its interpreter. The wheel
is installed with `--no-deps` (a plain install pulls torch and CUDA, and then fails at import), then
the light packages it truly uses. SDKs of vendors and machine-learning packages that it imports but
that no benchmark needs are stood in for by empty modules: `bfcl_eval_stubs.py`, written here.
"""

from __future__ import annotations

import os
import subprocess
import venv
from pathlib import Path

HERE = Path(__file__).parent
VERSION = "2026.3.23"

PACKAGES = [
    "tree_sitter==0.21.3",
    "tree-sitter-java==0.21.0",
    "tree-sitter-javascript==0.21.4",
    "openai>=1.86.0,<3",
    "pydantic>=2.8.2",
    "python-dotenv>=1.0.1",
    "tenacity>=8.5.0",
    "overrides",
    "filelock==3.20.0",
    "requests",
    "tqdm",
    "typer>=0.12.5",
    "tabulate>=0.9.0",
    "numpy==1.26.4",
    "pandas<3",
    "mpmath==1.3.0",
    "networkx==3.3",
    "rank_bm25==0.2.2",
    "beautifulsoup4",
    "html2text",
]
"""What bfcl-eval uses, its own pins kept."""

STAND_INS = [
    "anthropic",
    "boto3",
    "cohere",
    "datamodel_code_generator",
    "faiss",
    "google",
    "mistralai",
    "qwen_agent",
    "sentence_transformers",
    "serpapi",
    "soundfile",
    "torch",
    "transformers",
    "wandb",
    "writerai",
]
"""What bfcl-eval imports at its start and no benchmark calls."""

WHOLE = [
    "anthropic>=0.75.0",
    "boto3",
    "cohere==5.18.0",
    "datamodel-code-generator==0.25.7",
    "faiss-cpu==1.11.0",
    "google-genai>=1.52.0",
    "google-search-results",
    "huggingface_hub",
    "mistralai==1.7.0",
    "qwen-agent",
    "soundfile",
    "writer-sdk>=2.1.0",
]
"""What else a plain install brings, and soundfile, without which it cannot be imported; not
sentence-transformers, which pulls torch and CUDA and which scoring never imports."""

STUBS = '''"""Empty modules for packages that are imported and never used; written by actloom."""

import importlib.abc
import importlib.machinery
import sys
import types

NAMES = {names!r}


class Anything(type):
    """A class whose every attribute is such a class again."""

    def __getattr__(cls, name):
        if name.startswith("__"):
            raise AttributeError(name)
        return made(name)


def made(name):
    bases = (Exception,) if name.endswith("Error") else ()
    members = {{"__init__": lambda self, *a, **k: None, "__getattr__": lambda self, n: made(n)}}
    return Anything(name, bases, members)


class Stub(types.ModuleType):
    def __getattr__(self, name):
        if name.startswith("__"):
            raise AttributeError(name)
        return made(name)


class Finder(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    def find_spec(self, fullname, path=None, target=None):
        if fullname.partition(".")[0] in NAMES:
            return importlib.machinery.ModuleSpec(fullname, self, is_package=True)
        return None

    def create_module(self, spec):
        return Stub(spec.name)

    def exec_module(self, module):
        module.__path__ = []


sys.meta_path.append(Finder())
'''


def bfcl_eval_python(*, whole: bool = False) -> Path:
    """Returns the interpreter of an environment with bfcl-eval, made when it is not there.

    Args:
        whole: whether the packages it imports are truly there (900 MB), as for timing its start.

    Raises:
        subprocess.CalledProcessError: pip cannot install.
    """
    home = HERE / ".venvs" / ("bfcl_eval_whole" if whole else "bfcl_eval")
    python = home / "bin" / "python"
    stamp = home / "packages.txt"
    packages = [*PACKAGES, *(WHOLE if whole else [])]
    wanted = "\n".join([VERSION, *packages])
    if not stamp.exists() or stamp.read_text() != wanted:
        _install(home, python, packages)
        stamp.write_text(wanted)
    if whole:
        return python
    packages = next(home.glob("lib/python*/site-packages"))
    (packages / "bfcl_eval_stubs.py").write_text(STUBS.format(names=sorted(STAND_INS)))
    (packages / "bfcl_eval_stubs.pth").write_text("import bfcl_eval_stubs\n")
    return python


def _install(home: Path, python: Path, packages: list[str]) -> None:
    venv.create(home, with_pip=True, clear=True)
    pip = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    subprocess.run([*pip, *packages], check=True)
    subprocess.run([*pip, "--no-deps", f"bfcl-eval=={VERSION}"], check=True)


def bfcl_eval_environ(work: Path) -> dict[str, str]:
    """Returns the variables bfcl-eval is started with: its files under `work`, a key that is none.

    The mere import makes `result/`, `score/` and `.file_locks/` in `BFCL_PROJECT_ROOT`.
    """
    work.mkdir(parents=True, exist_ok=True)
    kept = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
    return {**kept, "BFCL_PROJECT_ROOT": str(work), "OPENAI_API_KEY": "none"}
