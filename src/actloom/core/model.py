"""The model protocol: whoever answers a prompt with text: in process, over HTTP, by a script."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, Protocol

import msgspec

from actloom.core.jsonvalue import JsonObject
from actloom.core.record import Message, Reply, Tool, Usage


class Prompt(msgspec.Struct, frozen=True, omit_defaults=True):
    """What a model is shown."""

    messages: list[Message]
    tools: list[Tool] = []
    body: JsonObject = {}
    """Fields of the request to a server that are set for this prompt alone (`temperature`, ...);
    they replace what is made of `messages` and `tools` where they have the same name. A model in
    process ignores them."""


class Completion(msgspec.Struct, frozen=True, omit_defaults=True):
    """What a model wrote, before any dialect has read it."""

    text: str
    finish_reason: Literal["stop", "length", "error"] = "stop"
    error: str = ""
    """What went wrong when `finish_reason` is `error`."""
    usage: Usage | None = None
    reply: Reply | None = None
    """The reply as the server parsed it (native tool calls); None when `text` is all there is, and
    a dialect reads it."""


class Model(Protocol):
    """Answers prompts. Batches are answered in order, one completion a prompt."""

    @property
    def name(self) -> str:
        """Name written into results."""
        ...

    def complete(self, prompts: Sequence[Prompt], *, max_tokens: int) -> list[Completion]:
        """Returns one completion per prompt; a failing prompt gives `finish_reason="error"`."""
        ...
