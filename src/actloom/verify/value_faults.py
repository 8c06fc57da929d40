"""Faults in the values of calls that are right in form."""

from __future__ import annotations

import datetime
import random
import re
from collections.abc import Iterator, Sequence
from typing import cast

import msgspec

from actloom.core.jsonvalue import Json, JsonObject
from actloom.core.record import Reply, Trajectory, text_of
from actloom.verify.faults import (
    Fault,
    Target,
    is_number,
    slot,
    slots,
    targets,
    with_argument,
    with_call,
    with_calls,
)


def _off_by_one(
    record: Trajectory, rng: random.Random, _: Sequence[Trajectory]
) -> Trajectory | None:
    place = slot(record, rng, lambda value, part: is_number(value) and "enum" not in part)
    if place is None:
        return None
    target, name = place
    value = cast("float", target.call.arguments[name])
    return with_argument(record, target, name, value + rng.choice((1, -1)))


_DAY = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)


def _other_date(
    record: Trajectory, rng: random.Random, _: Sequence[Trajectory]
) -> Trajectory | None:
    place = slot(record, rng, lambda value, _: isinstance(value, str) and bool(_DAY.search(value)))
    if place is None:
        return None
    target, name = place
    text = str(target.call.arguments[name])
    match = cast("re.Match[str]", _DAY.search(text))
    try:
        day = datetime.date.fromisoformat(match[0]) + datetime.timedelta(rng.randrange(2, 27))
    except (ValueError, OverflowError):
        return None
    new = f"{text[: match.start()]}{day.isoformat()}{text[match.end() :]}"
    return with_argument(record, target, name, new)


def _is_free_text(value: Json, part: JsonObject) -> bool:
    return isinstance(value, str) and len(value) > 3 and "enum" not in part


def _from_another(
    record: Trajectory, rng: random.Random, others: Sequence[Trajectory]
) -> Trajectory | None:
    place = slot(record, rng, _is_free_text)
    if place is None:
        return None
    target, name = place
    known = _whole_text(record).casefold()
    for value in _strings_of(others, rng):
        if value.casefold() not in known:
            return with_argument(record, target, name, value)
    return None


def _strings_of(others: Sequence[Trajectory], rng: random.Random) -> Iterator[str]:
    for _ in range(20):
        found = slots(rng.choice(others), _is_free_text) if others else []
        if found:
            target, name = rng.choice(found)
            yield str(target.call.arguments[name])


def _whole_text(record: Trajectory) -> str:
    parts = [record.task_instruction, text_of(record.query)]
    for step in record.steps:
        parts += [text_of(o.content) for o in step.observations] + [text_of(step.user_input)]
    return "\n".join([*parts, *(bytes(tool.parameters).decode() for tool in record.tools)])


def _swapped(record: Trajectory, rng: random.Random, _: Sequence[Trajectory]) -> Trajectory | None:
    pairs = [
        (target, a, b)
        for target in targets(record)
        for a, b in _equal_pairs(target)
        if target.call.arguments[a] != target.call.arguments[b]
    ]
    if not pairs:
        return None
    target, a, b = rng.choice(pairs)
    old = target.call.arguments
    call = msgspec.structs.replace(target.call, arguments={**old, a: old[b], b: old[a]})
    return with_call(record, target, call)


def _equal_pairs(target: Target) -> Iterator[tuple[str, str]]:
    names = list(target.call.arguments)
    for at, a in enumerate(names):
        for b in names[at + 1 :]:
            one, other = target.part(a), target.part(b)
            kind = one.get("type")
            alike = kind == other.get("type") and one.get("enum") == other.get("enum")
            if alike and kind in ("string", "integer", "number"):
                yield a, b


def _made_up_optional(
    record: Trajectory, rng: random.Random, _: Sequence[Trajectory]
) -> Trajectory | None:
    made_up: dict[Json, Json] = {"string": "Ostrava Quay 7b", "integer": 7341, "number": 7341.25}
    found = [
        (target, name)
        for target in targets(record)
        for name, part in target.properties.items()
        if name not in target.call.arguments and name not in target.required
        if isinstance(part, dict) and part.keys() <= {"type", "description", "default"}
        if isinstance(part.get("type"), str) and part.get("type") in made_up
    ]
    if not found:
        return None
    target, name = rng.choice(found)
    return with_argument(record, target, name, made_up[target.part(name)["type"]])


_UNITS = (
    ("celsius", "fahrenheit"),
    ("metric", "imperial"),
    ("km", "miles"),
    ("kilometers", "miles"),
    ("meters", "feet"),
    ("kg", "lb"),
    ("kg", "pounds"),
    ("USD", "EUR"),
    ("GBP", "JPY"),
    ("hours", "minutes"),
    ("days", "weeks"),
)
_OTHER_UNIT = {a: b for pair in _UNITS for a, b in (pair, pair[::-1])}


def _wrong_unit(
    record: Trajectory, rng: random.Random, _: Sequence[Trajectory]
) -> Trajectory | None:
    place = slot(
        record,
        rng,
        lambda value, part: (
            isinstance(value, str)
            and value in _OTHER_UNIT
            and _allows(part.get("enum"), _OTHER_UNIT[value])
        ),
    )
    if place is None:
        return None
    target, name = place
    return with_argument(record, target, name, _OTHER_UNIT[str(target.call.arguments[name])])


def _allows(options: Json, value: str) -> bool:
    return not isinstance(options, list) or value in options


def _left_out(record: Trajectory, rng: random.Random, _: Sequence[Trajectory]) -> Trajectory | None:
    steps = [
        at
        for at, step in enumerate(record.steps)
        if step.reply is not None and len(step.reply.tool_calls) > 1 and not step.observations
    ]
    if not steps:
        return None
    at = rng.choice(steps)
    calls = list(cast("Reply", record.steps[at].reply).tool_calls)
    del calls[rng.randrange(len(calls))]
    return with_calls(record, at, calls)


_VALUES = ("GROUND", "COVER")
VALUE_FAULTS = (
    Fault("number off by one", "grounding", _VALUES, _off_by_one, ("CALL",)),
    Fault("other date", "grounding", _VALUES, _other_date, ("CALL",)),
    Fault("value of another record", "grounding", _VALUES, _from_another, ("CALL",)),
    Fault("arguments swapped", "grounding", _VALUES, _swapped, ("CALL",)),
    Fault("optional argument made up", "grounding", _VALUES, _made_up_optional),
    Fault("wrong unit", "grounding", _VALUES, _wrong_unit),
    Fault("a call left out", "coverage", ("COVER",), _left_out),
)
