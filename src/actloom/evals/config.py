"""Settings of `eval`; field names are recipe keys."""

from __future__ import annotations

from typing import Literal, TypeAlias

import msgspec

Which: TypeAlias = Literal["last_call", "last", "every"]


class EvalConfig(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What is asked and how."""

    split: str = "test"
    """Split whose records become cases; `all` for every record."""
    which: Which = "last_call"
    """Which agent step of a record is asked for: the last with calls (the last of all where there
    is none), the last, or every one."""
    limit: int | None = None
    """Most cases, the first in order; None for all."""
    max_tokens: int = 512
    """Tokens an answer may have."""
    batch: int = 32
    """Prompts handed to the model together."""
    instruct: bool = False
    """Write tools and call format into the system message, instead of handing the tools to the
    model's own chat template."""
    temperature: float | None = None
    """Sampling temperature the model was opened with, for the record; None when it was not set."""
    groups: list[str] = msgspec.field(default_factory=lambda: ["style", "split"])
    """Breakdowns: `style`, `split`, `source`, or a text field of the record's `extra` or of its
    `provenance.applied` entries."""

    def __post_init__(self) -> None:
        if self.batch < 1 or self.max_tokens < 1:
            raise ValueError("batch and max_tokens must be at least 1")
