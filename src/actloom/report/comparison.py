"""The page's data about a comparison: differences, tests, and flipped cases side by side."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Literal

from actloom.core.stats import Interval
from actloom.evals.compare import Comparison, Flip, Reading, readings
from actloom.evals.details import details_of
from actloom.evals.evaluate import VERDICTS
from actloom.evals.kinds import KINDS
from actloom.evals.outcomes import Outcomes
from actloom.report.examples import EXAMPLES, chosen, paired_example
from actloom.report.model import (
    Difference,
    FailureExample,
    FlipKind,
    Headline,
    HeadlineRow,
    ReportData,
)
from actloom.report.pairings import test_words
from actloom.report.words import count, signed


def comparison_data(
    found: Sequence[Comparison], sides: Sequence[Outcomes], *, examples: int = EXAMPLES
) -> ReportData:
    """Returns the page's data.

    Args:
        found: the first evaluation minus each of the others.
        sides: the outcomes they were made of, the first one first.
        examples: flipped cases shown of each kind; questions and answers are read for these only.
    """
    flips, problem = _flips(found[0], sides, examples) if len(found) == 1 else ([], "")
    absent = [problem] if problem else []
    if len(found) > 1:
        absent.append("Flipped cases: they are shown where two evaluations are compared.")
    return ReportData(
        title="actloom comparison",
        subtitle=f"{found[0].a} and {', '.join(each.b for each in found)}",
        statement=_statement(found),
        headline=_headline(found),
        comparisons=list(found),
        flips=flips,
        verdicts=str(Path(sides[0].folder) / VERDICTS),
        settings=_settings(found, sides),
        absent=absent,
    )


def _headline(found: Sequence[Comparison]) -> Headline:
    first = found[0]
    note = "B" if len(found) == 1 else ""
    rows = [
        HeadlineRow(first.a, {"right": first.a_exact}, note="A", emphasis=True),
        *(HeadlineRow(each.b, {"right": each.b_exact}, note=note) for each in found),
    ]
    differences = [Difference(f"A − {each.b}", each.exact) for each in found]
    if len(found) == 1:
        differences = [Difference("A − B", first.exact), *_further(first)]
    return Headline(
        _answer(found),
        rows,
        differences,
        measure=f"share of right cases by profile {first.profile or 'not named'}",
    )


def _further(found: Comparison) -> list[Difference]:
    others: list[tuple[str, Interval | None]] = [
        ("A − B, official Overall", found.overall),
        ("A − B, after repairs", found.lenient),
        ("A − B, right functions", found.name),
        ("A − B, right arguments", found.argument),
    ]
    return [Difference(label, interval) for label, interval in others if interval is not None]


def _answer(found: Sequence[Comparison]) -> str:
    said = readings(found)
    if len(found) == 1:
        return _sentence(found[0], said[0])
    words = {"better": "better than", "worse": "worse than", "unclear": "not told apart from"}
    parts = [
        f"{words[how]} {each.b} ({signed(each.exact.mean)})"
        for each, how in zip(found, said, strict=True)
    ]
    return f"{found[0].a} is {'; '.join(parts)}: percentage points of right cases."


def _sentence(found: Comparison, said: Reading) -> str:
    points = f"{signed(found.exact.mean)} points of {count(found.cases, 'shared case')}"
    if said == "unclear":
        return f"No difference between {found.a} and {found.b} can be told: {points}."
    return f"{found.a} is {said} than {found.b}: {points}."


def _statement(found: Sequence[Comparison]) -> str:
    warnings = dict.fromkeys(words for each in found for words in each.warnings)
    apart = [
        f"Not compared: {each.only_a:,} cases only in A, {each.only_b:,} only in B."
        for each in found
        if each.only_a or each.only_b
    ]
    tests = [test_words(each.test) for each in found[:1]] if len(found) == 1 else []
    return " ".join([*warnings, *tests, *dict.fromkeys(apart)])


def _flips(
    found: Comparison, sides: Sequence[Outcomes], examples: int
) -> tuple[list[FlipKind], str]:
    """Returns flipped cases by who was right and how the other failed; and what is not shown."""
    directions: list[tuple[Literal["A", "B"], list[Flip]]] = [
        ("A", found.better),
        ("B", found.worse),
    ]
    picked = {
        right: chosen(cases, key=lambda f: f.code, group=lambda f: f.group, most=examples)
        for right, cases in directions
    }
    ids = [flip.id for kinds in picked.values() for flips in kinds.values() for flip in flips]
    a, b = (details_of(side, ids) for side in sides[:2])

    def example(flip: Flip) -> FailureExample:
        labels = {
            f"A: {found.a}": (a.cases[flip.id], a),
            f"B: {found.b}": (b.cases[flip.id], b),
        }
        return paired_example(flip.id, labels)

    kinds = [
        FlipKind(
            right=right,
            wrong="B" if right == "A" else "A",
            kind=kind,
            count=number,
            meaning=KINDS.get(kind, ""),
            examples=[example(flip) for flip in picked[right].get(kind, [])],
        )
        for right, cases in directions
        for kind, number in Counter(flip.code for flip in cases).most_common()
    ]
    return kinds, a.problem or b.problem


def _settings(found: Sequence[Comparison], sides: Sequence[Outcomes]) -> dict[str, str]:
    settings = {
        "profile": found[0].profile or "not named",
        "data": " / ".join(dict.fromkeys(each.data or "not named" for each in found)),
    }
    names = ["A", *("B" for _ in found)] if len(found) == 1 else [side.model for side in sides]
    for name, side in zip(names, sides, strict=True):
        settings[f"{name}: folder"] = side.folder
        if side.official:
            settings[f"{name}: verdicts taken over as published"] = f"{side.official:,}"
    return settings
