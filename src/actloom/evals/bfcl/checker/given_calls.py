"""Calls as people hold them, in BFCL's form."""

from __future__ import annotations

from collections.abc import Mapping
from typing import cast

import msgspec

from actloom.core.jsonvalue import Json
from actloom.core.record import Call
from actloom.evals.bfcl.decoding import Decoded


class _UnreadableError(Exception):
    """Arguments that are not a JSON object."""


def decoded_calls(calls: object) -> Decoded:
    """Returns calls of any known form as a decoder would; never raises.

    Args:
        calls: one or a list of `actloom.Call`, `{name: arguments}`, `{"name", "arguments"}`, or
            OpenAI tool calls, whose arguments may be JSON text; None for none.
    """
    items = cast("list[object]", [*calls] if isinstance(calls, (list, tuple)) else [calls])
    try:
        return Decoded([_call(item) for item in items if item is not None])
    except _UnreadableError as error:
        return Decoded(error=str(error))


def _call(item: object) -> object:
    if isinstance(item, Call):
        if item.arguments_text is not None:
            return {item.name: _arguments(item.arguments_text, item.name)}
        return {item.name: item.arguments}
    if not isinstance(item, Mapping):
        return item
    call = dict(cast("Mapping[str, object]", item))
    named = call
    if isinstance(call.get("function"), Mapping):
        inner = cast("Mapping[str, object]", call["function"])
        named = dict(inner) if "name" in inner else call
    name = named.get("name")
    if isinstance(name, str) and ("arguments" in named or named is not call):
        return {name: _arguments(named.get("arguments", {}), name)}
    return call


def _arguments(arguments: object, name: str) -> Json:
    if not isinstance(arguments, str):
        return cast("Json", {} if arguments is None else arguments)
    try:
        return msgspec.json.decode(arguments) if arguments.strip() else {}
    except (msgspec.DecodeError, RecursionError) as error:
        raise _UnreadableError(f"arguments of {name!r} are not JSON: {error}") from None
