"""The command line: a table of verbs, each imported only when it is called.

Exit codes: 0 done; 1 findings or failures; 2 bad input or usage (no traceback); 70 a bug of ours;
130 interrupted.
"""

from __future__ import annotations

import atexit
import gc
import importlib
import inspect
import os
import sys
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, cast

if TYPE_CHECKING:
    from cyclopts import App

VERBS: dict[str, str] = {
    "quickstart": "Make data, train a tiny model on it and score it, in one command.",
    "run": "Run a recipe: every stage it names, in order, resumable.",
    "pull": "Fetch traces from Langfuse or LangSmith, or a data set of the Hub.",
    "unify": "Turn logs and data sets of any known format into a dataset folder.",
    "scrub": "Replace secrets and personal data by stable ids.",
    "verify": "Check records by rule; point at file and line; fix what is safe.",
    "synth": "Make verified tool-calling rows from Python functions.",
    "mix": "Drop duplicates, weigh sources and cut splits.",
    "train": "Train a model on a dataset folder.",
    "eval": "Ask a model and score its tool calls.",
    "score": "Score stored outputs of models on a benchmark.",
    "compare": "Compare evaluations of the same cases, with intervals and tests.",
    "export": "Write a dataset folder in another tool's format.",
    "report": "Write one HTML file about a run.",
    "show": "Print records of a dataset folder.",
    "ls": "List what a run or dataset folder holds.",
    "explain": "Explain a finding code.",
}
"""Verb -> one-line summary, in the order of `--help`."""
PARTS: dict[str, dict[str, str]] = {
    "eval": {
        "bfcl": "Ask a model BFCL's questions as bfcl-eval does, and score the answers.",
        "cases": "Ask a model cases written by hand.",
        "from-traces": "Ask a model what it would have done in your own conversations.",
    },
    "pull": {"bfcl": "Fetch BFCL's data and simulated classes, by version and hash."},
    "score": {"bfcl": "Score stored outputs on BFCL, with the official verdicts."},
}
"""Verb -> word after it -> one-line summary; `eval bfcl` stands in `cli/eval_bfcl.py`."""
ALIASES = {"convert": "unify", "lint": "verify"}
"""Other name -> verb."""
WITHOUT_DEFAULT: tuple[str, ...] = ("score",)
"""Verbs that do nothing without one of their parts."""
WITHOUT_POSITIONAL = ("eval", "score")
"""Verbs with parts after which a word can only be one of them."""
INTERRUPTED = 130
BROKEN_PIPE = 141
BUG = 70
USAGE = 2


def build_app(called: str = "", part: str = "") -> App:
    """Returns the application; only the verb, or the part of it, that is `called` is imported."""
    from cyclopts import App, Parameter

    app = App(
        name="actloom",
        help="Agent logs and tools in; verified training data, a model, and scores out.",
        version=_version,
        version_flags=["--version"],
        help_format="plaintext",
        default_parameter=Parameter(negative=()),
    )
    for position, (verb, summary) in enumerate(VERBS.items()):
        names = (verb, *(alias for alias, of in ALIASES.items() if of == verb))
        if verb != ALIASES.get(called, called):
            app.command(_target(verb), name=names, help=summary, sort_key=position)
        elif verb in PARTS:
            app.command(_verb_of_parts(verb, part), name=names)
        else:
            _add(app, verb, names)
    return app


def _verb_of_parts(verb: str, called: str) -> App:
    """Returns a verb that is itself an application of parts, and works without one too."""
    from cyclopts import App, Parameter

    parts = PARTS[verb]
    verb_app = App(help_format="plaintext", default_parameter=Parameter(negative=()))
    if verb not in WITHOUT_DEFAULT and called not in parts:
        function = _function(_target(verb))
        verb_app.help, verb_app.help_epilogue = _help_of(function.__doc__ or "")
        verb_app.default(function)
    elif called not in parts:
        verb_app.help = VERBS[verb]
        verb_app.help_epilogue = f"Example: actloom {verb} {next(iter(parts))} --help"
    for part, summary in parts.items():
        if part == called:
            _add(verb_app, f"{verb}_{part}".replace("-", "_"), (part,))
        else:
            verb_app.command(_target(f"{verb}_{part}".replace("-", "_")), name=part, help=summary)
    return verb_app


