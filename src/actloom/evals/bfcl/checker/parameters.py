"""What one call must look like: name, arguments, types; compiled once for a question."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import cast

import msgspec

from actloom.core.jsonvalue import Json, JsonObject
from actloom.evals.bfcl.checker import java, javascript
from actloom.evals.bfcl.checker.values import (
    CRASHES,
    Rule,
    dict_rule,
    dicts_rule,
    equal_rule,
    gold_type,
    list_rule,
    raising,
    rule_or_crash,
    scalar_rule,
    string_rule,
)
from actloom.evals.bfcl.question import Expected, Language

PYTHON_TYPES: dict[str, type] = {
    "string": str,
    "integer": int,
    "float": float,
    "boolean": bool,
    "array": list,
    "tuple": list,
    "dict": dict,
    "any": str,
}
"""Type of a parameter -> Python type its value is judged as."""
_SCALARS = frozenset({str, int, float, bool})
_PYTHON_COLLECTIONS = frozenset({"array", "tuple"})


def parameter_rule(
    document: Json, accepted: Json, *, language: Language, counted_dicts: bool
) -> Rule:
    """Returns the rule for one argument: type, then value (specs/bfcl.md section 5).

    Args:
        document: the parameter's entry in the function document.
        accepted: its accepted values.
        counted_dicts: `Rules.counted_dicts`.
    """
    kind = cast("dict[str, str]", document)["type"]
    if language != "python":
        return _document_source_rule(
            document, accepted, language=language, counted_dicts=counted_dicts
        )
    item_type = PYTHON_TYPES[_item_kind(document)] if kind in _PYTHON_COLLECTIONS else None
    typed = typed_rule(PYTHON_TYPES[kind], item_type, accepted, counted_dicts=counted_dicts)
    if kind == "float":
        return lambda value: typed(float(value) if type(value) is int else value)
    if kind == "tuple":
        return lambda value: typed(_listed(value))
    return typed


def _listed(value: object) -> object:
    return list(cast("tuple[object, ...]", value)) if type(value) is tuple else value


def typed_rule(
    expected: type, item_type: type | None, accepted: Json, *, counted_dicts: bool
) -> Rule:
    """Returns the rule for a value that must be of the expected type, or of the gold's own.

    Args:
        item_type: type of a list's items, None where they are not looked at.
    """
    values = cast("list[Json]", accepted)
    gold = gold_type(values)
    # A gold value of another type stands for a variable's name and must be met exactly.
    variable = gold is not None and gold is not expected
    if not variable and type(accepted) is list and expected in _SCALARS:
        return string_rule(accepted) if expected is str else scalar_rule(expected, accepted)
    wanted = None if variable else expected
    rule = _value_rule(wanted, item_type, accepted, counted_dicts)
    right_items = _items_test(item_type, values) if item_type else None
    wrong_items = "type_error:nested" if gold is expected else "type_error:simple"

    def typed(value: object) -> str:
        kind = type(value)
        if kind is expected:
            if right_items and not right_items(cast("list[object]", value)):
                return wrong_items
            return rule(value)
        if kind is not gold:
            return "type_error:simple"
        return "" if value in values else "value_error:others"

    return typed


def _value_rule(
    expected: type | None, item_type: type | None, accepted: Json, counted: bool
) -> Rule:
    if expected is str:
        return rule_or_crash(string_rule, accepted)
    if expected is dict:
        return rule_or_crash(dict_rule, accepted, counted)
    if expected is list and item_type is dict:
        return rule_or_crash(dicts_rule, accepted, counted)
    if expected is list:
        return rule_or_crash(list_rule, accepted)
    return equal_rule(accepted)


def _items_test(item_type: type, accepted: list[Json]) -> Callable[[list[object]], bool] | None:
    """Returns the test of a list's items, None where the leaderboard makes none.

    It makes none when some accepted value is no list: "" for a parameter that may be left out.
    """
    if any(type(item) is not list for item in accepted):
        return None
    lists = cast("list[list[Json]]", accepted)
    allowed = [frozenset({item_type, gold_type(items) or item_type}) for items in lists]

    def right_items(items: list[object]) -> bool:
        kinds = set(map(type, items))
        return any(kinds <= types for types in allowed)

    return right_items


def _item_kind(document: Json) -> str:
    return cast("dict[str, dict[str, str]]", document)["items"]["type"]


class _Source(msgspec.Struct, frozen=True):
    """How arguments written as source text are read."""

    types: dict[str, type]
    collections: frozenset[str]
    value: Callable[[str, str, str | None], object]
    code: str
    """What a value that is no text is called."""


_SOURCES = {
    "java": _Source(java.JAVA_TYPES, java.COLLECTIONS, java.java_value, "type_error:java"),
    "javascript": _Source(
        javascript.JAVASCRIPT_TYPES,
        javascript.COLLECTIONS,
        javascript.javascript_value,
        "type_error:js",
    ),
}
MAX_LITERAL = 100_000
"""Characters of source text above which it is not read and stays a text."""


def source_rule(
    kind: str, item_kind: str | None, accepted: Json, *, language: Language, counted_dicts: bool
) -> Rule:
    """Returns the rule for an argument written as Java or JavaScript source text.

    Args:
        kind: the parameter's type.
        item_kind: type of the items of a collection; None to tell by their looks.
        accepted: accepted values.
        language: `java` or `javascript`.
        counted_dicts: `Rules.counted_dicts`.

    Raises:
        KeyError: the language has no such type.
    """
    source = _SOURCES[language]
    expected = source.types[kind]
    item_type = source.types[item_kind] if item_kind is not None else None

    def make() -> Rule:
        return typed_rule(expected, item_type, accepted, counted_dicts=counted_dicts)

    typed = rule_or_crash(make)

    def rule(value: object) -> str:
        if type(value) is not str:
            return source.code
        return typed(value if len(value) > MAX_LITERAL else source.value(value, kind, item_kind))

    return rule


def _document_source_rule(
    document: Json, accepted: Json, *, language: Language, counted_dicts: bool
) -> Rule:
    """Returns the rule of a published document: malformed items raise only for a text."""
    source = _SOURCES[language]
    kind = cast("dict[str, str]", document)["type"]
    source.types[kind]  # raises for an unknown type before the value is looked at

    def make() -> Rule:
        item_kind = _item_kind(document) if kind in source.collections else None
        return source_rule(
            kind, item_kind, accepted, language=language, counted_dicts=counted_dicts
        )

    rule = rule_or_crash(make)
    return lambda value: rule(value) if type(value) is str else source.code


_PLAIN: dict[Language, Mapping[object, type]] = {
    "python": {kind: PYTHON_TYPES[kind] for kind in ("string", "any", "integer", "boolean")},
    "java": {"String": str, "any": str, "char": str},
    "javascript": {"any": str},
}
"""Types whose values are compared as they are written: one that is an accepted value is right."""


class CallRule:
    """The rule for one call.

    Rules of arguments are made when a value comes that is not plainly an accepted one: most are
    never needed, and making them costs more than judging a call.

    Args:
        document: the function's document.
        expected: the gold's call.
        language: what the arguments are written in.
        counted_dicts: `Rules.counted_dicts`.

    Attributes:
        arguments: argument -> its rule, for those whose rule is made; others are made when needed.
        optional: arguments that may be left out though the gold does not say so.

    Raises:
        One of `values.CRASHES` when the document is malformed: the official checker raises too.
    """

    def __init__(
        self,
        document: JsonObject,
        expected: Expected,
        *,
        language: Language = "python",
        counted_dicts: bool = False,
    ) -> None:
        parameters = cast("dict[str, dict[str, Json]]", document)["parameters"]
        self.properties = cast("dict[str, JsonObject]", parameters["properties"])
        self.accepted = expected.arguments
        self.name = cast("str", document["name"])
        self.underscored = self.name.replace(".", "_")
        self.required = cast("list[str]", parameters["required"])
        self.arguments: dict[str, Rule] = {}
        self.optional: frozenset[str] = frozenset()
        self._language: Language = language
        self._counted_dicts = counted_dicts

    def fault(self, call: JsonObject, underscores: bool) -> tuple[str, str] | None:
        """Returns error type and argument of what is wrong first, None when nothing is.

        Args:
            underscores: whether the expected name is written with `_` for its dots.

        Raises:
            One of `values.CRASHES` where the official checker does.
        """
        name = self.underscored if underscores else self.name
        if name not in call:
            return "simple_function_checker:wrong_func_name", ""
        given = cast("JsonObject", call[name])
        for needed in self.required:
            if needed not in given:
                return "simple_function_checker:missing_required", needed
        if fault := self._argument_fault(given):
            return fault
        for needed, accepted in self.accepted.items():
            if needed in given or "" in cast("list[Json]", accepted) or needed in self.optional:
                continue
            return "simple_function_checker:missing_optional", needed
        return None

    def _argument_fault(self, given: JsonObject) -> tuple[str, str] | None:
        made, plain = self.arguments, _PLAIN[self._language]
        for argument, value in given.items():
            rule = made.get(argument)
            if rule is None:
                if argument not in self.properties or argument not in self.accepted:
                    return "simple_function_checker:unexpected_param", argument
                accepted = self.accepted[argument]
                same = plain.get(self.properties[argument]["type"]) is type(value)
                if same and isinstance(accepted, list) and value in accepted:
                    continue
                rule = made[argument] = self.rule_of(argument)
            if code := rule(value):
                return code, argument
        return None

    def rule_of(self, argument: str) -> Rule:
        """Returns the rule of an argument that the document and the gold both have."""
        try:
            return parameter_rule(
                self.properties[argument],
                self.accepted[argument],
                language=self._language,
                counted_dicts=self._counted_dicts,
            )
        except CRASHES as error:
            return raising(error)
