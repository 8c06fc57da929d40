"""The sections about scores: headline, breakdowns, failures."""

from __future__ import annotations

from collections.abc import Sequence

from actloom.report.markup import Markup, join, tag
from actloom.report.model import GroupScores, Headline, ReportData
from actloom.report.parts import breakable, difference, score, table

_VERDICTS = {"good": "It worked", "mixed": "Partly", "bad": "It did not work"}


def headline(data: ReportData) -> Markup | None:
    """Returns the first screen: the answer, the scores behind it, what the model cannot do."""
    statement = tag("p", data.statement, class_="statement") if data.statement else None
    if data.headline is None:
        return statement
    head = data.headline
    mark = _VERDICTS.get(head.tone)
    return join(
        tag(
            "div",
            [tag("span", mark, class_=f"verdict {head.tone}"), tag("br")] if mark else None,
            head.answer,
            class_="answer",
        ),
        _headline_table(head) if head.rows else None,
        _differences(head) if head.differences else None,
        statement,
    )


def _headline_table(head: Headline) -> Markup:
    columns = list(dict.fromkeys(name for row in head.rows for name in row.scores))
    rows = [
        [
            [row.name, tag("div", row.note, class_="soft small") if row.note else None],
            *(score(row.scores.get(column)) for column in columns),
        ]
        for row in head.rows
    ]
    cases = sorted({interval.n for row in head.rows for interval in row.scores.values()})
    sizes = " or ".join(f"{n:,}" for n in cases[:3])
    return table(
        ["Model", *columns],
        rows,
        caption=f"{head.measure[:1].upper()}{head.measure[1:]}, 95 % intervals, n = {sizes}",
        class_="headline",
        main=[i for i, row in enumerate(head.rows) if row.emphasis],
    )


def _differences(head: Headline) -> Markup:
    rows = [
        [item.label, difference(item.interval), _reading(item.interval.low, item.interval.high)]
        for item in head.differences
    ]
    return table(
        ["Difference", "Percentage points", "Reading"],
        rows,
        caption="Paired differences over the same cases, 95 % intervals",
        class_="headline",
    )


def _reading(low: float, high: float) -> str:
    if low > 0:
        return "above zero"
    return "below zero" if high < 0 else "the interval holds zero"


def by_style(data: ReportData) -> Markup | None:
    """Scores by style of query."""
    return _groups("Style", data.by_style, "Scores by style of query") if data.by_style else None


def by_group(data: ReportData) -> Markup | None:
    """Further breakdowns, one table each."""
    tables = [
        _groups(name[:1].upper() + name[1:], groups, f"Scores by {name}")
        for name, groups in data.by_group.items()
        if groups
    ]
    return join(tables) if tables else None


def _groups(heading: str, groups: Sequence[GroupScores], caption: str) -> Markup:
    columns = list(dict.fromkeys(name for group in groups for name in group.scores))
    rows = [
        [
            [breakable(g.group), tag("div", f"n = {_size(g)}", class_="soft small")],
            *(score(g.scores.get(name)) for name in columns),
        ]
        for g in groups
    ]
    return table([heading, *columns], rows, caption=f"{caption}, 95 % intervals")


def _size(group: GroupScores) -> str:
    sizes = sorted({interval.n for interval in group.scores.values()})
    return " / ".join(f"{n:,}" for n in sizes)


def official(data: ReportData) -> Markup | None:
    """Columns of a published table: what was measured, and the published row beside it."""
    if not data.official:
        return None
    rows = [
        [
            [column.name, _missing(column.missing)],
            column.ours,
            column.published or "not published",
        ]
        for column in data.official
    ]
    return table(
        ["Column", "Measured", "Published"],
        rows,
        caption="Columns of the leaderboard, in its own arithmetic",
        numeric=(1, 2),
        class_="fit",
    )


def _missing(categories: Sequence[str]) -> Markup | None:
    if not categories:
        return None
    shown = ", ".join(categories[:6]) + (f" and {len(categories) - 6} more" * (len(categories) > 6))
    return tag("div", f"without {shown}", class_="soft small")
