"""The decoder protocol: from what a model wrote to calls in BFCL's form."""

from __future__ import annotations

from typing import Protocol

import msgspec

from actloom.core.jsonvalue import Json
from actloom.evals.bfcl.question import Language


class Decoded(msgspec.Struct, frozen=True):
    """What a decoder made of a result."""

    value: object = None
    """Usually `[{name: {argument: value}}]`; anything else where the official decoder lets it
    through, and then the checker names the fault. Values are JSON and tuples."""
    error: str = ""
    """Why the official decoder raises; "" when it does not."""


class Decoder(Protocol):
    """Reads the results of a family of models. Never raises, never evaluates, bounded in time."""

    @property
    def name(self) -> str:
        """`xlam@bfcl_v1` for a leaderboard family, the dialect's id for a dialect."""
        ...

    def calls(self, result: Json, language: Language) -> Decoded:
        """Returns the calls for the checks of names, types and values."""
        ...

    def call_texts(self, result: Json) -> Decoded:
        """Returns the calls as Python source, a list of texts, for the executable categories."""
        ...
