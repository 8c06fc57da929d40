"""Positions of own traces as cases: what was known then, and what the production model did."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime

import msgspec

from actloom.core.case import Case
from actloom.core.errors import EmptyDataError, InputError
from actloom.core.ids import digest_bytes, seed_of
from actloom.core.jsonvalue import Json, canonical_json
from actloom.core.messages import messages_of
from actloom.core.record import (
    Call,
    Message,
    Observation,
    Reply,
    Step,
    Tool,
    Trajectory,
    Usage,
)
from actloom.core.schema import schema_of
from actloom.evals.cases import UNSPLIT, CaseSet, case_at, cases_digest
from actloom.evals.from_traces.call_keys import call_key
from actloom.evals.from_traces.config import TracesConfig
from actloom.rollout.single import offered_tools

SESSION_KEYS = ("session_id", "sessionId", "thread_id", "conversation_id")
CUSTOMER_KEYS = ("user_id", "userId", "customer_id", "customer", "account_id")
TIME_KEYS = (
    "started_at",
    "timestamp",
    "start_time",
    "startTime",
    "created_at",
    "createdAt",
    "time",
)
"""Fields of a record's `extra`, or of its `metadata`, that tell when it was; the first counts."""
SALT = "own traces"
INFERRED = "x-inferred"
"""Keyword of schemas that `unify --infer-tools` makes of the calls seen; they say what was called,
not what may be."""


class Position(msgspec.Struct, frozen=True):
    """One place where the production model acted."""

    case: Case
    """The conversation before it; `expected` is what the production model called."""
    reply: Reply
    """What the production model did."""
    observations: list[Observation] = []
    """What came back."""
    accepted: list[list[Call]] = []
    """Other calls that are right too: accepted alternatives, and other actions of the production
    model at an equal prompt."""
    usages: list[Usage | None] = []
    """What the production model took, once for each equal prompt."""
    tape: list[Step] = []
    """Steps from here to where the agent speaks to the user, for going on."""
    other_tapes: list[list[Step]] = []
    """Tapes of other conversations with an equal prompt."""
    group: str = ""
    """Session, customer or conversation it is held out with."""
    record: str = ""
    """Id of the conversation."""


class Positions(msgspec.Struct, frozen=True):
    """The positions of a set of traces, and what gave none."""

    items: list[Position]
    skipped: dict[str, int]
    conversations: int
    """Conversations read."""

    def case_set(self) -> CaseSet:
        """Returns the cases to ask."""
        cases = [position.case for position in self.items]
        return CaseSet(cases, self.skipped, cases_digest(cases))

    def held_out(self) -> dict[str, list[str]]:
        """Returns group -> ids of its conversations, to be kept out of training."""
        groups: dict[str, dict[str, None]] = {}
        for position in self.items:
            groups.setdefault(position.group, {})[position.record] = None
        return {group: list(ids) for group, ids in sorted(groups.items())}


def positions_of(records: Iterable[Trajectory], config: TracesConfig) -> Positions:
    """Returns the positions at which the production model acted.

    Equal prompts are one position: every action the production model took there is right.

    Raises:
        EmptyDataError: no conversation gave one; says why.
        InputError: `since` is no time.
    """
    since = _since(config.since)
    skipped: Counter[str] = Counter()
    found: list[tuple[str, Position]] = []
    groups: dict[str, str] = {}
    for given in records:
        record = _without_guesses(given)
        group = groups[record.id] = _group_of(record, config.by, groups)
        reason = _left_out(record, config, group, since)
        if reason:
            skipped[reason] += 1
            continue
        split = record.provenance.split or UNSPLIT
        found += [(split, item) for item in _positions_in(record, config, group, skipped)]
    items = _limited(_merged(_of_split(found, config.split, skipped)), config.limit, skipped)
    if not items:
        reasons = ", ".join(f"{reason}: {n}" for reason, n in skipped.most_common())
        raise EmptyDataError(
            "no conversation has an action of an agent to compare with",
            expected="conversations with an agent's steps, and tools",
            got=f"conversations: {len(groups)}; {reasons or 'none has a step of an agent'}",
            todo="look at them with `actloom show`; a data set made without tools needs"
            " `actloom unify --infer-tools`",
        )
    return Positions(items, dict(skipped), len(groups))


