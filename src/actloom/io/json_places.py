"""JSON text with the place of every value, so that one value can be changed and no byte beside it.

Strings that hold JSON themselves (arguments, replies with calls in tags) are texts of their own,
whose characters know where they stand in the text around them.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import NamedTuple

import msgspec

from actloom.core.jsonvalue import Json

MAX_DEPTH = 64
"""Containers inside each other."""
MAX_STARTS = 200
"""Brackets of one string at which JSON may begin."""
_SPACE = re.compile(r"[ \t\n\r]*")
_PLAIN = re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?|true|false|null")
_ESCAPE = re.compile(
    r"\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|\\u[0-9a-fA-F]{4}|\\."
)
_STRING = re.compile(r'"(?:[^"\\\x00-\x1f]|\\.)*"')
_BRACKET = re.compile(r"[\[{]")


class Place(msgspec.Struct, frozen=True):
    """One value and the characters it takes up."""

    start: int
    end: int
    value: Json
    members: tuple[Member, ...] = ()
    """Of an object, in their order."""
    elements: tuple[Place, ...] = ()
    """Of an array."""


class Member(msgspec.Struct, frozen=True):
    """One key of an object, quotes included, and its value."""

    key: str
    start: int
    end: int
    place: Place


class Edit(NamedTuple):
    """Characters of a text, from `start` to before `end`, and what shall stand there."""

    start: int
    end: int
    new: str


class Text:
    """A text that holds JSON: a whole item, or a string of it.

    Args:
        text: the characters.
        around: the text this one is a string of.
        starts: place in `around` of each character, and of the closing quote.
    """

    def __init__(
        self, text: str, around: Text | None = None, starts: list[int] | None = None
    ) -> None:
        self.text = text
        self._around = around
        self._starts = starts or []

    def values(self) -> Iterator[Place]:
        """Yields the outermost objects and arrays that stand in the text."""
        at = 0
        for _ in range(MAX_STARTS):
            found = _BRACKET.search(self.text, at)
            if found is None:
                return
            try:
                place = scanned(self.text, found.start())
            except ValueError:
                at = found.end()
                continue
            yield place
            at = place.end

    def inner(self, string: Place) -> Text:
        """Returns the text of a string value of this text."""
        raw = self.text[string.start + 1 : string.end - 1]
        starts: list[int] = []
        at = 0
        for escape in _ESCAPE.finditer(raw):
            starts.extend(range(at, escape.start()))
            starts.append(escape.start())
            at = escape.end()
        starts.extend(range(at, len(raw) + 1))
        inside = string.value if isinstance(string.value, str) else ""
        return Text(inside, self, [string.start + 1 + place for place in starts])

    def lifted(self, edit: Edit) -> Edit:
        """Returns an edit of this text as one of the outermost text."""
        if self._around is None:
            return edit
        escaped = json.dumps(edit.new, ensure_ascii=self._around.text.isascii())[1:-1]
        return self._around.lifted(Edit(self._starts[edit.start], self._starts[edit.end], escaped))


def scanned(text: str, start: int = 0, depth: int = 0) -> Place:
    """Returns the JSON value that begins at `start`.

    Raises:
        ValueError: there is none, or it is nested too deeply.
    """
    if depth > MAX_DEPTH:
        raise ValueError("nested too deeply")
    head = text[start : start + 1]
    if head == '"':
        value, end = _string(text, start)
        return Place(start, end, value)
    if head == "{":
        return _object(text, start, depth)
    if head == "[":
        return _array(text, start, depth)
    found = _PLAIN.match(text, start)
    if found is None:
        raise ValueError(f"no JSON at {start}")
    return Place(start, found.end(), json.loads(found[0]))


def _string(text: str, start: int) -> tuple[str, int]:
    found = _STRING.match(text, start)
    if found is None:
        raise ValueError(f"no string at {start}")
    return json.loads(found[0]), found.end()


def _object(text: str, start: int, depth: int) -> Place:
    members: list[Member] = []
    at = _after_space(text, start + 1)
    while text[at : at + 1] != "}":
        at = _next(text, at, first=not members)
        key, end = _string(text, at)
        colon = _after_space(text, end)
        if text[colon : colon + 1] != ":":
            raise ValueError(f"no colon at {colon}")
        place = scanned(text, _after_space(text, colon + 1), depth + 1)
        members.append(Member(key, at, end, place))
        at = _after_space(text, place.end)
    value: Json = {member.key: member.place.value for member in members}
    return Place(start, at + 1, value, members=tuple(members))


def _array(text: str, start: int, depth: int) -> Place:
    elements: list[Place] = []
    at = _after_space(text, start + 1)
    while text[at : at + 1] != "]":
        at = _next(text, at, first=not elements)
        elements.append(scanned(text, at, depth + 1))
        at = _after_space(text, elements[-1].end)
    value: Json = [element.value for element in elements]
    return Place(start, at + 1, value, elements=tuple(elements))


def _next(text: str, at: int, *, first: bool) -> int:
    """Returns where the next member begins, behind its comma."""
    if first:
        return at
    if text[at : at + 1] != ",":
        raise ValueError(f"no comma at {at}")
    return _after_space(text, at + 1)


def _after_space(text: str, at: int) -> int:
    found = _SPACE.match(text, at)
    return found.end() if found else at