def _add(app: App, function_name: str, names: tuple[str, ...]) -> None:
    function = _function(_target(function_name))
    text, example = _help_of(function.__doc__ or "")
    app.command(function, name=names, help=text, help_epilogue=example)


def _target(name: str) -> str:
    return f"actloom.cli.{name}:{name}"


def _function(target: str) -> Callable[..., object]:
    module, _, name = target.partition(":")
    return cast("Callable[..., object]", getattr(importlib.import_module(module), name))


def _help_of(docstring: str) -> tuple[str, str]:
    """Returns the prose of a verb's docstring and, apart, its example, which ends the help."""
    prose: list[str] = []
    example: list[str] = []
    in_prose = True
    for line in inspect.cleandoc(docstring).splitlines():
        in_prose = in_prose and line not in ("Args:", "Returns:", "Raises:")
        if line.startswith("Example:"):
            example.append(line)
        elif in_prose:
            prose.append(line)
    return "\n".join(prose).strip(), "\n".join(example)


def _version() -> str:
    from importlib.metadata import version

    return version("actloom")


def main(argv: Sequence[str] | None = None) -> int:
    """Runs one command and returns the exit code; the console script `actloom`.

    Args:
        argv: arguments after the program's name; those of the process by default.
    """
    arguments = list(sys.argv[1:] if argv is None else argv)
    atexit.register(gc.freeze)  # or the interpreter looks for garbage in all there is as it ends
    try:
        code = _call(arguments)
        sys.stdout.flush()
        return code
    except KeyboardInterrupt:
        return INTERRUPTED
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return BROKEN_PIPE
    except Exception as error:
        return _explain(error)


def _call(arguments: list[str]) -> int:
    from cyclopts import CycloptsError

    called = arguments[0] if arguments and not arguments[0].startswith("-") else ""
    if called and ALIASES.get(called, called) not in VERBS:
        return _unknown(f"verb {called!r}", called, [*VERBS, *ALIASES])
    part = "".join(arguments[1:2])
    odd = part and not part.startswith("-") and part not in PARTS.get(called, {})
    if odd and called in WITHOUT_POSITIONAL:
        return _unknown(f"word {part!r} after {called}", part, list(PARTS[called]))
    try:
        result = cast(
            "object",
            build_app(called, part)(arguments, exit_on_error=False, result_action="return_value"),
        )
    except CycloptsError:
        return USAGE
    return result if isinstance(result, int) else 0


def _unknown(what: str, called: str, known: Sequence[str]) -> int:
    import difflib

    near = difflib.get_close_matches(called, known, n=1)
    _complain(f"actloom: unknown {what}")
    _complain(f"  expected: {', '.join(name for name in known if name not in ALIASES)}")
    if near:
        _complain(f"  do:       did you mean {near[0]!r}?")
    return USAGE


def _explain(error: Exception) -> int:
    """Prints an error the way its kind asks for and returns the exit code."""
    from actloom.core.errors import ActloomError

    if os.environ.get("ACTLOOM_DEBUG") == "1":
        import traceback

        traceback.print_exception(error)
    if isinstance(error, ActloomError):
        _complain(f"actloom: {error}")
        return error.exit_code
    _complain(f"actloom: unexpected {type(error).__name__}: {error}")
    _complain("  do:       set ACTLOOM_DEBUG=1 to see the traceback, and report it")
    return BUG


def _complain(text: str) -> None:
    print(text, file=sys.stderr)  # noqa: T201
