"""A short way through the commonest text: calls by keyword with plain literals and names.

Python's parser takes ten times as long. What is not plainly of this form is left to it: names that
are keywords, calls without arguments, other than ASCII characters, escapes, strings side by side.
"""

from __future__ import annotations

import keyword
import re

_WORD = r"[A-Za-z_][A-Za-z0-9_]*+"
_SPACE = r"[ \n\t]*+"
_SCALAR = (
    r"""'([^'\\\n\r\0]*+)'|"([^"\\\n\r\0]*+)"|(-?[0-9]++\.[0-9]++(?:[eE][+-]?[0-9]++)?+)"""
    r"""|(-?(?:0|[1-9][0-9]{0,17}+)(?![0-9.eE_]))|([A-Za-z_][A-Za-z0-9_]*+)"""
)
_HEAD = re.compile(rf"({_WORD}(?:\.{_WORD}){{0,20}}+)\({_SPACE}")
_ARGUMENT = re.compile(rf"({_WORD}){_SPACE}=(?!=){_SPACE}(?:(?:{_SCALAR}){_SPACE})?+")
_VALUE = re.compile(rf"(?:{_SCALAR}){_SPACE}")
_GAP = re.compile(_SPACE)
_CONSTANTS = {"True": True, "False": False, "None": None}
_KEYWORDS = frozenset(keyword.kwlist)
_MAX_DEPTH = 20
_LONG = 12_000
_MAX_COMMAS = 10_000
"""In a long text, which may be one long string but not many short things."""


class _NotPlainError(Exception):
    """Left to Python's parser."""


def plain_calls(text: str) -> list[dict[str, dict[str, object]]] | None:
    """Returns the calls of a bracketed list, None where Python's parser has to read it."""
    if text[:1] != "[" or text[-1:] != "]" or not text.isascii():
        return None
    if len(text) == 2 or not text[1:-1].strip(" \n"):
        return []
    if len(text) > _LONG and text.count(",") > _MAX_COMMAS:
        return None
    try:
        return _calls(text)
    except (_NotPlainError, IndexError):
        return None


def _calls(text: str) -> list[dict[str, dict[str, object]]]:
    found: list[dict[str, dict[str, object]]] = []
    at, last = _after_space(text, 1), len(text) - 1
    while True:
        head = _HEAD.match(text, at)
        if head is None or not _KEYWORDS.isdisjoint(head[1].split(".")):
            raise _NotPlainError
        arguments: dict[str, object] = {}
        at = _read_arguments(text, head.end(), arguments)
        gap = _GAP.match(text, at)
        at = gap.end() if gap else at
        found.append({head[1]: arguments})
        if at != last:
            at = _after_comma(text, at)
        if at == last:
            return found


def _after_comma(text: str, at: int) -> int:
    if text[at] != ",":
        raise _NotPlainError
    at += 1
    return _after_space(text, at + 1) if text[at] in " \n\t" else at


def _after_space(text: str, at: int) -> int:
    if text[at] not in " \n\t":
        return at
    gap = _GAP.match(text, at)
    return gap.end() if gap else at


def _read_arguments(text: str, at: int, arguments: dict[str, object]) -> int:
    """Returns where the text goes on after the closing bracket."""
    while True:
        pair = _ARGUMENT.match(text, at)
        if pair is None:
            raise _NotPlainError
        name = pair[1]
        if name in _KEYWORDS:
            raise _NotPlainError
        if pair.lastindex == 1:
            arguments[name], at = _read_nested(text, pair.end(), 0)
        else:
            arguments[name], at = _scalar(pair, 1), pair.end()
        if text[at] != ")":
            at = _after_comma(text, at)
        if text[at] == ")":
            return at + 1


def _scalar(match: re.Match[str], before: int) -> object:
    kind = (match.lastindex or 0) - before
    found = match[match.lastindex or 0]
    if kind <= 2:
        return found
    if kind == 3:
        return float(found)
    if kind == 4:
        return int(found)
    if found in _CONSTANTS:
        return _CONSTANTS[found]
    if found in _KEYWORDS:
        raise _NotPlainError
    return found  # a bare name is its own text


def _read_value(text: str, at: int, depth: int) -> tuple[object, int]:
    match = _VALUE.match(text, at)
    return (_scalar(match, 0), match.end()) if match else _read_nested(text, at, depth)


def _read_nested(text: str, at: int, depth: int) -> tuple[object, int]:
    opening = text[at]
    if opening not in "[{" or depth > _MAX_DEPTH:
        raise _NotPlainError
    at = _after_space(text, at + 1)
    if opening == "[":
        items: list[object] = []
        at = _read_items(text, at, items, depth + 1)
        value: object = items
    else:
        pairs: dict[object, object] = {}
        at = _read_pairs(text, at, pairs, depth + 1)
        value = pairs
    return value, _after_space(text, at)


def _read_items(text: str, at: int, items: list[object], depth: int) -> int:
    while text[at] != "]":
        value, at = _read_value(text, at, depth)
        items.append(value)
        if text[at] != "]":
            at = _after_comma(text, at)
    return at + 1


def _read_pairs(text: str, at: int, pairs: dict[object, object], depth: int) -> int:
    while text[at] != "}":
        key = _VALUE.match(text, at)
        if key is None or text[key.end()] != ":":
            raise _NotPlainError
        value, at = _read_value(text, _after_space(text, key.end() + 1), depth)
        pairs[_scalar(key, 0)] = value
        if text[at] != "}":
            at = _after_comma(text, at)
    return at + 1
