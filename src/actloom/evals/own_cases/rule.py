"""What counts as right in one case: expected calls with their arguments, and the text."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeAlias

import msgspec

from actloom.core.jsonvalue import Json, JsonObject
from actloom.core.pairing import best_pairs
from actloom.core.record import Call
from actloom.core.verdict import Verdict
from actloom.evals.own_cases.expectation import Expectation

MAX_GOT = 128
"""Calls of an answer that are compared when the scores of arguments are counted."""


class ExpectedCall(msgspec.Struct, frozen=True):
    """One expected call."""

    name: str
    arguments: dict[str, Expectation]
    written: JsonObject
    """The arguments as the case has them, operators and all."""


class Rule(msgspec.Struct, frozen=True):
    """When an answer to one case is right."""

    choices: list[list[ExpectedCall]]
    """Lists of calls of which one must be made; the list without calls is abstention."""
    ordered: bool = False
    text: Expectation | None = None
    """What the text beside the calls must be; None for any."""


_Row: TypeAlias = "list[tuple[int, int] | None]"
"""One expected call beside each call of an answer: right arguments and all, None under another
name. A call fits when all are right."""


def verdict_of(rule: Rule, got: Sequence[Call], text: str) -> tuple[Verdict, int]:
    """Returns the verdict of an answer, and the number of the choice it comes closest to.

    The text is judged only where the calls are right.
    """
    at, nearest, best = 0, Verdict(False), (False, -1.0)
    for number, choice in enumerate(rule.choices):
        rows = _rows(choice, got)
        verdict = _calls_verdict(choice, got, rows, ordered=rule.ordered)
        if verdict.valid:
            at, nearest = number, verdict
            break
        key = (verdict.parts["name"], _share(choice, got, rows))
        if key > best:
            at, nearest, best = number, verdict, key
    if nearest.valid and rule.text is not None and (why := rule.text.why_not(text.strip())):
        parts = {**nearest.parts, "text": False}
        return Verdict(False, "text", f"text: {why}", parts=parts), at
    return nearest, at


def _rows(expected: Sequence[ExpectedCall], got: Sequence[Call]) -> list[_Row]:
    return [[_compared(want, call) for call in got[:MAX_GOT]] for want in expected]


def _calls_verdict(
    expected: Sequence[ExpectedCall], got: Sequence[Call], rows: list[_Row], *, ordered: bool
) -> Verdict:
    if len(expected) != len(got):
        parts = {"name": False, "arguments": False}
        return Verdict(False, _count_code(expected, got), _count_words(expected, got), parts=parts)
    paired = best_pairs([[_likeness(pair) for pair in row] for row in rows])
    order = list(range(len(got))) if ordered else paired
    faults = [_call_fault(want, got[order[at]]) for at, want in enumerate(expected)]
    wrong = next((fault for fault in faults if fault[0]), None)
    if wrong is None:
        return Verdict(True, parts={"name": True, "arguments": True})
    if ordered and all(_likeness(row[at]) == _FITS for row, at in zip(rows, paired, strict=True)):
        parts = {"name": True, "arguments": False}
        return Verdict(False, "order", "the right calls in another order", parts=parts)
    parts = {"name": all(code != "name" for code, _ in faults), "arguments": False}
    return Verdict(False, *wrong, parts=parts)


_FITS = 3.0


def _likeness(pair: tuple[int, int] | None) -> float:
    """Returns 0 for another name, `_FITS` for a call that fits, else 1 to 2 by its arguments."""
    if pair is None:
        return 0.0
    return _FITS if pair[0] == pair[1] else 1.0 + pair[0] / pair[1]


def _count_code(expected: Sequence[ExpectedCall], got: Sequence[Call]) -> str:
    if not got:
        return "no_call"
    return "call_count" if expected else "called_when_none_fits"


def _count_words(expected: Sequence[ExpectedCall], got: Sequence[Call]) -> str:
    wanted = ", ".join(call.name for call in expected) or "no call"
    called = ", ".join(call.name[:80] for call in got[:10]) or "no call"
    return f"expected {wanted}; got {called}{' and more' if len(got) > 10 else ''}"


def _call_fault(want: ExpectedCall, got: Call) -> tuple[str, str]:
    """Returns code and words of what is wrong with a call, two empty texts when nothing is."""
    if got.name != want.name:
        return "name", f"expected function {want.name!r}, got {got.name[:80]!r}"
    return _arguments_fault(want, got)


def _arguments_fault(want: ExpectedCall, got: Call) -> tuple[str, str]:
    if got.arguments_text is not None:
        return "parse", "the arguments are not a JSON object"
    for name, expected in want.arguments.items():
        if name not in got.arguments:
            if not expected.may_be_absent:
                return "missing_argument", f"argument {name!r} is missing"
        elif why := expected.why_not(got.arguments[name]):
            code = "value" if _same_kind(expected, got.arguments[name]) else "type"
            return code, f"argument {name!r}: {why}"
    extra = next((name for name in got.arguments if name not in want.arguments), None)
    if extra is not None:
        return "extra_argument", f"argument {extra[:80]!r} not expected"
    return "", ""


def _same_kind(expected: Expectation, value: Json) -> bool:
    """Tells whether a value that does not fit is at least of the kind that would."""
    examples = list(expected.examples())
    return not examples or any(_kind(example) == _kind(value) for example in examples)


def _kind(value: Json) -> str:
    if isinstance(value, bool):
        return "boolean"
    return "number" if isinstance(value, (int, float)) else type(value).__name__


def argument_share(expected: Sequence[ExpectedCall], got: Sequence[Call]) -> float:
    """Returns right arguments / all that were expected or given, 0 to 1, calls paired best.

    A call without arguments counts as one; nothing expected and nothing called is 1. Arguments
    that may be left out count only where they are given.
    """
    return _share(expected, got, _rows(expected, got))


def _share(expected: Sequence[ExpectedCall], got: Sequence[Call], rows: list[_Row]) -> float:
    if not expected and not got:
        return 1.0
    values = [[0.0 if pair is None else pair[0] / pair[1] for pair in row] for row in rows]
    called = min(len(got), MAX_GOT)
    if called >= len(expected):
        met = list(enumerate(best_pairs(values)))
    else:
        columns = [[row[at] for row in values] for at in range(called)]
        met = [(row, at) for at, row in enumerate(best_pairs(columns))]
    pairs = {(row, at): pair for row, at in met if (pair := rows[row][at]) is not None}
    right = sum(pair[0] for pair in pairs.values())
    whole = sum(pair[1] for pair in pairs.values())
    matched, used = {row for row, _ in pairs}, {at for _, at in pairs}
    whole += sum(_size(want) for at, want in enumerate(expected) if at not in matched)
    whole += sum(max(1, len(call.arguments)) for at, call in enumerate(got) if at not in used)
    return right / whole


def _size(want: ExpectedCall) -> int:
    return max(1, sum(not e.may_be_absent for e in want.arguments.values()))


def _compared(want: ExpectedCall, got: Call) -> tuple[int, int] | None:
    """Returns right arguments and all, at least one; None under another name."""
    if want.name != got.name:
        return None
    needed = {name for name, e in want.arguments.items() if not e.may_be_absent}
    names = needed | got.arguments.keys()
    if not names and got.arguments_text is None:
        return 1, 1
    right = sum(
        name in want.arguments and not want.arguments[name].why_not(value)
        for name, value in got.arguments.items()
    )
    return right, max(1, len(names))


def example_of(expected: Expectation) -> tuple[bool, Json]:
    """Returns whether a value that fits is known, and the value."""
    for example in expected.examples():
        if not expected.why_not(example):
            return True, example
    return False, None


def example_call(want: ExpectedCall) -> Call | None:
    """Returns a call that fits, None when for some argument no value is known that would."""
    arguments: JsonObject = {}
    for name, expected in want.arguments.items():
        if expected.may_be_absent:
            continue
        known, value = example_of(expected)
        if not known:
            return None
        arguments[name] = value
    return Call(want.name, arguments)
