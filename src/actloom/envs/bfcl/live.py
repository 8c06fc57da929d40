"""A world that is played call by call: what a model under test acts in."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from actloom.core.jsonvalue import JsonObject
from actloom.envs.bfcl.room import Room
from actloom.envs.bfcl.trial import Played, Steps, WorldSetup


class CallWorld(Protocol):
    """Whatever answers calls written as Python text."""

    def outputs(self, calls: Sequence[str]) -> list[str]:
        """Carries out a step's calls and returns what the model is shown of each."""
        ...


class LiveWorld:
    """Simulated classes, as far as they have been played.

    The world is its setup and the steps made so far, and each step replays it from the beginning
    in whatever worker is free. A killed worker costs nothing, worlds do not wait for each other,
    and going back to an earlier state is forgetting steps. The classes draw from seeded generators
    of their own, so a replay gives what was given before.
    """

    def __init__(self, setup: WorldSetup, room: Room) -> None:
        self.setup = setup
        self.steps: Steps = []
        """Calls of each step so far."""
        self._room = room
        self._played: Played | None = None

    def outputs(self, calls: Sequence[str]) -> list[str]:
        """Carries out a step's calls and returns what the model is shown of each.

        Raises:
            WorldFailure: the world came to no end; the step is not kept.
        """
        steps = [*self.steps, list(calls)]
        played = self._room.played(self.setup, steps)
        self.steps, self._played = steps, played
        return played.outputs

    def restore(self, steps: Steps) -> None:
        """Returns the world to where it was after these steps."""
        self.steps = [list(step) for step in steps]
        self._played = None

    def state(self) -> str:
        """Returns a digest equal for equal states.

        Raises:
            WorldFailure: the world came to no end.
        """
        return self._seen().state

    def memory_text(self) -> str:
        """Returns what a model is shown of its memory when a conversation begins.

        Raises:
            WorldFailure: the world came to no end.
        """
        return self._seen().memory_text

    def saved_memory(self) -> JsonObject | None:
        """Returns the memory as the next conversation begins with; None without a memory.

        Raises:
            WorldFailure: the world came to no end.
        """
        return self._seen().memory

    def _seen(self) -> Played:
        if self._played is None:
            self._played = self._room.played(self.setup, self.steps)
        return self._played
