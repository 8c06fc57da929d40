"""Own cases read from a file: JSONL, one JSON array, or YAML. A bad case is an entry of its own."""

from __future__ import annotations

import difflib
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import cast

import msgspec

from actloom.core.case import Case
from actloom.core.check import check_arguments, nearest
from actloom.core.errors import EmptyDataError, InputError, ToolSchemaError
from actloom.core.jsonvalue import Json, JsonObject, pointer
from actloom.core.messages import trajectory_parts
from actloom.core.record import Call, Message, Provenance, Tool, Trajectory
from actloom.core.schema import schema_of, tools_of
from actloom.evals.cases import CaseProblem, CaseSet, cases_digest
from actloom.evals.own_cases.conversation import messages_from
from actloom.evals.own_cases.expectation import Expectation, shown
from actloom.evals.own_cases.rule import ExpectedCall, Rule, example_call, example_of
from actloom.evals.own_cases.syntax import BadExpectationError, expectation_of, has_operator
from actloom.io.foreign_json import decode_json
from actloom.io.source import SourceItem, inspect, items
from actloom.rollout.single import offered_tools

KEYS = (
    "id",
    "query",
    "messages",
    "tools",
    "expected",
    "expected_any",
    "order",
    "text",
    "groups",
    "note",
)
"""Keys a case may have."""
CALL_KEYS = ("name", "arguments")
MAX_CALLS = 64
"""Calls in one list of expected ones."""
MAX_CHOICES = 32
"""Lists in `expected_any`."""
MAX_IN_ALL = 256
"""Calls in all lists together; each is compared with each call of an answer."""
MAX_CASE_BYTES = 8 * 2**20


class OwnCase(msgspec.Struct, frozen=True):
    """One case that can be asked."""

    case: Case
    """`expected` are example calls that fit; `record.extra` holds the rule as written."""
    rule: Rule
    line: int
    """Where it stands in the file."""
    has_example: bool
    """True when an answer is known that fits, so that the case could be tried on itself."""
    example_text: str = ""
    """A text that fits the rule; "" when any does."""


class OwnCases(msgspec.Struct, frozen=True):
    """What a file of cases holds."""

    cases: list[OwnCase]
    problems: list[CaseProblem]


def read_cases(path: str, *, tools: Sequence[Tool] = ()) -> OwnCases:
    """Returns the cases of a file, and what is wrong with the others.

    Args:
        path: JSONL, a JSON array, or YAML (a list, or documents); plain, gzip or zstd.
        tools: tools of the cases that have none of their own.

    Raises:
        InputError: the file is missing or cannot be read at all.
        EmptyDataError: there is nothing in it.
    """
    cases: list[OwnCase] = []
    problems: list[CaseProblem] = []
    lines: dict[str, int] = {}
    for item in _items(path):
        try:
            own = _case_of(item, path, tools)
            if own.case.id in lines:
                raise BadExpectationError(
                    f"id {own.case.id!r} is that of line {lines[own.case.id]} too",
                    path="/id",
                    todo="give each case an id of its own",
                )
        except BadExpectationError as error:
            at = item.pointer if item.line <= 1 else ""
            problems.append(
                CaseProblem(
                    line=item.line,
                    id=_named(item),
                    path=at + error.path,
                    message=error.message,
                    todo=error.todo,
                )
            )
            continue
        lines[own.case.id] = item.line
        cases.append(own)
    if not cases and not problems:
        raise EmptyDataError("the file holds no case", where=path)
    return OwnCases(cases, problems)


def case_set(own: OwnCases, *, limit: int | None = None) -> CaseSet:
    """Returns the cases to ask, the first `limit` of them, with those that cannot be."""
    chosen = [entry.case for entry in own.cases[:limit]]
    skipped = {"bad case": len(own.problems), "limit": len(own.cases) - len(chosen)}
    return CaseSet(
        chosen,
        {reason: number for reason, number in skipped.items() if number},
        cases_digest(chosen),
        own.problems,
    )


def _items(path: str) -> Iterator[SourceItem]:
    """Yields one item a case; a YAML list, which is one document, is taken apart."""
    file = inspect(path)
    if file.form == "unreadable" and file.problem is not None:
        raise InputError("the file of cases cannot be read", got=file.problem.message, where=path)
    if file.form == "empty":
        return
    for item in items(file, max_item_bytes=MAX_CASE_BYTES):
        parsed = decode_json(item.raw).value if file.form == "yaml" and not item.problem else None
        if not isinstance(parsed, list):
            yield item
            continue
        for at, entry in enumerate(parsed):
            raw = msgspec.json.encode(entry)
            yield SourceItem(raw, item.line, item.byte_offset, f"/{at}", item.ordinal + at)


