"""Faults to inject into clean records: what each changes, and which rules should then speak.

Every fault is a small function from a record to its faulty twin, None when the record has nothing
the fault could be made of. Faults of calls and tools stand here; those of values in `value_faults`,
those of the course of a record in `course_faults`.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Sequence
from typing import TypeAlias, cast

import msgspec

from actloom.core.jsonvalue import Json, JsonObject, json_text
from actloom.core.record import Call, Reply, Step, Tool, Trajectory
from actloom.core.schema import schema_of

Inject: TypeAlias = "Callable[[Trajectory, random.Random, Sequence[Trajectory]], Trajectory | None]"
"""Record, random numbers, other clean records -> the faulty record."""


class Fault(msgspec.Struct, frozen=True):
    """A kind of fault."""

    name: str
    family: str
    """Family of rules that should find it."""
    expects: tuple[str, ...]
    """Codes or beginnings of codes; one of these rules has to speak."""
    inject: Inject
    also: tuple[str, ...] = ()
    """Codes or beginnings of rules that may rightly speak too."""
    mends: bool = False
    """True when fixing should give the clean record back."""


class Target(msgspec.Struct, frozen=True):
    """A call that can be spoiled: where it stands and what it calls."""

    step: int
    index: int
    call: Call
    tool: Tool

    @property
    def properties(self) -> JsonObject:
        """Returns the declared arguments."""
        found = schema_of(self.tool).get("properties")
        return found if isinstance(found, dict) else {}

    @property
    def required(self) -> list[str]:
        """Returns the names of the arguments that must be given."""
        found = schema_of(self.tool).get("required")
        return [str(name) for name in found] if isinstance(found, list) else []

    def part(self, name: str) -> JsonObject:
        """Returns the schema of an argument."""
        found = self.properties.get(name)
        return found if isinstance(found, dict) else {}


def targets(record: Trajectory) -> list[Target]:
    """Returns the agent's calls whose tool is offered and whose arguments parsed."""
    tools = {tool.name: tool for tool in record.tools}
    return [
        Target(at, index, call, tools[call.name])
        for at, step in enumerate(record.steps)
        if step.reply is not None and step.actor == "agent"
        for index, call in enumerate(step.reply.tool_calls)
        if call.name in tools and call.arguments_text is None
    ]


def with_step(record: Trajectory, at: int, step: Step) -> Trajectory:
    """Returns the record with step `at` replaced."""
    steps = [*record.steps[:at], step, *record.steps[at + 1 :]]
    return msgspec.structs.replace(record, steps=steps)


def with_calls(record: Trajectory, at: int, calls: list[Call]) -> Trajectory:
    """Returns the record with the calls of step `at` replaced."""
    step = record.steps[at]
    reply = msgspec.structs.replace(step.reply or Reply(), tool_calls=calls)
    return with_step(record, at, msgspec.structs.replace(step, reply=reply))


def with_call(record: Trajectory, target: Target, call: Call) -> Trajectory:
    """Returns the record with one call replaced."""
    reply = record.steps[target.step].reply
    calls = list(reply.tool_calls) if reply is not None else []
    calls[target.index] = call
    return with_calls(record, target.step, calls)


def with_argument(record: Trajectory, target: Target, name: str, value: Json) -> Trajectory:
    """Returns the record with one argument of a call set."""
    arguments = {**target.call.arguments, name: value}
    call = msgspec.structs.replace(target.call, arguments=arguments)
    return with_call(record, target, call)


def _chosen(record: Trajectory, rng: random.Random) -> Target | None:
    found = targets(record)
    return rng.choice(found) if found else None


Slot: TypeAlias = tuple[Target, str]
"""A call and the name of one of its arguments."""


def slots(record: Trajectory, fits: Callable[[Json, JsonObject], bool]) -> list[Slot]:
    """Returns the arguments whose value and schema fit."""
    return [
        (target, name)
        for target in targets(record)
        for name, value in target.call.arguments.items()
        if fits(value, target.part(name))
    ]


def slot(
    record: Trajectory, rng: random.Random, fits: Callable[[Json, JsonObject], bool]
) -> Slot | None:
    """Returns one of the arguments whose value and schema fit."""
    found = slots(record, fits)
    return rng.choice(found) if found else None


def _renamed(name_of: Callable[[str, random.Random], str]) -> Inject:
    def inject(
        record: Trajectory, rng: random.Random, _: Sequence[Trajectory]
    ) -> Trajectory | None:
        target = _chosen(record, rng)
        if target is None:
            return None
        name = name_of(target.call.name, rng)
        if any(tool.name == name for tool in record.tools):
            return None
        return with_call(record, target, msgspec.structs.replace(target.call, name=name))

    return inject


