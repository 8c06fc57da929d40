"""From correct answers to the columns of the leaderboard, in the arithmetic of each version."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec

from actloom.evals.bfcl.versions.columns import COLUMNS, TOTAL, Formula
from actloom.evals.bfcl.versions.profiles import Profile


class Accuracy(msgspec.Struct, frozen=True):
    """An accuracy over questions, 0 to 1."""

    accuracy: float
    count: int
    """Questions it stands for, by which count-weighted columns weigh it."""
    complete: bool = True
    """False when some of the category's questions have no answer."""


class Column(msgspec.Struct, frozen=True):
    """One column of a model's row."""

    accuracy: float
    """0 to 1; what is missing counts as 0, as it does officially."""
    count: int
    missing: list[str] = []
    """Categories it needs that were not scored, or not whole; empty for a column that can be
    compared."""

    def __str__(self) -> str:
        return "N/A" if self.missing else percent(self.accuracy)


class Totals(msgspec.Struct, frozen=True):
    """All columns of a model."""

    columns: dict[str, Column]
    """`table/header` -> column, in the order of the formulas."""

    @property
    def overall(self) -> Column:
        """The column that ranks models."""
        return self.columns[TOTAL]


def totals(scores: Mapping[str, Accuracy], profile: Profile) -> Totals:
    """Returns every column of the profile's version from the accuracies of its categories.

    The order of additions is the official one, so that ties of rounding fall the same way.

    Args:
        scores: category -> accuracy; a category that is absent counts as 0 of its published
            number of questions, and every column that needs it names it as missing.
    """
    known: dict[str, Column] = {}
    for name, category in profile.categories.items():
        score = scores.get(name)
        if score is None:
            known[name] = Column(0.0, category.count, [name])
        else:
            missing = [] if score.complete else [name]
            known[name] = Column(score.accuracy, score.count, missing)
    columns: dict[str, Column] = {}
    for name, formula in COLUMNS[profile.columns].items():
        known[name] = columns[name] = _column(formula, known)
    return Totals(columns)


def _column(formula: Formula, known: Mapping[str, Column]) -> Column:
    parts = [known[name] for name in formula.parts]
    count = sum(part.count for part in parts)
    if formula.counted:
        value = sum(part.accuracy * part.count for part in parts) / count if count else 0.0
    elif formula.weights:
        value = sum(w * part.accuracy for w, part in zip(formula.weights, parts, strict=True))
    else:
        value = sum(part.accuracy for part in parts) / len(parts)
    missing = list(dict.fromkeys(name for part in parts for name in part.missing))
    return Column(value, count, missing)


def percent(accuracy: float) -> str:
    """Returns an accuracy as the leaderboard prints it: per cent with two decimals."""
    return f"{accuracy * 100:.2f}%"


class FormatSensitivity(msgspec.Struct, frozen=True):
    """How much a model's accuracy depends on the way it is asked (v4, not part of the total)."""

    max_delta: float
    """Best less worst configuration, percentage points, two decimals."""
    std: float
    """Sample standard deviation over configurations, percentage points, two decimals."""
    accuracies: dict[str, float]
    """Configuration -> accuracy, 0 to 1."""


def format_sensitivity(verdicts: Sequence[tuple[str, bool]]) -> FormatSensitivity:
    """Returns the spread of accuracy over configurations.

    Args:
        verdicts: (id, valid) of the records; an id is `format_sensitivity_N:CONFIGURATION:ID`.
    """
    from statistics import stdev

    correct: dict[str, int] = {}
    asked: dict[str, int] = {}
    for case, valid in verdicts:
        configuration = case.split(":")[1] if case.count(":") == 2 else ""
        asked[configuration] = asked.get(configuration, 0) + 1
        correct[configuration] = correct.get(configuration, 0) + valid
    found = {name: correct[name] / number for name, number in asked.items()}
    if len(found) < 2:
        return FormatSensitivity(0.0, 0.0, found)
    values = list(found.values())
    return FormatSensitivity(
        max_delta=round((max(values) - min(values)) * 100, 2),
        std=round(stdev(values) * 100, 2),
        accuracies=found,
    )
