"""A model beside the production model: where it agrees, where it is better or worse, and by what.

Rules decide first: a call is at fault when the tool's schema refuses it, when an error came back,
or when it repeats an earlier one. Only where no side is at fault and they differ, or both only
speak, may a judge's votes say more (`judging`); they never change what a rule said.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Literal, TypeAlias

import msgspec

from actloom import __version__
from actloom.core.check import same_value
from actloom.core.messages import messages_of
from actloom.core.record import Call, Message, text_of
from actloom.core.stats import Interval, wilson
from actloom.evals.evaluate import TRACE, VERDICTS
from actloom.evals.from_traces.checker import one_turn
from actloom.evals.from_traces.faults import Fault, call_faults, result_faults
from actloom.evals.from_traces.positions import Position, Positions
from actloom.evals.from_traces.risk import LEVELS, level_of
from actloom.evals.from_traces.sides import Side
from actloom.evals.result import CaseVerdict, EvalResult
from actloom.rollout.single import offered_tools
from actloom.rollout.trace import TraceTurn, episodes_of

Outcome: TypeAlias = Literal[
    "agrees", "accepted", "better", "worse", "both_faulty", "differs", "unanswered"
]
OUTCOMES: dict[str, str] = {
    "agrees": "Calls what the production model called, or speaks where it spoke.",
    "accepted": "Does what the traces accept beside the production model's action.",
    "better": "The production model's call is at fault by rule, the new model's is not.",
    "worse": "The new model's call is at fault by rule, the production model's is not.",
    "both_faulty": "They differ, and both are at fault by rule.",
    "differs": "They differ, and no rule says who is right.",
    "unanswered": "The new model gave no answer.",
}
"""Outcome -> what it means."""
DIFFERENCES: dict[str, str] = {
    "tool": "another tool",
    "arguments": "other arguments",
    "silent": "speaks where a tool was called",
    "calls": "calls where the production model spoke",
    "count": "more or fewer calls",
    "unread": "cannot be read",
}
"""Kind of difference -> what it means."""
TAIL = 4
"""Messages of the conversation shown with a case."""
OF_A_KIND = 5
"""Cases listed of those with the same tools, difference and outcome."""
SHOWN = 1500
"""Characters shown of each text."""


class TailMessage(msgspec.Struct, frozen=True, omit_defaults=True):
    """One message of a conversation's end."""

    role: str
    text: str = ""
    calls: list[Call] = []


class Vote(msgspec.Struct, frozen=True):
    """What a judge said to one order of the two answers."""

    new_first: bool
    winner: Literal["new", "production", "tie", "unread"]


