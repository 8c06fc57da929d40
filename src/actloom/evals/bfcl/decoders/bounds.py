"""Limits on what a parser is handed, so that no output costs more than a fraction of a second."""

from __future__ import annotations

import re

MAX_CHARS = 8_000_000
"""Longest text any decoder looks into."""
_PYTHON = re.compile(
    r"""(?s:(?P<text>(?P<prefix>\b[rRbBuUfF]{1,2}+)?+"""
    r"""(?:'''[^'\\]*+(?:(?:\\.|'(?!''))[^'\\]*+)*+'''"""
    r"""|\"""[^"\\]*+(?:(?:\\.|"(?!""))[^"\\]*+)*+\""""
    r"""|'[^'\\\n]*+(?:\\.[^'\\\n]*+)*+'|"[^"\\\n]*+(?:\\.[^"\\\n]*+)*+"))"""
    r"""|\#[^\n]*+|[^'"\#rRbBuUfF]++|.)"""
)
_BRACES = re.compile(
    r"""(?s:(?P<text>'[^'\\\n]*+(?:\\.[^'\\\n]*+)*+'|"[^"\\\n]*+(?:\\.[^"\\\n]*+)*+")"""
    r"""|//[^\n]*+|[^'"/]++|.)"""
)
_PLAIN_TEXT = 3_000


class TooLargeError(ValueError):
    """An output beyond the limits of its decoder."""


def check_python(text: str, limit: int) -> None:
    """Refuses Python source with too much outside its strings, which may be of any length.

    The inside of an f-string is code and counts five times.

    Raises:
        TooLargeError: more than `limit` characters.
    """
    if len(text) > _PLAIN_TEXT:
        _check(text, limit, _PYTHON)


def check_braces(text: str, limit: int) -> None:
    """Refuses Java or JavaScript with too much outside its strings.

    Raises:
        TooLargeError: more than `limit` characters.
    """
    if len(text) > limit:
        _check(text, limit, _BRACES)


def _check(text: str, limit: int, pattern: re.Pattern[str]) -> None:
    if len(text) > MAX_CHARS:
        raise TooLargeError(f"expected at most {MAX_CHARS} characters, got {len(text)}")
    code = 0
    for token in pattern.finditer(text):
        code += _weight(token)
        if code > limit:
            raise TooLargeError(f"expected at most {limit} characters of code outside strings")


def _weight(token: re.Match[str]) -> int:
    length = token.end() - token.start()
    if token["text"] is None:
        return length
    prefix = token.groupdict().get("prefix") or ""
    return 5 * length if "f" in prefix.lower() else 2
