"""What goes into the sandbox and what comes out of it: plain data on both sides."""

from __future__ import annotations

import msgspec

from actloom.core.jsonvalue import JsonObject

Steps = list[list[str]]
"""Calls as Python text, a list a step."""


class Memory(msgspec.Struct, frozen=True):
    """What a memory class is told instead of an initial configuration."""

    scenario: str
    test_id: str
    snapshot: JsonObject | None = None
    """What an earlier conversation left; None for an empty memory."""


class WorldSetup(msgspec.Struct, frozen=True):
    """How a world begins."""

    id: str
    classes: list[str]
    """Simulated classes, in order: of two methods of one name the later class has it."""
    initial_config: JsonObject = {}
    """Class -> its configuration."""
    long_context: bool = False
    memory: Memory | None = None


class Trial(msgspec.Struct, frozen=True):
    """A model's calls beside the gold calls."""

    setup: WorldSetup
    model: list[Steps]
    """Calls of each turn; steps without calls are left out."""
    gold: Steps
    """Gold calls of each turn."""


class Judged(msgspec.Struct, frozen=True, omit_defaults=True):
    """What the checks of a trial found."""

    code: str = ""
    """Official error type; "" when every turn passed."""
    message: str = ""
    turn: int = -1
    """Turn that failed, from 0."""
    differences: dict[str, list[str]] = {}
    """`Class.attribute` -> what the model's and the gold world hold, cut to `SHOWN` characters."""
    missing: list[str] = []
    """Gold outputs the model's calls did not give, cut likewise."""


class Played(msgspec.Struct, frozen=True, omit_defaults=True):
    """What a world says after some steps."""

    outputs: list[str]
    """Outputs of the last step's calls, in order."""
    state: str
    """Digest of the public attributes of every instance."""
    memory: JsonObject | None = None
    """The memory as it would be saved; None for a world without one."""
    memory_text: str = ""
    """The part of the memory that a model is shown at the beginning."""


SHOWN = 500
