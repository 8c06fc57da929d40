"""Family CALL: tool calls against the tools that were offered (xLAM paper, section 3.3).

Undefined functions, undefined or missing arguments and wrong types, with the casts that mend most
of them; values outside an enumeration or range; calls made twice.
"""

from __future__ import annotations

from collections.abc import Sequence

from actloom.core.check import Kind, Problem, is_right
from actloom.core.finding import Finding, PatchOp
from actloom.core.jsonvalue import canonical_json
from actloom.core.record import Call, Observation, Trajectory
from actloom.verify.mending import sound_fix
from actloom.verify.problems import problems_of
from actloom.verify.rule import PlacedReply, Rule, Subject


def check_calls(subject: Subject) -> list[Finding]:
    """Returns the call faults of a record, in order.

    Calls by a user or system to functions the agent was not offered are left alone: users may have
    tools of their own (tau2).
    """
    if _are_right(subject.record):
        return []
    found: list[Finding] = []
    offers = _offers_tools(subject.record)
    for reply in subject.replies:
        tools, calls = reply.tools, reply.calls
        for index, call in enumerate(calls):
            # A record without tools, which may stand in its prompt, says nothing on names.
            problems = problems_of(call, tools) if offers or call.arguments_text else []
            if problems and (reply.actor == "agent" or call.name in tools):
                found += _findings(subject, reply, index, problems)
        if len(calls) > 1 and _repeats_name(calls):
            found += _duplicates(subject, reply)
    return found


def _offers_tools(record: Trajectory) -> bool:
    return bool(record.tools) or any(step.tools_delta is not None for step in record.steps)


def _are_right(record: Trajectory) -> bool:
    """Tells whether nothing is wrong with any call; False where it takes a closer look."""
    if record.opening:
        return False
    tools = {tool.name: tool for tool in record.tools}
    for step in record.steps:
        calls = step.reply.tool_calls if step.reply is not None else ()
        if step.tools_delta is not None or (len(calls) > 1 and _repeats_name(calls)):
            return False
        for call in calls:
            tool = tools.get(call.name)
            if tool is None or call.arguments_text is not None:
                return False
            if not is_right(call.arguments, tool):
                return False
    return True


def _repeats_name(calls: Sequence[Call]) -> bool:
    return len({call.name for call in calls}) < len(calls)


def _findings(
    subject: Subject, reply: PlacedReply, index: int, problems: list[Problem]
) -> list[Finding]:
    call, base = reply.calls[index], reply.base(index)
    found: list[Finding] = []
    for problem in problems:
        rule = _RULE_OF.get(problem.kind)
        if rule is None:
            continue  # an unusable schema is reported once, at the tool
        fix = [
            PatchOp(op.op, base + op.path, op.value)
            for op in sound_fix(problem, call, tools=reply.tools, problems=problems)
        ]
        path = base + _PART.get(problem.kind, "/arguments") + problem.path
        found.append(subject.finding(rule, path, _sentence(problem), fix=fix))
    return found


def _sentence(problem: Problem) -> str:
    """Names the argument where a schema validator speaks of the value only."""
    if problem.kind in _VALUE_KINDS and not problem.message.startswith("argument "):
        return f"argument {problem.path.removeprefix('/')!r}: {problem.message}"
    return problem.message


def _duplicates(subject: Subject, reply: PlacedReply) -> list[Finding]:
    found: list[Finding] = []
    first: dict[bytes, int] = {}
    for index, call in enumerate(reply.calls):
        key = canonical_json([call.name, call.arguments, call.arguments_text])
        earlier = first.setdefault(key, index)
        if earlier != index:
            path = reply.base(index).removesuffix("/function")
            message = f"call of {call.name!r} repeats call {earlier} of the same step"
            fix = _removal(reply, earlier, index, path)
            found.append(subject.finding(CALL008, path, message, fix=fix))
    return found


def _removal(reply: PlacedReply, earlier: int, index: int, path: str) -> list[PatchOp]:
    """Removes a repeated call with its result; nothing when the two results differ."""
    step = reply.step
    observations = step.observations if step is not None else []
    kept, gone = reply.calls[earlier].id, reply.calls[index].id
    if not observations:
        return [PatchOp("remove", path)]
    if not gone or gone == kept or any(o.is_error for o in observations):
        return []
    places = {o.call_id: place for place, o in enumerate(observations)}
    if sum(o.call_id == gone for o in observations) > 1:
        return []
    if gone not in places:
        return [PatchOp("remove", path)]
    if kept not in places or not _same(observations[places[kept]], observations[places[gone]]):
        return []
    return [
        PatchOp("remove", path),
        PatchOp("remove", f"/messages/{reply.message + 1 + places[gone]}"),
    ]


def _same(a: Observation, b: Observation) -> bool:
    return a.content == b.content


CALL001 = Rule(
    code="CALL001",
    name="call-does-not-parse",
    severity="error",
    summary="the arguments of a call are not a JSON object",
    check=check_calls,
    fixable=True,
)
CALL002 = Rule(
    code="CALL002",
    name="undefined-function",
    severity="error",
    summary="a call names a function that was not offered",
    check=check_calls,
    fixable=True,
    version=2,
)
CALL003 = Rule(
    code="CALL003",
    name="unknown-argument",
    severity="error",
    summary="a call passes an argument the function does not have",
    check=check_calls,
    fixable=True,
)
CALL004 = Rule(
    code="CALL004",
    name="missing-argument",
    severity="error",
    summary="a call leaves out a required argument",
    check=check_calls,
)
CALL005 = Rule(
    code="CALL005",
    name="wrong-type",
    severity="error",
    summary="an argument's value is of another type than the schema says",
    check=check_calls,
    fixable=True,
)
CALL006 = Rule(
    code="CALL006",
    name="not-in-enum",
    severity="error",
    summary="an argument's value is not one of the enumerated ones",
    check=check_calls,
    fixable=True,
)
CALL007 = Rule(
    code="CALL007",
    name="out-of-range",
    severity="error",
    summary="an argument's value breaks a bound, length, pattern or format of its schema",
    check=check_calls,
)
CALL008 = Rule(
    code="CALL008",
    name="duplicate-call",
    severity="warning",
    summary="one step makes the same call with the same arguments twice",
    check=check_calls,
    fixable=True,
)

_RULE_OF: dict[Kind, Rule] = {
    "unparsed": CALL001,
    "undefined_function": CALL002,
    "unknown_argument": CALL003,
    "missing_argument": CALL004,
    "type": CALL005,
    "enum": CALL006,
    "range": CALL007,
}
_PART: dict[Kind, str] = {"undefined_function": "/name"}
_VALUE_KINDS: frozenset[Kind] = frozenset({"type", "enum", "range"})
