"""A score as plain text: what was measured, on which data, by which rules, beside the published."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from actloom.evals.bfcl.aggregation import percent
from actloom.evals.bfcl.columns import COLUMNS, TOTAL
from actloom.evals.bfcl.profiles import profile_of
from actloom.evals.bfcl.tally import ModelScore, Score, Tally

SUMMARIES = ("AST Summary", "Exec Summary", "Non-Live", "Live", "Multi Turn", "Agentic")
"""Beginnings of the headers of derived columns that are shown."""
_NAME, _NUMBER = 36, 11


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
    published = _published(model, score)
    heads = ["right", "strict", "lenient", *(b.model for b in score.baselines)]
    if published:
        heads.append("published")
    yield _line("", heads)
    for name, tally in model.categories.items():
        cells = [f"{tally.correct}/{tally.total}", *_shares(tally)]
        cells += [_baseline_cell(b, name) for b in score.baselines]
        if published:
            cells.append(published.get(name, ""))
        yield _line(f"  {name}", cells) + _remarks(tally)
    yield from _totals(model)
    if model.not_scored:
        yield "  not scored: " + "; ".join(_reasons(model))


def _shares(tally: Tally) -> list[str]:
    return [percent(tally.accuracy.accuracy), percent(tally.lenient_share)]


def _baseline_cell(baseline: ModelScore, category: str) -> str:
    tally = baseline.categories.get(category)
    return percent(tally.accuracy.accuracy) if tally else ""


def _remarks(tally: Tally) -> str:
    remarks: list[str] = []
    if tally.missing:
        remarks.append(f"{tally.questions - tally.missing} of {tally.questions} questions")
    if tally.official:
        remarks.append(f"{tally.official} verdicts as published")
    if tally.quarantined:
        remarks.append(f"{tally.quarantined} in quarantine, {tally.quarantined_correct} right")
    return f"  ({'; '.join(remarks)})" if remarks else ""


def _totals(model: ModelScore) -> Iterator[str]:
    for name, column in model.columns.items():
        header = name.partition("/")[2]
        if name != TOTAL and not column.missing and _is_summary(name, header):
            yield _line(f"  {header}", ["", str(column), "", model.official.get(name, "")])
    share = percent(model.lenient / model.total if model.total else 0.0)
    counts = f"{model.correct:,}/{model.total:,}"
    if model.overall is None:
        strict = percent(model.correct / model.total if model.total else 0.0)
        yield _line("  partial, over these records", [counts, strict, share])
        return
    yield _line("  Overall", [counts, percent(model.overall), share, _official_total(model)])
    if model.format_sensitivity is not None:
        spread = model.format_sensitivity
        yield f"  format sensitivity: max delta {spread.max_delta:g}, deviation {spread.std:g}"


def _is_summary(name: str, header: str) -> bool:
    return header in SUMMARIES or (header.endswith("Overall Acc") and name != TOTAL)


def _official_total(model: ModelScore) -> str:
    published = model.official.get(TOTAL)
    if published is None or model.overall is None:
        return ""
    difference = round(model.overall * 100, 2) - float(published.rstrip("%"))
    return f"published {published} ({difference:+.2f})"


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
    yield _line("model", ["right", "overall", "lenient", "published"])
    for model in score.models:
        share = percent(model.lenient / model.total if model.total else 0.0)
        overall = "partial" if model.overall is None else percent(model.overall)
        cells = [f"{model.correct:,}/{model.total:,}", overall, share, _official_total(model)]
        yield _line(model.model, cells)


def _line(name: str, cells: Sequence[str]) -> str:
    return (f"{name:<{_NAME}}" + "".join(f"{cell:>{_NUMBER}}" for cell in cells)).rstrip()
