"""Arguments for a function from the words of a request alone: no model, nothing learned."""

from __future__ import annotations

import re
from collections import deque
from itertools import islice
from typing import cast

from actloom.core.jsonvalue import Json, JsonObject
from actloom.core.typetext import WORD_TYPES

LONGEST = 20_000
"""Characters of a request that are looked at."""
MOST = 500
"""Numbers, and texts, that are taken from a request."""
DEEPEST = 4
"""Levels of objects and arrays that are filled."""

_NUMBER = re.compile(r"(?<![A-Za-z0-9_.])-?\d{1,15}(?:,\d{3}){0,4}(?:\.\d{1,15})?")
_QUOTED = re.compile(
    r"\"([^\"\n]{1,200})\"|(?<!\w)'([^'\n]{1,200})'(?!\w)|“([^”\n]{1,200})”|`([^`\n]{1,200})`"
)
_NAMED = re.compile(r"(?<![\w'])[A-Z][\w'-]{0,40}(?: [A-Z][\w'-]{0,40}){0,9}")
_SENTENCE_END = ".?!:\n"
_EMPTY: dict[str, Json] = {"integer": 0, "number": 0.0, "boolean": True, "null": None}


def copied_arguments(schema: JsonObject, text: str) -> JsonObject:
    """Returns arguments for the required parameters of a function, copied from a request.

    Numbers are taken in the order of the text, each once; texts likewise, quoted ones first, then
    capitalised words; of an enum the member that stands first in the text. What the text does not
    hold becomes the parameter's default, else 0, "", true or an empty collection.

    Args:
        schema: `{"properties", "required"}` in JSON Schema or with BFCL's type names.
        text: the request.
    """
    return _Copier(text).members(schema, 0)


def kind_of(schema: JsonObject) -> str:
    """Returns the JSON Schema type that a schema in either dialect names, "" for any or none."""
    named = schema.get("type")
    words = named if isinstance(named, list) else [named]
    kinds = [WORD_TYPES.get(word.lower(), "") for word in words if isinstance(word, str)]
    return next((kind for kind in kinds if kind != "null"), "")


class _Copier:
    """Values that stand in a text, handed out in order."""

    def __init__(self, text: str) -> None:
        text = text[:LONGEST]
        self._folded = text.casefold()
        numbers = islice(_NUMBER.finditer(text), MOST)
        self._numbers = deque(match[0].replace(",", "") for match in numbers)
        quoted = [next(filter(None, match.groups())) for match in _QUOTED.finditer(text)]
        self._texts = deque([*quoted, *_names(_QUOTED.sub("", text))][:MOST])

    def members(self, schema: JsonObject, depth: int) -> JsonObject:
        """Returns the required members of an object."""
        properties, required = schema.get("properties"), schema.get("required")
        if not isinstance(properties, dict) or not isinstance(required, list):
            return {}
        wanted = dict.fromkeys(name for name in required if isinstance(name, str))
        return {
            name: self._value(cast("JsonObject", inner), depth + 1)
            for name in wanted
            if isinstance(inner := properties.get(name), dict)
        }

    def _value(self, schema: JsonObject, depth: int) -> Json:
        options = schema.get("enum")
        if isinstance(options, list) and options:
            return self._option(options, schema)
        kind = kind_of(schema)
        found: Json = None
        if kind in ("integer", "number"):
            found = self._number(kind)
        elif kind in ("string", ""):
            found = self._texts.popleft() if self._texts else None
        elif kind in ("array", "object") and depth < DEEPEST:
            found = self._collection(schema, kind, depth)
        return _known_nothing(schema, kind) if found is None else found

    def _option(self, options: list[Json], schema: JsonObject) -> Json:
        found = {
            match.start(): option
            for option in options[:MOST]
            if option not in ("", None) and isinstance(option, str | int | float)
            if (match := re.search(_word(str(option).casefold()), self._folded))
        }
        return found[min(found)] if found else schema.get("default", options[0])

    def _number(self, kind: str) -> Json:
        for text in self._numbers:
            if kind == "number" or "." not in text:
                self._numbers.remove(text)
                return int(text) if kind == "integer" else float(text)
        return None

    def _collection(self, schema: JsonObject, kind: str, depth: int) -> Json:
        if kind == "object":
            return self.members(schema, depth) or None
        items = schema.get("items")
        inner = cast("JsonObject", items) if isinstance(items, dict) else {}
        item_kind = kind_of(inner)
        if item_kind in ("integer", "number"):
            numbers = iter(lambda: self._number(item_kind), None)
            return list(numbers) or None
        if item_kind in ("string", "") and self._texts:
            texts: list[Json] = [*self._texts]
            self._texts.clear()
            return texts
        return None


def _names(text: str) -> list[str]:
    """Returns capitalised words, neighbours together, without the first word of a sentence."""
    found: list[str] = []
    for match in _NAMED.finditer(text):
        before = text[max(0, match.start() - 8) : match.start()].rstrip(" ")
        starts = not before or before[-1] in _SENTENCE_END
        name = match[0].partition(" ")[2] if starts else match[0]
        if name and name != "I":
            found.append(name)
    return found


def _word(text: str) -> str:
    return rf"(?<!\w){re.escape(text)}(?!\w)"


def _known_nothing(schema: JsonObject, kind: str) -> Json:
    if "default" in schema:
        return schema["default"]
    if kind == "array":
        return []
    return {} if kind == "object" else _EMPTY.get(kind, "")
