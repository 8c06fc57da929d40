"""The sections about failed cases: by kind and by group, with examples side by side."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby

from actloom.evals.kinds import KINDS
from actloom.report.markup import Markup, join, tag
from actloom.report.model import (
    Answer,
    FailureExample,
    FailureGroup,
    FailureKind,
    FlipKind,
    ReportData,
)
from actloom.report.parts import breakable, roomy_bar, table
from actloom.report.words import count, percent

KINDS_SHOWN = 30
"""Kinds in a table; rarer ones are summed."""


def failures(data: ReportData) -> Markup | None:
    """Failures by kind and by group, with a few examples side by side."""
    if not data.failures:
        return None
    total = sum(kind.count for kind in data.failures)
    intro = count(total, "case") + " failed"
    if data.failure_cases:
        intro += f" of {data.failure_cases:,} ({percent(total / data.failure_cases)})"
    shown = [kind for kind in data.failures if kind.examples]
    places = _Places(shown)
    return join(
        tag("p", intro + ".", class_="soft"),
        _kind_table(data.failures, places),
        _group_table(data.failure_groups, places) if data.failure_groups else None,
        _all_verdicts(data.verdicts) if data.verdicts and shown else None,
        [_examples(kind, places, opened=at == 0) for at, kind in enumerate(shown)],
    )


class _Places:
    """Anchors of the examples: of each kind, and of each group within a kind."""

    def __init__(self, shown: Sequence[FailureKind]) -> None:
        self._at: dict[tuple[str, str], str] = {}
        for i, kind in enumerate(shown):
            self._at[kind.kind, ""] = f"kind-{i}"
            for j, group in enumerate(dict.fromkeys(e.group for e in kind.examples if e.group)):
                self._at[kind.kind, group] = f"kind-{i}-{j}"

    def of(self, kind: str, group: str = "") -> str | None:
        """Returns the anchor of a kind, or of a group within it; None where none is shown."""
        return self._at.get((kind, group))

    def link(self, kind: str, group: str = "") -> Markup:
        """Returns the kind's name, linked where examples are shown."""
        anchor = self.of(kind, group)
        name = tag("code", breakable(kind))
        return name if anchor is None else tag("a", name, href=f"#{anchor}")


def _kind_table(kinds: Sequence[FailureKind], places: _Places) -> Markup:
    most = max(1, kinds[0].count)
    rows = [
        [
            [places.link(kind.kind), _note(_meaning(kind))],
            f"{kind.count:,}",
            roomy_bar(kind.count / most),
        ]
        for kind in kinds[:KINDS_SHOWN]
    ]
    rest = kinds[KINDS_SHOWN:]
    if rest:
        rows.append([f"{len(rest)} rarer kinds", f"{sum(k.count for k in rest):,}", Markup("")])
    return table(["Kind", "Cases", ""], rows, caption="Failures by kind", numeric=(1,))


def _note(text: str) -> Markup | None:
    return tag("div", text, class_="soft small") if text else None


def _meaning(kind: FailureKind) -> str:
    return kind.meaning or KINDS.get(kind.kind, "")


def _group_table(groups: Sequence[FailureGroup], places: _Places) -> Markup:
    rows = [
        [
            breakable(group.group),
            f"{sum(group.kinds.values()):,} of {group.cases:,}",
            [
                tag("span", places.link(kind, group.group), f" {number:,}", class_="kind")
                for kind, number in group.kinds.items()
            ],
        ]
        for group in groups
    ]
    return table(
        ["Group", "Failed", "Kinds; a link goes to examples"],
        rows,
        caption="Failures by group",
        numeric=(1,),
        class_="kinds",
    )


def _all_verdicts(path: str) -> Markup:
    relative = path.startswith("./")  # as `write_report` makes it; nothing else becomes a link
    link = tag("a", "verdicts.jsonl", href=path) if relative else tag("code", path)
    return tag("p", "A few examples of each kind follow; all cases are in ", link, ".")


def _examples(kind: FailureKind, places: _Places, *, opened: bool) -> Markup:
    number = len(kind.examples)
    heading = tag(
        "summary",
        tag("span", f"{number:,} of {kind.count:,} shown", class_="count"),
        "Failures of kind ",
        tag("code", breakable(kind.kind)),
    )
    return tag(
        "details",
        heading,
        tag("div", id=places.of(kind.kind)),
        [
            _of_group(list(inside), places.of(kind.kind, group) if group else None)
            for group, inside in _by_group(kind.examples)
        ],
        open="" if opened else None,
    )


def _by_group(
    examples: Sequence[FailureExample],
) -> Iterator[tuple[str, Iterator[FailureExample]]]:
    return groupby(sorted(examples, key=lambda e: e.group), key=lambda e: e.group)


def _of_group(examples: Sequence[FailureExample], anchor: str | None = None) -> Markup:
    group = examples[0].group
    heading = tag("h3", group, id=anchor) if group else None
    return join(heading, [_example(example) for example in examples])


def _example(example: FailureExample) -> Markup:
    answers = example.answers or [Answer("Got", example.got)]
    panes = [Answer("Expected", example.expected), *answers]
    return tag(
        "div",
        tag("p", example.query, class_="query") if example.query else None,
        _tools(example.tools) if example.tools else None,
        tag("div", [_pane(pane) for pane in panes], class_="pair three" if panes[2:] else "pair"),
        tag("p", example.reason, class_="small") if example.reason else None,
        tag("p", "case ", tag("code", example.id), class_="label") if example.id else None,
        class_="example",
    )


def _pane(answer: Answer) -> Markup:
    return tag(
        "div",
        tag("p", answer.label, class_="label"),
        tag("pre", answer.text),
        tag("p", answer.reason, class_="small") if answer.reason else None,
    )


def _tools(signatures: Sequence[str]) -> Markup:
    return tag(
        "details",
        tag("summary", count(len(signatures), "tool") + " offered"),
        tag("pre", "\n".join(signatures)),
        class_="offered",
    )


def flips(data: ReportData) -> Markup | None:
    """Cases that only one of two models got right, by how the other failed."""
    if not data.flips:
        return None
    rows = [
        [
            [
                f"Only {flip.right} right; {flip.wrong}: ",
                tag("a", tag("code", breakable(flip.kind)), href=f"#flip-{at}"),
                _note(flip.meaning or KINDS.get(flip.kind, "")),
            ],
            f"{flip.count:,}",
        ]
        for at, flip in enumerate(data.flips)
    ]
    return join(
        table(
            ["Who was right, and how the other failed", "Cases"],
            rows,
            caption="Cases that only one of the two got right",
            numeric=(1,),
        ),
        _all_verdicts(data.verdicts) if data.verdicts else None,
        [_flip(flip, at) for at, flip in enumerate(data.flips)],
    )


def _flip(flip: FlipKind, at: int) -> Markup:
    heading = tag(
        "summary",
        tag("span", f"{len(flip.examples):,} of {flip.count:,} shown", class_="count"),
        f"Only {flip.right} right; {flip.wrong} fails with ",
        tag("code", breakable(flip.kind)),
    )
    return tag(
        "details",
        heading,
        tag("div", id=f"flip-{at}"),
        [_of_group(list(inside)) for _, inside in _by_group(flip.examples)],
        open="" if at == 0 else None,
    )