def _named(item: SourceItem) -> str:
    value = decode_json(item.raw).value if item.problem is None else None
    named = value.get("id") if isinstance(value, dict) else None
    return named[:200] if isinstance(named, str) else ""


def _case_of(item: SourceItem, path: str, tools: Sequence[Tool]) -> OwnCase:
    value = _object_of(item)
    _check_keys(value, KEYS, "")
    case_id = _id_of(value, item)
    record = _record_of(value, case_id, tools)
    rule = _rule_of(value)
    _check_against_tools(rule, value, offered_tools(record))
    place = Provenance(file=path, line=item.line, pointer=item.pointer)
    written = {
        key: value[key] for key in ("expected", "expected_any", "order", "text") if key in value
    }
    record = msgspec.structs.replace(record, provenance=place, extra={"own_case": written})
    calls = [example_call(call) for call in rule.choices[0]]
    known, text = (True, "") if rule.text is None else example_of(rule.text)
    case = Case(
        case_id,
        record,
        [call or Call(want.name) for call, want in zip(calls, rule.choices[0], strict=True)],
        ordered=rule.ordered,
        checker="own",
        groups=_groups_of(value),
    )
    return OwnCase(case, rule, item.line, known and None not in calls, str(text or ""))


def _object_of(item: SourceItem) -> JsonObject:
    if item.problem is not None:
        raise BadExpectationError(item.problem.message, todo="one JSON object a line, a case each")
    found = decode_json(item.raw, strict=True)
    if found.problem is not None:
        raise BadExpectationError(found.problem.message, todo="one JSON object a line, a case each")
    if not isinstance(found.value, dict):
        raise BadExpectationError(f"expected an object, got {shown(found.value)}")
    return found.value


def _check_keys(value: JsonObject, known: Sequence[str], path: str) -> None:
    for key in value:
        if key not in known:
            near = difflib.get_close_matches(key, known, n=1, cutoff=0.6)
            hint = f"did you mean {near[0]!r}? " if near else ""
            raise BadExpectationError(
                f"unknown key {key[:80]!r}", path=path, todo=f"{hint}keys: {', '.join(known)}"
            )


def _id_of(value: JsonObject, item: SourceItem) -> str:
    named = value.get("id", f"case-{item.ordinal + 1}")
    if isinstance(named, int) and not isinstance(named, bool):
        return str(named)
    if not isinstance(named, str) or not named or len(named) > 200:
        raise BadExpectationError(
            f"expected a text of 1 to 200 characters, got {shown(named)}", path="/id"
        )
    return named


def _groups_of(value: JsonObject) -> dict[str, str]:
    groups = value.get("groups", {})
    if not isinstance(groups, dict) or not all(isinstance(v, str) for v in groups.values()):
        raise BadExpectationError(
            f"expected an object of texts, got {shown(groups)}", path="/groups"
        )
    return cast("dict[str, str]", groups)


def _record_of(value: JsonObject, case_id: str, tools: Sequence[Tool]) -> Trajectory:
    if ("query" in value) == ("messages" in value):
        raise BadExpectationError(
            "a case has either `query` or `messages`",
            todo="query is one user text; messages are a conversation up to where the model acts",
        )
    if "query" in value:
        query = value["query"]
        if not isinstance(query, str):
            raise BadExpectationError(f"expected a text, got {shown(query)}", path="/query")
        messages = [Message("user", query)]
    else:
        messages = messages_from(value["messages"])
    parts = trajectory_parts(messages)
    return Trajectory(
        id=case_id,
        source="own",
        tools=_tools_of(value, tools),
        query=parts.query,
        steps=parts.steps,
        task_instruction=parts.task_instruction,
        opening=parts.opening,
    )


def _tools_of(value: JsonObject, shared: Sequence[Tool]) -> list[Tool]:
    if "tools" not in value:
        return list(shared)
    try:
        tools = tools_of(value["tools"])
    except ToolSchemaError as error:
        raise BadExpectationError(
            f"{error.message}: expected {error.expected}, got {error.got}", path="/tools"
        ) from error
    twice = [name for name, times in Counter(tool.name for tool in tools).items() if times > 1]
    if twice:
        raise BadExpectationError(f"tool {twice[0][:80]!r} is defined twice", path="/tools")
    return tools


