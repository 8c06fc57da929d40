"""The data a report is made of; every part is optional, and a missing part is a missing section.

Nothing here is markup: all strings are plain text and are escaped when the page is written, so
queries, tool names and model outputs may be handed in as they came.
"""

from __future__ import annotations

from typing import Literal

import msgspec

from actloom.core.finding import Finding
from actloom.core.record import Tool
from actloom.core.stats import Interval
from actloom.evals.compare import Comparison


class HeadlineRow(msgspec.Struct, frozen=True, omit_defaults=True):
    """One model in the table that answers "did it work?"."""

    name: str
    """What the reader calls it (`untrained`, `trained on verified rows`, ...)."""
    scores: dict[str, Interval]
    """Column -> share of exact calls, 0 to 1 (`held-out values`, `held-out phrasings`)."""
    note: str = ""
    """One short remark (rows, tokens); "" for none."""
    emphasis: bool = False
    """True for the model the report is about."""


class Difference(msgspec.Struct, frozen=True, omit_defaults=True):
    """A paired difference of two scores over the same cases."""

    label: str
    """What is subtracted from what (`verified - unverified, held-out values`)."""
    interval: Interval
    """Mean difference, -1 to 1, with its 95 % interval."""


class Headline(msgspec.Struct, frozen=True, omit_defaults=True):
    """The first screen."""

    answer: str
    """One sentence: did it work, and by how much."""
    rows: list[HeadlineRow]
    """Models in the order of the story (untrained first)."""
    differences: list[Difference] = []
    """Paired differences that carry the point."""
    tone: Literal["good", "mixed", "bad", "plain"] = "plain"
    """How the answer is marked; always beside words, never by colour alone."""
    measure: str = "share of exact calls"
    """What the numbers are."""


class Curve(msgspec.Struct, frozen=True, omit_defaults=True):
    """One loss curve."""

    name: str
    """Which training it is."""
    points: list[tuple[float, float]]
    """(x, loss) in order of x."""


class CurveSet(msgspec.Struct, frozen=True, omit_defaults=True):
    """Curves that share axes."""

    curves: list[Curve]
    x_label: str = "optimiser steps"
    y_label: str = "training loss (nats a token)"


class YieldStage(msgspec.Struct, frozen=True, omit_defaults=True):
    """One bar of the yield: what is left after a stage."""

    name: str
    """`asked`, `format`, `execution`, `semantic`, `kept`."""
    count: int
    """Rows left after this stage."""
    reasons: dict[str, int] = {}
    """Finding code or reason -> rows it stopped here."""


class GroupScores(msgspec.Struct, frozen=True, omit_defaults=True):
    """Scores of one group of cases (a style, a split)."""

    group: str
    """Name of the group."""
    scores: dict[str, Interval]
    """Column -> score, 0 to 1."""


class Answer(msgspec.Struct, frozen=True, omit_defaults=True):
    """What one model answered to a case."""

    label: str
    """Whose answer it is."""
    text: str
    """The calls read from it, or what the model wrote."""
    reason: str = ""
    """Why it is wrong; "" when it is right."""


class FailureExample(msgspec.Struct, frozen=True, omit_defaults=True):
    """One failed case, side by side."""

    query: str
    expected: str
    """Expected calls as text."""
    got: str
    """What the model wrote, or the calls read from it."""
    reason: str
    """One sentence: expected, got."""
    id: str = ""
    """Case id, to be found in verdicts.jsonl."""
    group: str = ""
    """Category or style of the case."""
    tools: list[str] = []
    """Offered tools as signatures."""
    answers: list[Answer] = []
    """Answers of several models, in place of `got` and `reason`."""


class FailureKind(msgspec.Struct, frozen=True, omit_defaults=True):
    """Failures of one kind."""

    kind: str
    """Kind as in verdicts (`value`, `name`, ...)."""
    count: int
    meaning: str = ""
    """One sentence that says what the kind means; "" takes the known meaning of `kind`."""
    examples: list[FailureExample] = []
    """A few, not all."""