def is_inferred(tool: Tool) -> bool:
    """Tells whether a tool is only known from the calls of it."""
    return INFERRED in schema_of(tool)


def _without_guesses(record: Trajectory) -> Trajectory:
    """Returns a record without inferred tools where others were logged: those were offered."""
    logged = [tool for tool in record.tools if not is_inferred(tool)]
    if not logged or len(logged) == len(record.tools):
        return record
    return msgspec.structs.replace(record, tools=logged)


def _since(text: str) -> float | None:
    if not text:
        return None
    moment = _moment(text)
    if moment is None:
        raise InputError("this is no time", expected="2026-01-31 or 2026-01-31T12:00", got=text)
    return moment


def _moment(value: Json) -> float | None:
    """Returns seconds since 1970 of an ISO text or a number (seconds, or milliseconds)."""
    if isinstance(value, bool) or not isinstance(value, (int, float, str)):
        return None
    if isinstance(value, str):
        try:
            moment = datetime.fromisoformat(value.strip())
        except ValueError:
            return None
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
    if not math.isfinite(value):
        return None
    return value / 1000 if value > 1e11 else float(value)


def _told(record: Trajectory, keys: Sequence[str]) -> Iterator[Json]:
    metadata = record.extra.get("metadata")
    for key in keys:
        for fields in (record.extra, metadata):
            if isinstance(fields, dict) and fields.get(key) not in (None, ""):
                yield fields[key]


def time_of(record: Trajectory) -> float | None:
    """Returns when a conversation was, in seconds since 1970; None when it does not say."""
    moments = (_moment(value) for value in _told(record, TIME_KEYS))
    return next((moment for moment in moments if moment is not None), None)


def _group_of(record: Trajectory, by: str, known: Mapping[str, str]) -> str:
    """Returns what a conversation is held out with: session, customer, else its own root.

    `known` are the groups of the conversations before it: branches go with what they branch from.
    """
    keys = {"session": SESSION_KEYS, "customer": (*CUSTOMER_KEYS, *SESSION_KEYS)}.get(by, ())
    for value in _told(record, keys):
        if isinstance(value, (str, int)):
            return f"{record.source}:{value}"
    parent = record.parent
    return known.get(parent.id, parent.id) if parent is not None and parent.id else record.id


def _left_out(record: Trajectory, config: TracesConfig, group: str, since: float | None) -> str:
    """Returns why a whole conversation is not asked, "" when it is."""
    if record.provenance.role == "expected":
        return "a gold answer, no trace"
    if since is not None:
        moment = time_of(record)
        if moment is None:
            return "tells no time"
        if moment < since:
            return "before --since"
    if seed_of(group, salt=SALT) / 2**63 >= config.test_share:
        return "not held out"
    return ""


def _positions_in(
    record: Trajectory, config: TracesConfig, group: str, skipped: Counter[str]
) -> Iterator[Position]:
    found: list[Position] = []
    for index, tape in _tapes(record, go_on=config.go_on):
        reason, position = _position(record, index, tape, go_on=config.go_on)
        if position is None:
            skipped[reason] += 1
        else:
            found.append(msgspec.structs.replace(position, group=group))
    if not found:
        skipped["no action to compare with"] += 1
    yield from _limited(found, config.per_record, skipped, reason="per record")


