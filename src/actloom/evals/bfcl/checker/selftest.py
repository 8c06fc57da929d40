"""The gold through the checker: questions whose own right answer is rejected.

A question that nobody can pass tells nothing about a model. Such questions are known for the
published data and stand in `QUARANTINE`; own or changed data is tested with `self_test`.
"""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from actloom.core.verdict import Verdict
from actloom.evals.bfcl.checker.answers import gold_calls
from actloom.evals.bfcl.checker.rules import Rules
from actloom.evals.bfcl.checker.values import CRASHES
from actloom.evals.bfcl.checker.verdicts import CRASHED, Judge
from actloom.evals.bfcl.decoding import Decoded
from actloom.evals.bfcl.question import Question

QUARANTINE: dict[str, dict[str, str]] = {
    "v1-2024-08-11": {
        "parallel_multiple_function_179": "an expected call names no function (`deck`)",
        "java_1": "the gold map holds a number where a list of accepted values is needed",
        "java_36": "items of type any are read as texts, the gold has a number and a truth value",
        "java_64": "the gold map holds a text where a list is needed: single letters are accepted",
        "java_65": "items of type any are read as texts, the gold has truth values",
        "java_67": "the gold maps hold texts where lists are needed",
        "java_68": "the gold map holds a text where a list is needed: single letters are accepted",
        "javascript_5": "the gold object holds texts where lists are needed",
    },
    "v4": {
        "simple_java_36": "items of type any are read as texts, the gold has a number and a truth",
        "simple_java_64": "the gold map holds a text where a list is needed",
        "simple_java_65": "items of type any are read as texts, the gold has truth values",
        "live_simple_106-63-0": "a required argument accepts no value",
        "live_simple_112-68-0": "a required argument accepts no value",
        "live_multiple_507-149-4": "a required argument accepts only being left out",
        "live_multiple_862-181-3": "an expected argument is not in the function's document",
        "live_multiple_964-207-0": "a required argument is missing from the gold",
    },
}
"""Profile -> id -> why no answer made of the gold passes: what `self_test` finds in the published
data and calls not passable."""


class GoldDefect(msgspec.Struct, frozen=True):
    """A question whose gold's first alternatives are rejected."""

    id: str
    code: str
    """Error type of the verdict."""
    message: str
    """What the checker holds against the gold."""
    passable: bool
    """Whether an answer made of the gold passes all the same: by the document's name where the gold
    has another, without the arguments that may be left out."""


def self_test(questions: Iterable[Question], rules: Rules) -> list[GoldDefect]:
    """Returns the questions whose own gold is rejected, in order; those without gold are passed."""
    found = (gold_defect(question, rules) for question in questions if question.expected)
    return [defect for defect in found if defect is not None]


def gold_defect(question: Question, rules: Rules) -> GoldDefect | None:
    """Returns what the checker holds against a question's own gold, None when nothing."""
    verdict = _gold_verdict(question, rules, easiest=False)
    if verdict.valid:
        return None
    passable = _gold_verdict(question, rules, easiest=True).valid
    return GoldDefect(question.id, verdict.code, verdict.message, passable)


def _gold_verdict(question: Question, rules: Rules, *, easiest: bool) -> Verdict:
    try:
        calls = gold_calls(question, rules, easiest=easiest)
    except CRASHES as error:
        return Verdict(False, CRASHED, f"the gold is malformed: {error!r}")
    return Judge(question, rules).explained(Decoded(calls))
