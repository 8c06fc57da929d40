"""Family SCHEMA: tool definitions that no call can be checked against, or that clash."""

from __future__ import annotations

from collections.abc import Sequence

from actloom.core.check import schema_problem
from actloom.core.finding import Finding, PatchOp
from actloom.core.jsonvalue import pointer
from actloom.core.record import Tool, Trajectory
from actloom.verify.plain_schema import is_plainly_valid
from actloom.verify.rule import Rule, Subject


def check_schemas(subject: Subject) -> list[Finding]:
    """Returns the schema faults of a record's tools, in order."""
    record = subject.record
    tools = record.tools
    found = _unusable(subject, tools, "/tools/{}/function/parameters")
    for index, step in enumerate(record.steps):
        if step.tools_delta is not None:
            place = f"/meta/steps/{index}/tools_delta/added/{{}}/parameters"
            found += _unusable(subject, step.tools_delta.added, place)
    if not tools and _calls_unoffered(record):
        path = "/tools"
        found.append(subject.finding(SCHEMA003, path, "the record calls tools and offers none"))
    if len(tools) > 1 and len({tool.name for tool in tools}) < len(tools):
        found += _duplicates(subject)
    return found


def _calls_unoffered(record: Trajectory) -> bool:
    return any(
        step.reply is not None and bool(step.reply.tool_calls) for step in record.steps
    ) and not any(step.tools_delta is not None for step in record.steps)


def _unusable(subject: Subject, tools: Sequence[Tool], place: str) -> list[Finding]:
    found: list[Finding] = []
    for index, tool in enumerate(tools):
        if tool.__dict__.get("usable") or _is_plainly_usable(tool):
            continue
        if problem := schema_problem(tool):
            message = f"parameters of tool {tool.name!r} are not a usable JSON Schema: "
            message += _plain(problem)
            found.append(subject.finding(SCHEMA001, place.format(index), message))
    return found


def _is_plainly_usable(tool: Tool) -> bool:
    """Tells it of a schema, and leaves the answer with the tool: many records share one."""
    usable = vars(tool)["usable"] = is_plainly_valid(bytes(tool.parameters))
    return usable


def _plain(problem: str) -> str:
    """Says what was refused, without the validator's account of how it was refused."""
    _, refused, reference = problem.partition(REFUSED)
    return f"the reference {reference!r} is never opened" if refused else problem


def _duplicates(subject: Subject) -> list[Finding]:
    found: list[Finding] = []
    first: dict[str, int] = {}
    tools = subject.record.tools
    for index, tool in enumerate(tools):
        earlier = first.setdefault(tool.name, index)
        if earlier == index:
            continue
        path = pointer("tools", index)
        same = tools[earlier] == tool
        kind = "the same tool" if same else "another tool of that name"
        message = f"tool {tool.name!r} is offered twice: {kind} stands at /tools/{earlier}"
        fix = [PatchOp("remove", path)] if same else []
        found.append(subject.finding(SCHEMA002, path, message, fix=fix))
    return found


REFUSED = "references are not opened: "
"""What `core.schema` says instead of opening a reference."""
SCHEMA001 = Rule(
    code="SCHEMA001",
    name="unusable-tool-schema",
    severity="error",
    summary="a tool's parameters are not valid JSON Schema, or refer to something outside",
    check=check_schemas,
)
SCHEMA002 = Rule(
    code="SCHEMA002",
    name="duplicated-tool",
    severity="error",
    summary="two offered tools have the same name",
    check=check_schemas,
    fixable=True,
)
SCHEMA003 = Rule(
    code="SCHEMA003",
    name="no-tools-offered",
    severity="warning",
    summary="a record calls tools and offers none, so no call can be checked",
    check=check_schemas,
)
