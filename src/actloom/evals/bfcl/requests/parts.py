"""Looks into function documents, which are strangers' data: whatever is missing reads as empty."""

from __future__ import annotations

from collections.abc import Iterable

from actloom.core.jsonvalue import Json, JsonObject


def object_at(holder: JsonObject, key: str) -> JsonObject:
    """Returns the object at a key, an empty one where there is none."""
    found = holder.get(key)
    return found if isinstance(found, dict) else {}


def text_at(holder: JsonObject, key: str, default: str = "") -> str:
    """Returns what is at a key as text; `default` where there is nothing."""
    found = holder.get(key, default)
    return found if isinstance(found, str) else str(found)


def names_at(holder: JsonObject, key: str) -> list[Json] | None:
    """Returns the list at a key, None where there is none."""
    found = holder.get(key)
    return found if isinstance(found, list) else None


def schemas_in(holder: JsonObject) -> dict[str, JsonObject]:
    """Returns name -> schema of `properties`, without what is no schema."""
    found = object_at(holder, "properties").items()
    return {name: schema for name, schema in found if isinstance(schema, dict)}


def is_deeper(values: Iterable[Json], levels: int) -> bool:
    """Tells whether any value has more than so many levels of objects and lists inside it."""
    layer = list(values)
    for _ in range(levels):
        layer = [child for value in layer for child in _children(value)]
        if not layer:
            return False
    return any(isinstance(value, (dict, list)) for value in layer)


def _children(value: Json) -> Iterable[Json]:
    if isinstance(value, dict):
        return value.values()
    return value if isinstance(value, list) else ()
