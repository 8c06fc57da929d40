"""A multi-turn case as a world of the rollout protocol.

A turn of the case ends when the agent acts without calls, or with calls that cannot be read; then
the next user message comes, or the functions that were held back. More than `MAX_STEPS` steps in a
turn end the episode, and the case fails for want of turns, unless it was the last one.
"""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from actloom.core.environment import Action, Feedback
from actloom.core.ids import digest_bytes
from actloom.core.jsonvalue import JsonObject, canonical_json
from actloom.core.record import Call, Message, Observation, Outcome, Tool
from actloom.core.schema import normalise_tool
from actloom.core.verdict import Verdict
from actloom.envs.bfcl.live import LiveWorld
from actloom.envs.bfcl.room import FAILED, Room, WorldFailure
from actloom.envs.bfcl.trial import Judged, Steps, Trial, WorldSetup

MAX_STEPS = 20
"""Steps with calls that a turn may have."""
FORCE_TERMINATED = "multi_turn:force_terminated"


class MultiTurnCase(msgspec.Struct, frozen=True):
    """What is asked, of whom, and what counts as right."""

    setup: WorldSetup
    turns: list[list[Message]]
    """Messages that begin each turn; none in a turn that brings held-back functions."""
    functions: list[JsonObject]
    """Documents of the functions offered from the start."""
    held_back: dict[int, list[JsonObject]]
    """Turn -> documents of functions that come with it."""
    gold: Steps
    """Gold calls of each turn."""
    announcement: str = ""
    """User message of a turn that brings functions."""


class MultiTurnEnvironment:
    """A multi-turn case that is played through `rollout`."""

    def __init__(self, case: MultiTurnCase, room: Room) -> None:
        self.case = case
        self._room = room
        self._world = LiveWorld(case.setup, room)
        self._turns: list[Steps] = [[]]
        self._over = False
        self._failure = ""

    def reset(self, *, seed: int) -> list[Message]:
        """Starts a fresh episode; the seeds of a world are part of its configuration."""
        del seed
        self._world = LiveWorld(self.case.setup, self._room)
        self._turns, self._over, self._failure = [[]], False, ""
        return self._opening()

    def tools(self) -> list[Tool]:
        """Returns the functions offered in this turn."""
        return [normalise_tool(document) for document in self.functions()]

    def functions(self) -> list[JsonObject]:
        """Returns the documents of the functions offered in this turn, as published."""
        now = len(self._turns) - 1
        held = [
            d for turn, added in sorted(self.case.held_back.items()) if turn <= now for d in added
        ]
        return [*self.case.functions, *held]

    def step(self, action: Action) -> Feedback:
        """Carries out calls, or ends the turn.

        Raises:
            ValueError: the episode has already ended.
        """
        if self._over:
            raise ValueError(f"the episode of {self.case.setup.id!r} has ended; reset it first")
        texts = [call_text(call) for call in action.calls]
        calls = [text for text in texts if text is not None]
        if not calls or len(calls) < len(texts):
            return self._next_turn()
        self._turns[-1].append(calls)
        try:
            outputs = self._world.outputs(calls)
        except WorldFailure as failure:
            self._failure = str(failure)
            outputs = [f"the world failed: {failure}"] * len(calls)
        # One step more than allowed is carried out before the official runner gives up.
        self._over = bool(self._failure) or len(self._turns[-1]) > MAX_STEPS
        return Feedback(
            [_observed(c, o) for c, o in zip(action.calls, outputs, strict=True)], done=self._over
        )

    def _next_turn(self) -> Feedback:
        if len(self._turns) == len(self.case.turns):
            self._over = True
            return Feedback(done=True)
        self._turns.append([])
        return Feedback(messages=self._opening())

    def _opening(self) -> list[Message]:
        turn = len(self._turns) - 1
        if turn in self.case.held_back:
            return [Message(role="user", content=self.case.announcement)]
        return self.case.turns[turn] if self.case.turns else []

    def state_hash(self) -> str:
        """Returns a digest of the simulated state and of how far the case is."""
        seen = self._failure or self._world.state()
        return digest_bytes(canonical_json([seen, len(self._turns), self._over]))

    def snapshot(self) -> bytes:
        """Returns the calls so far, which are the state."""
        return canonical_json([self.case.setup.id, self._turns, self._over, self._failure])

    def restore(self, state: bytes) -> None:
        """Returns to a snapshot of the same case.

        Raises:
            ValueError: the snapshot is of another case.
        """
        name, turns, over, failure = msgspec.json.decode(
            state, type=tuple[str, list[Steps], bool, str]
        )
        if name != self.case.setup.id:
            raise ValueError(f"snapshot of case {name!r} given to case {self.case.setup.id!r}")
        self._turns, self._over, self._failure = turns, over, failure
        steps = [step for turn in turns for step in turn]
        self._world.restore(steps[:-1] if failure else steps)

    def grade(self) -> Outcome:
        """Returns reward 1 where the official checks pass; a case that was not ended fails."""
        valid = self.verdict().valid
        return Outcome(reward=float(valid), success=valid, state_hash=self.state_hash())

    def verdict(self) -> Verdict:
        """Returns the official verdict of the turns so far, with its error type."""
        if self._failure:
            return Verdict(False, FAILED, self._failure)
        if len(self._turns) != len(self.case.gold):
            message = f"{len(self._turns)} turns where {len(self.case.gold)} are asked"
            return Verdict(False, FORCE_TERMINATED, message)
        trial = Trial(self.case.setup, self._turns, self.case.gold)
        return verdict_of(next(self._room.judged([trial])))


def call_text(call: Call) -> str | None:
    """Returns a call as the official runner writes it, None when its arguments did not parse."""
    return None if call.arguments_text is not None else python_call(call.name, call.arguments)


def python_call(name: str, arguments: Mapping[str, object]) -> str:
    """Returns a call with keyword arguments as Python text: `name(a='x',b=1)`."""
    return f"{name}({','.join(f'{key}={value!r}' for key, value in arguments.items())})"


def _observed(call: Call, output: str) -> Observation:
    failed = output.startswith(("Error during execution:", "the world failed:"))
    return Observation(content=output, call_id=call.id, is_error=failed)


def verdict_of(judged: Judged) -> Verdict:
    """Returns what the checks found as a verdict."""
    if not judged.code:
        return Verdict(True)
    place = f"turn {judged.turn}: " if judged.turn >= 0 else ""
    pairs = judged.differences.items()
    details = [f"{name} is {got}, expected {want}" for name, (got, want) in pairs]
    details += [f"missing {text}" for text in judged.missing]
    return Verdict(False, judged.code, "; ".join([place + judged.message, *details]))
