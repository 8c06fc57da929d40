"""What is wrong with calls by rule alone, whoever made them."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from actloom.core.check import check_call
from actloom.core.record import Call, Observation, Step, Tool, Trajectory
from actloom.evals.from_traces.call_keys import call_key
from actloom.evals.from_traces.positions import is_inferred
from actloom.evals.from_traces.tape import recorded_calls


class Fault(msgspec.Struct, frozen=True):
    """One thing wrong with one call."""

    kind: str
    """A key of `FAULTS`."""
    message: str


FAULTS: dict[str, str] = {
    "undefined": "calls a tool that is not offered",
    "schema": "arguments the tool's schema refuses",
    "error": "the tool answered with an error",
    "repeats": "the same call once more in the same turn",
    "parse": "the answer cannot be read",
}
"""Kind of fault -> what it means."""


def call_faults(calls: Sequence[Call], tools: Sequence[Tool], record: Trajectory) -> list[Fault]:
    """Returns what is wrong with calls made where a record ends.

    Args:
        calls: the calls.
        tools: the tools offered there.
        record: the conversation before them.
    """
    known = {tool.name: tool for tool in tools}
    faults: list[Fault] = []
    made = {call_key(call) for call, _ in recorded_calls(_this_turn(record.steps))}
    for call in calls:
        faults += _schema_faults(call, known)
        key = call_key(call)
        if key in made:
            faults.append(Fault("repeats", f"{call.name[:80]} was called so before"))
        made.add(key)
    return faults


def _schema_faults(call: Call, known: dict[str, Tool]) -> list[Fault]:
    tool = known.get(call.name)
    if tool is not None and is_inferred(tool):
        return []
    return [
        Fault("undefined" if problem.kind == "undefined_function" else "schema", problem.message)
        for problem in check_call(call, known)
        if problem.kind != "schema"  # the tool's own schema is broken, not the call
    ]


def result_faults(observations: Sequence[Observation]) -> list[Fault]:
    """Returns a fault for every result that is an error."""
    return [
        Fault("error", f"error: {_start(observation)}")
        for observation in observations
        if observation.is_error
    ]


def _start(observation: Observation) -> str:
    content = observation.content
    return content[:200] if isinstance(content, str) else "(content parts)"


def _this_turn(steps: Sequence[Step]) -> list[Step]:
    """Returns the agent's steps since the user spoke last."""
    turn: list[Step] = []
    for step in reversed(steps):
        if step.user_input is not None or step.actor == "user":
            break
        turn.append(step)
    return turn[::-1]
