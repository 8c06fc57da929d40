"""The span as every reader of traces fills it."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Literal, TypeAlias

import msgspec

from actloom.core.jsonvalue import Json, JsonObject
from actloom.core.record import Usage

Kind: TypeAlias = Literal["", "model", "tool", "agent", "other"]
"""What a span is; "" when its tracer did not say."""


class Event(msgspec.Struct, frozen=True):
    """Something that happened during a span."""

    name: str
    fields: JsonObject


class Span(msgspec.Struct, kw_only=True):
    """One span."""

    id: str
    parent: str = ""
    name: str = ""
    kind: Kind = ""
    start: float | None = None
    """Seconds since 1970."""
    seconds: float | None = None
    """How long it took."""
    input: Json = None
    output: Json = None
    attributes: JsonObject = {}
    """Attributes as logged; a convention finds its fields among them."""
    events: list[Event] = []
    usage: Usage | None = None
    """What the tracer itself says of model, tokens and cost."""
    tools: Json = None
    """Tool definitions the tracer keeps apart."""
    failed: bool = False
    message: str = ""
    """What the tracer says of a failure."""


_CLOCK = (1e8, 4e9)
"""Seconds since 1970 that a clock may have shown; others only number the spans."""


def started(spans: Iterable[Span]) -> JsonObject:
    """Returns `started_at`, the ISO time of the earliest span; nothing when none tells it."""
    low, high = _CLOCK
    moments = [span.start for span in spans if span.start is not None and low < span.start < high]
    if not moments:
        return {}
    return {"started_at": datetime.fromtimestamp(min(moments), UTC).isoformat(timespec="seconds")}