def _rule_of(value: JsonObject) -> Rule:
    if "expected" in value and "expected_any" in value:
        raise BadExpectationError("a case has either `expected` or `expected_any`")
    if not value.keys() & {"expected", "expected_any", "text"}:
        near = "" if "expected" in value else "[] for no call, or [{name, arguments}]"
        raise BadExpectationError("nothing is expected", todo=f"write `expected`: {near}")
    order = value.get("order", "free")
    if order not in ("free", "fixed"):
        raise BadExpectationError(f"expected free or fixed, got {shown(order)}", path="/order")
    text = expectation_of(value["text"], "/text") if "text" in value else None
    return Rule(_choices_of(value), order == "fixed", text)


def _choices_of(value: JsonObject) -> list[list[ExpectedCall]]:
    if "expected_any" not in value:
        return [_calls_of(value.get("expected", []), "/expected")]
    lists = value["expected_any"]
    if not isinstance(lists, list) or not 1 <= len(lists) <= MAX_CHOICES:
        raise BadExpectationError(
            f"expected 1 to {MAX_CHOICES} lists of calls, got {shown(lists)}", path="/expected_any"
        )
    choices = [_calls_of(calls, f"/expected_any/{at}") for at, calls in enumerate(lists)]
    if sum(map(len, choices)) > MAX_IN_ALL:
        raise BadExpectationError(f"more than {MAX_IN_ALL} calls in all", path="/expected_any")
    return choices


def _calls_of(calls: Json, path: str) -> list[ExpectedCall]:
    if not isinstance(calls, list) or len(calls) > MAX_CALLS:
        raise BadExpectationError(
            f"expected a list of at most {MAX_CALLS} calls, got {shown(calls)}",
            path=path,
            todo='write [{"name": ..., "arguments": {...}}], and [] where no call is right',
        )
    return [_call_of(call, f"{path}/{at}") for at, call in enumerate(calls)]


def _call_of(call: Json, path: str) -> ExpectedCall:
    if not isinstance(call, dict) or not isinstance(call.get("name"), str):
        raise BadExpectationError(
            f"expected an object with a `name`, got {shown(call)}",
            path=path,
            todo='write {"name": ..., "arguments": {...}}',
        )
    _check_keys(call, CALL_KEYS, path)
    arguments = call.get("arguments", {})
    if not isinstance(arguments, dict):
        raise BadExpectationError(
            f"expected an object of arguments, got {shown(arguments)}", path=f"{path}/arguments"
        )
    read: dict[str, Expectation] = {
        name: expectation_of(value, f"{path}/arguments{pointer(name)}")
        for name, value in arguments.items()
    }
    return ExpectedCall(cast("str", call["name"]), read, arguments)


def _check_against_tools(rule: Rule, value: JsonObject, tools: list[Tool]) -> None:
    """Refuses expected calls that the tools' own schemas refuse: no answer could be right."""
    known = {tool.name: tool for tool in tools}
    single = "expected_any" not in value
    for at, choice in enumerate(rule.choices):
        for number, call in enumerate(choice):
            path = f"/expected/{number}" if single else f"/expected_any/{at}/{number}"
            tool = known.get(call.name)
            if tool is None:
                near = nearest(call.name, known)
                raise BadExpectationError(
                    f"no tool {call.name[:80]!r} is offered",
                    path=f"{path}/name",
                    todo=f"did you mean {near!r}?" if near else "add it to `tools`",
                )
            _check_arguments(call, tool, path)


def _check_arguments(call: ExpectedCall, tool: Tool, path: str) -> None:
    plain = {name: value for name, value in call.written.items() if not has_operator(value)}
    closed = schema_of(tool).get("properties")
    for problem in check_arguments(plain, tool):
        name = (
            problem.path.split("/", 2)[1].replace("~1", "/").replace("~0", "~")
            if problem.path
            else ""
        )
        if problem.kind == "missing_argument" and name in call.arguments:
            continue  # it stands there with an operator
        if problem.kind == "schema":
            raise BadExpectationError(problem.message, path="/tools")
        raise BadExpectationError(
            problem.message,
            path=f"{path}/arguments{problem.path if name in call.arguments else ''}",
            todo="mend the expected call or the tool: no call could be right for both",
        )
    for name in call.arguments.keys() - plain.keys():
        if isinstance(closed, dict) and name not in closed and _is_closed(tool):
            near = nearest(name, closed)
            raise BadExpectationError(
                f"{tool.name} has no argument {name!r}",
                path=f"{path}/arguments{pointer(name)}",
                todo=f"did you mean {near!r}?" if near else "",
            )


def _is_closed(tool: Tool) -> bool:
    return schema_of(tool).get("additionalProperties") in (None, False)
