"""The page about a model beside the production model, on the user's own conversations."""

from __future__ import annotations

from collections.abc import Sequence

from actloom.core.record import Call
from actloom.core.stats import Interval
from actloom.evals.from_traces.comparison import (
    DIFFERENCES,
    OUTCOMES,
    Compared,
    Comparison,
    TailMessage,
    ToolAgreement,
    Vote,
    winner_of,
)
from actloom.evals.from_traces.faults import FAULTS, Fault
from actloom.evals.from_traces.risk import LEVELS
from actloom.evals.from_traces.sides import Side
from actloom.report.markup import Child, Markup, join, tag, visible
from actloom.report.page import document, header, section
from actloom.report.parts import pairs, roomy_bar, score, table
from actloom.report.words import calls_text, count, duration, percent

MANY_TOOLS = 60
"""Most rows of the table of tools."""
OPENED = 3
"""Cases shown open at the top of the list."""
LEVEL_WORDS = {"reads": "reads", "writes": "changes something", "lasting": "hard to take back"}


def render(found: Comparison) -> str:
    """Returns the page as one HTML document, from escaped text alone."""
    title = f"{found.model} beside the production model"
    notes = (
        count(found.conversations, "conversation"),
        count(found.cases, "case"),
        f"rules {found.profile}",
        f"data {found.data_digest}",
    )
    sections = [
        ("cost", "Cost and speed", "", _sides(found)),
        ("look", "What to look at before switching", _LOOK, _cases(found.look_at, opened=OPENED)),
        ("better", "Better by rule", _BETTER, _cases(found.better)),
        *(
            (f"judge-{who}", f"Better by the judge: {name}", _JUDGE, _cases(found.preferred[who]))
            for who, name in (("new", "the new model"), ("production", "the production model"))
        ),
        ("tools", "Tool by tool", "", _tools(found.tools)),
        ("faults", "Faults by rule", "", _faults(found)),
        ("about", "What was asked, and what was not", "", _about(found)),
    ]
    shown = [(anchor, name, words, body) for anchor, name, words, body in sections if body]
    links = [tag("li", tag("a", name, href=f"#{anchor}")) for anchor, name, _, _ in shown]
    return document(
        title,
        header(title, *notes),
        tag("div", _answer(found), class_="answer"),
        _agreement(found),
        _outcomes(found),
        tag("nav", tag("ul", links), aria_label="Sections"),
        [section(*each) for each in shown],
    )


_LOOK = (
    "Cases in which the new model does something else, those first that could do most harm and"
    " happen most, a few of each kind. A difference is no error by itself: the production model may"
    " be wrong."
)
_JUDGE = "Cases no rule decides in which the judge preferred the same answer in both orders."
_BETTER = (
    "The production model's call was refused by the tool's schema, got an error, or repeated an"
    " earlier one; the new model's call has none of these faults."
)


def _answer(found: Comparison) -> str:
    agree = f"It does the same in {percent(found.agreement.mean)} of {count(found.cases, 'case')}."
    better, worse = found.outcomes["better"], found.outcomes["worse"]
    rules = ""
    if better or worse:
        rules = f" By rule it is better in {better:,} and worse in {worse:,}."
    harm = f" {_lasting(found.lasting)}" if found.lasting else ""
    return agree + rules + harm


def _lasting(number: int) -> str:
    if number == 1:
        return "1 difference touches a tool whose effect is hard to take back."
    return f"{number:,} differences touch tools whose effect is hard to take back."


def _agreement(found: Comparison) -> Markup:
    rows: list[tuple[str, Interval]] = [
        ("All cases", found.agreement),
        ("Production called a tool", found.call_agreement),
        ("Production only spoke", found.silent_agreement),
    ]
    return table(
        ["", "Does the same", "Cases"],
        [[name, score(share), f"{share.n:,}"] for name, share in rows if share.n],
        caption="Agreement with the production model, 95 % intervals",
        numeric=(2,),
        class_="headline",
        main=(0,),
    )


def _outcomes(found: Comparison) -> Markup:
    rows: list[list[Child]] = [
        [tag("code", name), f"{number:,}", OUTCOMES[name], roomy_bar(number / max(1, found.cases))]
        for name, number in found.outcomes.items()
        if number
    ]
    body = table(
        ["Outcome", "Cases", "Meaning", ""], rows, caption="Who is right, by rule", numeric=(1,)
    )
    return join(body, _judged(found))


