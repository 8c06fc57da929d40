"""`actloom eval from-traces`."""

from __future__ import annotations

import sys
from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import msgspec
from cyclopts import Parameter

from actloom.cli.asking import Asking
from actloom.cli.eval import known_model, show_trouble

if TYPE_CHECKING:
    from collections.abc import Sequence

    from actloom.core.model import Model
    from actloom.evals.config import EvalConfig
    from actloom.evals.from_traces.comparison import Compared, Comparison, Vote
    from actloom.evals.from_traces.positions import Positions
    from actloom.evals.from_traces.sides import Side
    from actloom.evals.result import EvalResult

PAGE, COMPARISON, HELD_OUT = "index.html", "comparison.json", "held_out.json"


def eval_from_traces(  # noqa: PLR0913 -- one parameter an option
    paths: list[str],
    /,
    *,
    model: str,
    out: str = "runs/from_traces",
    judge: str = "",
    go_on: Annotated[bool, Parameter(name="--continue")] = False,
    split: str = "auto",
    test_share: float = 1.0,
    by: Literal["session", "customer", "conversation"] = "session",
    since: str = "",
    per_record: int | None = None,
    limit: int | None = None,
    scrub: bool = False,
    production_price: str = "",
    dialect: str = "hermes",
    max_tokens: int = 512,
    batch: int = 32,
    instruct: bool = False,
    asking: Asking = Asking(),  # noqa: B008 -- frozen
    json: Annotated[bool, Parameter(name="--json")] = False,
) -> int | None:
    """Ask a model what it would have done in your own conversations, beside what was done.

    Each action of the production model is a case: the conversation before it, as it was recorded.
    OUT/index.html says where the new model agrees, where it is better by rules (and by --judge),
    what both cost, and what to look at before switching. OUT/held_out.json names the conversations
    that must not be trained on. A killed run goes on where it was.

    Example: actloom eval from-traces traces.jsonl --model scripted:silent --out runs/from_traces

    Args:
        paths: trace files and folders of any format `unify` reads, or one dataset folder or run.
        model: as for `actloom eval`.
        out: folder to write.
        judge: model that says which answer is better where no rule does; asked in both orders.
        go_on: let the model go on while its calls were recorded; results come from the tape.
        split: auto (test where records name it, else all), a split, or all.
        test_share: share of the groups that is asked.
        by: what is held out together.
        since: only conversations from this ISO date or time on.
        per_record: most actions of one conversation.
        limit: most cases, chosen by hash.
        scrub: replace secrets and personal data first.
        production_price: IN/OUT in US dollars per million tokens of the production model, where
            the traces tell tokens and no cost.
        dialect: how the model writes calls.
        max_tokens: tokens an answer may have.
        batch: prompts handed to the model together.
        instruct: write the tools and the call format into the system message.
        asking: how a server is asked.
        json: print the comparison as JSON on stdout.
    """
    from actloom.evals.from_traces.config import TracesConfig
    from actloom.evals.from_traces.positions import positions_of
    from actloom.io.folder import records
    from actloom.io.urls import write_bytes
    from actloom.run.store import locked

    chosen = TracesConfig(
        split=split,
        test_share=test_share,
        by=by,
        since=since,
        per_record=per_record,
        limit=limit,
        go_on=go_on,
    )
    config = asking.config(max_tokens=max_tokens, batch=batch, instruct=instruct)
    positions = positions_of(records(_dataset(paths, out, scrub=scrub, quiet=json)), chosen)
    with locked(out):
        write_bytes(str(Path(out) / HELD_OUT), _formatted(positions.held_out()))
        result = _evaluated(
            positions, config, model=model, dialect=dialect, out=out, asking=asking, go_on=go_on
        )
        votes = _votes(positions, result, judge=judge, out=out, asking=asking)
        found = _compared(positions, result, out, judge=judge, votes=votes, price=production_price)
        _write(found, out)
    _show(found, out, has_trouble=result.unanswered > 0, json=json)
    return 1 if result.unanswered else 0


def _dataset(paths: list[str], out: str, *, scrub: bool, quiet: bool) -> str:
    """Returns the dataset folder to read, made from foreign files, and scrubbed, below `out`."""
    from shutil import rmtree

    from actloom.core.errors import InputError
    from actloom.run.lint import is_dataset

    foreign = not all(is_dataset(path) for path in paths)
    if not foreign and len(paths) > 1:
        raise InputError("several dataset folders", todo="join them first: actloom mix A B --out C")
    if not scrub:
        return _unified(paths, out, quiet=quiet) if foreign else paths[0]
    raw = Path(out) / "unscrubbed"
    try:
        folder = _unified(paths, str(raw), quiet=quiet) if foreign else paths[0]
        return _scrubbed(folder, out, quiet=quiet)
    finally:
        if raw.exists():  # what was replaced must not stay beside what replaced it
            rmtree(raw)


def _scrubbed(folder: str, out: str, *, quiet: bool) -> str:
    from actloom.run.executor import RunOptions, run_stage
    from actloom.run.scrub import ScrubStage, write_report
    from actloom.scrub import ScrubConfig

    config = ScrubConfig()
    options = RunOptions(recipe=msgspec.to_builtins(config), quiet=quiet)
    scrubbed = str(Path(out) / "scrubbed")
    run_stage(ScrubStage([folder], config), scrubbed, options=options)
    write_report(scrubbed)
    return scrubbed