class Compared(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """One case: what both models did, and who is right."""

    id: str
    record: str
    outcome: Outcome
    difference: str = ""
    """A key of `DIFFERENCES`; "" where they agree."""
    arguments: list[str] = []
    """Arguments that differ, as `tool.argument`, where both call the same tools."""
    times: int = 1
    """Positions of the traces with this very prompt."""
    alike: int = 1
    """Cases with the same tools, difference and outcome; a few of them are listed."""
    expected: list[Call] = []
    """What the production model called."""
    expected_text: str = ""
    got: list[Call] = []
    got_text: str = ""
    message: str = ""
    """The first difference, in words."""
    production_faults: list[Fault] = []
    model_faults: list[Fault] = []
    votes: list[Vote] = []
    tail: list[TailMessage] = []
    level: int = 0
    """Index in `risk.LEVELS` of the most harmful tool called by either."""


class ToolAgreement(msgspec.Struct, frozen=True):
    """How often the new model does the same where the production model called a tool."""

    tool: str
    cases: int
    agree: int
    same_tool: int
    """Cases in which the tool was called, if with other arguments."""
    arguments: dict[str, int]
    """Argument -> cases in which it differs, most frequent first."""
    instead: dict[str, int]
    """What was called instead -> cases, most frequent first; "" for nothing."""
    level: str
    """One of `risk.LEVELS`."""


class Comparison(msgspec.Struct, frozen=True, kw_only=True):
    """OUT/comparison.json."""

    actloom: str
    profile: str
    model: str
    data_digest: str
    conversations: int
    cases: int
    positions: int
    """Positions of the traces these cases stand for."""
    agreement: Interval
    """Share of cases in which the model agrees, or does what is accepted; Wilson's interval."""
    call_agreement: Interval
    """The same where the production model called."""
    silent_agreement: Interval
    """The same where the production model spoke."""
    outcomes: dict[str, int]
    judged: dict[str, int]
    """Winner by both orders of the votes -> cases no rule decides; empty without a judge."""
    judge: str
    production_faults: dict[str, int]
    """Kind of fault -> cases."""
    model_faults: dict[str, int]
    tools: list[ToolAgreement]
    production: Side
    new: Side
    skipped: dict[str, int]
    lasting: int
    """Cases to look at in which a tool is called whose effect is hard to take back."""
    look_at: list[Compared]
    """Cases to look at before switching, the most harmful and frequent first."""
    better: list[Compared]
    preferred: dict[str, list[Compared]]
    """`new` or `production` -> cases in which the judge found it better in both orders."""
    settings: dict[str, str]


def compared_cases(
    positions: Positions, out: str | Path, *, votes: Mapping[str, list[Vote]] | None = None
) -> list[Compared]:
    """Returns every case with both models' actions.

    Args:
        positions: what was asked.
        out: folder of the evaluation.
        votes: case id -> votes of a judge.
    """
    lines = msgspec.json.Decoder(CaseVerdict).decode_lines(Path(out, VERDICTS).read_bytes())
    verdicts = {verdict.id: verdict for verdict in lines}
    turns = {turns[0].case: one_turn(turns) for turns in episodes_of(Path(out, TRACE))}
    return [
        _compared(
            item,
            verdicts[item.case.id],
            turns.get(item.case.id),
            votes=(votes or {}).get(item.case.id, []),
        )
        for item in positions.items
    ]


def _compared(
    item: Position, verdict: CaseVerdict, turn: TraceTurn | None, *, votes: list[Vote]
) -> Compared:
    tools = offered_tools(item.case.record)
    known = {tool.name: tool for tool in tools}
    mine = turn.action.calls if turn else []
    seen = item.observations if not item.tape else [o for s in item.tape for o in s.observations]
    theirs = item.case.expected
    production = [*call_faults(theirs, tools, item.case.record), *result_faults(seen)]
    new = [] if turn is None else call_faults(mine, tools, item.case.record)
    if verdict.code == "parse":
        new.append(Fault("parse", verdict.message[:200]))
    return Compared(
        id=item.case.id,
        record=item.record,
        outcome=_outcome(item, verdict, production=production, new=new),
        difference="" if verdict.valid else _difference(theirs, verdict),
        arguments=[] if verdict.valid else _differing(theirs, verdict.got),
        times=len(item.usages) if not item.tape else 1,
        expected=theirs,
        expected_text=_last_text(item)[:SHOWN],
        got=verdict.got,
        got_text=(turn.action.text if turn else "")[:SHOWN],
        message=verdict.message,
        production_faults=production,
        model_faults=new,
        votes=votes,
        tail=[_tail_message(message) for message in messages_of(item.case.record)[0][-TAIL:]],
        level=max(
            (level_of(call.name, known.get(call.name)) for call in [*theirs, *mine]), default=0
        ),
    )


def _last_text(item: Position) -> str:
    reply = item.tape[-1].reply if item.tape else item.reply
    return text_of(reply.text) if reply else ""


def _outcome(
    item: Position, verdict: CaseVerdict, *, production: list[Fault], new: list[Fault]
) -> Outcome:
    if verdict.code == "model_error":
        return "unanswered"
    if verdict.valid:
        return "agrees" if _same(verdict.expected, item.case.expected) else "accepted"
    if production and new:
        return "both_faulty"
    if new:
        return "worse"
    return "better" if production and verdict.got else "differs"


def _same(one: Sequence[Call], other: Sequence[Call]) -> bool:
    return [(c.name, c.arguments) for c in one] == [(c.name, c.arguments) for c in other]


def _difference(theirs: Sequence[Call], verdict: CaseVerdict) -> str:
    if verdict.code in ("parse", "model_error"):
        return "unread"
    if not verdict.got:
        return "silent"
    if not theirs:
        return "calls"
    names = Counter(call.name for call in theirs), Counter(call.name for call in verdict.got)
    if names[0] == names[1]:
        return "arguments"
    return "count" if len(theirs) != len(verdict.got) else "tool"


def _differing(theirs: Sequence[Call], got: Sequence[Call]) -> list[str]:
    """Returns the arguments that differ between calls of the same tools, paired in order."""
    if Counter(call.name for call in theirs) != Counter(call.name for call in got):
        return []
    left = list(got)
    found: dict[str, None] = {}
    for call in theirs:
        other = min(
            (each for each in left if each.name == call.name),
            key=lambda each: len(_unequal(call, each)),
        )
        left.remove(other)
        found.update(dict.fromkeys(f"{call.name}.{name}" for name in _unequal(call, other)))
    return list(found)


def _unequal(one: Call, other: Call) -> list[str]:
    names = dict.fromkeys([*one.arguments, *other.arguments])
    return [
        name
        for name in names
        if name not in one.arguments
        or name not in other.arguments
        or not same_value(one.arguments[name], other.arguments[name])
    ]


def _tail_message(message: Message) -> TailMessage:
    calls = [
        Call(c.function.name, c.function.arguments)
        if isinstance(c.function.arguments, dict)
        else Call(c.function.name, arguments_text=c.function.arguments[:SHOWN])
        for c in message.tool_calls
    ]
    text = text_of(message.content)
    if len(text) > SHOWN:
        text = f"{text[: SHOWN // 2]} … {text[-SHOWN // 2 :]}"
    return TailMessage(message.role, text, calls)


def compare_with_production(
    positions: Positions,
    cases: Sequence[Compared],
    result: EvalResult,
    *,
    sides: tuple[Side, Side],
    judge: str = "",
    shown: int = 100,
) -> Comparison:
    """Returns the whole comparison.

    Args:
        positions: what was asked.
        cases: both models' actions, as `compared_cases` gives them.
        result: the evaluation.
        sides: what the answers of the production and of the new model took.
        judge: name of the judge.
        shown: most cases to look at.
    """
    calling = [case for case in cases if case.expected]
    frequency = Counter(name for case in cases for name in {c.name for c in case.expected})
    open_cases = [case for case in cases if case.outcome not in ("agrees", "accepted", "better")]
    return Comparison(
        actloom=__version__,
        profile=result.profile,
        model=result.model,
        data_digest=result.data_digest,
        conversations=positions.conversations,
        cases=len(cases),
        positions=sum(case.times for case in cases),
        agreement=_agreement(cases),
        call_agreement=_agreement(calling),
        silent_agreement=_agreement([case for case in cases if not case.expected]),
        outcomes={name: sum(case.outcome == name for case in cases) for name in OUTCOMES},
        judged=dict(Counter(winner_of(case.votes) for case in cases if case.votes)),
        judge=judge,
        production_faults=_kinds([case.production_faults for case in cases]),
        model_faults=_kinds([case.model_faults for case in cases]),
        tools=_by_tool(cases, positions),
        production=sides[0],
        new=sides[1],
        skipped=positions.skipped,
        lasting=sum(case.level == len(LEVELS) - 1 for case in open_cases),
        look_at=_listed(sorted(open_cases, key=lambda case: _urgency(case, frequency)), shown),
        better=_listed([case for case in cases if case.outcome == "better"], shown),
        preferred={who: _preferred(cases, who, shown) for who in ("new", "production")},
        settings=result.settings,
    )


def _preferred(cases: Sequence[Compared], who: str, shown: int) -> list[Compared]:
    won = [case for case in cases if case.votes and winner_of(case.votes) == who]
    return _listed(won, shown)


def _listed(cases: Sequence[Compared], shown: int) -> list[Compared]:
    """Returns at most `shown` cases, few of a kind, with the number of their kind."""
    kinds = [
        (
            tuple(sorted({call.name for call in case.expected or case.got})),
            case.difference,
            case.outcome,
        )
        for case in cases
    ]
    whole, taken = Counter(kinds), Counter[object]()
    listed: list[Compared] = []
    for case, kind in zip(cases, kinds, strict=True):
        taken[kind] += 1
        if taken[kind] <= OF_A_KIND and len(listed) < shown:
            listed.append(msgspec.structs.replace(case, alike=whole[kind]))
    return listed


def _agreement(cases: Sequence[Compared]) -> Interval:
    return wilson(sum(case.outcome in ("agrees", "accepted") for case in cases), len(cases))


def _kinds(faults: Sequence[Sequence[Fault]]) -> dict[str, int]:
    kinds = Counter(kind for each in faults for kind in {fault.kind for fault in each})
    return dict(kinds.most_common())


_ORDER = ("tool", "calls", "count", "arguments", "silent", "unread")


def _urgency(case: Compared, frequency: Counter[str]) -> tuple[int, int, int, int, str]:
    """Returns a key that sorts what could do most harm, and happens most, first."""
    faulty = 0 if case.outcome in ("worse", "both_faulty") else 1
    often = max((frequency[call.name] for call in case.expected), default=0)
    return (-case.level, faulty, _ORDER.index(case.difference), -often, case.id)


def winner_of(votes: Sequence[Vote]) -> str:
    """Returns who won in both orders; `tie` where the votes disagree, `unread` where one is."""
    winners = {vote.winner for vote in votes}
    if "unread" in winners:
        return "unread"
    return winners.pop() if len(winners) == 1 else "tie"


def _by_tool(cases: Sequence[Compared], positions: Positions) -> list[ToolAgreement]:
    known = {
        tool.name: tool for item in positions.items for tool in offered_tools(item.case.record)
    }
    by_name: dict[str, list[Compared]] = {}
    for case in cases:
        for name in {call.name for call in case.expected}:
            by_name.setdefault(name, []).append(case)
    rows = [
        ToolAgreement(
            tool=name,
            cases=len(group),
            agree=sum(case.outcome in ("agrees", "accepted") for case in group),
            same_tool=sum(any(call.name == name for call in case.got) for case in group),
            arguments=dict(_arguments(name, group).most_common(8)),
            instead=dict(_instead(name, group).most_common(5)),
            level=LEVELS[level_of(name, known.get(name))],
        )
        for name, group in by_name.items()
    ]
    return sorted(rows, key=lambda row: (-row.cases, row.tool))


def _arguments(name: str, group: Sequence[Compared]) -> Counter[str]:
    head = f"{name}."
    return Counter(
        each.removeprefix(head) for c in group for each in c.arguments if each.startswith(head)
    )


def _instead(name: str, group: Sequence[Compared]) -> Counter[str]:
    instead: Counter[str] = Counter()
    for case in group:
        called = {call.name for call in case.got}
        if name not in called and case.outcome != "unanswered":
            instead.update(called or {""})
    return instead
