"""Which parts of a record can be held out."""

from __future__ import annotations

from collections.abc import Iterator

from actloom.core.jsonvalue import Json, JsonObject, canonical_json
from actloom.core.record import Call, Tool, Trajectory
from actloom.core.schema import schema_of
from actloom.match.keys import calls_of, normal_text

MIN_TEXT = 3
"""Characters of the shortest text that counts as an open value."""
MIN_NUMBER = 100
"""Smallest magnitude of an integer that counts as an open value; fractions always do."""


def tool_names(record: Trajectory) -> set[str]:
    """Returns the tools a record offers or calls."""
    names = {tool.name for tool in record.tools} | {call.name for call in calls_of(record)}
    for step in record.steps:
        if step.tools_delta is not None:
            names.update(tool.name for tool in step.tools_delta.added)
    return names


def open_values(record: Trajectory) -> dict[bytes, Json]:
    """Returns the record's open argument values by canonical bytes.

    Open are texts of at least three characters, fractions, and integers from 100 on, wherever they
    stand in the arguments. Enum members, booleans and small numbers stand in every split.
    """
    tools = {tool.name: tool for tool in record.tools}
    found: dict[bytes, Json] = {}
    for call in calls_of(record):
        closed = _closed_values(call, tools)
        for value in _leaves(call.arguments):
            key = value_key(value)
            if key not in closed and _is_open(value):
                found[key] = value
    return found


def value_key(value: Json) -> bytes:
    """Returns the bytes by which a value is known: texts without case and extra whitespace."""
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return canonical_json(normal_text(value) if isinstance(value, str) else value)


def _is_open(value: Json) -> bool:
    if isinstance(value, str):
        return len(normal_text(value)) >= MIN_TEXT
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return False
    return abs(value) >= MIN_NUMBER or value != int(value)


def _leaves(value: Json) -> Iterator[Json]:
    stack: list[Json] = [value]
    while stack:
        item = stack.pop()
        if isinstance(item, dict):
            stack.extend(item.values())
        elif isinstance(item, list):
            stack.extend(item)
        else:
            yield item


def _closed_values(call: Call, tools: dict[str, Tool]) -> set[bytes]:
    """Returns the enum members and constants of the called tool's schema."""
    tool = tools.get(call.name)
    if tool is None:
        return set()
    closed: set[bytes] = set()
    stack: list[Json] = [schema_of(tool)]
    while stack:
        item = stack.pop()
        if isinstance(item, dict):
            closed.update(_listed(item))
            stack.extend(item.values())
        elif isinstance(item, list):
            stack.extend(item)
    return closed


def _listed(schema: JsonObject) -> Iterator[bytes]:
    options = schema.get("enum")
    if isinstance(options, list):
        yield from (value_key(option) for option in options)
    if "const" in schema:
        yield value_key(schema["const"])
