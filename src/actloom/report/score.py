"""The page's data about a folder of `score bfcl` or `eval bfcl`: one model whole, or a table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from actloom.core.stats import Interval, wilson
from actloom.evals.bfcl.scoring.tally import ModelScore, Score, Tally
from actloom.evals.bfcl.versions.aggregation import percent
from actloom.evals.bfcl.versions.columns import TOTAL
from actloom.evals.evaluate import VERDICTS
from actloom.evals.kinds import KINDS
from actloom.evals.outcomes import Outcomes, ScoreFolder, ScoreLine, outcomes_of, read_score
from actloom.evals.result import failure_counts
from actloom.report.examples import EXAMPLES, failure_groups, failure_kinds
from actloom.report.model import (
    FailureKind,
    GroupScores,
    Headline,
    HeadlineRow,
    OfficialColumn,
    Origin,
    ReportData,
)
from actloom.report.words import count

STRICT = "right, strict"
KNOWS_NOTHING = "baseline that knows nothing"
NOTES_SHOWN = 20


def score_data(folder: str | Path, model: str = "", *, examples: int = EXAMPLES) -> ReportData:
    """Returns the page's data: of one model with its failures, or of all models as a table.

    Args:
        folder: OUT of the score.
        model: one of its models; all of them when the folder holds several and none is named.
        examples: failures shown of each kind; questions and answers are read for these only.

    Raises:
        InputError: no verdicts, or no such model.
    """
    found = read_score(folder)
    if model or len(found.models) == 1:
        outcomes = outcomes_of(found, model)
        return _one(found, outcomes, examples=examples)
    return _several(found)


def _one(found: ScoreFolder, outcomes: Outcomes, *, examples: int) -> ReportData:
    own = _model_score(found.score, outcomes.model)
    kinds, problem = failure_kinds(outcomes, examples=examples)
    baselines = found.score.baselines if found.score else []
    return ReportData(
        title=f"BFCL: {outcomes.model}",
        subtitle=_subtitle(found),
        statement=_statement(outcomes, own),
        headline=_headline(found.models[outcomes.model], own, baselines, found),
        by_group={"category": _by_category(found.models[outcomes.model], own, baselines)},
        official=_official(own) if own else [],
        failures=kinds,
        failure_cases=len(outcomes.verdicts),
        failure_groups=failure_groups(outcomes.verdicts.values()),
        verdicts=str(Path(found.folder) / VERDICTS),
        settings=_settings(found, own),
        origin=_origin(found.score) if found.score else None,
        absent=[*_absent(own), *_notes(found.score), *([problem] if problem else [])],
    )


def _model_score(score: Score | None, model: str) -> ModelScore | None:
    return next((each for each in score.models if each.model == model), None) if score else None


def _subtitle(found: ScoreFolder) -> str:
    if found.score is None:
        return "profile not named"
    state = found.score.data_state
    return f"profile {found.score.profile}, data {found.score.data_hash} ({state})"


def _statement(outcomes: Outcomes, own: ModelScore | None) -> str:
    words: list[str] = []
    if own is None or own.overall is None:
        words.append(
            "This is partial: the table's Overall needs categories that were not scored, so the"
            " share of right records below is no Overall and cannot be ranked."
        )
    if outcomes.official:
        taken = count(outcomes.official, "verdict")
        words.append(f"{taken} could not be replayed and stand as published.")
    return " ".join(words)


def _headline(
    lines: Sequence[ScoreLine],
    own: ModelScore | None,
    baselines: Sequence[ModelScore],
    found: ScoreFolder,
) -> Headline:
    right = sum(line.valid for line in lines)
    model = lines[0].model
    if own is None or own.overall is None:
        answer = f"{model}: {right:,} of {count(len(lines), 'record')} right (partial, no Overall)."
    else:
        published = own.official.get(TOTAL, "")
        beside = f"; published: {published}" if published else ""
        answer = f"{model}: Overall {percent(own.overall)}{beside}."
    return Headline(
        answer,
        [
            *(_baseline_row(each) for each in baselines),
            HeadlineRow(
                model,
                _columns(own) if own else {STRICT: wilson(right, len(lines))},
                note=f"read by {own.decoder}" if own else "",
                emphasis=True,
            ),
        ],
        measure=f"share of right records by profile {found.score.profile}"
        if found.score
        else "share of right records",
    )


def _columns(model: ModelScore) -> dict[str, Interval]:
    return {
        STRICT: wilson(model.correct, model.total),
        "right, lenient": wilson(model.lenient, model.total),
    }


def _by_category(
    lines: Sequence[ScoreLine], own: ModelScore | None, baselines: Sequence[ModelScore]
) -> list[GroupScores]:
    """Returns strict and lenient shares by category, baselines beside them."""
    if own is None:
        return _counted(lines)
    return [
        GroupScores(
            name,
            {
                "strict": wilson(tally.correct, tally.total),
                "lenient": wilson(tally.lenient, tally.total),
                **{each.model: share for each in baselines if (share := _share(each, name))},
            },
        )
        for name, tally in own.categories.items()
    ]


def _share(model: ModelScore, category: str) -> Interval | None:
    tally: Tally | None = model.categories.get(category)
    return wilson(tally.correct, tally.total) if tally else None


def _counted(lines: Sequence[ScoreLine]) -> list[GroupScores]:
    parts: dict[str, list[bool]] = {}
    for line in lines:
        parts.setdefault(line.category, []).append(line.valid)
    return [
        GroupScores(name, {"strict": wilson(sum(valid), len(valid))})
        for name, valid in parts.items()
    ]


def _official(own: ModelScore) -> list[OfficialColumn]:
    """Returns the columns of the published tables, the total first."""
    names = sorted(own.columns, key=lambda name: name != TOTAL)
    return [
        OfficialColumn(
            name.partition("/")[2] or name,
            str(own.columns[name]),
            own.official.get(name, ""),
            own.columns[name].missing,
        )
        for name in names
    ]


def _settings(found: ScoreFolder, own: ModelScore | None) -> dict[str, str]:
    score = found.score
    if score is None:
        return {}
    settings = {
        "profile": score.profile,
        "rules of": score.source,
        "data": f"{score.data_hash} ({score.data_state})",
        "questions": score.questions,
        "outputs": score.outputs,
    }
    if own is not None:
        settings |= {"decoder": own.decoder, "dots to underscores": own.underscores}
    return settings


def _origin(score: Score) -> Origin:
    digests = {"all scored categories": score.data_hash, **score.data_digests}
    return Origin(versions={"actloom": score.actloom}, digests=digests)


def _absent(own: ModelScore | None) -> list[str]:
    """Returns a sentence for each reason why categories are not scored."""
    reasons: dict[str, list[str]] = {}
    for name, reason in own.not_scored.items() if own else ():
        reasons.setdefault(reason, []).append(name)
    return [f"{', '.join(names)}: {reason}." for reason, names in reasons.items()]


def _notes(score: Score | None) -> list[str]:
    notes = score.notes if score else []
    more = len(notes) - NOTES_SHOWN
    return [*notes[:NOTES_SHOWN], *([f"and {more} more notes in score.json"] if more > 0 else [])]


def _several(found: ScoreFolder) -> ReportData:
    ranked = sorted(found.models, key=lambda model: -_overall(found.score, model))
    rows = [_row(found.models[model], found.score) for model in ranked]
    return ReportData(
        title=f"BFCL: {count(len(found.models), 'model')}",
        subtitle=_subtitle(found),
        statement="The page of one model has its failures: actloom report FOLDER:MODEL.",
        headline=Headline(
            _ranking(found.score, ranked[0]),
            [*map(_baseline_row, found.score.baselines if found.score else []), *rows],
            measure="share of right records",
        ),
        by_group={"category": _categories(found.models)},
        failures=_kinds(found),
        failure_cases=sum(map(len, found.models.values())),
        verdicts=str(Path(found.folder) / VERDICTS),
        settings=_settings(found, None),
        origin=_origin(found.score) if found.score else None,
        absent=_notes(found.score),
    )


def _overall(score: Score | None, model: str) -> float:
    """Returns the total by which models are ranked; those without one come last."""
    own = _model_score(score, model)
    return -1.0 if own is None or own.overall is None else own.overall


def _ranking(score: Score | None, best: str) -> str:
    own = _model_score(score, best)
    if own is None or own.overall is None:
        return "No model has all categories of an Overall; the shares below are partial."
    return f"{best} has the highest Overall: {percent(own.overall)}."


def _baseline_row(baseline: ModelScore) -> HeadlineRow:
    shares = {STRICT: wilson(baseline.correct, baseline.total)}
    return HeadlineRow(baseline.model, shares, note=KNOWS_NOTHING)


def _row(lines: Sequence[ScoreLine], score: Score | None) -> HeadlineRow:
    model = lines[0].model
    own = _model_score(score, model)
    if own is None:
        shares = {STRICT: wilson(sum(line.valid for line in lines), len(lines))}
        return HeadlineRow(model, shares, note="partial")
    total = "partial" if own.overall is None else f"Overall {percent(own.overall)}"
    published = own.official.get(TOTAL, "")
    note = f"{total}; published {published}" if published else total
    return HeadlineRow(model, _columns(own), note=note)


def _categories(models: Mapping[str, Sequence[ScoreLine]]) -> list[GroupScores]:
    """Returns category -> model -> share, in the order of the verdicts."""
    parts: dict[str, dict[str, list[bool]]] = {}
    for model, lines in models.items():
        for line in lines:
            parts.setdefault(line.category, {}).setdefault(model, []).append(line.valid)
    return [
        GroupScores(name, {m: wilson(sum(valid), len(valid)) for m, valid in shares.items()})
        for name, shares in parts.items()
    ]


def _kinds(found: ScoreFolder) -> list[FailureKind]:
    verdicts = [v for model in found.models for v in outcomes_of(found, model).verdicts.values()]
    return [
        FailureKind(kind, number, KINDS.get(kind, ""))
        for kind, number in failure_counts(verdicts).items()
    ]
