"""Wrong answers, made of the gold by one change each; wrong by construction.

A change is kept only where no expected call of the question could accept it: a new text has letters
none of the accepted ones has, a number is beyond all accepted ones, an argument is taken away only
where every expected call of that function needs it. So a checker that accepts one is at fault.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal, TypeAlias, cast

import msgspec

from actloom.core.jsonvalue import Json, JsonObject
from actloom.evals.bfcl.checker.answers import call_name, in_source, parameters_of, typed_calls
from actloom.evals.bfcl.checker.rules import Rules
from actloom.evals.bfcl.question import Question

Change: TypeAlias = Literal["name", "type", "value", "count", "missing", "extra"]
CHANGES: tuple[Change, ...] = ("name", "type", "value", "count", "missing", "extra")

STRANGE = "zqx"
"""Letters that no gold has."""
_STRANGE_VALUES: tuple[Json, ...] = (STRANGE, 987_123, 987.125, True, [STRANGE], {STRANGE: STRANGE})
"""One value of each type."""


class Mutation(msgspec.Struct, frozen=True):
    """A wrong answer."""

    change: Change
    place: str
    """The call's number, and the argument if one was changed."""
    calls: list[JsonObject]
    """The calls in BFCL's form; Java and JavaScript arguments as source text."""


def mutations(question: Question, rules: Rules) -> Iterator[Mutation]:
    """Yields the wrong answers of a question: each call and each argument changed in every way.

    Args:
        question: a record with gold calls.
        rules: tell how the gold's names are read.
    """
    gold = typed_calls(question, rules)
    written = [in_source(call, question) for call in gold]
    yield Mutation("count", "all but the last", written[:-1])
    yield Mutation("count", "the first twice", [*written, written[0]])
    for index, call in enumerate(gold):
        for change, argument, changed in _changed_calls(call, question, rules):
            calls = [*written[:index], changed, *written[index + 1 :]]
            yield Mutation(change, f"{index} {argument}".rstrip(), calls)


def _changed_calls(
    call: JsonObject, question: Question, rules: Rules
) -> Iterator[tuple[Change, str, JsonObject]]:
    name, arguments = next(iter(cast("dict[str, JsonObject]", call).items()))
    given = cast("JsonObject", in_source(call, question)[name])
    yield "name", "", {f"{name}_{STRANGE}": given}
    yield "extra", STRANGE, {name: {**given, STRANGE: STRANGE}}
    for argument, value in arguments.items():
        facts = _Facts(question, rules, name, argument)
        if facts.always_needed:
            rest = {key: item for key, item in given.items() if key != argument}
            yield "missing", argument, {name: rest}
        for change, wrong in _wrong_values(value, facts):
            changed: JsonObject = {name: {**given, argument: wrong}}
            if change != "type" or (isinstance(value, list) and isinstance(wrong, list)):
                changed = in_source({name: {**arguments, argument: wrong}}, question)
            yield change, argument, changed


class _Facts:
    """What the gold and the documents say of one argument, over all expected calls."""

    def __init__(self, question: Question, rules: Rules, name: str, argument: str) -> None:
        same = [e for e in question.expected if call_name(e, question, rules) == name]
        given = [expected.arguments.get(argument) for expected in same]
        lists = [values for values in given if isinstance(values, list)]
        self.accepted = [value for values in lists for value in values if value != ""]
        self.document = parameters_of(question, name).get(argument, {})
        self.language = question.language
        needed = all(isinstance(values, list) and "" not in values for values in given)
        self.always_needed = needed

    def wrong_types(self) -> Iterator[Json]:
        """Yields values of types that neither the document nor any accepted value has."""
        kinds = {_kind(value) for value in self.accepted} | _DOCUMENT_KINDS[
            str(self.document.get("type", "any"))
        ]
        for value in _STRANGE_VALUES:
            if self.language != "python" and not isinstance(value, str):
                yield value  # source text is asked for, whatever the type
            elif self.language == "python" and _kind(value) not in kinds:
                yield value


def _wrong_values(value: Json, facts: _Facts) -> Iterator[tuple[Change, Json]]:
    for wrong in facts.wrong_types():
        yield "type", wrong
    if isinstance(value, list) and value:
        kinds = {
            _kind(item) for items in facts.accepted if isinstance(items, list) for item in items
        }
        for wrong in _STRANGE_VALUES:
            if _kind(wrong) not in kinds:
                yield "type", [*value[:-1], wrong]
    for wrong in _other_values(value, facts.accepted):
        yield "value", wrong


def _other_values(value: Json, accepted: list[Json]) -> Iterator[Json]:
    """Yields values of the same type that are none of the accepted ones."""
    if isinstance(value, str):
        yield value + STRANGE
    elif isinstance(value, bool):
        if (not value) not in accepted:
            yield not value
    elif isinstance(value, (int, float)):
        numbers = [number for number in accepted if isinstance(number, (int, float))]
        yield type(value)(max(map(abs, numbers)) + 7)
    elif isinstance(value, list):
        longest = max(len(item) for item in accepted if isinstance(item, list))
        yield [*value, *([value[0] if value else STRANGE] * (longest + 1 - len(value)))]
    elif isinstance(value, dict):
        yield {**value, STRANGE: STRANGE}
        for key in value:
            yield {**value, key: STRANGE}


def _kind(value: Json) -> str:
    if isinstance(value, bool):
        return "boolean"
    if isinstance(value, (int, float)):
        return "number"
    if isinstance(value, str):
        return "string"
    if isinstance(value, list):
        return "array"
    return "null" if value is None else "object"


_DOCUMENT_KINDS: dict[str, frozenset[str]] = {
    **{kind: frozenset({"string"}) for kind in ("string", "String", "any", "char")},
    **{kind: frozenset({"number"}) for kind in ("integer", "float", "long", "double", "Bigint")},
    **{kind: frozenset({"boolean"}) for kind in ("boolean", "Boolean")},
    **{kind: frozenset({"array"}) for kind in ("array", "tuple", "Array", "ArrayList")},
    **{kind: frozenset({"object"}) for kind in ("dict", "HashMap")},
}
