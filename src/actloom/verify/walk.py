"""A record's steps with their place in the row: what the trajectory rules walk along."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TypeAlias

import msgspec

from actloom.core.jsonvalue import canonical_json
from actloom.core.record import Call, Step, Trajectory, text_of

Place: TypeAlias = tuple[str, str]
"""JSON pointer in the row, and what is wrong there."""


class PlacedStep(msgspec.Struct, frozen=True):
    """A step and where it stands."""

    at: int
    """Index in the row's `messages` of its first message."""
    step: Step

    def observation_at(self, index: int) -> int:
        """Returns the index in `messages` of the step's observation number `index`."""
        return self.at + (self.step.reply is not None) + index


class PlacedCall(msgspec.Struct, frozen=True):
    """A call, what came back for it, and where it stands."""

    path: str
    call: Call
    key: bytes
    """Equal for equal calls."""
    result: str | None
    """Text of its observation; None when it has none."""
    step: int
    """Index of its step."""


def placed_steps(record: Trajectory) -> list[PlacedStep]:
    """Returns the steps of a record, in order."""
    at = bool(record.task_instruction or record.format_instruction) + len(record.few_shot)
    at += len(record.opening) + (record.query is not None)
    placed: list[PlacedStep] = []
    for step in record.steps:
        placed.append(PlacedStep(at, step))
        at += (step.reply is not None) + len(step.observations) + (step.user_input is not None)
    return placed


def turns_of(steps: Sequence[PlacedStep]) -> list[list[PlacedStep]]:
    """Returns the agent's steps in runs that no user interrupts."""
    turns: list[list[PlacedStep]] = [[]]
    for placed in steps:
        if placed.step.actor == "agent":
            turns[-1].append(placed)
        if placed.step.user_input is not None or placed.step.actor == "user":
            turns.append([])
    return [turn for turn in turns if turn]


def placed_calls(turn: Sequence[PlacedStep]) -> Iterator[PlacedCall]:
    """Yields the calls of a turn, in order."""
    for number, placed in enumerate(turn):
        step = placed.step
        if step.reply is None or not step.reply.tool_calls:
            continue
        results = results_of(step)
        for index, call in enumerate(step.reply.tool_calls):
            key = canonical_json([call.name, call.arguments, call.arguments_text])
            path = f"/messages/{placed.at}/tool_calls/{index}"
            yield PlacedCall(path, call, key, results.get(index), number)


def results_of(step: Step) -> Mapping[int, str]:
    """Returns the texts that came back for the calls of a step, by index of the call."""
    calls = step.reply.tool_calls if step.reply is not None else []
    by_id = {call.id: index for index, call in enumerate(calls) if call.id}
    found: dict[int, str] = {}
    for index, observation in enumerate(step.observations):
        at = by_id.get(observation.call_id, -1) if observation.call_id else index
        if 0 <= at < len(calls):
            found[at] = text_of(observation.content)
    return found


def answer_after(turn: Sequence[PlacedStep], index: int) -> PlacedStep | None:
    """Returns the step that answers in words right after step `index` of a turn, None if none."""
    if index + 1 >= len(turn):
        return None
    reply = turn[index + 1].step.reply
    if reply is None or reply.tool_calls or not text_of(reply.text).strip():
        return None
    return turn[index + 1]
