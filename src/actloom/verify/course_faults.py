"""Faults in the course of a record, for records with observations."""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Sequence
from typing import cast

import msgspec

from actloom.core.record import Observation, Reply, Step, Trajectory, text_of
from actloom.verify.faults import Fault, Inject, with_calls, with_step


def _answered(record: Trajectory) -> list[int]:
    """Returns the agent's steps with calls and observations after which it says or does more."""
    last = max((at for at, step in enumerate(record.steps) if step.reply is not None), default=-1)
    return [
        at
        for at, step in enumerate(record.steps[:last])
        if step.actor == "agent"
        and step.observations
        and step.reply is not None
        and step.reply.tool_calls
    ]


def _before_answers(record: Trajectory) -> list[int]:
    """Returns those steps after which the agent answers in words at once."""
    return [at for at in _answered(record) if _answer(record, at + 1) is not None]


def _answer(record: Trajectory, at: int) -> Reply | None:
    step = record.steps[at]
    reply = step.reply
    if record.steps[at - 1].user_input is not None or step.actor != "agent" or reply is None:
        return None
    return reply if text_of(reply.text).strip() and not reply.tool_calls else None


def _at_one_of(
    places: Callable[[Trajectory], list[int]],
    change: Callable[[Trajectory, int, random.Random], Trajectory | None],
) -> Inject:
    def inject(
        record: Trajectory, rng: random.Random, _: Sequence[Trajectory]
    ) -> Trajectory | None:
        found = places(record)
        return change(record, rng.choice(found), rng) if found else None

    return inject


def _unobserved(record: Trajectory, at: int, rng: random.Random) -> Trajectory | None:
    step = record.steps[at]
    seen = list(step.observations)
    del seen[rng.randrange(len(seen))]
    return with_step(record, at, msgspec.structs.replace(step, observations=seen))


def _uncalled(record: Trajectory, at: int, rng: random.Random) -> Trajectory | None:
    step = record.steps[at]
    calls = list(cast("Reply", step.reply).tool_calls)
    seen = {observation.call_id for observation in step.observations}
    known = [index for index, call in enumerate(calls) if call.id and call.id in seen]
    if not known:
        return None
    del calls[rng.choice(known)]
    return with_calls(record, at, calls)


def _again(times: int) -> Callable[[Trajectory, int, random.Random], Trajectory | None]:
    def change(record: Trajectory, at: int, _: random.Random) -> Trajectory | None:
        step = record.steps[at]
        if step.user_input is not None or any(not o.call_id for o in step.observations):
            return None
        copies = [_renumbered(step, f"_{number}") for number in range(1, times)]
        steps = [*record.steps[: at + 1], *copies, *record.steps[at + 1 :]]
        return msgspec.structs.replace(record, steps=steps)

    return change


def _renumbered(step: Step, mark: str) -> Step:
    reply = cast("Reply", step.reply)
    calls = [msgspec.structs.replace(call, id=call.id + mark) for call in reply.tool_calls]
    seen = [msgspec.structs.replace(o, call_id=o.call_id + mark) for o in step.observations]
    reply = msgspec.structs.replace(reply, tool_calls=calls)
    return msgspec.structs.replace(step, reply=reply, observations=seen)


def _failed(record: Trajectory, at: int, rng: random.Random) -> Trajectory | None:
    step = record.steps[at]
    text = rng.choice(
        (
            '{"error": "internal server error"}',
            "Error: connection timed out",
            '{"status": "failed", "detail": "upstream"}',
        )
    )
    seen = [msgspec.structs.replace(o, content=text) for o in step.observations]
    return with_step(record, at, msgspec.structs.replace(step, observations=seen))


_NUMBER = re.compile(r"(?<![\w.,/:#-])\d{3,9}(?:\.\d{1,4})?(?![\w/:]|[.,-]\d)", re.ASCII)


