"""Calls and observations that lack their other half."""

from __future__ import annotations

import re
from collections.abc import Sequence
from collections.abc import Set as AbstractSet

from actloom.core.record import Step, Trajectory, text_of
from actloom.verify.walk import Place, PlacedStep

_LAST_WORDS = re.compile(
    r"(?:final_?)?(?:answer|finish|submit|terminate|complete|respond|done|stop|exit|end)"
    r"(?:_?(?:task|answer|conversation|user|interaction))?|attempt_completion|"
    r"(?:transfer_to_|hand_?off).*|message_user|send_(?:msg|message)_to_user",
    re.IGNORECASE,
)
"""Names of calls that are themselves an answer or an end."""


def orphans(record: Trajectory, steps: Sequence[PlacedStep]) -> list[Place]:
    """Returns observations that answer no call."""
    if not any(placed.step.observations for placed in steps):
        return []
    known = {call.id for message in record.opening for call in message.tool_calls}
    found: list[Place] = []
    for placed in steps:
        step = placed.step
        calls = step.reply.tool_calls if step.reply is not None else []
        known.update([call.id for call in calls])
        for index, observation in enumerate(step.observations):
            if fault := _orphaned(observation.call_id, step, known):
                found.append((f"/messages/{placed.observation_at(index)}", fault))
    return found


def _orphaned(call_id: str, step: Step, known: AbstractSet[str]) -> str:
    if call_id:
        return "" if call_id in known else f"an observation answers call {call_id!r}, made nowhere"
    if step.reply is not None:  # an environment may answer words, and calls without an id
        return ""
    return "an observation stands where nothing was called"


def unanswered(steps: Sequence[PlacedStep]) -> list[Place]:
    """Returns calls without a result although the agent went on.

    Where no call at all has a result, as in gold answers, only those are returned after which the
    agent speaks as if it knew.
    """
    answered = {seen.call_id for placed in steps for seen in placed.step.observations}
    found: list[Place] = []
    for index, placed in enumerate(steps[:-1]):
        step = placed.step
        if step.reply is None or not step.reply.tool_calls:
            continue
        if not (_goes_on(steps, index) if answered else _speaks(steps, index)):
            continue
        for number, call in enumerate(step.reply.tool_calls):
            if (call.id in answered if call.id else step.observations) or _ends(call.name):
                continue
            path = f"/messages/{placed.at}/tool_calls/{number}"
            found.append((path, f"call of {call.name!r} has no observation, and the agent goes on"))
    return found


def _goes_on(steps: Sequence[PlacedStep], index: int) -> bool:
    """Tells whether the one who called says or does something later."""
    actor = steps[index].step.actor
    return any(p.step.reply is not None and p.step.actor == actor for p in steps[index + 1 :])


def _speaks(steps: Sequence[PlacedStep], index: int) -> bool:
    """Tells whether the very next thing is an answer in words."""
    step, after = steps[index].step, steps[index + 1].step
    if step.user_input is not None or after.reply is None or after.actor != step.actor:
        return False
    return not after.reply.tool_calls and bool(text_of(after.reply.text).strip())


def unanswered_user(record: Trajectory, steps: Sequence[PlacedStep]) -> list[Place]:
    """Returns the end of a record that stops before its answer: at a result, or at nothing."""
    if not steps or record.provenance.role == "expected":
        return []
    last = steps[-1]
    step = last.step
    if step.actor != "agent" or step.user_input is not None:
        return []
    calls = step.reply.tool_calls if step.reply is not None else []
    if any(_ends(call.name) for call in calls):
        return []
    if step.observations:
        at = last.observation_at(len(step.observations) - 1)
        return [(f"/messages/{at}", "the record ends with an observation that nobody answers")]
    if (
        step.reply is not None
        and not step.reply.tool_calls
        and not text_of(step.reply.text).strip()
    ):
        return [(f"/messages/{last.at}", "the last reply neither says nor calls anything")]
    return []


def _ends(name: str) -> bool:
    return _LAST_WORDS.fullmatch(name) is not None
