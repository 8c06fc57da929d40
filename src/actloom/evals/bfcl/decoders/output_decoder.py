"""A decoder made of two functions, and the rule that any failure of theirs is a verdict."""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from actloom.core.jsonvalue import Json
from actloom.evals.bfcl.decoding import Decoded
from actloom.evals.bfcl.question import Language

_MAX_MESSAGE = 200


class OutputDecoder(msgspec.Struct, frozen=True):
    """A decoder: of a leaderboard family, it does what the official handler does with a result."""

    name: str
    """`xlam@bfcl_v1`."""
    reads: str
    """What it reads and its quirks, in one sentence."""
    to_calls: Callable[[Json, Language], object]
    """Decodes for the checks of names, types and values; may raise."""
    to_call_texts: Callable[[Json], object]
    """Decodes for execution; may raise."""

    def calls(self, result: Json, language: Language) -> Decoded:
        """Returns the calls, or why the official decoder would raise."""
        try:
            return Decoded(value=self.to_calls(result, language))
        except Exception as error:  # the official runner takes any exception for a failed decoding
            return Decoded(error=_reason(error))

    def call_texts(self, result: Json) -> Decoded:
        """Returns the calls as Python source, or why the official decoder would raise."""
        try:
            return Decoded(value=self.to_call_texts(result))
        except Exception as error:  # as above
            return Decoded(error=_reason(error))


def _reason(error: Exception) -> str:
    """Returns an exception as one short line."""
    words = " ".join(str(error)[: 2 * _MAX_MESSAGE].split())
    text = f"{type(error).__name__}: {words}" if words else type(error).__name__
    return text[:_MAX_MESSAGE].encode("utf-8", "replace").decode()