def _judged(found: Comparison) -> Markup | None:
    if not found.judged:
        return None
    words = {
        "new": "the new model's answer is better",
        "production": "the production model's answer is better",
        "tie": "equally good, or the order decided",
        "unread": "the judge's answer cannot be read",
    }
    rows = [[words[winner], f"{number:,}"] for winner, number in found.judged.items()]
    caption = f"Votes of {found.judge}, asked in both orders, only where no rule decides"
    return table(["Judge says", "Cases"], rows, caption=caption, numeric=(1,), class_="fit")


def _sides(found: Comparison) -> Markup:
    sides = (found.production, found.new)
    rows: list[list[Child]] = [
        ["Model", *(_names(side) for side in sides)],
        ["Answers", *(f"{side.spending.answers:,}" for side in sides)],
        ["Cost of 1,000 answers", *(_dollars(side) for side in sides)],
        ["Tokens read", *(_number(side.spending.prompt_tokens) for side in sides)],
        ["Tokens written", *(_number(side.spending.completion_tokens) for side in sides)],
        ["Time, median", *(_time(side, side.spending.latency_p50) for side in sides)],
        ["Time, 95th percentile", *(_time(side, side.spending.latency_p95) for side in sides)],
    ]
    note = None
    if found.new.shares:
        note = tag(
            "p",
            "The new model's times are shares of the time its batch took; a server's are measured"
            " answer by answer.",
            class_="soft small",
        )
    grid = table(
        ["", "Production", "New"],
        rows,
        caption="What the answers to these cases took, where it is known",
        class_="fit",
    )
    return join(grid, note)


def _names(side: Side) -> str:
    names = [f"{name} ({n:,})" if len(side.models) > 1 else name for name, n in side.models.items()]
    shown = ", ".join(name if name != "?" else "not known" for name in names[:4])
    return shown + (", …" if len(names) > 4 else "")


def _dollars(side: Side) -> str:
    if side.cost_each is None:
        return "not known"
    known = "" if side.priced == side.spending.answers else f" (of {side.priced:,} answers)"
    price = side.cost_each * 1000
    return f"{price:,.{2 if price >= 0.1 or not price else 4}f} USD{known}"


def _number(number: int | None) -> str:
    return "not known" if number is None else f"{number:,}"


def _time(side: Side, seconds: float | None) -> str:
    if seconds is None:
        return "not known"
    known = "" if side.timed == side.spending.answers else f" (of {side.timed:,} answers)"
    return (f"{seconds * 1000:,.0f} ms" if seconds < 1 else duration(seconds)) + known


def cost_text(side: Side) -> str:
    """Returns what 1,000 answers cost, in words."""
    return f"1,000 answers {_dollars(side)}"


def seconds_text(side: Side) -> str:
    """Returns the 95th percentile of the seconds, in words."""
    return f"p95 {_time(side, side.spending.latency_p95)}"


def _tools(tools: Sequence[ToolAgreement]) -> Markup | None:
    if not tools:
        return None
    rows: list[list[Child]] = [
        [
            tag("code", row.tool),
            f"{row.cases:,}",
            percent(row.agree / row.cases),
            percent(row.same_tool / row.cases),
            LEVEL_WORDS[row.level],
            _counted(row.arguments),
            _counted(row.instead),
        ]
        for row in tools[:MANY_TOOLS]
    ]
    more = f", the first {MANY_TOOLS} of {len(tools):,}" if len(tools) > MANY_TOOLS else ""
    return table(
        ["Tool", "Cases", "Same calls", "Same tool", "Effect", "Arguments that differ", "Instead"],
        rows,
        caption=f"Tools the production model called, most frequent first{more}",
        numeric=(1, 2, 3),
    )


def _counted(names: dict[str, int]) -> list[Child]:
    parts: list[Child] = []
    for name, number in names.items():
        parts += [", " if parts else None, tag("code", name or "no call"), f" ({number:,})"]
    return parts


