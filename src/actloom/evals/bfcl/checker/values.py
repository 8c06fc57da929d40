"""Rules for values: what an argument of the right type must be equal to; specs/bfcl.md section 5.

A rule is made once from the accepted values and called with what a model wrote; it returns the
official error type, "" when the value is accepted. Where the accepted values are malformed the
official checker raises; then the rule raises the same when it is called, and not earlier.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeAlias, cast

import msgspec

from actloom.core.jsonvalue import Json

Rule: TypeAlias = Callable[[object], str]
"""Value -> official error type, "" when accepted. Raises one of `CRASHES` where the official
checker does."""

CRASHES = (
    AttributeError,
    IndexError,
    KeyError,
    NotImplementedError,
    OverflowError,
    RecursionError,
    TypeError,
    ValueError,
)
"""What the official checker is known to raise, on malformed gold and on a few odd values."""


def normalised(text: str) -> str:
    """Returns a text as the official checker compares texts."""
    for sign in " ,./-_*^":  # several times as fast as one pattern or a table
        text = text.replace(sign, "")
    return text.lower().replace("'", '"')


def raising(error: Exception) -> Rule:
    """Returns the rule that raises `error`, for accepted values no rule can be made of."""

    def rule(value: object) -> str:
        del value
        raise error.with_traceback(None)

    return rule


def rule_or_crash(make: Callable[..., Rule], *arguments: object) -> Rule:
    """Returns `make(*arguments)`, or the rule that raises what making it raised."""
    try:
        return make(*arguments)
    except CRASHES as error:
        return raising(error)


def gold_type(accepted: Sequence[Json]) -> type | None:
    """Returns the type of the first accepted value that is not "", None when there is none."""
    for value in accepted:
        if value != "":
            return type(value)
    return None


def equal_rule(accepted: Json) -> Rule:
    """Returns the rule for numbers, truth values and variables: equal to an accepted value."""
    values = cast("list[object]", accepted)

    def rule(value: object) -> str:
        return "" if value in values else "value_error:others"

    return rule


def scalar_rule(expected: type, accepted: list[Json]) -> Rule:
    """Returns the rule for a number or a truth value of exactly the expected type."""

    def rule(value: object) -> str:
        if type(value) is not expected:
            return "type_error:simple"
        return "" if value in accepted else "value_error:others"

    return rule


def string_rule(accepted: Json) -> Rule:
    """Returns the rule for texts: equal to an accepted one after normalising both."""
    exact = _items(accepted)
    texts: list[object] = []

    def rule(value: object) -> str:
        if type(value) is not str:
            return "type_error:simple"
        if value in exact:
            return ""
        if not texts:  # most texts are written just as accepted
            texts.extend(normalised(text) for text in exact if type(text) is str)
        return "" if normalised(value) in texts else "value_error:string"

    return rule


def list_rule(accepted: Json) -> Rule:
    """Returns the rule for lists: order matters, texts at the top level are normalised."""
    lists = [_normalised_items(_items(item)) for item in _items(accepted)]
    lengths = {len(items) for items in lists}

    def rule(value: object) -> str:
        items = cast("list[object]", value)
        right = len(items) in lengths and _normalised_items(items) in lists
        return "" if right else "value_error:list/tuple"

    return rule


def dict_rule(accepted: Json, counted: bool) -> Rule:
    """Returns the rule for dictionaries.

    Args:
        accepted: dictionaries of key -> accepted values, "" for none at all.
        counted: `Rules.counted_dicts`.
    """
    make = _counted_dict_rule if counted else _open_dict_rule
    rules = [rule_or_crash(make, item) for item in _items(accepted) if item != ""]

    def rule(value: object) -> str:
        code = "dict_checker:unclear"
        for fault in rules:
            code = fault(value)
            if not code:
                break
        return code

    return rule


def dicts_rule(accepted: Json, counted: bool) -> Rule:
    """Returns the rule for lists of dictionaries: each its own dictionary, in order."""
    lists = [_each_dict_rule(item, counted) for item in cast("list[Json]", accepted)]

    def rule(value: object) -> str:
        code = "list_dict_checker:unclear"
        for fault in lists:
            code = fault(value)
            if not code:
                break
        return code

    return rule


def _each_dict_rule(accepted: Json, counted: bool) -> Rule:
    length = len(cast("list[Json]", accepted))
    items = cast("list[Json]", _items(accepted)) if length else []
    rules = [rule_or_crash(dict_rule, [item], counted) for item in items]

    def rule(value: object) -> str:
        given = cast("list[object]", value)
        if len(given) != length:
            return "value_error:list_dict_count"
        return next(
            (code for fault, item in zip(rules, given, strict=True) if (code := fault(item))), ""
        )

    return rule


class _Entry(msgspec.Struct):
    """What one key of an accepted dictionary accepts."""

    values: list[object] | Exception
    """Accepted values, texts normalised; what the official checker raises where there are none."""
    optional: bool | Exception


def _open_dict_rule(accepted: Json) -> Rule:
    if not isinstance(accepted, dict):
        raise AttributeError(f"{type(accepted).__name__!r} object has no attribute 'items'")
    entries = {key: _entry(value) for key, value in accepted.items()}

    def rule(value: object) -> str:
        given = cast("dict[str, object]", value)
        code = next(
            (c for key, item in given.items() if (c := _item_fault(entries.get(key), item))), ""
        )
        for key, entry in entries.items():
            if key not in given and not _or_raised(entry.optional):
                return "value_error:dict_key"
        return code

    return rule


def _counted_dict_rule(accepted: Json) -> Rule:
    if not isinstance(accepted, dict):
        raise AttributeError(f"{type(accepted).__name__!r} object has no attribute 'keys'")
    entries = {key: _entry(value) for key, value in accepted.items() if not isinstance(value, dict)}
    nested = {
        key: rule_or_crash(dict_rule, [value], True)
        for key, value in accepted.items()
        if isinstance(value, dict)
    }

    def rule(value: object) -> str:
        given = cast("dict[str, object]", value)
        if len(given.keys()) != len(accepted):
            return "value_error:dict_items"
        for key, item in given.items():
            inner = nested.get(key)
            code = inner(item) if inner else _item_fault(entries.get(key), item)
            if code:
                return code
        return ""

    return rule


def _entry(accepted: Json) -> _Entry:
    try:
        values: list[object] | Exception = _normalised_items(_items(accepted))
    except CRASHES as error:
        values = error
    try:
        optional: bool | Exception = "" in cast("list[Json]", accepted)
    except CRASHES as error:
        optional = error
    return _Entry(values, optional)


def _item_fault(entry: _Entry | None, item: object) -> str:
    if entry is None:
        return "value_error:dict_key"
    value = normalised(item) if type(item) is str else item
    return "" if value in _or_raised(entry.values) else "value_error:dict_value"


def _or_raised(value: Any) -> Any:  # noqa: ANN401
    if isinstance(value, Exception):
        raise value.with_traceback(None)
    return value


def _items(accepted: object) -> list[object]:
    """Returns the items as the official checker takes them, by index: a text's are its letters."""
    values = cast("list[object]", accepted)
    return values if type(accepted) is list else [values[index] for index in range(len(values))]


def _normalised_items(items: list[object]) -> list[object]:
    return [normalised(item) if type(item) is str else item for item in items]
