"""What comes of a score: counts of a category, a model's row, and the whole with its settings."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from actloom.evals.bfcl.scoring.traits import Underscores
from actloom.evals.bfcl.versions.aggregation import Accuracy, Column, FormatSensitivity

VERDICTS = "verdicts.jsonl"
SCORE = "score.json"


class Tally(msgspec.Struct, kw_only=True, omit_defaults=True):
    """One category of one model."""

    correct: int = 0
    total: int = 0
    """Records scored: questions with an answer, and lines that could not be read."""
    questions: int = 0
    """Questions of the category."""
    lenient: int = 0
    """Records the lenient rules accept."""
    official: int = 0
    """Records whose verdict is the published one."""
    quarantined: int = 0
    """Records whose gold answer fails its own check."""
    quarantined_correct: int = 0
    not_recorded: int = 0
    """Records counted as wrong because a call's output is not recorded."""
    missing: int = 0
    """Questions without an answer."""
    unknown: int = 0
    """Answers to no question of the category; not scored."""
    repeated: int = 0
    """Answers replaced by a later one of the same id."""
    damaged: int = 0
    """Lines that could not be read; counted as wrong."""
    errors: dict[str, int] = {}
    """Error type -> records, most frequent first."""

    @property
    def accuracy(self) -> Accuracy:
        """Share of correct records."""
        share = self.correct / self.total if self.total else 0.0
        return Accuracy(share, self.total, complete=not self.missing and self.total > 0)

    @property
    def lenient_accuracy(self) -> Accuracy:
        """Share of records the lenient rules accept."""
        return Accuracy(self.lenient / self.total if self.total else 0.0, self.total)


class ModelScore(msgspec.Struct, kw_only=True, omit_defaults=True):
    """One model."""

    model: str
    decoder: str
    underscores: str
    categories: dict[str, Tally]
    not_scored: dict[str, str] = {}
    """Category of the profile -> why it has no score."""
    columns: dict[str, Column] = {}
    """`table/header` -> column of the official tables."""
    overall: float | None = None
    """The official total, 0 to 1; None where a category is missing or not whole."""
    lenient_overall: float | None = None
    """The same total of what the lenient rules accept."""
    official: dict[str, str] = {}
    """`table/header` -> the published value, of a model that is in the folder's tables."""
    format_sensitivity: FormatSensitivity | None = None

    @property
    def correct(self) -> int:
        """Correct records of all categories."""
        return sum(tally.correct for tally in self.categories.values())

    @property
    def total(self) -> int:
        """Records of all categories."""
        return sum(tally.total for tally in self.categories.values())

    @property
    def lenient(self) -> int:
        """Records of all categories the lenient rules accept."""
        return sum(tally.lenient for tally in self.categories.values())


class Score(msgspec.Struct, kw_only=True, omit_defaults=True):
    """OUT/score.json."""

    profile: str
    source: str
    """Revision of gorilla the profile follows."""
    data_hash: str
    """Digest of the questions and answers of the scored categories."""
    data_state: str
    """How it stands to the published data: `published`, `changed: ...`, or `unpublished`."""
    data_digests: dict[str, str]
    """Category -> digest of its own."""
    questions: str
    """Folder of questions."""
    outputs: str
    """Folder or file of outputs."""
    data: str = ""
    """Folder of recordings, published verdicts and leaderboards."""
    dialect: str = ""
    """Decoder the caller chose for all models; "" for each model's own."""
    underscores: Underscores = "auto"
    """What the caller said of dots in function names."""
    actloom: str
    """Version of actloom."""
    models: list[ModelScore]
    baselines: list[ModelScore] = []
    notes: list[str] = []
    """What the reader of the score should know."""


def most_frequent(codes: Iterable[str]) -> dict[str, int]:
    """Returns error type -> records, most frequent first."""
    counts: dict[str, int] = {}
    for code in codes:
        counts[code] = counts.get(code, 0) + 1
    return dict(sorted(counts.items(), key=lambda pair: (-pair[1], pair[0])))
