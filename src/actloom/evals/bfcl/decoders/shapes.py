"""JSON values of unknown shape, met as a loop or a look-up in the official decoders meets them."""

from __future__ import annotations

from actloom.core.jsonvalue import Json, JsonObject


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


def first_pair(entry: JsonObject) -> tuple[str, Json]:
    """Returns the first key of an object and its value.

    Raises:
        IndexError: the object is empty.
    """
    if not entry:
        raise IndexError("a call with a name")
    return next(iter(entry.items()))


def text_of(value: Json) -> str:
    """Returns a value that is a text.

    Raises:
        TypeError: it is none.
    """
    if not isinstance(value, str):
        raise TypeError(f"a text, not {type(value).__name__}")
    return value


def object_of(value: Json) -> JsonObject:
    """Returns a value that is an object.

    Raises:
        TypeError: it is none.
    """
    if not isinstance(value, dict):
        raise TypeError(f"an object, not {type(value).__name__}")
    return value


def each(value: Json) -> list[Json]:
    """Returns what a loop over a JSON value meets; of a text one letter, for all are alike.

    Raises:
        TypeError: the value cannot be looped over.
    """
    if isinstance(value, str):
        return [value[0]] if value else []
    if isinstance(value, list | dict):
        return [*value]
    raise TypeError(f"calls, not {type(value).__name__}")


def tag_contents(text: str, start: str, end: str) -> list[str]:
    """Returns what stands between each `start` and the next `end`, none inside each other."""
    found: list[str] = []
    at = text.find(start)
    while at >= 0:
        after = text.find(end, at + len(start))
        if after < 0:
            break
        found.append(text[at + len(start) : after])
        at = text.find(start, after + len(end))
    return found
