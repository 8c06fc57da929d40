"""Calls written as Python source, for the executable categories (spec 4.3)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import cast

from actloom.core.jsonvalue import Json
from actloom.evals.bfcl.decoders.json_text import json_value
from actloom.evals.bfcl.decoders.shapes import entries, text_of


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
        call_text(name, json_value(text_of(given)))
        for call in entries([result] if isinstance(result, dict) else result)
        for name, given in call.items()
    ]


def nested_call_texts(calls: Sequence[Mapping[str, Mapping[str, object]]]) -> list[str]:
    """Returns calls as bfcl-eval writes those of prompted models: a dict of dicts is a call again.

    Raises:
        IndexError: an empty dict among the values.
    """
    return [_nested_call(name, given) for call in calls for name, given in call.items()]


def _nested_call(name: object, given: Mapping[str, object]) -> str:
    return f"{name}({', '.join([f'{key}={_nested(value)}' for key, value in given.items()])})"


def _nested(value: object) -> str:
    if not isinstance(value, dict):
        return repr(value)
    pairs = cast("dict[object, object]", value)
    if not all(isinstance(item, dict) for item in pairs.values()):
        return "{" + ", ".join(f"'{key}': {_nested(item)}" for key, item in pairs.items()) + "}"
    if not pairs:
        raise IndexError("the official decoder takes an empty dict for a call and finds no name")
    name, given = next(iter(cast("dict[str, dict[str, object]]", pairs).items()))
    return _nested_call(name, given)
