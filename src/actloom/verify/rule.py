"""What a rule is, and the view of a record that rules look at."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, TypeAlias

import msgspec

from actloom.core.finding import Finding, PatchOp, Severity
from actloom.core.messages import reply_of
from actloom.core.record import Actor, Call, Step, Tool, ToolsDelta, Trajectory

if TYPE_CHECKING:
    from actloom.verify.over_set import MakeSetCheck


class Rule(msgspec.Struct, frozen=True):
    """One rule of the linter.

    Rules that look at the same things share one `check`, which runs once for all of them.
    """

    code: str
    """Stable code: family prefix and three digits."""
    name: str
    """Name in kebab case."""
    severity: Severity
    """`error` keeps a record out of training data; `warning` and `info` let it pass."""
    summary: str
    """One line: what is wrong when this rule speaks."""
    check: Check
    """Finds every fault of the rule's family; the caller drops codes that were not asked for."""
    fixable: bool = False
    """True when at least some findings carry a fix."""
    version: int = 1
    """Raised whenever the rule's verdicts change."""
    default: bool = True
    """False for a rule that speaks only when `select` names it: advice, or work that takes long."""
    over_set: MakeSetCheck | None = None
    """Makes the check of a rule about whole sets, whose `check` finds nothing; else None."""


class PlacedReply(msgspec.Struct, frozen=True):
    """A reply with calls, where it stands in the row, and the tools offered at that moment."""

    message: int
    """Index in the row's `messages`."""
    calls: Sequence[Call]
    """At least one."""
    tools: Mapping[str, Tool]
    """By name; of two tools with one name the later."""
    actor: Actor
    """Who called."""
    step: Step | None
    """The step; None for calls before the first query."""

    def base(self, call: int) -> str:
        """Returns the row pointer of the call's `function`."""
        return f"/messages/{self.message}/tool_calls/{call}/function"


class Subject:
    """A record under examination, with the views that several families need, computed once.

    Args:
        record: the record.
    """

    def __init__(self, record: Trajectory) -> None:
        self.record = record
        self._replies: list[PlacedReply] | None = None

    @property
    def replies(self) -> list[PlacedReply]:
        """Replies that call tools, in order; worked examples (`few_shot`) are not looked at."""
        # Not a cached_property: its lock costs as much as checking a call.
        if self._replies is None:
            self._replies = self._placed()
        return self._replies

    def _placed(self) -> list[PlacedReply]:
        record = self.record
        tools: Mapping[str, Tool] = {tool.name: tool for tool in record.tools}
        at = bool(record.task_instruction or record.format_instruction) + len(record.few_shot)
        placed: list[PlacedReply] = []
        for index, message in enumerate(record.opening, start=at):
            if message.tool_calls:
                calls = reply_of(message).tool_calls
                placed.append(PlacedReply(index, calls, tools, "agent", None))
        at += len(record.opening) + (record.query is not None)
        for step in record.steps:
            if step.tools_delta is not None:
                tools = _changed(tools, step.tools_delta)
            reply = step.reply
            if reply is not None:
                if reply.tool_calls:
                    placed.append(PlacedReply(at, reply.tool_calls, tools, step.actor, step))
                at += 1
            at += len(step.observations) + (step.user_input is not None)
        return placed

    def finding(
        self, rule: Rule, path: str, message: str, *, fix: Sequence[PatchOp] = ()
    ) -> Finding:
        """Returns a finding of `rule` at the row pointer `path`, with the record's source place."""
        origin = self.record.provenance
        return Finding(
            code=rule.code,
            severity=rule.severity,
            message=message
            if len(message) <= MESSAGE_LIMIT
            else message[: MESSAGE_LIMIT - 3] + "...",
            id=self.record.id,
            path=path,
            file=origin.file,
            line=origin.line,
            fix=list(fix),
            rule_version=rule.version,
        )


Check: TypeAlias = Callable[[Subject], list[Finding]]

MESSAGE_LIMIT = 300
"""Characters of a message; schema validators quote whole values."""


def _changed(tools: Mapping[str, Tool], delta: ToolsDelta) -> dict[str, Tool]:
    kept = {name: tool for name, tool in tools.items() if name not in delta.removed}
    return {**kept, **{tool.name: tool for tool in delta.added}}
