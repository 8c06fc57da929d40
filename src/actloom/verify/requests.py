"""What a user asks for by name: numbers, quoted texts and proper names in a query, with places."""

from __future__ import annotations

import re

import msgspec

from actloom.verify.wording import number_of, plain_number, tokens_of

MAX_QUERY = 2500
"""Characters of a query that are looked at: longer ones are documents with a question."""


class Named(msgspec.Struct, frozen=True):
    """Something a query names."""

    text: str
    """As it stands there."""
    words: tuple[str, ...]
    """Its tokens that tell something."""
    start: int
    """Offset in the query."""
    end: int
    value: float | None = None
    """The number it is; None for texts."""


_NUMBER = re.compile(
    r"(?<![\w.^/'])(?<!\d[,:-])-?[$€£]?(\d{1,3}(?:,\d{3})+(?![\d,])(?:\.\d+)?|\d+(?:\.\d+)?(?:e-?\d+)?)"
    r"(?=(?:st|nd|rd|th|[kKMBCFgsmhLJNVAW%]|[cmk]m|kg|mg|m[lL]|lbs?|ft|in|[ap]m|[kM]?Hz|MPG|mpg)?"
    r"²?³?(?!\w|-\d))"
)
_NAME = re.compile(r"[A-Z][\w&’'-]*(?:\s+(?:(?:of|the|de|la|von|van|da)\s+)?[A-Z][\w&’'-]*)*")
_QUOTE = re.compile(r"(?<!\w)'([^'\n]{2,60})'(?!\w)|\"([^\"\n]{2,60})\"|“([^”\n]{2,60})”")
_OPENS = ".!?:;\n\"“'*>-)(["
"""What stands before the first word of a sentence, which has a capital letter anyway."""
_COMMON_TEXT = (
    "i im ive id the a an and or of in on at to for with my your our his her its this that "
    "these january february march april may june july august september october november "
    "december jan feb mar apr jun jul aug sep sept oct nov dec monday tuesday wednesday "
    "thursday friday saturday sunday also then first second third fourth finally lastly next "
    "after what how can could please dr mr mrs ms inc corp ltd ve ll re s t d m is are was do "
    "does if but so it we you he she they"
)
_COMMON = frozenset(_COMMON_TEXT.split())


def numbers_named(query: str) -> list[Named]:
    """Returns the numbers a query names in digits, without list markers and exponents."""
    found: list[Named] = []
    for match in _NUMBER.finditer(query):
        token = plain_number(match.group(1))
        value = number_of(token)
        if value is None or _is_marker(query, match.start(), match.end()):
            continue
        found.append(Named(match.group(), (token,), match.start(), match.end(), value))
    return found


def _is_marker(query: str, start: int, end: int) -> bool:
    """Tells `1. Do this` and `2) do that`."""
    before = query[max(start - 2, 0) : start].strip()
    return query[end : end + 1] in (")", ".", ":") and (
        not before or before in (".", "(", ":", ";", ",")
    )


def names_named(query: str) -> list[Named]:
    """Returns runs of capitalised words; the first word of a sentence is left out."""
    found: list[Named] = []
    for match in _NAME.finditer(query):
        words = tokens_of(match.group())
        before = query[: match.start()].rstrip(" ")[-1:]
        start = match.start()
        if not before or before in _OPENS or before.isdigit():
            first = words.pop(0)
            start += len(first)
        telling = tuple(word for word in words if word not in _COMMON and len(word) > 1)
        if telling and not telling[0].isdigit():
            found.append(Named(match.group(), telling, start, match.end()))
    return found


def quotes_named(query: str) -> list[Named]:
    """Returns the texts in quotes, unless the quotes go round the whole query."""
    whole = query.strip()
    inner = whole[0] in "\"'" and whole[-1] == whole[0] if len(whole) > 1 else False
    at = query.find(whole[0]) + 1 if inner else 0
    end = query.rfind(whole[-1]) if inner else len(query)
    doubles = query.count('"', at, end) % 2 == 0
    found: list[Named] = []
    for match in _QUOTE.finditer(query, at, end):
        if match.group(2) and not doubles:
            continue
        words = tuple(tokens_of(match.group(match.lastindex or 0)))
        if words:
            found.append(Named(match.group(), words, match.start(), match.end()))
    return found
