"""The model protocol: whoever answers a prompt with text: in process, over HTTP, by a script."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Literal, Protocol, runtime_checkable

import msgspec

from actloom.core.jsonvalue import JsonObject
from actloom.core.record import Message, Reply, Tool, Usage

if TYPE_CHECKING:
    from concurrent.futures import Future


class Prompt(msgspec.Struct, frozen=True, omit_defaults=True):
    """What a model is shown."""

    messages: list[Message]
    tools: list[Tool] = []
    body: JsonObject = {}
    """Fields of the request to a server that are set for this prompt alone (`temperature`, ...);
    they replace what is made of `messages` and `tools` where they have the same name. With
    `prompt` among them the request is a text completion (`/completions`), the body is all that is
    sent besides the model's name, and the answer is the choice's `text`. A model in process
    takes `prompt`, `messages` and `tools` and ignores the rest."""


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
    message: JsonObject = {}
    """The message as the server sent it, argument texts and reasoning untouched; empty when no
    server answered."""


class Model(Protocol):
    """Answers prompts. Batches are answered in order, one completion a prompt."""

    @property
    def name(self) -> str:
        """Name written into results."""
        ...

    def complete(self, prompts: Sequence[Prompt], *, max_tokens: int) -> list[Completion]:
        """Returns one completion per prompt; a failing prompt gives `finish_reason="error"`."""
        ...


@runtime_checkable
class ConcurrentModel(Model, Protocol):
    """A model that works on several prompts by itself, so that a slow one holds up no other."""

    def submit(self, prompt: Prompt, *, max_tokens: int) -> Future[Completion]:
        """Begins to answer one prompt; the future never raises, as `complete` never does."""
        ...
