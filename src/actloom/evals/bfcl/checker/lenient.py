"""The lenient verdict beside the official one: right answers that the leaderboard marks wrong.

What it allows on top of the official rules, and nothing else:

* integers where the items of an array are floats;
* a default of the schema written out, or left out where the gold accepts it;
* JSON values for Java and JavaScript arguments, where source text is asked for, and quoted texts in
  a Java array;
* the best pairing of calls with expected ones instead of the first that comes.

And it tells silence from an answer that could not be read: an answer without a call is `ABSTAINED`,
one that names an offered function in call-like form and cannot be read is `UNDECODABLE`, also where
the leaderboard takes it for silence and counts it as right (specs/bfcl.md section 5).
"""

from __future__ import annotations

import contextlib
import re
from typing import cast

import msgspec

from actloom.core.jsonvalue import Json, JsonObject
from actloom.core.verdict import Verdict
from actloom.evals.bfcl.checker.answers import source_text
from actloom.evals.bfcl.checker.parameters import MAX_LITERAL, CallRule
from actloom.evals.bfcl.checker.rules import Rules
from actloom.evals.bfcl.checker.values import CRASHES, Rule
from actloom.evals.bfcl.checker.verdicts import CRASHED, Judge, has_call, kept_judge
from actloom.evals.bfcl.decoding import Decoded
from actloom.evals.bfcl.question import Expected, Question

ABSTAINED = "abstained"
"""Error type of an answer without a call where one is expected."""
UNDECODABLE = "undecodable"
"""Error type of an answer that looks like a call and cannot be read as one."""
MAX_TEXT = 200_000
"""Characters of an answer that are searched for a call."""

_CALL_AFTER = re.compile(r"[\"']?\s?[({:]")
_CALL_BEFORE = re.compile(r"(name[\"']?\s?[:=]\s?[\"']?|<function=[\"']?)$")


def lenient_verdict(
    question: Question,
    decoded: Decoded,
    rules: Rules,
    *,
    underscores: bool = False,
    result: Json = None,
) -> Verdict:
    """Returns the lenient verdict about one answer.

    Args:
        question: the record.
        decoded: what the model wrote, read by a decoder.
        rules: the version's rules, from `RULES`.
        underscores: whether the model was shown function names with `_` for their dots.
        result: what the model wrote; without it, what no decoder can read counts as silence.
    """
    judge = kept_judge(LenientJudge, question, rules)
    called = not decoded.error and has_call(decoded.value, one_key_calls=rules.one_key_calls)
    if not called:
        return _without_call(judge, decoded, result)
    return judge.verdict(decoded, underscores=underscores)


def _without_call(judge: LenientJudge, decoded: Decoded, result: Json) -> Verdict:
    written = result if result is not None else decoded.value
    if looks_like_call(written, judge.question):
        return Verdict(False, UNDECODABLE)
    return Verdict(True) if judge.kind == "no_call" else Verdict(False, ABSTAINED)


def looks_like_call(result: object, question: Question) -> bool:
    """Tells whether an answer names an offered function in call-like form.

    A text does when a function's name is followed by a parenthesis, a brace or a colon, or is the
    value of a `name`; a list does when it holds anything but empty objects.
    """
    if isinstance(result, list):
        return any(item not in ({}, "") for item in cast("list[object]", result))
    if not isinstance(result, str):
        return False
    text = result[:MAX_TEXT]
    names = {str(function.get("name", "")) for function in question.functions}
    spellings = names | {name.replace(".", "_") for name in names}
    return any(name and name in text and _names_call(name, text) for name in spellings)


def _names_call(name: str, text: str) -> bool:
    at = text.find(name)
    while at >= 0:
        end = at + len(name)
        if _CALL_AFTER.match(text, end) or _CALL_BEFORE.search(text, max(0, at - 20), at):
            before = text[at - 1 : at]
            if not before.isalnum() and before not in ("_", "."):
                return True
        at = text.find(name, end)
    return False