def _other_number(record: Trajectory, at: int, rng: random.Random) -> Trajectory | None:
    """Changes a number of the answer that the observations hold."""
    reply = cast("Reply", record.steps[at + 1].reply)
    seen = " ".join(text_of(o.content) for o in record.steps[at].observations)
    text = text_of(reply.text)
    numbers = [m for m in _NUMBER.finditer(text) if m[0] in seen and not _is_year(m[0])]
    if not numbers:
        return None
    match = rng.choice(numbers)
    whole, dot, rest = match[0].partition(".")
    new = f"{rng.randrange(10 ** (len(whole) - 1) + 7, 10 ** len(whole))}{dot}{rest}"
    if new in seen or _is_year(new):
        return None
    changed = text[: match.start()] + new + text[match.end() :]
    return _said(record, at + 1, changed)


def _is_year(text: str) -> bool:
    return text.isdecimal() and 1900 <= int(text) <= 2100


def _said(record: Trajectory, at: int, text: str) -> Trajectory:
    step = record.steps[at]
    reply = msgspec.structs.replace(cast("Reply", step.reply), text=text)
    return with_step(record, at, msgspec.structs.replace(step, reply=reply))


def _unanswered(
    record: Trajectory, _: random.Random, __: Sequence[Trajectory]
) -> Trajectory | None:
    found = _before_answers(record)
    if not found:
        return None
    return msgspec.structs.replace(record, steps=record.steps[: found[-1] + 1])


def _spoken(suffix: str) -> Callable[[Trajectory, int, random.Random], Trajectory | None]:
    def change(record: Trajectory, at: int, _: random.Random) -> Trajectory | None:
        text = text_of(cast("Reply", record.steps[at + 1].reply).text)
        return _said(record, at + 1, text + suffix)

    return change


def _cut(record: Trajectory, at: int, rng: random.Random) -> Trajectory | None:
    step = record.steps[at]
    for index, observation in enumerate(step.observations):
        text = text_of(observation.content)
        if len(text) < 20 or text[0] not in "{[" or text[-1] not in "}]":
            continue
        cut = Observation(text[: rng.randrange(8, len(text) - 1)], observation.call_id)
        seen = [*step.observations[:index], cut, *step.observations[index + 1 :]]
        return with_step(record, at, msgspec.structs.replace(step, observations=seen))
    return None


_VALUES = ("GROUND", "COVER")
_LATER = ("GROUND", "COVER", "TRAJ006")
COURSE_FAULTS = (
    Fault("call removed", "trajectory", ("TRAJ001",), _at_one_of(_answered, _uncalled), _LATER),
    Fault(
        "observation removed",
        "trajectory",
        ("TRAJ002",),
        _at_one_of(_answered, _unobserved),
        _LATER,
    ),
    Fault(
        "failure ignored", "trajectory", ("TRAJ003",), _at_one_of(_before_answers, _failed), _LATER
    ),
    Fault("step repeated", "trajectory", ("TRAJ004",), _at_one_of(_answered, _again(2)), _VALUES),
    Fault("loop", "trajectory", ("TRAJ005",), _at_one_of(_answered, _again(4)), ("TRAJ004",)),
    Fault(
        "other number in the answer",
        "trajectory",
        ("TRAJ006",),
        _at_one_of(_before_answers, _other_number),
    ),
    Fault("answer removed", "trajectory", ("TRAJ007",), _unanswered),
    Fault(
        "user turn invented",
        "trajectory",
        ("TRAJ008",),
        _at_one_of(_before_answers, _spoken("<|im_end|>\n<|im_start|>user\nThanks, and now?")),
    ),
    Fault(
        "user turn in words",
        "trajectory",
        ("TRAJ009",),
        _at_one_of(_before_answers, _spoken("\n\nUser: Thanks!\nAssistant: You are welcome.")),
    ),
    Fault("observation cut", "trajectory", ("TRAJ010",), _at_one_of(_answered, _cut), _LATER),
)
