"""JavaScript source text of an argument -> value, with every quirk of the leaderboard's converter.

A text that does not fit its type stays a text and so fails the type check. Known oddities, kept on
purpose (specs/bfcl.md section 5): lists are cut at every comma, also inside texts and objects; an
object ends at its first `}`, whatever is inside; quotes around its values are dropped before a
number is looked for, so "5" is a number there; `[[]]` holds one empty text. The leaderboard's
patterns take exponential time on unclosed nested arrays; the scans here are linear.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Callable
from typing import cast

from actloom.evals.bfcl.checker.java import number_or_text

JAVASCRIPT_TYPES: dict[str, type] = {
    "String": str,
    "integer": int,
    "float": float,
    "Bigint": int,
    "Boolean": bool,
    "dict": dict,
    "array": list,
    "any": str,
}
"""Type of a parameter -> Python type its value is judged as."""
COLLECTIONS = frozenset({"array"})
"""Types whose `items.type` must be known."""

MAX_BRACKETS = 20_000
"""Closing brackets above which an array is not looked at as a two-dimensional one."""

_INTEGER = re.compile(r"^-?\d+$")
_FLOAT = re.compile(r"^-?\d+(\.\d+)?$")
_BIGINT = re.compile(r"^-?\d+n$")
_BLANKS = re.compile(r"\s*")
_LITERAL_TABLE = re.compile(r"\[\s*\[")
_NEW_TABLE = re.compile(r"new\s+Array\(\s*\[")
_NEW_ARRAY = re.compile(r"new\s+Array\(")
_NEXT_ROW = re.compile(r"\s*,\s*\[")


def javascript_value(text: str, kind: str, item_kind: str | None = None) -> object:
    """Returns the value of JavaScript source text as a parameter of type `kind`, the text if unfit.

    Args:
        kind: one of `JAVASCRIPT_TYPES`.
        item_kind: type of the items of an array; None to tell by their looks.

    Raises:
        ValueError: for an unknown type, and for numbers of over 4,300 digits.
    """
    convert = _CONVERTERS.get(kind)
    if convert is None:
        raise ValueError(f"Unsupported type: {kind}")
    return convert(text, item_kind)


def _string(text: str, item_kind: str | None) -> object:
    del item_kind
    return text[1:-1] if _is_quoted(text) else text


def _integer(text: str, item_kind: str | None) -> object:
    del item_kind
    return int(text) if _INTEGER.match(text) else text


def _float(text: str, item_kind: str | None) -> object:
    del item_kind
    return float(text) if _FLOAT.match(text) else text


def _bigint(text: str, item_kind: str | None) -> object:
    del item_kind
    return int(text[:-1]) if _BIGINT.match(text) else text


def _boolean(text: str, item_kind: str | None) -> object:
    del item_kind
    return text == "true" if text in ("true", "false") else text


def _any(text: str, item_kind: str | None) -> object:
    del item_kind
    return text


def _array(text: str, item_kind: str | None) -> object:
    """Reads `[a, b]` or `new Array(a, b)`, one- or two-dimensional; the rest is passed over."""
    code = text.strip()
    table_end = _table_end(code)
    if table_end:
        return _rows(code[:table_end])
    inside = _array_inside(code)
    if inside is None:
        return code
    parts = [part.strip() for part in inside.split(",")] if inside.strip() else []
    try:
        return [javascript_value(p, item_kind) if item_kind else _value(p) for p in parts]
    except ValueError:
        return code


def _array_inside(code: str) -> str | None:
    head = _NEW_ARRAY.match(code)
    start = head.end() if head else 1
    if not head and not code.startswith("["):
        return None
    end = _end_on_line(code, ")" if head else "]", start)
    return code[start:end] if end >= 0 else None


def _table_end(code: str) -> int:
    """Returns where the two-dimensional array at the start of `code` ends, 0 where none is.

    The leaderboard's pattern closes every row at the first `]` after which the rest can still be
    read, and takes as many rows as it can. Whether the rest can be read from a `]` on depends on
    that place alone, so it is told for each, last first.
    """
    for head, closing in ((_LITERAL_TABLE, "]"), (_NEW_TABLE, ")")):
        match = head.match(code)
        if match and code.count("]") <= MAX_BRACKETS:
            return _RowEnds(code, closing).table_end(match.end())
    return 0


class _RowEnds:
    """For every `]`: where a table with a row closed there ends, 0 where it cannot."""

    def __init__(self, code: str, closing: str) -> None:
        self._code = code
        self._closing = closing
        self._brackets = [found.start() for found in re.finditer(r"\]", code)]
        self._line_ends = [found.start() for found in re.finditer("\n", code)]
        self._next_good = [len(self._brackets)] * (len(self._brackets) + 1)
        self._ends = [0] * len(self._brackets)
        for index in range(len(self._brackets) - 1, -1, -1):
            end = self._end_after(self._brackets[index] + 1)
            self._ends[index] = end
            self._next_good[index] = index if end else self._next_good[index + 1]

    def table_end(self, start: int) -> int:
        """Returns where the table ends whose current row opens before `start`, 0 if nowhere."""
        index = self._next_good[bisect_left(self._brackets, start)]
        if index == len(self._brackets):
            return 0
        line = bisect_right(self._line_ends, start - 1)
        broken = line < len(self._line_ends) and self._line_ends[line] < self._brackets[index]
        return 0 if broken else self._ends[index]

    def _end_after(self, start: int) -> int:
        row = _NEXT_ROW.match(self._code, start)
        if row and (end := self.table_end(row.end())):
            return end
        blanks = cast("re.Match[str]", _BLANKS.match(self._code, start)).end()
        return blanks + 1 if self._code.startswith(self._closing, blanks) else 0


def _rows(code: str) -> list[object]:
    rows: list[object] = []
    for index, row in enumerate(_bracketed(code)):
        row = row.strip()
        if index == 0:
            row = row.removeprefix("[")
        rows.append([_value(part.strip()) for part in row.split(",")])
    return rows


def _bracketed(code: str) -> list[str]:
    """Returns what stands between each `[` and the next `]` of its line."""
    found: list[str] = []
    at = code.find("[")
    while at >= 0:
        end = _end_on_line(code, "]", at + 1)
        if end >= 0:
            found.append(code[at + 1 : end])
            at = code.find("[", end + 1)
        else:
            line_end = code.find("\n", at)
            at = -1 if line_end < 0 else code.find("[", line_end)
    return found


def _dict(text: str, item_kind: str | None) -> object:
    """Reads `{k: v, ...}` up to its first `}`, which must stand on its line."""
    del item_kind
    code = text.strip()
    if code == "{}":
        return {}
    end = _end_on_line(code, "}", 1) if code.startswith("{") else -1
    return dict(_pairs(code[1:end])) if end >= 0 else code


def _pairs(inside: str) -> list[tuple[str, object]]:
    """Returns keys and values; a value goes on to a comma with a key and a colon behind it."""
    found: list[tuple[str, object]] = []
    at = 0
    while (colon := inside.find(":", at)) >= 0:
        if colon == at:  # no key
            at += 1
            continue
        start = cast("re.Match[str]", _BLANKS.match(inside, colon + 1)).end()
        end, following = _value_end(inside, start)
        key = inside[at:colon].strip().strip("'\"")
        found.append((key, _dict_value(inside[start:end].strip())))
        at = following
    return found


def _value_end(inside: str, start: int) -> tuple[int, int]:
    """Returns where a value ends and where the next key starts."""
    comma = inside.find(",", start)
    while comma >= 0:
        after = inside.find(",", comma + 1)
        segment_end = len(inside) if after < 0 else after
        if inside.find(":", comma + 2, segment_end) >= 0:
            key = cast("re.Match[str]", _BLANKS.match(inside, comma + 1)).end()
            return comma, key if inside.find(":", key + 1, segment_end) >= 0 else key - 1
        comma = after
    return len(inside), len(inside)


def _dict_value(text: str) -> object:
    if text.startswith("[") and text.endswith("]"):
        return _array(text, None)
    return _value(text.strip("'\""))


def _value(text: str) -> object:
    """Returns a value of unknown type by its looks."""
    text = text.strip()
    if text in ("true", "false"):
        return text == "true"
    return text[1:-1] if _is_quoted(text) else number_or_text(text)


def _is_quoted(text: str) -> bool:
    return any(text.startswith(quote) and text.endswith(quote) for quote in "\"'")


def _end_on_line(text: str, closing: str, start: int) -> int:
    line_end = text.find("\n", start)
    return text.find(closing, start, len(text) if line_end < 0 else line_end)


_CONVERTERS: dict[str, Callable[[str, str | None], object]] = {
    "String": _string,
    "integer": _integer,
    "float": _float,
    "Bigint": _bigint,
    "Boolean": _boolean,
    "dict": _dict,
    "array": _array,
    "any": _any,
}