class LenientJudge(Judge):
    """Judges as `Judge` does, with the lenient rules for values and pairs."""

    def call_rule(self, document: JsonObject, expected: Expected) -> CallRule:
        """Returns the rule of an expected call, made lenient.

        Raises:
            One of `values.CRASHES` when the document is malformed.
        """
        rule = super().call_rule(document, expected)
        may_lack: set[str] = set()
        for name, each in rule.properties.items():
            accepted = rule.accepted.get(name)
            if accepted is None:
                if "default" in each:
                    rule.arguments[name] = _default_rule(each["default"])
                continue
            strict = rule.rule_of(name)
            optional = name not in rule.required and "" in cast("list[Json]", accepted)
            rule.arguments[name] = _lenient_rule(strict, each, self.question, optional)
            if self._is_default_accepted(strict, each):
                may_lack.add(name)
        rule.optional = frozenset(may_lack)
        return rule

    def _is_default_accepted(self, strict: Rule, document: JsonObject) -> bool:
        if "default" not in document:
            return False
        return _passes(strict, _written(document["default"], document, self.question))

    def unmatched(self, calls: list[JsonObject], underscores: bool) -> int | None:
        """Returns the place of an expected call that no pairing of all calls serves, or None."""
        fits = [
            [rule is not None and _fits(rule, call, underscores) for call in calls]
            for rule in self.call_rules
        ]
        return _unpaired(fits)


def _fits(rule: CallRule | Exception, call: JsonObject, underscores: bool) -> bool:
    if isinstance(rule, Exception):
        return False
    try:
        return rule.fault(call, underscores) is None
    except CRASHES:
        return False


def _unpaired(fits: list[list[bool]]) -> int | None:
    """Returns the first row without a column of its own in the best pairing, None when all have.

    Args:
        fits: whether row and column may be paired; as many columns as rows.
    """
    taken_by: dict[int, int] = {}
    for row in range(len(fits)):
        if not _take(row, fits, taken_by):
            return row
    return None


def _take(row: int, fits: list[list[bool]], taken_by: dict[int, int]) -> bool:
    """Gives the row a column, moving others along an alternating path where that helps."""
    came_from: dict[int, int] = {}
    rows = [row]
    for current in rows:  # grows as it is walked
        for column, fit in enumerate(fits[current]):
            if not fit or column in came_from:
                continue
            came_from[column] = current
            if column in taken_by:
                rows.append(taken_by[column])
                continue
            _shift(column, row, came_from, taken_by)
            return True
    return False


def _shift(column: int, row: int, came_from: dict[int, int], taken_by: dict[int, int]) -> None:
    owned = {owner: taken for taken, owner in taken_by.items()}
    while True:
        owner = came_from[column]
        freed = owned.get(owner)
        taken_by[column] = owner
        if owner == row or freed is None:
            return
        column = freed


def _lenient_rule(strict: Rule, document: JsonObject, question: Question, optional: bool) -> Rule:
    default = _default_rule(document["default"]) if optional and "default" in document else None

    def rule(value: object) -> str:
        code = _code(strict, value)
        if not code or (default and not default(value)):
            return ""
        try:
            readings = _readings(cast("Json", value), document, question)
        except RecursionError:
            return code
        return "" if any(_passes(strict, other) for other in readings) else code

    return rule


def _code(strict: Rule, value: object) -> str:
    try:
        return strict(value)
    except CRASHES:
        return CRASHED


def _passes(strict: Rule, value: object) -> bool:
    return not _code(strict, value)


def _readings(value: Json, document: JsonObject, question: Question) -> list[Json]:
    """Returns what else an argument may be meant as; nothing for one too long to be right."""
    if isinstance(value, (str, list)) and len(value) > MAX_LITERAL:
        return []
    if question.language == "python":
        return [with_floats(value, document)]
    if not isinstance(value, str):
        return [_written(value, document, question)]
    found: list[Json] = [value.replace('"', "")] if document.get("type") == "Array" else []
    with contextlib.suppress(msgspec.DecodeError, RecursionError):
        found.append(_written(msgspec.json.decode(value), document, question))
    return found


def _written(value: Json, document: JsonObject, question: Question) -> Json:
    if question.language == "python":
        return value
    return source_text(value, document, question.language)


def with_floats(value: Json, document: Json) -> Json:
    """Returns a value with its integers as floats where the document wants floats."""
    kind = document.get("type") if isinstance(document, dict) else None
    items = document.get("items") if isinstance(document, dict) else None
    if isinstance(value, list):
        return [with_floats(item, items) for item in value]
    if type(value) is int and kind in ("float", "number", "double") and abs(value) < 2**53:
        return float(value)
    return value


def _default_rule(default: Json) -> Rule:
    def rule(value: object) -> str:
        same = value == default and isinstance(value, bool) is isinstance(default, bool)
        return "" if same else "simple_function_checker:unexpected_param"

    return rule
