"""What BFCL asks and accepts: questions and gold calls, in one form for all its versions."""

from __future__ import annotations

from typing import Literal, TypeAlias

import msgspec

from actloom.core.jsonvalue import Json, JsonObject

Language: TypeAlias = Literal["python", "java", "javascript"]


class Expected(msgspec.Struct, frozen=True):
    """One expected call."""

    name: str
    """Function name; in the parallel categories of v1 with a suffix (`_1`) where one repeats."""
    arguments: dict[str, Json]
    """Parameter -> list of accepted values, "" in it when the parameter may be left out. The
    published data holds a few values that are no list."""


class Question(msgspec.Struct, frozen=True):
    """One record of a category."""

    id: str
    category: str
    """Name of the category in its own version: `simple` in v1, `simple_python` in v4."""
    turns: list[list[JsonObject]]
    """Chat messages, a list a turn; the plain text of v1 is one user message."""
    functions: list[JsonObject]
    """Function documents as published; a lone object of v1 is a list of one."""
    language: Language = "python"
    expected: list[Expected] = []
    """Gold calls in order; none where the category has none of this form."""
    truth: Json = None
    """`ground_truth` as published, of whatever form; None where there is none."""
    raw: JsonObject = {}
    """The whole line as published: `initial_config`, `involved_classes`, ..."""
