"""Java source text of an argument -> value, with every quirk of the leaderboard's converter.

A text that does not fit its type stays a text and so fails the type check. Known oddities, kept on
purpose (specs/bfcl.md section 5): texts in an array keep their double quotes, those in an ArrayList
lose a character on either side whatever it is; lists are cut at every comma, also inside texts; a
`char` is never read; ranges of `byte` and `short` are not checked; `List.of(..)`, `[1, 2]` and a
`long` without `L` do not fit. All scans are linear in the length of the text.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import cast

JAVA_TYPES: dict[str, type] = {
    "byte": int,
    "short": int,
    "integer": int,
    "long": int,
    "float": float,
    "double": float,
    "boolean": bool,
    "char": str,
    "String": str,
    "any": str,
    "Array": list,
    "ArrayList": list,
    "Queue": list,
    "Stack": list,
    "HashMap": dict,
    "Hashtable": dict,
    "Set": set,
}
"""Type of a parameter -> Python type its value is judged as."""
COLLECTIONS = frozenset({"Array", "ArrayList"})
"""Types whose `items.type` must be known."""

_INTEGER = re.compile(r"^-?\d+$")
_LONG = re.compile(r"^-?\d+[lL]$")
_FLOAT = re.compile(r"^-?\d+(\.\d+)?([eE][+-]?\d+)?[fF]$")
_DOUBLE = re.compile(r"^-?\d+(\.\d+)?([eE][+-]?\d+)?$")
_LAST_F = re.compile(r"[fF]$")
_LAST_L = re.compile(r"[lL]$")

_ARRAY = re.compile(r"new\s+\w+\[\]\s*\{")
_AS_LIST = re.compile(r"new\s+ArrayList<\w*>\(Arrays\.asList\(")
_NEW_LIST = re.compile(r"new\s+ArrayList<\w*>\(\)")
_LIST_BODY = re.compile(r"new\s+ArrayList<\w*>\(\)\s*\{\{\s*")
_NEW_MAP = re.compile(r"new\s+HashMap<")
_MAP_PARENTHESES = re.compile(r">\s*\(\)")
_MAP_BODY = re.compile(r">\s*\(\)\s*\{\s*\{?\s*")
_BLANKS = re.compile(r"\s*")


def java_value(text: str, kind: str, item_kind: str | None = None) -> object:
    """Returns the value of Java source text as a parameter of type `kind`, the text if unfit.

    Args:
        kind: one of `JAVA_TYPES`.
        item_kind: type of the items of a collection; None to tell by their looks.

    Raises:
        NotImplementedError: for the types the leaderboard's converter refuses.
        ValueError: for an unknown type, and for numbers of over 4,300 digits.
    """
    convert = _CONVERTERS.get(kind)
    if convert is None:
        if kind in JAVA_TYPES:
            raise NotImplementedError(f"{kind} conversion is not implemented")
        raise ValueError(f"Unsupported type: {kind}")
    return convert(text, item_kind)


def _text(text: str, item_kind: str | None) -> object:
    del item_kind
    return text


def _integer(text: str, item_kind: str | None) -> object:
    del item_kind
    return int(text) if _INTEGER.match(text) else text


def _long(text: str, item_kind: str | None) -> object:
    del item_kind
    return int(_LAST_L.sub("", text)) if _LONG.match(text) else text


def _float(text: str, item_kind: str | None) -> object:
    del item_kind
    return float(_LAST_F.sub("", text)) if _FLOAT.match(text) else text


def _double(text: str, item_kind: str | None) -> object:
    del item_kind
    return float(text) if _DOUBLE.match(text) else text


def _boolean(text: str, item_kind: str | None) -> object:
    del item_kind
    return text == "true" if text in ("true", "false") else text


def _array(text: str, item_kind: str | None) -> object:
    """Reads `new T[]{a, b}`; what stands before and after it is passed over."""
    at = 0
    while at >= 0 and (head := _ARRAY.search(text, at)):
        end = _end_on_line(text, "}", head.end())
        if end >= 0:
            parts = [part.strip() for part in text[head.end() : end].split(",")]
            return [_item(part, item_kind) for part in parts if part]
        at = text.find("\n", head.end())
    return text


def _array_list(text: str, item_kind: str | None) -> object:
    """Reads `new ArrayList<T>(Arrays.asList(a, b))`, `{{ add(a); }}` or an empty one."""
    inside = _as_list_inside(text)
    if inside is not None:
        return [_list_item(part.strip(), item_kind) for part in inside.split(",")]
    body = _list_body(text)
    if body is not None:
        return [_list_item(part.strip(), item_kind) for part in _arguments_of_add(body)]
    return [] if _NEW_LIST.search(text) else text


def _as_list_inside(text: str) -> str | None:
    """Returns what stands in `Arrays.asList(..)`: at least a character, closed on its line."""
    at = 0
    while at >= 0 and (head := _AS_LIST.search(text, at)):
        start = head.end()
        end = _end_on_line(text, "))", start + 1)
        if end >= 0 and text[start] != "\n":
            return text[start:end]
        at = text.find("\n", start)
    return None


def _list_body(text: str) -> str | None:
    """Returns what stands in the double braces: at least a character, a blank will do."""
    head = _LIST_BODY.search(text)
    if head is None:
        return None
    end = text.find("}}", head.end() + 1)
    if end < 0 and text[head.end() - 1].isspace() and text.startswith("}}", head.end()):
        return ""
    return text[head.end() : end] if end >= 0 else None


def _arguments_of_add(body: str) -> list[str]:
    """Returns what stands in each `add(..)`: at least a character, up to the next parenthesis."""
    found: list[str] = []
    at = body.find("add(")
    while at >= 0:
        start = at + 4
        end = _end_on_line(body, ")", start + 1) if body[start : start + 1] != "\n" else -1
        if end < 0:
            at = _after_line(body, "add(", start)
        else:
            found.append(body[start:end])
            at = body.find("add(", end + 1)
    return found


def _hash_map(text: str, item_kind: str | None) -> object:
    """Reads `new HashMap<K, V>() {{ put("k", v); }}` or an empty one; values by their looks."""
    del item_kind
    head = _NEW_MAP.search(text)
    if head is None:
        return text
    body = _MAP_BODY.search(text, head.end())
    end = text.find("}", body.end()) if body else -1
    if body and end >= 0:
        return {key: _value(item.strip()) for key, item in _puts(text[body.end() : end].rstrip())}
    return {} if _is_empty_map(text) else text


def _is_empty_map(text: str) -> bool:
    """Tells whether a `new HashMap<..>()` closes its angle on the line it opens it."""
    at = 0
    parentheses = _MAP_PARENTHESES.search(text)
    while at >= 0 and (head := _NEW_MAP.search(text, at)):
        if parentheses and parentheses.start() < head.end():
            parentheses = _MAP_PARENTHESES.search(text, head.end())
        if parentheses is None:
            return False
        if parentheses.start() < _line_end(text, head.end()):
            return True
        at = text.find("\n", head.end())
    return False


def _puts(body: str) -> list[tuple[str, str]]:
    """Returns key and value of each `put("k", v)` whose key ends on its line, and value on its."""
    found: list[tuple[str, str]] = []
    at = body.find('put("')
    while at >= 0:
        put = _put(body, at + 5)
        if put is None:  # and no other of this line: the same signs would have to end it
            at = _after_line(body, 'put("', at + 5)
        else:
            found.append((put[0], put[1]))
            at = body.find('put("', put[2])
    return found


def _put(body: str, start: int) -> tuple[str, str, int] | None:
    """Returns key, value and end of the `put` whose key starts at `start`.

    The key ends at the first `",` after which a value is closed on the line it starts on. On one
    line either the first `",` has such a value or none but the last before the line's end, whose
    value may start on a later line.
    """
    line_end = _line_end(body, start)
    first = body.find('",', start, line_end)
    last = body.rfind('",', start, line_end)
    for comma in (first, last) if first != last else (first,):
        if comma < 0:
            return None
        value = cast("re.Match[str]", _BLANKS.match(body, comma + 2)).end()
        end = _end_on_line(body, ")", value)
        if end >= 0:
            return body[start:comma], body[value:end], end + 1
    return None


def _line_end(text: str, start: int) -> int:
    end = text.find("\n", start)
    return len(text) if end < 0 else end


def _end_on_line(text: str, closing: str, start: int) -> int:
    """Returns where `closing` stands between `start` and the line's end, -1 where it does not."""
    return text.find(closing, start, _line_end(text, start))


