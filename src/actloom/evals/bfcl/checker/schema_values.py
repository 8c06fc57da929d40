"""Rules for arguments of JSON Schema's types, at which the leaderboard's checker raises.

A value must have a type of the schema, or equal a gold value of another type; it is then compared
with each accepted value: texts normalised as BFCL does, at every depth; numbers by value; a key of
an accepted object may hold a list of accepted values, "" in it when the key may be left out.
"""

from __future__ import annotations

from typing import cast

from actloom.core.check import has_type
from actloom.core.jsonvalue import Json, JsonObject
from actloom.core.typetext import WORD_TYPES
from actloom.evals.bfcl.checker.java import JAVA_TYPES
from actloom.evals.bfcl.checker.javascript import JAVASCRIPT_TYPES
from actloom.evals.bfcl.checker.parameters import PYTHON_TYPES, source_rule
from actloom.evals.bfcl.checker.values import Rule, normalised
from actloom.evals.bfcl.question import Language

_COLLECTIONS = frozenset({"array", "tuple", "Array", "ArrayList"})
_SOURCE_TYPES: dict[str, dict[str, str]] = {
    "java": {
        "string": "String",
        "str": "String",
        "int": "integer",
        "number": "double",
        "Boolean": "boolean",
        "bool": "boolean",
        "array": "ArrayList",
        "list": "ArrayList",
        "object": "HashMap",
        "dict": "HashMap",
    },
    "javascript": {
        "string": "String",
        "str": "String",
        "int": "integer",
        "number": "float",
        "boolean": "Boolean",
        "bool": "Boolean",
        "list": "array",
        "object": "dict",
    },
}
"""JSON Schema's and Python's words for the types of source text."""


def argument_rule(schema: JsonObject, accepted: list[Json], *, language: Language) -> Rule | None:
    """Returns the rule of an argument, None when the leaderboard's own applies.

    Args:
        schema: the argument's schema.
        accepted: its accepted values, "" among them when it may be left out.
        language: what the argument is written in.
    """
    kind = schema.get("type")
    items = schema.get("items")
    item_kind = items.get("type") if isinstance(items, dict) else None
    own = {"python": PYTHON_TYPES, "java": JAVA_TYPES, "javascript": JAVASCRIPT_TYPES}[language]
    if _is_known(kind, own) and (kind not in _COLLECTIONS or _is_known(item_kind, own)):
        return None
    if language == "python":
        return schema_rule(schema, accepted)
    words = {**_SOURCE_TYPES[language], **{word: word for word in own}}
    return source_rule(
        words.get(str(kind), "any"),
        words.get(str(item_kind)),
        accepted,
        language=language,
        counted_dicts=False,
    )


def _is_known(kind: Json, types: dict[str, type]) -> bool:
    return isinstance(kind, str) and kind in types


def schema_rule(schema: JsonObject, accepted: list[Json]) -> Rule:
    """Returns the rule of an argument written as JSON."""
    wanted = [value for value in accepted if value != ""]
    gold = {type(value) for value in wanted}

    def rule(value: object) -> str:
        given = cast("Json", value)
        if not fits(given, schema) and type(given) not in gold:
            return "type_error:simple"
        if any(alike(given, each) for each in wanted):
            return ""
        if isinstance(given, list) and not all(fits(item, schema.get("items")) for item in given):
            return "type_error:nested"
        return _VALUE_ERRORS.get(type(given), "value_error:others")

    return rule


_VALUE_ERRORS: dict[type, str] = {
    str: "value_error:string",
    list: "value_error:list/tuple",
    dict: "value_error:dict_value",
}


def fits(value: Json, schema: Json) -> bool:
    """Tells whether a value has a type of a schema; a schema that names none fits all."""
    if not isinstance(schema, dict):
        return True
    for word in ("anyOf", "oneOf"):
        options = schema.get(word)
        if isinstance(options, list):
            return any(fits(value, option) for option in options)
    found = schema.get("type")
    names = found if isinstance(found, list) else [found]
    kinds = [WORD_TYPES.get(name.lower()) for name in names if isinstance(name, str)]
    return not all(kinds) or not kinds or any(has_type(value, kind) for kind in kinds if kind)


def alike(value: Json, wanted: Json) -> bool:
    """Tells whether a value is an accepted one."""
    if isinstance(value, bool) or isinstance(wanted, bool):
        return value is wanted
    if isinstance(value, str) and isinstance(wanted, str):
        return normalised(value) == normalised(wanted)
    if isinstance(value, list) and isinstance(wanted, list):
        pairs = zip(value, wanted, strict=False)
        return len(value) == len(wanted) and all(alike(a, b) for a, b in pairs)
    if isinstance(value, dict) and isinstance(wanted, dict):
        return _same_keys(value, wanted)
    return value == wanted


def _same_keys(value: JsonObject, wanted: JsonObject) -> bool:
    missing = [wanted[key] for key in wanted if key not in value]
    if not all(isinstance(each, list) and "" in each for each in missing):
        return False
    return all(key in wanted and _is_accepted(item, wanted[key]) for key, item in value.items())


def _is_accepted(item: Json, wanted: Json) -> bool:
    if alike(item, wanted):
        return True
    return isinstance(wanted, list) and any(alike(item, each) for each in wanted)