def _tapes(record: Trajectory, *, go_on: bool) -> Iterator[tuple[int, list[Step]]]:
    """Yields each agent's step with its number; to go on, all up to where it speaks to the user."""
    tape: list[Step] = []
    start = 0
    for index, step in enumerate(record.steps):
        acted = step.actor == "agent" and step.reply is not None
        if not go_on:
            if acted:
                yield index, [step]
            continue
        if acted:
            start = start if tape else index
            tape.append(step)
        spoke = acted and not (step.reply and step.reply.tool_calls)
        if tape and (not acted or spoke or step.user_input is not None):
            yield start, tape
            tape = []
    if tape:
        yield start, tape


def _position(
    record: Trajectory, index: int, tape: list[Step], *, go_on: bool
) -> tuple[str, Position | None]:
    """Returns a position, or why there is none."""
    step = record.steps[index]
    reply = step.reply or Reply()
    expected = [call for one in tape if one.reply for call in one.reply.tool_calls]
    if not step.trainable:
        return "a step marked as not to be learned", None
    if any(call.arguments_text is not None for call in expected):
        return "the production model's arguments do not parse", None
    case = case_at(record, index, expected)
    tools = offered_tools(case.record)
    if not tools and expected:
        return "tools are called, but none is known", None
    if not tools:
        return "no tools offered and none called", None
    if not messages_of(case.record)[0]:
        return "nothing stands before it", None
    accepted = [
        other.reply.tool_calls
        for other in ([] if go_on else step.alternatives)
        if other.label == "accepted"
    ]
    return "", Position(
        case=case,
        reply=reply,
        observations=step.observations,
        accepted=accepted,
        usages=[one.usage for one in tape],
        tape=tape if go_on else [],
        record=record.id,
    )


def _of_split(
    found: list[tuple[str, Position]], split: str, skipped: Counter[str]
) -> list[Position]:
    wanted = split
    if split == "auto":
        wanted = "test" if any(name == "test" for name, _ in found) else "all"
    kept = [position for name, position in found if wanted in ("all", name)]
    if len(kept) < len(found):
        skipped[f"not of split {wanted}"] += len(found) - len(kept)
    return kept


def prompt_digest(case: Case) -> str:
    """Returns the digest of what a model is shown."""
    shown: tuple[list[Message], object] = messages_of(case.record)[0], offered_tools(case.record)
    return digest_bytes(canonical_json(shown))


def _merged(items: Iterable[Position]) -> list[Position]:
    """Returns positions with equal prompts as one; the first action is the expected one."""
    merged: dict[str, list[Position]] = {}
    for item in items:
        merged.setdefault(prompt_digest(item.case), []).append(item)
    return [_one_of(alike) for alike in merged.values()]


def _one_of(alike: list[Position]) -> Position:
    """Returns the first of positions with equal prompts, with what was done in the others."""
    first = alike[0]
    if len(alike) == 1:
        return first
    done = {_actions_key(first.case.expected)}
    accepted: list[list[Call]] = []
    tapes: list[list[Step]] = []
    for item in alike:
        if item.tape and _actions_key(item.case.expected) not in done:
            tapes.append(item.tape)
        for calls in (item.case.expected, *item.accepted):
            if (key := _actions_key(calls)) not in done:
                done.add(key)
                accepted.append(calls)
    usages = [usage for item in alike for usage in item.usages]
    return msgspec.structs.replace(first, accepted=accepted, usages=usages, other_tapes=tapes)


def _actions_key(calls: Sequence[Call]) -> tuple[bytes, ...]:
    return tuple(call_key(call) for call in calls)


def _limited(
    items: list[Position], limit: int | None, skipped: Counter[str], *, reason: str = "limit"
) -> list[Position]:
    """Returns at most `limit` of the positions, chosen by hash, in their own order."""
    if limit is None or len(items) <= limit:
        return items
    order = sorted(range(len(items)), key=lambda at: seed_of(items[at].case.id, salt=SALT))
    skipped[reason] += len(items) - limit
    return [items[at] for at in sorted(order[:limit])]
