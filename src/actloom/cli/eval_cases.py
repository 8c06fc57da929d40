"""`actloom eval cases`."""

from __future__ import annotations

import sys
from contextlib import nullcontext
from typing import TYPE_CHECKING, Annotated

import msgspec
from cyclopts import Parameter

from actloom.cli.asking import Asking
from actloom.cli.eval import known_model, show_result, show_trouble
from actloom.core.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from actloom.core.record import Tool
    from actloom.evals.cases import CaseProblem
    from actloom.evals.config import EvalConfig
    from actloom.evals.own_cases.reading import OwnCases


def eval_cases(  # noqa: PLR0913 -- one parameter an option
    file: str,
    /,
    *,
    model: str = "",
    out: str = "runs/cases",
    check: bool = False,
    tools: str = "",
    dialect: str = "hermes",
    limit: int | None = None,
    max_tokens: int = 512,
    batch: int = 32,
    instruct: bool = False,
    asking: Asking = Asking(),  # noqa: B008 -- frozen
    json: Annotated[bool, Parameter(name="--json")] = False,
) -> int | None:
    """Ask a model your own cases: plain JSONL or YAML, written by hand.

    A case is {"query" or "messages", "tools", "expected": [{"name", "arguments"}]}; an argument is
    a value, or says what fits: {"$any_of": [..]}, {"$range": [1, 5]}, {"$pattern": ".."}. Cases
    that cannot be read are listed with line and reason, and the others are asked.

    Exit code 1 when a case cannot be read or got no answer.

    Example: actloom eval cases mycases.jsonl --model scripted:gold --out runs/cases

    Args:
        file: the cases.
        model: as for `actloom eval`: a folder, http://HOST:PORT/v1#NAME, openai:NAME,
            scripted:gold, scripted:silent, scripted:FILE, baseline:first-tool.
        out: folder to write.
        check: only read the cases and try each on its own first answer; no model is asked.
        tools: JSON file with the tools of the cases that have none of their own.
        dialect: how the model writes calls.
        limit: most cases, the first in order.
        max_tokens: tokens an answer may have.
        batch: prompts handed to the model together.
        instruct: write the tools and the call format into the system message.
        asking: how a server is asked.
        json: print the result as JSON on stdout.
    """
    from actloom.evals.own_cases.reading import read_cases

    own = read_cases(file, tools=_tools_in(tools) if tools else ())
    if check:
        return _checked(own, json=json)
    if not model:
        raise InputError("no model to ask", todo="give --model, or --check to read the cases only")
    config = asking.config(max_tokens=max_tokens, batch=batch, instruct=instruct, limit=limit)
    return _asked(own, config, model=model, dialect=dialect, out=out, asking=asking, json=json)


def _asked(
    own: OwnCases,
    config: EvalConfig,
    *,
    model: str,
    dialect: str,
    out: str,
    asking: Asking,
    json: bool,
) -> int:
    from actloom.dialects import dialect as dialect_of
    from actloom.evals.evaluate import evaluate
    from actloom.evals.own_cases.checker import OwnChecker
    from actloom.evals.own_cases.reading import case_set
    from actloom.run.store import locked

    cases = case_set(own, limit=config.limit)
    reader = dialect_of(dialect)
    texts = {entry.case.id: entry.example_text for entry in own.cases if entry.example_text}
    with locked(out):
        known = known_model(model, cases, reader, instruct=config.instruct, texts=texts)
        with nullcontext(known) if known else asking.opened(model, out) as asked:
            checker = OwnChecker({entry.case.id: entry.rule for entry in own.cases})
            result = evaluate(asked, cases, reader, out, config=config, checker=checker)
    show_result(result, out, json=json)
    if not json:
        _say_problems(own.problems)
    if result.unanswered and not json:
        show_trouble(out)
    return 1 if result.unanswered or own.problems else 0


def _tools_in(path: str) -> Sequence[Tool]:
    from actloom.core.errors import ToolSchemaError
    from actloom.core.schema import tools_of
    from actloom.io.foreign_json import decode_json
    from actloom.io.urls import open_read

    with open_read(path) as stream:
        found = decode_json(stream.read())
    if found.problem is not None:
        raise InputError("the file of tools is no JSON", got=found.problem.message, where=path)
    try:
        return tools_of(found.value)
    except ToolSchemaError as error:
        error.where = path
        raise


def _checked(own: OwnCases, *, json: bool) -> int:
    """Prints what was read and the self-test; returns the exit code."""
    from actloom.evals.own_cases.selftest import self_test
    from actloom.run.progress import say

    found = self_test(own)
    if json:
        sys.stdout.write(msgspec.json.encode(found).decode() + "\n")
    else:
        say(f"{found.cases:,} cases, {len(found.problems):,} that cannot be read")
        say(f"  {found.passed:>7,}  accept their own first answer")
        if found.untried:
            shown = ", ".join(found.untried[:10])
            say(f"  {len(found.untried):>7,}  have none that can be made up: {shown}")
            say('  do: add "$example" beside a $pattern or $schema to have it tried')
        _say_problems(found.problems)
    return 1 if found.problems else 0


def _say_problems(problems: Sequence[CaseProblem]) -> None:
    from actloom.run.progress import say

    for problem in problems[:20]:
        name = f" {problem.id!r}" if problem.id else ""
        say(f"  line {problem.line}{name} {problem.path}: {problem.message}")
        if problem.todo:
            say(f"    do: {problem.todo}")
    if len(problems) > 20:
        say(f"  and {len(problems) - 20:,} more; --json prints all of them")
