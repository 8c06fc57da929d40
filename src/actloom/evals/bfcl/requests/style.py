"""What a way of asking must offer, and what is sent beside the conversation."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol, TypeAlias

import msgspec

from actloom.core.jsonvalue import JsonObject
from actloom.core.model import Completion
from actloom.evals.bfcl.versions.variations import Variation

TEMPERATURE = 0.001
Turns: TypeAlias = list[list[JsonObject]]


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """What is sent beside the conversation."""

    model: str
    temperature: float = TEMPERATURE
    max_tokens: int | None = None
    """Tokens of an answer; None for the style's own limit."""


class Style(Protocol):
    """A way of asking."""

    @property
    def native(self) -> bool:
        """Whether functions go as native tools, and calls come back as such."""
        ...

    def opened(self, turns: Turns, functions: Sequence[JsonObject], variation: Variation) -> Turns:
        """Returns the turns as they are sent, with what must stand before them."""
        ...

    def body(
        self, history: Sequence[JsonObject], functions: Sequence[JsonObject], settings: Settings
    ) -> JsonObject:
        """Returns the body of a request."""
        ...

    def spoken(self, completion: Completion) -> list[JsonObject]:
        """Returns an answer as it joins the history."""
        ...

    def told(
        self, results: Sequence[str], calls: Sequence[str], completion: Completion
    ) -> list[JsonObject]:
        """Returns results of calls as they join the history.

        Args:
            results: what each call gave.
            calls: the calls as Python source, for styles without native calls.
            completion: the answer that made the calls.
        """
        ...
