"""Which positions of own traces are asked."""

from __future__ import annotations

from typing import Literal

import msgspec


class TracesConfig(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which actions of the conversations become cases."""

    split: str = "auto"
    """`auto` is the split `test` where records name one, else all; or a split's name, or `all`."""
    test_share: float = 1.0
    """Share of the groups that is held out and asked. A group is the conversations of one session,
    of one customer, or a conversation with its branches and sub-agents, so that what is asked
    shares none of them with the rest, which may be trained on."""
    by: Literal["session", "customer", "conversation"] = "session"
    """What a group is; conversations that do not say stand for themselves."""
    since: str = ""
    """ISO date or time; conversations before it, and those that tell no time, are left out."""
    per_record: int | None = None
    """Most positions of one conversation, chosen by hash; None for all."""
    limit: int | None = None
    """Most cases, chosen by hash over all conversations; None for all."""
    go_on: bool = False
    """Let the model go on while its calls were recorded; their results come from the tape."""

    def __post_init__(self) -> None:
        if not 0.0 < self.test_share <= 1.0:
            raise ValueError(f"test_share must be above 0 and at most 1, got {self.test_share}")
        if any(n is not None and n < 1 for n in (self.per_record, self.limit)):
            raise ValueError("per_record and limit must be at least 1")