def _faults(found: Comparison) -> Markup | None:
    seen = found.production_faults.keys() | found.model_faults.keys()
    kinds = [kind for kind in FAULTS if kind in seen]
    if not kinds:
        return None
    rows: list[list[Child]] = [
        [
            FAULTS[kind],
            f"{found.production_faults.get(kind, 0):,}",
            "not tried" if kind == "error" else f"{found.model_faults.get(kind, 0):,}",
        ]
        for kind in kinds
    ]
    return table(
        ["Fault", "Production", "New"],
        rows,
        caption="Cases with a fault; nothing the new model calls is executed",
        numeric=(1, 2),
        class_="fit",
    )


def _about(found: Comparison) -> Markup:
    skipped = [[reason, f"{number:,}"] for reason, number in found.skipped.items()]
    words = f"{count(found.cases, 'case')} stand for {count(found.positions, 'action')} of the"
    words += (
        " production model: equal prompts are asked once, and each action taken there is right."
    )
    return join(
        tag("p", words, class_="soft"),
        table(["Not asked", "Number"], skipped, caption="Left out", numeric=(1,), class_="fit")
        if skipped
        else None,
        pairs([*found.settings.items(), ("actloom", found.actloom)]),
    )


def _cases(cases: Sequence[Compared], *, opened: int = 1) -> Markup | None:
    if not cases:
        return None
    return join([_case(case, opened=at < opened) for at, case in enumerate(cases)])


def _case(case: Compared, *, opened: bool) -> Markup:
    heading = tag(
        "summary",
        tag("span", _risk(case), class_="count"),
        tag("code", _called(case)),
        f": {_kind(case)}",
        _outcome_mark(case),
    )
    body = tag(
        "div",
        [_message(message) for message in case.tail],
        tag(
            "div",
            _side("Production", case.expected_text, case.expected, case.production_faults),
            _side("New model", case.got_text, case.got, case.model_faults),
            class_="pair",
        ),
        tag("p", _difference(case), class_="small"),
        _votes(case.votes),
        tag("p", "case ", tag("code", case.id), class_="label"),
        class_="example",
    )
    return tag("details", heading, body, open="" if opened else None)


def _difference(case: Compared) -> str:
    if len(case.arguments) > 1:
        return f"{case.message}; in all, these differ: {', '.join(case.arguments[:20])}"
    return case.message


def case_line(case: Compared) -> str:
    """Returns a case in one line: tools, difference, harm, id."""
    return visible(" ".join(f"{_called(case)}: {_kind(case)} ({_risk(case)}), {case.id}".split()))


def _kind(case: Compared) -> str:
    return DIFFERENCES.get(case.difference, case.difference) or "other words"


def _called(case: Compared) -> str:
    names = list(dict.fromkeys(call.name for call in case.expected or case.got))
    return ", ".join(name[:80] for name in names[:3]) or "no call"


def _risk(case: Compared) -> str:
    words = LEVEL_WORDS[LEVELS[case.level]]
    times = f" · asked {case.times:,} times" if case.times > 1 else ""
    return words + times + (f" · one of {case.alike:,} alike" if case.alike > 1 else "")


def _outcome_mark(case: Compared) -> Markup | None:
    if case.outcome == "better":
        return tag("span", " better by rule", class_="good")
    if case.outcome in ("worse", "both_faulty"):
        words = " worse by rule" if case.outcome == "worse" else " both at fault"
        return tag("span", words, class_="bad")
    return tag("span", " no answer", class_="bad") if case.outcome == "unanswered" else None


def _message(message: TailMessage) -> Markup:
    calls = f"\n{calls_text(message.calls)}" if message.calls else ""
    return tag(
        "div",
        tag("p", message.role, class_="label"),
        tag("pre", (message.text + calls).strip() or "(nothing)", class_="said"),
    )


def _side(name: str, text: str, calls: Sequence[Call], faults: Sequence[Fault]) -> Markup:
    shown = calls_text(calls) if calls else ""
    said = "\n".join(part for part in (text, shown) if part) or "(no call, no text)"
    return tag(
        "div",
        tag("p", name, class_="label"),
        tag("pre", said),
        [tag("p", fault.message, class_="small bad") for fault in faults[:5]],
    )


def _votes(votes: Sequence[Vote]) -> Markup | None:
    if not votes:
        return None
    said = " and ".join(
        f"{vote.winner} ({'new' if vote.new_first else 'production'} shown first)" for vote in votes
    )
    return tag("p", f"Judge: {winner_of(votes)}; votes: {said}", class_="small soft")
