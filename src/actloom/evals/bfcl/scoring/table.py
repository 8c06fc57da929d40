"""A score as plain text: what was measured, on which data, by which rules, beside the published."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from actloom.evals.bfcl.scoring.tally import ModelScore, Score, Tally
from actloom.evals.bfcl.versions.aggregation import percent
from actloom.evals.bfcl.versions.columns import COLUMNS, TOTAL
from actloom.evals.bfcl.versions.profiles import profile_of

SUMMARIES = ("AST Summary", "Exec Summary", "Web Search Summary", "Memory Summary")
"""Headers of derived columns that are shown; so is every `... Overall Acc`."""
_NAME, _NUMBER = 42, 12


def table(score: Score) -> Iterator[str]:
    """Yields the lines of a score: a block for each model, and one line each when several."""
    data = f"data {score.data_hash} ({score.data_state})"
    yield f"BFCL {score.profile} ({score.source}), {data}"
    for model in score.models:
        yield ""
        yield from _model(model, score)
    if len(score.models) > 1:
        yield ""
        yield from _summary(score)
    for note in score.notes:
        yield f"note: {note}"


def _model(model: ModelScore, score: Score) -> Iterator[str]:
    yield f"{model.model}  (decoder {model.decoder}, underscores {model.underscores})"
    baselines = [baseline.model for baseline in score.baselines]
    shown = ["published", "difference"] if model.official else []
    yield _line("", ["right", "strict", "lenient", *baselines, *shown])
    published = _published(model, score)
    for name, tally in model.categories.items():
        share = percent(tally.accuracy.accuracy)
        cells = [
            f"{tally.correct:,}/{tally.total:,}",
            share,
            percent(tally.lenient_accuracy.accuracy),
        ]
        cells += [_share_of(baseline, name) for baseline in score.baselines]
        yield _line(f"  {name}", cells + _beside(share, published.get(name, ""))) + _remarks(tally)
    yield from _totals(model, score)
    if model.not_scored:
        yield f"  not scored: {'; '.join(_reasons(model))}"


def _share_of(baseline: ModelScore, category: str) -> str:
    tally = baseline.categories.get(category)
    return percent(tally.accuracy.accuracy) if tally else ""


def _beside(ours: str, published: str) -> list[str]:
    """Returns the published value and by how many points ours differs, both as printed."""
    if not published.endswith("%"):
        return [published, ""]
    return [published, f"{float(ours[:-1]) - float(published[:-1]):+.2f}"]


def _remarks(tally: Tally) -> str:
    remarks: list[str] = []
    if tally.missing:
        remarks.append(f"{tally.questions - tally.missing} of {tally.questions} questions")
    if tally.official:
        remarks.append(f"{tally.official} as published")
    if tally.quarantined:
        remarks.append(f"{tally.quarantined} in quarantine, {tally.quarantined_correct} right")
    return f"  ({'; '.join(remarks)})" if remarks else ""


def _totals(model: ModelScore, score: Score) -> Iterator[str]:
    between = [""] * len(score.baselines)
    for name, column in model.columns.items():
        if name == TOTAL or column.missing or not _is_summary(name):
            continue
        beside = _beside(str(column), model.official.get(name, ""))
        yield _line(f"  {_shown(name)}", ["", str(column), "", *between, *beside])
    if model.overall is None:
        yield _line("  partial: only these records", [_counts(model), *_shares(model)])
    else:
        overall, lenient = percent(model.overall), percent(model.lenient_overall or 0.0)
        beside = _beside(overall, model.official.get(TOTAL, ""))
        yield _line("  Overall", [_counts(model), overall, lenient, *between, *beside])
    if model.format_sensitivity is not None:
        spread = model.format_sensitivity
        yield f"  format sensitivity: max delta {spread.max_delta:g}, deviation {spread.std:g}"


def _counts(model: ModelScore) -> str:
    return f"{model.correct:,}/{model.total:,}"


def _shares(model: ModelScore) -> list[str]:
    return [
        percent(n / model.total if model.total else 0.0) for n in (model.correct, model.lenient)
    ]


def _is_summary(column: str) -> bool:
    header = column.partition("/")[2]
    return header in SUMMARIES or header.endswith("Overall Acc")


def _shown(column: str) -> str:
    table, _, header = column.partition("/")
    if table == "overall" or header.endswith(" Overall Acc"):
        return header
    return f"{table.replace('_', '-')}: {header}"


def _published(model: ModelScore, score: Score) -> dict[str, str]:
    """Returns category -> published value, from the columns that stand for one category."""
    profile = profile_of(score.profile)
    found: dict[str, str] = {}
    for name, formula in COLUMNS[profile.columns].items():
        if len(formula.parts) == 1 and formula.parts[0] in profile.categories:
            value = model.official.get(name)
            if value is not None:
                found.setdefault(formula.parts[0], value)
    return found


def _reasons(model: ModelScore) -> Iterator[str]:
    by_reason: dict[str, list[str]] = {}
    for name, reason in model.not_scored.items():
        by_reason.setdefault(reason, []).append(name)
    for reason, names in by_reason.items():
        yield f"{', '.join(names)} ({reason})"


def _summary(score: Score) -> Iterator[str]:
    yield _line("", ["right", "overall", "lenient", "published", "difference"])
    for model in score.models:
        published = model.official.get(TOTAL, "")
        if model.overall is None:
            yield _line(model.model, [_counts(model), "partial", "", published])
        else:
            overall, lenient = percent(model.overall), percent(model.lenient_overall or 0.0)
            beside = _beside(overall, published)
            yield _line(model.model, [_counts(model), overall, lenient, *beside])


def _line(name: str, cells: Sequence[str]) -> str:
    return (f"{name:<{_NAME}}" + "".join(f"{cell:>{_NUMBER}}" for cell in cells)).rstrip()
