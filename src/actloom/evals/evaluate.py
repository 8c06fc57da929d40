"""Evaluates a model over cases: asks, traces, judges, scores. A killed run goes on where it was."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TypeAlias

import msgspec

from actloom import __version__
from actloom.core.case import Case
from actloom.core.dialect import Dialect
from actloom.core.errors import EmptyDataError
from actloom.core.model import Model
from actloom.core.record import Usage
from actloom.evals.baselines import first_tool_exact_of
from actloom.evals.cases import CaseSet, cases_digest
from actloom.evals.checker import CallsChecker, Checker, silent_exact_of
from actloom.evals.config import EvalConfig
from actloom.evals.judge import unanswered
from actloom.evals.result import (
    CaseVerdict,
    EvalResult,
    call_exact_of,
    failure_counts,
    grouped,
    lenient_exact_of,
    scores_of,
)
from actloom.evals.spending import spending_of
from actloom.io.urls import write_bytes
from actloom.rollout.agent import Agent
from actloom.rollout.loop import ask_cases
from actloom.rollout.trace import Trace, episodes_of

_Took: TypeAlias = tuple[float, Usage | None]
"""Share of the wall-clock time, and what the model told, of one answer."""

RESULT, VERDICTS, TRACE = "result.json", "verdicts.jsonl", "trace.jsonl"


def evaluate(
    model: Model,
    cases: CaseSet | Sequence[Case],
    dialect: Dialect,
    out: str | Path,
    *,
    config: EvalConfig | None = None,
    checker: Checker | None = None,
) -> EvalResult:
    """Asks a model all cases and writes OUT/result.json, OUT/verdicts.jsonl and OUT/trace.jsonl.

    Cases the trace has finished are not asked again; one process at a time may write to `out`.

    Args:
        model: who answers.
        cases: cases as `collect` gives them, or a plain sequence.
        dialect: how answers are read: strictly for the scores, leniently beside them.
        out: a local folder.
        config: batch, limits and prompt form; its data settings only name the run here.
        checker: how cases are played and judged; by their expected calls when None.

    Raises:
        EmptyDataError: no case.
        OutputError: `out` holds a trace of another model, dialect, data set or prompt form.
    """
    config = config or EvalConfig()
    checker = checker or CallsChecker()
    asked = cases if isinstance(cases, CaseSet) else CaseSet(list(cases), {}, cases_digest(cases))
    if not asked.cases:
        raise EmptyDataError("there is no case to ask", where=str(out))
    folder = Path(out)
    agent = Agent(model, dialect, max_tokens=config.max_tokens, instruct=config.instruct)
    settings = {**_settings(model, dialect, asked, config), "profile": checker.profile}
    with Trace(folder / TRACE, settings) as trace:
        turns = ask_cases(asked.cases, agent, trace, batch=config.batch, world=checker.world)
        refused = {turn.case: turn.completion.error for turn in turns if turn.outcome is None}
    verdicts, took = _judged(asked, folder / TRACE, refused, checker=checker)
    result = _result(verdicts, asked, settings=settings, turns=took, checker=checker)
    lines = b"".join(msgspec.json.encode(verdict) + b"\n" for verdict in verdicts)
    write_bytes(str(folder / VERDICTS), lines)
    text = msgspec.json.format(msgspec.json.encode(result), indent=1)
    write_bytes(str(folder / RESULT), text + b"\n")
    return result


def _settings(model: Model, dialect: Dialect, cases: CaseSet, config: EvalConfig) -> dict[str, str]:
    sampling = {} if config.temperature is None else {"temperature": str(config.temperature)}
    return sampling | {
        "model": model.name,
        "dialect": dialect.id,
        "data": cases.digest,
        "max_tokens": str(config.max_tokens),
        "instruct": str(config.instruct).lower(),
    }


def _judged(
    cases: CaseSet, trace_path: Path, refused: dict[str, str], *, checker: Checker
) -> tuple[list[CaseVerdict], list[_Took]]:
    """Returns one verdict a case, in case order, and what the answers of finished cases took."""
    known = {case.id: case for case in cases.cases}
    done: dict[str, CaseVerdict] = {}
    took: dict[str, list[_Took]] = {}
    for turns in episodes_of(trace_path):
        case = known.get(turns[0].case)
        if case is not None:
            done[case.id] = checker.judge(case, turns)
            took[case.id] = [(turn.seconds, turn.completion.usage) for turn in turns]
    return [
        done.get(case.id) or unanswered(case, refused.get(case.id, "")) for case in cases.cases
    ], [each for answers in took.values() for each in answers]


def _result(
    verdicts: list[CaseVerdict],
    cases: CaseSet,
    *,
    settings: dict[str, str],
    turns: list[_Took],
    checker: Checker,
) -> EvalResult:
    return EvalResult(
        model=settings["model"],
        dialect=settings["dialect"],
        profile=settings["profile"],
        data_digest=cases.digest,
        actloom=__version__,
        cases=len(verdicts),
        unanswered=sum(verdict.code == "model_error" for verdict in verdicts),
        skipped=cases.skipped,
        scores=scores_of(verdicts),
        call_exact=call_exact_of(verdicts),
        silent_exact=silent_exact_of(cases.cases, checker.world),
        first_tool_exact=first_tool_exact_of(cases.cases, checker.world),
        lenient_exact=lenient_exact_of(verdicts),
        groups=grouped(verdicts),
        failures=failure_counts(verdicts),
        settings=settings,
        seconds=round(sum(seconds for seconds, _ in turns), 3),
        spending=spending_of(usage for _, usage in turns),
        problems=cases.problems,
    )
