"""The sections about paired evaluations: differences by group, and changes from kind to kind."""

from __future__ import annotations

from actloom.core.stats import McNemar
from actloom.evals.compare import RIGHT, Comparison, GroupDifference
from actloom.report.markup import Child, Markup, join, tag
from actloom.report.model import ReportData
from actloom.report.parts import breakable, difference, score, table
from actloom.report.words import chance

KINDS_ACROSS = 8
"""Kinds that have a row and a column of their own in the table of changes."""
OTHER = "other kinds"


def groups(data: ReportData) -> Markup | None:
    """Differences by group, one table for each grouping and pair."""
    tables = [
        _table(found, grouping)
        for found in data.comparisons
        for grouping in dict.fromkeys(group.grouping for group in found.groups)
    ]
    if not tables:
        return None
    caution = (
        "Each group is a test of its own, and some differ by chance alone: p is McNemar's test"
        " corrected for the number of groups (Holm); the intervals are not corrected."
    )
    return join(tag("p", caution, class_="soft"), tables)


def _table(found: Comparison, grouping: str) -> Markup:
    rows = [_row(group) for group in found.groups if group.grouping == grouping]
    return table(
        [grouping.capitalize(), "A", "B", "A − B, points", "Only A / B", "p"],
        rows,
        caption=f"A {found.a}, B {found.b}: share of right cases, 95 % intervals",
        numeric=(4, 5),
    )


def _row(group: GroupDifference) -> list[Child]:
    return [
        [breakable(group.group), tag("div", f"n = {group.a.n:,}", class_="soft small")],
        score(group.a),
        score(group.b),
        difference(group.difference),
        f"{group.test.better:,} / {group.test.worse:,}",
        chance(group.p_corrected),
    ]


def changes(data: ReportData) -> Markup | None:
    """How many cases went from one kind of answer in B to another in A."""
    tables = [_matrix(found) for found in data.comparisons if found.changes]
    return join(tables) if tables else None


def _matrix(found: Comparison) -> Markup:
    counts: dict[tuple[str, str], int] = {}
    kinds = _frequent(found)
    for change in found.changes:
        b, a = (kind if kind in kinds else OTHER for kind in (change.b, change.a))
        counts[b, a] = counts.get((b, a), 0) + change.cases
    if any(OTHER in place for place in counts):
        kinds.append(OTHER)
    rows: list[list[Child]] = [
        [
            [f"{at}. ", b if b == OTHER else tag("code", breakable(b))],
            *(_number(counts.get((b, a), 0)) for a in kinds),
        ]
        for at, b in enumerate(kinds, start=1)
    ]
    return table(
        ["Kind in B ↓, in A →", *(f"{at}." for at in range(1, len(kinds) + 1))],
        rows,
        caption=f"Cases by their kind in B ({found.b}), a row each, and in A ({found.a})",
        numeric=range(1, len(kinds) + 1),
        class_="fit",
    )


def _frequent(found: Comparison) -> list[str]:
    """Returns `right` and the most frequent kinds of failure of both, most frequent first."""
    totals: dict[str, int] = {}
    for change in found.changes:
        for kind in {change.a, change.b} - {RIGHT}:
            totals[kind] = totals.get(kind, 0) + change.cases
    ranked = sorted(totals, key=lambda kind: (-totals[kind], kind))
    return [RIGHT, *ranked[:KINDS_ACROSS]]


def _number(cases: int) -> Child:
    return f"{cases:,}" if cases else tag("span", "·", class_="soft")


def test_words(test: McNemar) -> str:
    """Returns McNemar's test in a sentence."""
    return (
        f"Only A has {test.better:,} cases right, only B {test.worse:,}; McNemar's test"
        f" ({test.method}): p {_equals(test.p)}."
    )


def _equals(p: float) -> str:
    words = chance(p)
    return words if words.startswith("<") else f"= {words}"
