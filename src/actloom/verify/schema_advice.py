"""Family SCHEMA, second half: definitions that no call can satisfy, and that say too little."""

from __future__ import annotations

from collections.abc import Iterator
from typing import cast

import msgspec

from actloom.core.check import has_type
from actloom.core.finding import Finding
from actloom.core.jsonvalue import Json, JsonObject, pointer
from actloom.core.record import Tool
from actloom.core.schema import schema_of
from actloom.core.typetext import JSON_TYPES
from actloom.verify.rule import Rule, Subject

MAX_DEPTH = 16
"""Nesting of a schema below which nothing is looked at."""
_SHOWN = 5
"""Names shown in a message."""


def check_sense(subject: Subject) -> list[Finding]:
    """Returns the definitions that no call can satisfy."""
    found: list[Finding] = []
    for index, tool in enumerate(subject.record.tools):
        # Many records share a tool, which therefore keeps the answer.
        known = vars(tool).get("senseless")
        if known is None:
            schema = _schema(tool)
            known = vars(tool)["senseless"] = list(_senseless(schema, "", 0))
        for path, what in cast("list[tuple[str, str]]", known):
            place = pointer("tools", index, "function", "parameters") + path
            found.append(subject.finding(SCHEMA004, place, f"tool {tool.name!r}: {what}"))
    return found


def _schema(tool: Tool) -> JsonObject:
    """Returns the parameters; empty where they are no object, which SCHEMA001 reports."""
    schema = cast("Json", schema_of(tool))
    return schema if isinstance(schema, dict) else {}


def _senseless(schema: JsonObject, path: str, depth: int) -> Iterator[tuple[str, str]]:
    if depth > MAX_DEPTH:
        return
    for name in _undeclared(schema, depth):
        yield path + "/required", f"argument {name!r} is required and not declared"
    options, kind = schema.get("enum"), schema.get("type")
    if isinstance(options, list) and isinstance(kind, str) and not _any_of_type(options, kind):
        yield path + "/enum", f"no listed value is of type {kind}"
    low, high = schema.get("minimum"), schema.get("maximum")
    if isinstance(low, (int, float)) and isinstance(high, (int, float)) and low > high:
        yield path + "/minimum", f"the minimum {low} is above the maximum {high}"
    for part, child in _children(schema):
        yield from _senseless(child, path + part, depth + 1)


def _any_of_type(options: list[Json], kind: str) -> bool:
    return kind not in JSON_TYPES or any(has_type(option, kind) for option in options)


def _undeclared(schema: JsonObject, depth: int) -> list[str]:
    """Returns required names that a closed object has no place for; the arguments are one."""
    properties, required = schema.get("properties"), schema.get("required")
    extra = schema.get("additionalProperties", False if depth == 0 else None)
    if extra is not False or not isinstance(properties, dict) or not isinstance(required, list):
        return []
    return [name for name in required if isinstance(name, str) and name not in properties]


def _children(schema: JsonObject) -> Iterator[tuple[str, JsonObject]]:
    properties, items = schema.get("properties"), schema.get("items")
    if isinstance(properties, dict):
        for name, child in properties.items():
            if isinstance(child, dict):
                yield pointer("properties", name), child
    if isinstance(items, dict):
        yield "/items", items


def check_advice(subject: Subject) -> list[Finding]:
    """Returns what would make the definitions better: descriptions, standard types, one name."""
    found: list[Finding] = []
    alike: dict[tuple[str, bytes], int] = {}
    for index, tool in enumerate(subject.record.tools):
        place = pointer("tools", index, "function")
        if not tool.description.strip():
            message = f"tool {tool.name!r} has no description"
            found.append(subject.finding(SCHEMA005, place + "/description", message))
        if bare := _undescribed(tool):
            message = f"tool {tool.name!r} does not describe {_listed(bare)}"
            found.append(subject.finding(SCHEMA006, place + "/parameters/properties", message))
        if words := _foreign_types(tool):
            message = f"tool {tool.name!r} was written with types that are not JSON Schema's: "
            message += _listed(words)
            found.append(subject.finding(SCHEMA007, place + "/parameters", message))
        earlier = alike.setdefault((tool.description, bytes(tool.parameters)), index)
        other = subject.record.tools[earlier]
        if other.name != tool.name and tool.description:
            message = f"tool {tool.name!r} is {other.name!r} at /tools/{earlier} under another name"
            found.append(subject.finding(SCHEMA008, place + "/name", message))
    return found


def _undescribed(tool: Tool) -> list[str]:
    properties = _schema(tool).get("properties")
    if not isinstance(properties, dict):
        return []
    return [
        name
        for name, part in properties.items()
        if not (isinstance(part, dict) and str(part.get("description") or "").strip())
    ]


def _foreign_types(tool: Tool) -> list[str]:
    if tool.original is None:
        return []
    try:
        value = cast("Json", msgspec.json.decode(tool.original))
    except (msgspec.DecodeError, UnicodeEncodeError, RecursionError):
        return []
    return list(dict.fromkeys(_type_words(value, 0)))


def _type_words(value: Json, depth: int) -> Iterator[str]:
    if depth > 2 * MAX_DEPTH:
        return
    if isinstance(value, list):
        for item in value:
            yield from _type_words(item, depth + 1)
    elif isinstance(value, dict):
        for key, item in value.items():
            if key == "type" and isinstance(item, str) and item not in JSON_TYPES | {"function"}:
                yield item
            elif key not in ("default", "enum", "example", "examples", "const"):
                yield from _type_words(item, depth + 1)


def _listed(names: list[str]) -> str:
    shown = ", ".join(map(repr, names[:_SHOWN]))
    return shown if len(names) <= _SHOWN else f"{shown} and {len(names) - _SHOWN} more"


SCHEMA004 = Rule(
    code="SCHEMA004",
    name="unsatisfiable-schema",
    severity="warning",
    summary="a tool's parameters ask for what no call can give",
    check=check_sense,
)
SCHEMA005 = Rule(
    code="SCHEMA005",
    name="tool-without-description",
    severity="info",
    summary="a tool does not say what it does",
    check=check_advice,
    default=False,
)
SCHEMA006 = Rule(
    code="SCHEMA006",
    name="argument-without-description",
    severity="info",
    summary="a tool does not say what an argument means",
    check=check_advice,
    default=False,
)
SCHEMA007 = Rule(
    code="SCHEMA007",
    name="dialect-types",
    severity="info",
    summary="a tool was written with types of its own dialect, which were translated",
    check=check_advice,
    default=False,
)
SCHEMA008 = Rule(
    code="SCHEMA008",
    name="tool-under-two-names",
    severity="info",
    summary="two offered tools differ in nothing but their name",
    check=check_advice,
    default=False,
)
