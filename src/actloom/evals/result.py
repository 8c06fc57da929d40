"""What an evaluation leaves: scores with intervals, and one verdict a case."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import msgspec

from actloom.core.record import Call, Tool
from actloom.core.stats import Interval, bootstrap_mean
from actloom.evals.cases import CaseProblem
from actloom.evals.spending import Spending

PROFILE = "calls/1"
"""Rules of these scores: name, arguments and types equal, order free unless the case says else."""

FAILURES: dict[str, str] = {
    "no_call": "The model answered without a call where one was expected.",
    "parse": "The answer is not the dialect the model was asked to write.",
    "name": "Another function was called.",
    "missing_argument": "An expected argument was left out.",
    "extra_argument": "An argument was given that was not expected.",
    "type": "An argument has the wrong JSON type.",
    "value": "An argument has the right type and another value.",
    "order": "The right calls in another order, where the order is part of the task.",
    "text": "The calls are right, the text beside them is not.",
    "call_count": "More or fewer calls than expected.",
    "called_when_none_fits": "A function was called where none of the offered ones fits.",
    "model_error": "The model gave no answer (error or time-out); counted as wrong.",
}
"""Failure kind -> what it means."""


class CaseVerdict(msgspec.Struct, frozen=True, omit_defaults=True):
    """One line of verdicts.jsonl."""

    id: str
    """Case id."""
    valid: bool
    """True when the strictly read calls are the expected ones."""
    code: str = ""
    """Failure kind; "" when valid."""
    message: str = ""
    """One sentence: expected, got."""
    name: float = 0.0
    """1 when the called functions are the expected ones."""
    argument: float = 0.0
    """Share of arguments that are right, over all that were expected or given."""
    lenient_valid: bool = False
    """The same after repairs of the dialect, order and types kept strict."""
    lenient_code: str = ""
    """Failure kind of the lenient reading."""
    repairs: list[str] = []
    """Repairs the lenient reading needed."""
    query: str = ""
    """Last user text, cut to `SHOWN` characters."""
    expected: list[Call] = []
    got: list[Call] = []
    """Calls as read strictly; where that failed and a repair helped, as repaired."""
    text: str = ""
    """What the model wrote, cut to `SHOWN` characters."""
    groups: dict[str, str] = {}
    tools: list[Tool] = []
    """Tools that were offered, where a page shows the case; not in verdicts.jsonl."""


SHOWN = 2000


class Scores(msgspec.Struct, frozen=True):
    """Scores of a set of cases, 0 to 1."""

    exact: Interval
    """Share of cases with exactly the expected calls."""
    name: Interval
    """Share of cases with the expected functions."""
    argument: Interval
    """Mean share of right arguments."""


class EvalResult(msgspec.Struct, frozen=True, kw_only=True):
    """OUT/result.json."""

    model: str
    dialect: str
    profile: str
    """Rules behind the scores."""
    data_digest: str
    """Digest of the cases."""
    actloom: str
    """Version of actloom."""
    cases: int
    unanswered: int
    """Cases to which the model gave an error instead of an answer; they count as wrong."""
    skipped: dict[str, int]
    """Reason -> records that gave no case."""
    scores: Scores
    call_exact: Interval
    """`exact` over the cases where a call is expected; silence wins none of these."""
    silent_exact: Interval
    """`exact` of a model that never calls: the baseline any model must beat."""
    first_tool_exact: Interval | None = None
    """`exact` of the baseline that calls the first tool with values copied from the request; None
    in results that were written without it."""
    lenient_exact: Interval
    """`exact` when the dialect may be repaired before it is read."""
    groups: dict[str, dict[str, Scores]]
    """Grouping -> group -> scores."""
    failures: dict[str, int]
    """Failure kind -> cases, most frequent first."""
    settings: dict[str, str]
    seconds: float
    """Seconds the model took, of all runs that filled the trace."""
    spending: Spending | None = None
    """Tokens, money and latency of the finished cases; None in results written without it."""
    problems: list[CaseProblem] = []
    """Cases that could not be read, and so were not asked."""


def scores_of(verdicts: Sequence[CaseVerdict]) -> Scores:
    """Returns the scores of verdicts with 95 % bootstrap intervals."""
    return Scores(
        exact=bootstrap_mean([float(v.valid) for v in verdicts]),
        name=bootstrap_mean([v.name for v in verdicts]),
        argument=bootstrap_mean([v.argument for v in verdicts]),
    )


def call_exact_of(verdicts: Sequence[CaseVerdict]) -> Interval:
    """Returns the share of exact cases among those where a call is expected."""
    return bootstrap_mean([float(v.valid) for v in verdicts if v.expected])


def lenient_exact_of(verdicts: Sequence[CaseVerdict]) -> Interval:
    """Returns the share of cases that are right when the dialect is read leniently."""
    return bootstrap_mean([float(v.lenient_valid) for v in verdicts])


def grouped(verdicts: Sequence[CaseVerdict]) -> dict[str, dict[str, Scores]]:
    """Returns grouping -> group -> scores, groups in sorted order."""
    parts: dict[str, dict[str, list[CaseVerdict]]] = {}
    for verdict in verdicts:
        for key, label in verdict.groups.items():
            parts.setdefault(key, {}).setdefault(label, []).append(verdict)
    return {
        key: {label: scores_of(group[label]) for label in sorted(group)}
        for key, group in parts.items()
    }


def failure_counts(verdicts: Sequence[CaseVerdict]) -> dict[str, int]:
    """Returns failure kind -> cases, most frequent first."""
    return dict(Counter(v.code for v in verdicts if not v.valid).most_common())
