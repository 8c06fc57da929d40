"""`actloom eval`."""

from __future__ import annotations

import sys
from contextlib import nullcontext
from typing import TYPE_CHECKING, Annotated, Literal

import msgspec
from cyclopts import Parameter

from actloom.cli.asking import Asking

if TYPE_CHECKING:
    from collections.abc import Mapping

    from actloom.core.dialect import Dialect
    from actloom.core.model import Model
    from actloom.evals.cases import CaseSet
    from actloom.evals.result import EvalResult


def eval(  # noqa: PLR0913 -- the verb's name; one parameter an option
    *,
    model: str,
    data: str,
    out: str = "runs/eval",
    dialect: str = "hermes",
    split: str = "test",
    which: Literal["last_call", "last", "every"] = "last_call",
    limit: int | None = None,
    max_tokens: int = 512,
    batch: int = 32,
    instruct: bool = False,
    asking: Asking = Asking(),  # noqa: B008 -- frozen
    json: Annotated[bool, Parameter(name="--json")] = False,
) -> int | None:
    """Ask a model for the next action of held-out records and score its calls.

    Writes OUT/result.json, OUT/verdicts.jsonl and OUT/trace.jsonl. A killed run goes on where it
    was when the same command is given again.

    Example: actloom eval --model scripted:gold --data runs/mix --out runs/eval

    Args:
        model: folder of a model or hub name; http://HOST:PORT/v1#NAME or openai:NAME for a model
            behind a server (with --instruct the call format of --dialect is asked for in words,
            without it the tools go as such, and calls are read from the server's or from the
            text in the dialect); scripted:gold answers as expected, scripted:silent
            never, scripted:FILE from a JSON object of user text -> answer; baseline:first-tool
            calls the first tool with values copied from the request, baseline:no-op none.
        data: dataset folder or run.
        out: folder to write.
        dialect: how the model writes calls.
        split: split whose records are asked, or all.
        which: agent step that is asked for: last_call, last or every.
        limit: most cases.
        max_tokens: tokens an answer may have.
        batch: prompts handed to the model together.
        instruct: write the tools and the call format into the system message.
        asking: how a server is asked.
        json: print the result as JSON on stdout.
    """
    from actloom.dialects import dialect as dialect_of
    from actloom.evals.cases import collect
    from actloom.evals.evaluate import evaluate
    from actloom.io.folder import records
    from actloom.run.store import locked

    config = asking.config(
        split=split,
        which=which,
        limit=limit,
        max_tokens=max_tokens,
        batch=batch,
        instruct=instruct,
    )
    reader = dialect_of(dialect)
    cases = collect(records(data), config)
    with locked(out):
        own = known_model(model, cases, reader, instruct=instruct)
        with nullcontext(own) if own else asking.opened(model, out) as asked:
            result = evaluate(asked, cases, reader, out, config=config)
    show_result(result, out, json=json)
    if result.unanswered:
        show_trouble(out)
    return 1 if result.unanswered else 0


def known_model(
    spec: str,
    cases: CaseSet,
    dialect: Dialect,
    *,
    instruct: bool,
    texts: Mapping[str, str] | None = None,
) -> Model | None:
    """Returns a model that is made from the cases; None when the spec names another.

    Args:
        spec: what stands after `--model`.
        cases: what will be asked.
        dialect: how the model writes calls.
        instruct: whether prompts carry the dialect's instruction.
        texts: case id -> text that `scripted:gold` writes, where it is part of the answer.
    """
    if spec == "scripted:gold":
        from actloom.evals.gold import gold_model

        return gold_model(cases.cases, dialect, instruct=instruct, texts=texts)
    if spec.startswith("baseline:"):
        from actloom.evals.baselines import baseline_model

        return baseline_model(spec, instruct=instruct)
    return None


def show_result(result: EvalResult, out: str, *, json: bool) -> None:
    """Prints a result, for people or as JSON."""
    from actloom.run.progress import say

    if json:
        sys.stdout.write(msgspec.json.encode(result).decode() + "\n")
        return
    scores = result.scores
    say(f"{result.model}: {result.cases:,} cases, {result.profile}, data {result.data_digest}")
    for name, interval in (
        ("exact", scores.exact),
        ("functions", scores.name),
        ("arguments", scores.argument),
        ("exact, repaired", result.lenient_exact),
        ("exact, call due", result.call_exact),
        ("never calling", result.silent_exact),
        ("first tool", result.first_tool_exact),
    ):
        if interval is None:
            continue
        say(f"  {name:<18}{interval}")
    for grouping, groups in result.groups.items():
        for label, group in groups.items():
            say(f"  {grouping} {label:<24}{group.exact}  n={group.exact.n}")
    for kind, number in result.failures.items():
        say(f"  {number:>7,}  {kind}")
    if result.spending is not None and result.spending.latency_p50 is not None:
        say(f"  {result.spending}")
    say(f"  -> {out}")


def show_trouble(out: str) -> None:
    """Says why the first unanswered case has no answer; the others' reasons stand in the file."""
    from actloom.evals.outcomes import read_verdicts
    from actloom.run.progress import say

    reasons = [v.message for v in read_verdicts(out).values() if v.code == "model_error"]
    say(f"  no answer to {len(reasons):,} cases; the first: {reasons[0]}")
    say("  do: mend the cause and give the same command again; only these are asked")