def _unified(paths: list[str], out: str, *, quiet: bool) -> str:
    """Returns OUT/records, made of foreign files; tools nobody logged go to OUT/tools.json."""
    from actloom.run.executor import RunOptions, run_stage
    from actloom.unify import UnifyConfig, UnifyStage
    from actloom.unify.inference import infer, write_review

    review = Path(out) / "tools.json"
    if not review.exists():
        review.parent.mkdir(parents=True, exist_ok=True)
        write_review(str(review), infer(UnifyStage(paths, UnifyConfig())))
    config = UnifyConfig(infer_tools=str(review))
    options = RunOptions(recipe=msgspec.to_builtins(config), quiet=quiet)
    folder = str(Path(out) / "records")
    run_stage(UnifyStage(paths, config), folder, options=options)
    return folder


def _evaluated(
    positions: Positions,
    config: EvalConfig,
    *,
    model: str,
    dialect: str,
    out: str,
    asking: Asking,
    go_on: bool,
) -> EvalResult:
    from actloom.dialects import dialect as dialect_of
    from actloom.evals.evaluate import evaluate
    from actloom.evals.from_traces.checker import TracesChecker

    cases, reader = positions.case_set(), dialect_of(dialect)
    if go_on and model == "scripted:gold":
        from actloom.evals.from_traces.gold import tape_gold_model

        known: Model | None = tape_gold_model(positions, reader, instruct=config.instruct)
    else:
        known = known_model(model, cases, reader, instruct=config.instruct)
    with nullcontext(known) if known else asking.opened(model, out) as asked:
        checker = TracesChecker(positions, go_on=go_on)
        return evaluate(asked, cases, reader, out, config=config, checker=checker)


def _votes(
    positions: Positions, result: EvalResult, *, judge: str, out: str, asking: Asking
) -> dict[str, list[Vote]]:
    if not judge:
        return {}
    from actloom.evals.from_traces.comparison import compared_cases
    from actloom.evals.from_traces.judging import votes_of

    with asking.opened(judge, out) as model:
        cases = compared_cases(positions, out)
        return votes_of(positions, cases, model, out, data=f"{result.model} {result.data_digest}")


def _compared(
    positions: Positions,
    result: EvalResult,
    out: str,
    *,
    judge: str,
    votes: dict[str, list[Vote]],
    price: str,
) -> Comparison:
    from actloom.evals.from_traces.comparison import compare_with_production, compared_cases
    from actloom.evals.from_traces.sides import new_side

    cases: Sequence[Compared] = compared_cases(positions, out, votes=votes)
    sides: tuple[Side, Side] = (_production(positions, price), new_side(out, result.model))
    return compare_with_production(
        positions, cases, result, sides=sides, judge=judge.partition("#")[2] or judge
    )


def _production(positions: Positions, price: str) -> Side:
    """Returns what the production model took, priced where the traces do not tell."""
    from actloom.core.record import Usage
    from actloom.evals.from_traces.sides import side_of
    from actloom.llm.prices import cost_usd, price_of

    usages = [usage for item in positions.items for usage in item.usages]
    if price:
        per_million = price_of(price)
        usages = [
            msgspec.structs.replace(usage, cost_usd=cost_usd(usage, per_million))
            if isinstance(usage, Usage) and usage.cost_usd is None
            else usage
            for usage in usages
        ]
    return side_of(usages)


def _formatted(value: object) -> bytes:
    return msgspec.json.format(msgspec.json.encode(value), indent=1) + b"\n"


def _write(found: Comparison, out: str) -> None:
    from actloom.io.urls import write_bytes
    from actloom.report.from_traces import render

    write_bytes(str(Path(out) / COMPARISON), _formatted(found))
    write_bytes(str(Path(out) / PAGE), render(found).encode())


def _show(found: Comparison, out: str, *, has_trouble: bool, json: bool) -> None:
    from actloom.evals.from_traces.comparison import OUTCOMES
    from actloom.report.from_traces import case_line, cost_text, seconds_text
    from actloom.run.progress import say

    if json:
        sys.stdout.write(msgspec.json.encode(found).decode() + "\n")
        return
    say(f"{found.model} beside production: {found.cases:,} cases of {found.conversations:,} traces")
    say(f"  agrees            {found.agreement}")
    for words, share in (("calls", found.call_agreement), ("speaks", found.silent_agreement)):
        if share.n:
            say(f"    where it {words:<8} {share}  n={share.n}")
    for outcome, number in found.outcomes.items():
        if number:
            say(f"  {number:>7,}  {outcome:<12}{OUTCOMES[outcome]}")
    for winner, number in found.judged.items():
        say(f"  {number:>7,}  judge: {winner}")
    for name, side in (("production", found.production), ("new", found.new)):
        say(f"  {name:<12}{cost_text(side)}; {seconds_text(side)}")
    for reason, number in found.skipped.items():
        say(f"  {number:>7,}  not asked: {reason}")
    for case in found.look_at[:5]:
        say(f"  look at {case_line(case)}")
    say(f"  -> {Path(out) / PAGE}")
    if has_trouble:
        show_trouble(out)
