"""Numbers and calls as a reader expects them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

from actloom.core.jsonvalue import Json, JsonObject, json_text
from actloom.core.record import Call, Tool
from actloom.core.schema import schema_of
from actloom.core.stats import Interval


def percent(share: float) -> str:
    """Returns a share as per cent with one decimal; 0 and 1 exactly are `0 %` and `100 %`."""
    if share in (0.0, 1.0):
        return f"{share * 100:.0f} %"
    return f"{share * 100:.1f} %"


def bounds(interval: Interval) -> str:
    """Returns an interval's ends in per cent, `57.0 to 65.6`."""
    return f"{_plain(interval.low)} to {_plain(interval.high)}"


def _plain(share: float) -> str:
    return f"{share * 100:.0f}" if share in (0.0, 1.0) else f"{share * 100:.1f}"


def signed(share: float) -> str:
    """Returns a difference of shares in percentage points, with its sign."""
    return f"{share * 100:+.1f}".replace("-", "−")


def chance(p: float) -> str:
    """Returns a p value as `0.012`, below a thousandth as `< 0.001`."""
    return f"{p:.3f}" if p >= 0.001 else "< 0.001"


def duration(seconds: float) -> str:
    """Returns seconds as `0.4 s`, `12 s` or `4 min 05 s`."""
    if seconds < 9.95:
        return f"{seconds:.1f} s"
    whole = round(seconds)
    return f"{whole} s" if whole < 60 else f"{whole // 60} min {whole % 60:02d} s"


def count(number: int, noun: str, plural: str = "") -> str:
    """Returns `1 row`, `2,000 rows`."""
    return f"{number:,} {noun if number == 1 else plural or noun + 's'}"


def calls_text(calls: Sequence[Call]) -> str:
    """Returns calls as one line each, `name(argument="value")`; "(no call)" for none."""
    return "\n".join(_call_text(call) for call in calls) or "(no call)"


def _call_text(call: Call) -> str:
    if call.arguments_text is not None:
        return f"{call.name}({call.arguments_text})"
    inside = ", ".join(f"{name}={json_text(value)}" for name, value in call.arguments.items())
    return f"{call.name}({inside})"


def signature(tool: Tool) -> str:
    """Returns a tool as `name(argument: type, optional?: type)`."""
    schema = schema_of(tool)
    properties = schema.get("properties")
    required = schema.get("required")
    needed = cast("list[Json]", required) if isinstance(required, list) else []
    declared = cast("JsonObject", properties) if isinstance(properties, dict) else {}
    inside = ", ".join(
        f"{name}{'' if name in needed else '?'}: {_type_text(value)}"
        for name, value in declared.items()
    )
    return f"{tool.name}({inside})"


def _type_text(schema: Json) -> str:
    if not isinstance(schema, dict):
        return "any"
    options = schema.get("enum")
    if isinstance(options, list):
        shown = " | ".join(json_text(option) for option in options[:4])
        return shown if len(options) <= 4 else f"{shown} | …"
    kind = schema.get("type", "any")
    return " | ".join(str(k) for k in kind) if isinstance(kind, list) else str(kind)
