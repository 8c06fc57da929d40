"""Own cases tried on themselves: the first answer that each names must be right by its own rule."""

from __future__ import annotations

import msgspec

from actloom.core.jsonvalue import json_text
from actloom.evals.cases import CaseProblem
from actloom.evals.own_cases.reading import OwnCases
from actloom.evals.own_cases.rule import verdict_of


class SelfTest(msgspec.Struct, frozen=True):
    """What the self-test of a file found."""

    cases: int
    """Cases that can be asked."""
    passed: int
    """Cases that accept the first answer they name."""
    untried: list[str]
    """Ids of cases for which no answer could be made up; `$example` would help."""
    problems: list[CaseProblem]
    """Cases that cannot be read, and those that refuse their own answer."""


def self_test(own: OwnCases) -> SelfTest:
    """Returns what the cases say about their own first answers; no model is asked."""
    problems = list(own.problems)
    untried: list[str] = []
    passed = 0
    for entry in own.cases:
        if not entry.has_example:
            untried.append(entry.case.id)
            continue
        verdict, _ = verdict_of(entry.rule, entry.case.expected, entry.example_text)
        if verdict.valid:
            passed += 1
            continue
        calls = [{"name": call.name, "arguments": call.arguments} for call in entry.case.expected]
        problems.append(
            CaseProblem(
                line=entry.line,
                id=entry.case.id,
                message=f"its own first answer {json_text(calls)[:200]} fails: {verdict.message}",
                todo="change what contradicts itself",
            )
        )
    return SelfTest(len(own.cases), passed, untried, problems)
