"""Attributes of spans: OTLP's typed values, flattened keys, nested objects, JSON text."""

from __future__ import annotations

import datetime as dt

from actloom.core.jsonvalue import Json, JsonObject
from actloom.dialects.literal import Unreadable
from actloom.dialects.repair import Mender
from actloom.io.foreign_json import decode_json
from actloom.unify.payloads import parsed_text
from actloom.unify.payloads.usage import amount

MAX_PARTS = 24
"""Dots at which a key is split at most."""
MAX_LITERAL = 2**20
"""Characters up to which text is read as a Python literal."""
_TYPED = ("string", "int", "double", "bool", "array", "kvlist", "bytes")


def attribute_value(value: Json) -> Json:
    """Returns an OTLP AnyValue (`{"stringValue": "x"}`) as plain JSON, other JSON as it is."""
    if not isinstance(value, dict) or len(value) != 1:
        return value
    ((key, inner),) = value.items()
    kind = key.removesuffix("Value").removesuffix("_value")
    if kind == key or kind not in _TYPED:
        return value
    if kind == "int" and isinstance(inner, str):
        return int(inner) if inner.lstrip("-").isdigit() and len(inner) < 20 else inner
    if kind == "array":
        values = inner.get("values") if isinstance(inner, dict) else None
        return [attribute_value(one) for one in values] if isinstance(values, list) else []
    if kind == "kvlist":
        return attributes_of(inner.get("values") if isinstance(inner, dict) else None)
    return inner


def attributes_of(value: Json) -> JsonObject:
    """Returns attributes as an object: a list of keys and values, an object, JSON text of it."""
    parsed = parsed_text(value)
    if isinstance(parsed, dict):
        return {key: attribute_value(one) for key, one in parsed.items()}
    found: JsonObject = {}
    for entry in parsed if isinstance(parsed, list) else []:
        if isinstance(entry, dict) and isinstance(key := entry.get("key"), str):
            found[key] = attribute_value(entry.get("value"))
    return found


def nested(attributes: JsonObject) -> JsonObject:
    """Returns attributes with dotted keys as objects in objects; a value beside is under ""."""
    tree: JsonObject = {}
    for key, value in attributes.items():
        *path, last = key.split(".", MAX_PARTS)
        at = tree
        for part in path:
            at = _branch(at, part)
        inner = at.get(last)
        if not isinstance(inner, dict):
            at[last] = {**value} if isinstance(value, dict) else value
        elif isinstance(value, dict):
            inner.update(value)
        else:
            inner[""] = value
    return tree


def _branch(at: JsonObject, part: str) -> JsonObject:
    below = at.get(part)
    if isinstance(below, dict):
        return below
    fresh: JsonObject = {} if below is None else {"": below}
    at[part] = fresh
    return fresh


def look(value: Json, path: str) -> Json:
    """Returns what stands at a dotted path, whichever of its dots are part of keys; else None."""
    if not isinstance(value, dict):
        return None
    if path in value:
        return value[path]
    at = path.find(".")
    while at != -1:
        if path[:at] in value:
            found = look(value[path[:at]], path[at + 1 :])
            if found is not None:
                return found
        at = path.find(".", at + 1)
    return None


def first_at(value: Json, *paths: str) -> Json:
    """Returns the first of `paths` that holds more than null or empty text."""
    for path in paths:
        found = look(value, path)
        if isinstance(found, dict) and "" in found:
            found = found[""]
        if found is not None and found != "":
            return found
    return None


def text_in(value: Json, *paths: str) -> str:
    """Returns the first text at `paths`; a number as its text."""
    found = first_at(value, *paths)
    if isinstance(found, (int, float)) and not isinstance(found, bool):
        return str(found)
    return found if isinstance(found, str) else ""


def number_in(value: Json, *paths: str) -> float | None:
    """Returns the first finite number at `paths`, which may be text."""
    return number_of(first_at(value, *paths))


def number_of(value: Json) -> float | None:
    """Returns a finite number, which may be text; None for anything else."""
    if isinstance(value, str):
        try:
            value = float(value)
        except ValueError:
            return None
    return amount(value)


def count_of(value: float | None) -> int | None:
    """Returns a count of tokens as a whole number."""
    return None if value is None else int(value)


def entries_of(value: Json) -> list[Json]:
    """Returns the entries of a list, of JSON text of one, or of an object with numbers as keys."""
    value = python_literal(parsed_text(value))
    if isinstance(value, list):
        return value
    if isinstance(value, dict) and value:
        numbered = [(int(k), v) for k, v in value.items() if k.isascii() and k.isdigit()]
        if len(numbered) == len(value.keys() - {""}):
            return [v for _, v in sorted(numbered, key=lambda pair: pair[0])]
    return []


def seconds_of(value: Json) -> float | None:
    """Returns a moment in seconds since 1970: ISO text, or a number of (nano)seconds."""
    if isinstance(value, str):
        number = number_of(value)
        if number is None:
            return _from_text(value)
        value = number
    if isinstance(value, list) and len(value) == 2:  # JavaScript's [seconds, nanoseconds]
        whole, part = number_of(value[0]), number_of(value[1])
        return None if whole is None or part is None else whole + part / 1e9
    number = number_of(value)
    if number is None:
        return None
    # Told by size: seconds have 10 digits today, milli-, micro- and nanoseconds 13, 16 and 19.
    for bound, unit in ((1e17, 1e9), (1e14, 1e6), (1e11, 1e3)):
        if abs(number) > bound:
            return number / unit
    return number


def _from_text(text: str) -> float | None:
    plain = text.strip().replace(" UTC", "Z")
    try:
        moment = dt.datetime.fromisoformat(plain)
    except ValueError:
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=dt.UTC)
    return moment.timestamp()


def python_literal(value: Json) -> Json:
    """Returns the object or list in Python's spelling of it, any other value as it is."""
    if not isinstance(value, str) or value[:1] not in ("{", "[") or len(value) > MAX_LITERAL:
        return value
    mender = Mender(value, 0, python=True)
    try:
        found = mender.value()
    except Unreadable:
        return value
    return value if mender.repairs or value[mender.at :].strip() else found


def opened(value: Json, *, times: int = 3) -> Json:
    """Returns the JSON inside a text, which may have been encoded more than once."""
    for _ in range(times):
        if not isinstance(value, str):
            break
        head = value.lstrip()[:1]
        inner = parsed_text(value) if head in ("{", "[") else _unquoted(value, head)
        if inner is value or inner == value:
            break
        value = inner
    return value


def _unquoted(text: str, head: str) -> Json:
    if head != '"' or not text.rstrip().endswith('"'):
        return text
    found = decode_json(text)
    return text if found.problem is not None else found.value
