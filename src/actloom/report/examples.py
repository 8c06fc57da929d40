"""Failed cases as a page shows them: a few of each kind, question, tools, expected and got."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TypeVar

from actloom.core.record import Tool
from actloom.evals.details import Details, details_of
from actloom.evals.kinds import KINDS
from actloom.evals.outcomes import Outcomes
from actloom.evals.result import CaseVerdict, failure_counts
from actloom.report.model import Answer, FailureExample, FailureGroup, FailureKind
from actloom.report.words import calls_text, signature

EXAMPLES = 3
"""Cases shown of each kind."""
MOST_EXAMPLES = 150
"""Cases shown on a page; rarer kinds are counted only."""
MOST_TOOLS = 40
LONGEST = 4000
"""Characters shown of an answer, LONGEST_TOOL of a tool's signature."""
LONGEST_TOOL = 600
NOT_SHOWN = "(not shown)"
WITHOUT_CALLS = {
    "rest": "(a response of the service; no call is published)",
    "live_relevance": "(any call of an offered function)",
}
"""BFCL category whose answers are no calls -> what is expected in it."""
T = TypeVar("T")


def failure_kinds(outcomes: Outcomes, *, examples: int = EXAMPLES) -> tuple[list[FailureKind], str]:
    """Returns failures by kind, most frequent first, with examples of several groups.

    The text is why questions and answers could not be shown, "" when they are.
    """
    failed = [v for v in outcomes.verdicts.values() if not v.valid]
    picked = chosen(failed, key=lambda v: v.code, group=group_of, most=examples, every_group=True)
    ids = [v.id for kind in picked.values() for v in kind]
    details = details_of(outcomes, ids)
    kinds = [
        FailureKind(
            kind,
            number,
            KINDS.get(kind, ""),
            [
                example_of(details.cases[v.id], shown=not details.problem)
                for v in picked.get(kind, [])
            ],
        )
        for kind, number in failure_counts(failed).items()
    ]
    return kinds, details.problem


def chosen(
    items: Iterable[T],
    *,
    key: Callable[[T], str],
    group: Callable[[T], str],
    most: int,
    every_group: bool = False,
) -> dict[str, list[T]]:
    """Returns a few items of each key, most frequent key first, from as many groups as can be.

    At most `most` of each key, or one of each group if these are more and `every_group` is set, and
    `MOST_EXAMPLES` in all.
    """
    by_key: dict[str, dict[str, list[T]]] = defaultdict(lambda: defaultdict(list))
    counts: Counter[str] = Counter()
    for item in items:
        by_key[key(item)][group(item)].append(item)
        counts[key(item)] += 1
    found: dict[str, list[T]] = {}
    left = MOST_EXAMPLES
    for name, _ in sorted(counts.items(), key=lambda pair: (-pair[1], pair[0])):
        wanted = max(most, len(by_key[name])) if every_group and most else most
        found[name] = _in_turns(list(by_key[name].values()))[: max(0, min(wanted, left))]
        left -= len(found[name])
    return found


def _in_turns(groups: Sequence[Sequence[T]]) -> list[T]:
    """Returns the first of each group, then the second of each, and so on."""
    longest = max((len(group) for group in groups), default=0)
    return [group[at] for at in range(longest) for group in groups if at < len(group)]


def group_of(verdict: CaseVerdict) -> str:
    """Returns the first group of a case: its category or style."""
    return next(iter(verdict.groups.values()), "")


def failure_groups(verdicts: Iterable[CaseVerdict]) -> list[FailureGroup]:
    """Returns the failures of each group; none when cases have no groups."""
    parts: dict[str, list[CaseVerdict]] = {}
    for verdict in verdicts:
        if group := group_of(verdict):
            parts.setdefault(group, []).append(verdict)
    return [
        FailureGroup(name, len(inside), failure_counts(inside)) for name, inside in parts.items()
    ]


def example_of(verdict: CaseVerdict, *, shown: bool = True) -> FailureExample:
    """Returns one failed case side by side; without its calls when they could not be `shown`."""
    return FailureExample(
        query=verdict.query,
        expected=expected_text(verdict) if shown else NOT_SHOWN,
        got=got_text(verdict) if shown else NOT_SHOWN,
        reason=_with_lenient(verdict.message, verdict),
        id=verdict.id,
        group=group_of(verdict),
        tools=tool_texts(verdict.tools),
    )


def paired_example(case: str, sides: Mapping[str, tuple[CaseVerdict, Details]]) -> FailureExample:
    """Returns one case with the answers of several models side by side.

    Args:
        case: its id.
        sides: label -> the model's verdict, and the details it is from.
    """
    verdicts = [verdict for verdict, _ in sides.values()]
    asked = next((v for v in verdicts if v.query or v.tools), verdicts[0])
    shown = any(not details.problem for _, details in sides.values())
    return FailureExample(
        query=asked.query,
        expected=expected_text(asked) if shown else NOT_SHOWN,
        got="",
        reason="",
        id=case,
        group=group_of(asked),
        tools=tool_texts(asked.tools),
        answers=[
            Answer(label, NOT_SHOWN if details.problem else got_text(verdict), _reason(verdict))
            for label, (verdict, details) in sides.items()
        ],
    )


def _reason(verdict: CaseVerdict) -> str:
    if verdict.valid:
        return "Right."
    words = f"{verdict.code}: {verdict.message}" if verdict.message else verdict.code
    return _with_lenient(words, verdict)


def _with_lenient(reason: str, verdict: CaseVerdict) -> str:
    """Returns the reason of a strict failure, and that the lenient reading is right where it is."""
    if not verdict.lenient_valid:
        return reason
    if verdict.repairs:
        return f"{reason}; right after repairs ({', '.join(verdict.repairs)})"
    return f"{reason}; right by the lenient rules"


def expected_text(verdict: CaseVerdict) -> str:
    """Returns the expected calls, a line each."""
    if not verdict.expected and group_of(verdict) in WITHOUT_CALLS:
        return WITHOUT_CALLS[group_of(verdict)]
    return cut(calls_text(verdict.expected), LONGEST)


def got_text(verdict: CaseVerdict) -> str:
    """Returns the calls where they could be read, else what the model wrote."""
    wrote = verdict.text if verdict.text.strip() else "(nothing)"
    return cut(calls_text(verdict.got) if verdict.got else wrote, LONGEST)


def tool_texts(tools: Sequence[Tool]) -> list[str]:
    """Returns the offered tools as signatures; of very many the first, and how many more."""
    shown = [cut(signature(tool), LONGEST_TOOL) for tool in tools[:MOST_TOOLS]]
    more = len(tools) - len(shown)
    return [*shown, f"and {more:,} more"] if more > 0 else shown


def cut(text: str, most: int) -> str:
    """Returns a text of at most `most` characters, marked where it was cut."""
    return text if len(text) <= most else f"{text[:most]} … ({len(text) - most:,} characters more)"
