"""Calls written as Python source, for the executable categories (spec 4.3)."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import cast

from actloom.core.jsonvalue import Json, JsonObject


def call_text(name: object, arguments: object, *, comma: str = ",") -> str:
    """Returns `name(key=value,...)` with values as Python writes them.

    Raises:
        TypeError: the arguments are no mapping.
        ValueError: an integer is too long to be written.
    """
    if not isinstance(arguments, Mapping):
        raise TypeError(f"arguments by name, not {type(arguments).__name__}")
    pairs = cast("Mapping[object, object]", arguments)
    return f"{name}({comma.join([f'{key}={value!r}' for key, value in pairs.items()])})"


def call_texts(calls: Sequence[object]) -> list[str]:
    """Returns every call of `[{name: {argument: value}}]` as `name(key=value,...)`.

    Raises:
        TypeError: an item is no call, or as `call_text`.
        ValueError: as `call_text`.
    """
    texts: list[str] = []
    for call in calls:
        if not isinstance(call, Mapping):
            raise TypeError(f"a call, not {type(call).__name__}")
        pairs = cast("Mapping[str, object]", call)
        texts += [call_text(name, given) for name, given in pairs.items()]
    return texts


def native_call_texts(result: Json) -> list[str]:
    """Returns native calls, `[{name: JSON text}]` or one such object, as Python source.

    Raises:
        TypeError: the result is no list of objects, or a value is no text.
        ValueError: a value is not JSON.
    """
    return [
        call_text(name, json.loads(_text(given)))
        for call in entries([result] if isinstance(result, dict) else result)
        for name, given in call.items()
    ]


def entries(result: Json) -> list[JsonObject]:
    """Returns a result that is a list of objects; nothing at all is an empty list.

    Raises:
        TypeError: it is something else.
    """
    if isinstance(result, str | dict) and not result:
        return []
    if not isinstance(result, list):
        raise TypeError(f"a list of calls, not {type(result).__name__}")
    found: list[JsonObject] = []
    for item in result:
        if not isinstance(item, dict):
            raise TypeError(f"calls in the list, not {type(item).__name__}")
        found.append(item)
    return found


def _text(value: Json) -> str:
    if not isinstance(value, str):
        raise TypeError(f"JSON text, not {type(value).__name__}")
    return value
