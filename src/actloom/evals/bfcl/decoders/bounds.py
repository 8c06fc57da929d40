"""Limits on what a parser is handed, so that no output costs more than a fraction of a second."""

from __future__ import annotations

import re
from collections.abc import Iterator

MAX_CHARS = 8_000_000
"""Longest text any decoder looks into."""
_PLAIN_TEXT = 3_000
_LONG_STRING = 1_000
_PYTHON = re.compile(r"['\"#]")
_BRACES = re.compile(r"['\"]|//")
_F_STRING = re.compile(r"[fF][rR]?\Z|[rR][fF]\Z")


class TooLargeError(ValueError):
    """An output beyond the limits of its decoder."""


def check_python(text: str, limit: int) -> None:
    """Refuses Python source with too much outside its strings, which may be of any length.

    The inside of an f-string is code and counts five times.

    Raises:
        TooLargeError: more than `limit` characters.
    """
    if len(text) > _PLAIN_TEXT:
        code = len(text)
        for start, end in strings(text, _PYTHON, limit):
            is_code = _F_STRING.search(text, max(start - 2, 0), start) is not None
            code += 4 * (end - start) if is_code else 2 + start - end
        _refuse(code, limit)


def long_strings(text: str, limit: int) -> list[tuple[int, int]]:
    """Returns where the long strings of Java or JavaScript source start and end.

    Raises:
        TooLargeError: more than `limit` characters outside its strings.
    """
    if len(text) <= limit:
        return []
    found = [*strings(text, _BRACES, limit)]
    _refuse(len(text) - sum(end - start - 2 for start, end in found), limit)
    return [(start, end) for start, end in found if end - start > _LONG_STRING]


def _refuse(code: int, limit: int) -> None:
    if code > limit:
        raise TooLargeError(f"expected at most {limit} characters outside strings, got {code}")


def strings(text: str, marks: re.Pattern[str], limit: int) -> Iterator[tuple[int, int]]:
    """Yields where strings start and end, as long as at most `limit` characters stand outside.

    Args:
        text: source code.
        marks: what may begin a string or, unless it is a quote, a comment to the end of the line.
        limit: characters outside strings after which the rest is left alone.

    Raises:
        TooLargeError: more than MAX_CHARS characters in all.
    """
    if len(text) > MAX_CHARS:
        raise TooLargeError(f"expected at most {MAX_CHARS} characters, got {len(text)}")
    at = outside = 0
    while outside <= limit and (mark := marks.search(text, at, at + limit - outside + 1)):
        start = mark.start()
        if mark[0] in "'\"":
            end, closed = _string_end(text, start, limit)
            outside += start - at + 2 if closed else end - at
            if closed:
                yield start, end
        else:
            end = _line_end(text, start)
            outside += end - at
        at = end


def _string_end(text: str, start: int, limit: int) -> tuple[int, bool]:
    """Returns where the string that starts at a quote ends, or its line, and whether it ends."""
    quote = text[start]
    long = text.startswith(quote * 3, start)
    delimiter = quote * 3 if long else quote
    at = start + len(delimiter)
    for _ in range(limit):
        end = text.find(delimiter, at)
        if end < 0:
            return _line_end(text, at), False
        if not long and (newline := text.find("\n", at, end)) >= 0 and text[newline - 1] != "\\":
            return newline, False
        if _backslashes(text[at:end]) % 2 == 0:
            return end + len(delimiter), True
        at = end + 1
    raise TooLargeError(f"expected at most {limit} quotes inside a string")


def _backslashes(text: str) -> int:
    """Returns how many backslashes end a text; bytes are stripped four times as fast."""
    encoded = text.encode("utf-8", "surrogatepass")
    return len(encoded) - len(encoded.rstrip(b"\\"))


def _line_end(text: str, at: int) -> int:
    end = text.find("\n", at)
    return len(text) if end < 0 else end
