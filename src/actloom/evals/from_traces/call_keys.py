"""Calls as keys: equal for calls that do the same, whatever their ids."""

from __future__ import annotations

from actloom.core.jsonvalue import Json, canonical_json
from actloom.core.record import Call


def call_key(call: Call) -> bytes:
    """Returns bytes that are equal for equal calls, whatever their ids."""
    plain: Json = [call.name, _plain(dict(call.arguments)), call.arguments_text]
    return canonical_json(plain)


def _plain(value: Json) -> Json:
    """Returns a value with whole floats as integers, so that 1.0 is 1."""
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, dict):
        return {key: _plain(child) for key, child in value.items()}
    return [_plain(child) for child in value] if isinstance(value, list) else value