def _other_name(_: str, __: random.Random) -> str:
    return "frobnicate_all"


def _misspelt(name: str, rng: random.Random) -> str:
    at = rng.randrange(1, len(name)) if len(name) > 1 else 0
    return name[:at] + name[at + 1 :] if len(name) > 3 else name + "x"


def _other_spelling(name: str, _: random.Random) -> str:
    parts = [part for part in re.split(r"[._-]", name) if part]
    camel = parts[0] + "".join(part[:1].upper() + part[1:] for part in parts[1:])
    return camel if camel != name else name.upper() if name.upper() != name else name.lower()


def _without_required(
    record: Trajectory, rng: random.Random, _: Sequence[Trajectory]
) -> Trajectory | None:
    found = [
        (target, name)
        for target in targets(record)
        for name in target.required
        if name in target.call.arguments
    ]
    if not found:
        return None
    target, gone = rng.choice(found)
    kept = {name: value for name, value in target.call.arguments.items() if name != gone}
    return with_call(record, target, msgspec.structs.replace(target.call, arguments=kept))


def _with_unknown(
    record: Trajectory, rng: random.Random, _: Sequence[Trajectory]
) -> Trajectory | None:
    closed = [
        target
        for target in targets(record)
        if "properties" in (schema := schema_of(target.tool))
        and schema.get("additionalProperties") in (None, False)
        and "verbosity_level" not in target.properties
    ]
    if not closed:
        return None
    return with_argument(record, rng.choice(closed), "verbosity_level", 2)


def _as_text(record: Trajectory, rng: random.Random, _: Sequence[Trajectory]) -> Trajectory | None:
    plain = ("integer", "number", "boolean", "array", "object")
    place = slot(
        record,
        rng,
        lambda value, part: (
            part.get("type") in plain and value is not None and not isinstance(value, str)
        ),
    )
    if place is None:
        return None
    target, name = place
    return with_argument(record, target, name, json_text(target.call.arguments[name]))


def _as_number(
    record: Trajectory, rng: random.Random, _: Sequence[Trajectory]
) -> Trajectory | None:
    """Numbers that were texts, as `"00501"` would not come back, only those that do."""
    place = slot(
        record,
        rng,
        lambda value, part: (
            part.get("type") == "string"
            and isinstance(value, str)
            and re.fullmatch(r"0|[1-9][0-9]{0,14}", value, re.ASCII) is not None
        ),
    )
    if place is None:
        return None
    target, name = place
    return with_argument(record, target, name, int(str(target.call.arguments[name])))


def _wrapped(record: Trajectory, rng: random.Random, _: Sequence[Trajectory]) -> Trajectory | None:
    place = slot(record, rng, lambda _, part: part.get("type") in ("string", "integer", "number"))
    if place is None:
        return None
    target, name = place
    return with_argument(record, target, name, {"value": target.call.arguments[name]})


def _off_enum(record: Trajectory, rng: random.Random, _: Sequence[Trajectory]) -> Trajectory | None:
    place = slot(
        record,
        rng,
        lambda value, part: isinstance(value, str) and isinstance(part.get("enum"), list),
    )
    if place is None:
        return None
    target, name = place
    return with_argument(record, target, name, "none of the options")


def _out_of_range(
    record: Trajectory, rng: random.Random, _: Sequence[Trajectory]
) -> Trajectory | None:
    bounds = ("minimum", "maximum")
    place = slot(
        record,
        rng,
        lambda value, part: is_number(value) and any(is_number(part.get(b)) for b in bounds),
    )
    if place is None:
        return None
    target, name = place
    part = target.part(name)
    top = part.get("maximum")
    past = cast("int", top) + 1 if is_number(top) else cast("int", part["minimum"]) - 1
    return with_argument(record, target, name, past)


def is_number(value: Json) -> bool:
    """Tells whether a value is a number; true is none."""
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _unparsable(
    record: Trajectory, rng: random.Random, _: Sequence[Trajectory]
) -> Trajectory | None:
    target = _chosen(record, rng)
    if target is None or not target.call.arguments:
        return None
    text = json_text(target.call.arguments)
    call = msgspec.structs.replace(
        target.call, arguments={}, arguments_text=text[: rng.randrange(1, len(text))]
    )
    return with_call(record, target, call)


def _twice(record: Trajectory, rng: random.Random, _: Sequence[Trajectory]) -> Trajectory | None:
    target = _chosen(record, rng)
    if target is None:
        return None
    step = record.steps[target.step]
    again = msgspec.structs.replace(target.call, id=target.call.id and target.call.id + "_again")
    calls = [*(step.reply.tool_calls if step.reply is not None else []), again]
    seen = [o for o in step.observations if o.call_id == target.call.id]
    copies = [msgspec.structs.replace(o, call_id=again.id) for o in seen if again.id]
    step = msgspec.structs.replace(step, observations=[*step.observations, *copies])
    return with_calls(with_step(record, target.step, step), target.step, calls)