def _after_line(text: str, wanted: str, start: int) -> int:
    """Returns where `wanted` stands on a later line, -1 where it does not."""
    line_end = text.find("\n", start)
    return -1 if line_end < 0 else text.find(wanted, line_end)


def _list_item(text: str, kind: str | None) -> object:
    return text[1:-1] if kind in ("char", "String") else _item(text, kind)


def _item(text: str, kind: str | None) -> object:
    return java_value(text, kind) if kind else _value(text)


def _value(text: str) -> object:
    """Returns a value of unknown type by its looks."""
    if text in ("true", "false"):
        return text == "true"
    if text.startswith('"') and text.endswith('"'):
        return text[1:-1]
    if _LONG.match(text):
        return int(text[:-1])
    if _FLOAT.match(text):
        return float(_LAST_F.sub("", text))
    return number_or_text(text)


def number_or_text(text: str) -> object:
    """Returns what Python reads as an integer or else as a float, the text when neither."""
    for read in (int, float):
        try:
            return read(text)
        except ValueError:
            continue
    return text


_CONVERTERS: dict[str, Callable[[str, str | None], object]] = {
    **dict.fromkeys(("byte", "short", "integer"), _integer),
    **dict.fromkeys(("char", "String", "any"), _text),
    "long": _long,
    "float": _float,
    "double": _double,
    "boolean": _boolean,
    "Array": _array,
    "ArrayList": _array_list,
    "HashMap": _hash_map,
}
