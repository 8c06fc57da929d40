"""Pieces the sections share: tables that scroll in their own box, scores with their interval."""

from __future__ import annotations

import re
from collections.abc import Sequence

from actloom.core.stats import Interval
from actloom.report.markup import Child, Markup, join, tag
from actloom.report.words import bounds, percent, signed

_PIECE = re.compile(r"[^_:/]*[_:/]|[^_:/]+")


def table(
    head: Sequence[str],
    rows: Sequence[Sequence[Child]],
    *,
    caption: str,
    numeric: Sequence[int] = (),
    class_: str | None = None,
    main: Sequence[int] = (),
) -> Markup:
    """Returns a table; the first cell of each row is its heading.

    Args:
        head: column headings.
        rows: cells, plain text or markup.
        caption: what the table shows, also its name for screen readers.
        numeric: columns set flush right.
        class_: class of the table.
        main: rows that stand out.
    """
    headings = [
        tag("th", text, scope="col", class_="number" if i in numeric else None)
        for i, text in enumerate(head)
    ]
    body = [
        tag("tr", _cells(row, numeric), class_="main" if at in main else None)
        for at, row in enumerate(rows)
    ]
    grid = tag(
        "table",
        tag("caption", tag("span", caption)),
        tag("thead", tag("tr", headings)),
        tag("tbody", body),
        class_=class_,
    )
    return tag("div", grid, class_="scroll", tabindex="0", role="region", aria_label=caption)


def _cells(row: Sequence[Child], numeric: Sequence[int]) -> list[Child]:
    first = tag("th", row[0], scope="row")
    rest = [
        tag("td", cell, class_="number" if i in numeric else None)
        for i, cell in enumerate(row[1:], start=1)
    ]
    return [first, *rest]


def score(interval: Interval | None) -> Markup | None:
    """Returns a score in words, with a track of 0 to 100 % below it."""
    if interval is None:
        return None
    words = tag(
        "span", tag("b", percent(interval.mean)), tag("small", bounds(interval)), class_="score"
    )
    return _tracked(words, interval.low, interval.mean, interval.high)


def difference(interval: Interval) -> Markup:
    """Returns a difference in words, with a track of -100 to +100 points and a mark at zero."""
    ends = f"{signed(interval.low)} to {signed(interval.high)}"
    words = tag("span", tag("b", signed(interval.mean)), tag("small", ends), class_="score")
    low, middle, high = (x / 2 + 0.5 for x in (interval.low, interval.mean, interval.high))
    return _tracked(words, low, middle, high, zero=True)


def _tracked(words: Markup, low: float, mean: float, high: float, *, zero: bool = False) -> Markup:
    low, mean, high = (min(1.0, max(0.0, x)) for x in (low, mean, high))
    band = tag("i", style=f"left:{low * 100:.2f}%;width:{(high - low) * 100:.2f}%")
    tick = tag("b", style=f"left:{mean * 100:.2f}%")
    middle = tag("u") if zero else None
    track = tag("span", middle, band, tick, class_="track", aria_hidden="true")
    return Markup(words + track)


def breakable(name: str) -> Markup:
    """Returns a name that may be wrapped after its signs, as narrow columns need it."""
    return join([[piece, tag("wbr")] for piece in _PIECE.findall(name)])


def roomy_bar(share: float) -> Markup:
    """Returns a bar as long as a share of its cell, in a cell with room for it."""
    width = min(1.0, max(0.0, share)) * 100
    drawn = tag("span", class_="bar", style=f"width:{width:.2f}%", aria_hidden="true")
    return tag("div", drawn, class_="room")


def pairs(items: Sequence[tuple[str, Child]]) -> Markup:
    """Returns terms and their descriptions."""
    return tag("dl", [[tag("dt", term), tag("dd", value)] for term, value in items])


def diff(text: str) -> Markup:
    """Returns a unified diff with its lines marked."""
    return tag(
        "pre", [tag("span", line or " ", class_=_diff_class(line)) for line in text.splitlines()]
    )


def _diff_class(line: str) -> str | None:
    if line.startswith(("+++", "---", "@@")):
        return "soft"
    if line.startswith("+"):
        return "added"
    return "removed" if line.startswith("-") else None
