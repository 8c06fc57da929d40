"""How much harm a wrong call could do, from what is known of the tool."""

from __future__ import annotations

import re
from typing import cast

import msgspec

from actloom.core.record import Tool

LASTING = frozenset(
    {"cancel", "charge", "delete", "deploy", "destroy", "disable", "drop", "erase", "execute"}
    | {"exec", "kill", "pay", "post", "publish", "purchase", "refund", "remove", "reset", "revoke"}
    | {"send", "submit", "terminate", "transfer", "wipe", "withdraw"}
)
"""Words in names of tools whose effect cannot simply be taken back."""
WRITING = frozenset(
    {"add", "apply", "approve", "assign", "bash", "book", "buy", "change", "clear", "close"}
    | {"command", "create", "edit", "enable", "insert", "install", "issue", "merge", "modify"}
    | {
        "move",
        "open",
        "order",
        "push",
        "put",
        "register",
        "rename",
        "replace",
        "reply",
        "reserve",
        "return",
    }
    | {"run", "save", "schedule", "set", "shell", "start", "stop", "store", "update", "upload"}
    | {"write"}
)
"""Words in names of tools that change something."""
READING = frozenset(
    {"browse", "calculate", "check", "count", "describe", "fetch", "find", "get", "list", "load"}
    | {"look", "lookup", "query", "read", "retrieve", "search", "select", "show", "view"}
)
"""Words in names of tools that change nothing."""
_WORDS = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])")
_MAX_NAME = 200

LEVELS = ("reads", "writes", "lasting")
"""From little to great harm."""


class _Hints(msgspec.Struct):
    """What MCP lets a tool say of itself."""

    readOnlyHint: bool | None = None  # noqa: N815 -- the protocol's name
    destructiveHint: bool | None = None  # noqa: N815


class _Annotated(msgspec.Struct):
    annotations: _Hints | None = None


def level_of(name: str, tool: Tool | None = None) -> int:
    """Returns the index in `LEVELS` of what a call of a tool may do.

    MCP's hints (`readOnlyHint`, `destructiveHint`) decide where the definition has them, else the
    first known word of the name, so that `get_refund` reads; of names with `and` the worst.
    """
    hints = _hints_of(tool)
    if hints is not None and hints.readOnlyHint:
        return 0
    if hints is not None and hints.destructiveHint:
        return 2
    words = [word.lower() for word in cast("list[str]", _WORDS.findall(name[:_MAX_NAME]))]
    levels = [_WORD_LEVELS[word] for word in words if word in _WORD_LEVELS]
    return max(levels if "and" in words else levels[:1], default=0)


_WORD_LEVELS = {
    word: level for level, each in enumerate((READING, WRITING, LASTING)) for word in each
}


def _hints_of(tool: Tool | None) -> _Hints | None:
    if tool is None or not tool.original or "annotations" not in tool.original:
        return None
    try:
        return msgspec.json.decode(tool.original.encode(), type=_Annotated).annotations
    except (msgspec.DecodeError, UnicodeEncodeError):
        return None
