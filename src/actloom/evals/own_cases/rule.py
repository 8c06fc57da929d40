"""What counts as right in one case: expected calls with their arguments, and the text."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from actloom.core.jsonvalue import Json, JsonObject
from actloom.core.pairing import best_pairs
from actloom.core.record import Call
from actloom.core.verdict import Verdict
from actloom.evals.own_cases.expectation import Expectation

MAX_GOT = 256
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


def verdict_of(rule: Rule, got: Sequence[Call], text: str) -> tuple[Verdict, int]:
    """Returns the verdict of an answer, and the number of the choice it comes closest to.

    The text is judged only where the calls are right.
    """
    judged = [_calls_verdict(choice, got, ordered=rule.ordered) for choice in rule.choices]
    shares = [argument_share(choice, got) for choice in rule.choices]
    at = max(range(len(judged)), key=lambda i: (judged[i].valid, _name_part(judged[i]), shares[i]))
    verdict = judged[at]
    if verdict.valid and rule.text is not None and (why := rule.text.why_not(text.strip())):
        parts = {**verdict.parts, "text": False}
        return Verdict(False, "text", f"text: {why}", parts=parts), at
    return verdict, at


def _name_part(verdict: Verdict) -> bool:
    return verdict.parts.get("name", False)


def _calls_verdict(
    expected: Sequence[ExpectedCall], got: Sequence[Call], *, ordered: bool
) -> Verdict:
    if len(expected) != len(got):
        parts = {"name": False, "arguments": False}
        return Verdict(False, _count_code(expected, got), _count_words(expected, got), parts=parts)
    straight = list(range(len(got)))
    order = straight if ordered else best_pairs([[_likeness(e, c) for c in got] for e in expected])
    judged = [_call_verdict(want, got[order[at]]) for at, want in enumerate(expected)]
    wrong = next((verdict for verdict in judged if not verdict.valid), None)
    if wrong is None:
        return Verdict(True, parts={"name": True, "arguments": True})
    if ordered and _calls_verdict(expected, got, ordered=False).valid:
        parts = {"name": True, "arguments": False}
        return Verdict(False, "order", "the right calls in another order", parts=parts)
    names = all(verdict.parts["name"] for verdict in judged)
    parts = {"name": names, "arguments": False}
    return Verdict(False, wrong.code, wrong.message, parts=parts)


def _count_code(expected: Sequence[ExpectedCall], got: Sequence[Call]) -> str:
    if not got:
        return "no_call"
    return "call_count" if expected else "called_when_none_fits"


def _count_words(expected: Sequence[ExpectedCall], got: Sequence[Call]) -> str:
    wanted = ", ".join(call.name for call in expected) or "no call"
    called = ", ".join(call.name[:80] for call in got[:10]) or "no call"
    return f"expected {wanted}; got {called}{' and more' if len(got) > 10 else ''}"


def _likeness(want: ExpectedCall, got: Call) -> float:
    """Returns 0 for another name, 3 for a call that fits, between by its right arguments."""
    if want.name != got.name:
        return 0.0
    right, whole = _compared(want, got)
    return 3.0 if _call_verdict(want, got).valid else 1.0 + right / whole


def _call_verdict(want: ExpectedCall, got: Call) -> Verdict:
    if got.name != want.name:
        message = f"expected function {want.name!r}, got {got.name[:80]!r}"
        return Verdict(False, "name", message, parts={"name": False})
    code, message = _arguments_fault(want, got)
    return Verdict(not code, code, message, parts={"name": True})


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
    called = list(got[:MAX_GOT])
    if not expected and not called:
        return 1.0
    pairs = [[_compared(want, call) for call in called] for want in expected]
    shares = [[right / whole for right, whole in row] for row in pairs]
    wide = len(called) >= len(expected)
    chosen = best_pairs(shares if wide else [list(column) for column in zip(*shares, strict=True)])
    met = [(row, at) if wide else (at, row) for row, at in enumerate(chosen)]
    same = [(row, at) for row, at in met if expected[row].name == called[at].name]
    right = sum(pairs[row][at][0] for row, at in same)
    whole = sum(pairs[row][at][1] for row, at in same)
    rows, columns = {row for row, _ in same}, {at for _, at in same}
    whole += sum(_size(want) for at, want in enumerate(expected) if at not in rows)
    whole += sum(max(1, len(c.arguments)) for at, c in enumerate(called) if at not in columns)
    return right / (whole + len(got) - len(called))


def _size(want: ExpectedCall) -> int:
    return max(1, sum(not e.may_be_absent for e in want.arguments.values()))


def _compared(want: ExpectedCall, got: Call) -> tuple[int, int]:
    """Returns right arguments and all arguments, at least one; none right under another name."""
    if want.name != got.name:
        return 0, 1
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