class FailureGroup(msgspec.Struct, frozen=True, omit_defaults=True):
    """Failures within one group of cases."""

    group: str
    cases: int
    kinds: dict[str, int]
    """Failure kind -> cases, most frequent first."""


class FlipKind(msgspec.Struct, frozen=True, omit_defaults=True):
    """Cases that one model got right and the other failed in one way."""

    right: str
    """Who got them right, `A` or `B`."""
    wrong: str
    kind: str
    """Failure kind of the other."""
    count: int
    meaning: str = ""
    examples: list[FailureExample] = []


class OfficialColumn(msgspec.Struct, frozen=True, omit_defaults=True):
    """A column of a published table beside what was measured."""

    name: str
    ours: str
    """Per cent, `N/A` where categories are missing."""
    published: str = ""
    """As published; "" where there is no row for the model."""
    missing: list[str] = []
    """Categories without which it is no column of the table."""


class Fix(msgspec.Struct, frozen=True, omit_defaults=True):
    """A unified diff of one repaired place."""

    title: str
    """File and line, or record id."""
    diff: str
    """Unified diff text."""


class LintResult(msgspec.Struct, frozen=True, omit_defaults=True):
    """What `verify` said about a corpus."""

    findings: list[Finding]
    """All findings; the page groups them by code."""
    fixes: list[Fix] = []
    """Diffs worth showing."""
    titles: dict[str, str] = {}
    """Code -> short title of the rule."""
    records: int = 0
    """Records looked at; 0 when unknown."""
    clean: int = 0
    """Records without an error after fixes; 0 when unknown."""


class StageCounts(msgspec.Struct, frozen=True, omit_defaults=True):
    """What a stage of a run read and wrote; read = records + rejects for one-to-one stages."""

    stage: str
    records: int
    rejects: int
    read: int | None = None
    """Items read; None when the manifest does not say (records + rejects is then shown)."""
    reasons: dict[str, int] = {}
    """Finding code -> rejects."""


class SplitCount(msgspec.Struct, frozen=True, omit_defaults=True):
    """Rows of one source in one split of a mixture."""

    source: str
    split: str
    count: int


class Origin(msgspec.Struct, frozen=True, omit_defaults=True):
    """What another person needs to get the same numbers."""

    command: str = ""
    """The command line that made the report."""
    versions: dict[str, str] = {}
    """Package -> version (`actloom`, `torch`, `python`, ...)."""
    digests: dict[str, str] = {}
    """Data set or file -> digest."""
    seed: int | None = None
    machine: str = ""
    """Cores and processor in words; no host name."""


class ReportData(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """Everything a report may show, in the order of the page."""

    title: str
    subtitle: str = ""
    created: str = ""
    """Date and time as text; the page has no clock of its own."""
    statement: str = ""
    """What the model cannot do, said plainly under the headline."""
    headline: Headline | None = None
    yields: list[YieldStage] = []
    """Synthesis yield, from asked to kept."""
    stages: list[StageCounts] = []
    """Counts per stage of a run."""
    splits: list[SplitCount] = []
    """Mixture by source and split."""
    loss: CurveSet | None = None
    by_style: list[GroupScores] = []
    """Scores by style of query."""
    by_group: dict[str, list[GroupScores]] = {}
    """Further breakdowns: grouping -> its groups."""
    failures: list[FailureKind] = []
    failure_cases: int = 0
    """Cases the failures are counted over; 0 when unknown."""
    failure_groups: list[FailureGroup] = []
    """The same failures by group."""
    verdicts: str = ""
    """Path of the file with all verdicts; "" for none."""
    official: list[OfficialColumn] = []
    """Columns of a published leaderboard."""
    comparisons: list[Comparison] = []
    """One evaluation minus others, case by case."""
    flips: list[FlipKind] = []
    """Cases that flipped, by who was right and how the other failed."""
    lint: LintResult | None = None
    tools: list[Tool] = []
    settings: dict[str, str] = {}
    """Setting -> value as text."""
    seconds: dict[str, float] = {}
    """Stage -> wall-clock seconds, in order; `total` last if present."""
    origin: Origin | None = None
    absent: list[str] = []
    """Sentences about parts that could not be shown and why."""