def _tools_changed(change: Callable[[Tool], list[Tool]]) -> Inject:
    def inject(
        record: Trajectory, rng: random.Random, _: Sequence[Trajectory]
    ) -> Trajectory | None:
        if not record.tools:
            return None
        at = rng.randrange(len(record.tools))
        tools = [*record.tools[:at], *change(record.tools[at]), *record.tools[at + 1 :]]
        return msgspec.structs.replace(record, tools=tools)

    return inject


def _with_parameters(tool: Tool, extra: JsonObject) -> Tool:
    properties = schema_of(tool).get("properties")
    known = properties if isinstance(properties, dict) else {}
    schema = {**schema_of(tool), "properties": {**known, **extra}}
    return Tool(tool.name, tool.description, msgspec.Raw(msgspec.json.encode(schema)))


def _with_required(tool: Tool, name: str) -> Tool:
    required = schema_of(tool).get("required")
    names = [*required, name] if isinstance(required, list) else [name]
    properties = schema_of(tool).get("properties", {})
    schema = {**schema_of(tool), "properties": properties, "required": names}
    schema.pop("additionalProperties", None)
    return Tool(tool.name, tool.description, msgspec.Raw(msgspec.json.encode(schema)))


_VALUES = ("GROUND", "COVER")
CALL_FAULTS = (
    Fault("arguments cut off", "calls", ("CALL001",), _unparsable, _VALUES),
    Fault("other function name", "calls", ("CALL002",), _renamed(_other_name)),
    Fault("misspelt function name", "calls", ("CALL002",), _renamed(_misspelt)),
    Fault("other spelling of the name", "calls", ("CALL002",), _renamed(_other_spelling)),
    Fault("undeclared argument", "calls", ("CALL003",), _with_unknown, _VALUES),
    Fault("required argument dropped", "calls", ("CALL004",), _without_required, _VALUES),
    Fault("value as text", "calls", ("CALL005",), _as_text, _VALUES, mends=True),
    Fault("digits as number", "calls", ("CALL005",), _as_number, _VALUES, mends=True),
    Fault("value in an object", "calls", ("CALL005",), _wrapped, _VALUES),
    Fault("value off the enumeration", "calls", ("CALL006",), _off_enum, _VALUES),
    Fault("value out of range", "calls", ("CALL007",), _out_of_range, _VALUES),
    Fault("call made twice", "calls", ("CALL008",), _twice, _VALUES),
)
SCHEMA_FAULTS = (
    Fault(
        "type that is none",
        "schemas",
        ("SCHEMA001",),
        _tools_changed(lambda tool: [_with_parameters(tool, {"spoilt": {"type": "strng"}})]),
    ),
    Fault(
        "reference to elsewhere",
        "schemas",
        ("SCHEMA001",),
        _tools_changed(
            lambda tool: [_with_parameters(tool, {"spoilt": {"$ref": "file:///etc/hosts"}})]
        ),
    ),
    Fault("tool offered twice", "schemas", ("SCHEMA002",), _tools_changed(lambda t: [t, t])),
    Fault(
        "two tools of one name",
        "schemas",
        ("SCHEMA002",),
        _tools_changed(lambda t: [_with_parameters(t, {"another": {"type": "string"}}), t]),
    ),
    Fault(
        "required and not declared",
        "schemas",
        ("SCHEMA004",),
        _tools_changed(lambda tool: [_with_required(tool, "undeclared")]),
        ("CALL004",),
    ),
    Fault(
        "values of another type listed",
        "schemas",
        ("SCHEMA004",),
        _tools_changed(
            lambda tool: [_with_parameters(tool, {"spoilt": {"type": "array", "enum": ["a"]}})]
        ),
        ("SCHEMA006",),
    ),
    Fault(
        "description removed",
        "schemas",
        ("SCHEMA005",),
        _tools_changed(lambda tool: [msgspec.structs.replace(tool, description="")]),
    ),
    Fault(
        "argument without description",
        "schemas",
        ("SCHEMA006",),
        _tools_changed(lambda tool: [_with_parameters(tool, {"bare": {"type": "string"}})]),
    ),
    Fault(
        "tool under another name",
        "schemas",
        ("SCHEMA008",),
        _tools_changed(lambda tool: [tool, msgspec.structs.replace(tool, name=tool.name + "_2")]),
    ),
)
