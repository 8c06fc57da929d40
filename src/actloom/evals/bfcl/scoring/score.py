"""Stored outputs to scores: joined, judged, counted and totalled, without any model."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from actloom import __version__
from actloom.core.errors import InputError
from actloom.evals.bfcl.data.outputs import (
    OutputFile,
    categories_of,
    chosen,
    models_of,
    output_files,
)
from actloom.evals.bfcl.scoring.baseline_scores import baseline_scores
from actloom.evals.bfcl.scoring.leaderboard import Leaderboard, leaderboard
from actloom.evals.bfcl.scoring.tally import SCORE, VERDICTS, ModelScore, Score
from actloom.evals.bfcl.scoring.traits import Traits, Underscores, model_table
from actloom.evals.bfcl.scoring.work import Job, Part, Paths, Room, collect_rarely, part_of
from actloom.evals.bfcl.versions.aggregation import totals
from actloom.evals.bfcl.versions.profiles import Profile, profile_of
from actloom.evals.bfcl.versions.revisions import data_hash
from actloom.io.urls import is_folder, is_url, join

if TYPE_CHECKING:
    from actloom.evals.bfcl.checker.selftest import GoldDefect

PROCESSES = 2
"""Processes used where there is work for several."""
ENOUGH_FOR_SEVERAL = 4_000
"""Records from which a second process is worth its start."""


class ScoreConfig(msgspec.Struct, frozen=True, kw_only=True):
    """What is scored and how."""

    profile: str
    data: str = ""
    """Folder of a results pack: questions, outputs, models, recordings, leaderboard."""
    questions: str = ""
    """Folder of questions and answers, where they are not in `data`."""
    outputs: str = ""
    """Folder of outputs, or one file, where they are not in `data`/results."""
    dialect: str = ""
    """Decoder of all models; "" for what models.csv says, or `auto`."""
    models: list[str] = []
    """Names or patterns; none for all."""
    categories: list[str] = []
    """Names; none for all."""
    underscores: Underscores = "auto"
    workers: int | None = None
    """Processes; None to choose."""


class Plan(msgspec.Struct, frozen=True):
    """A score that can be made: everything it names is there."""

    config: ScoreConfig
    jobs: list[Job]
    room: Room
    outputs: str


def planned(config: ScoreConfig) -> Plan:
    """Returns the plan of a score; nothing is written.

    Raises:
        InputError: a folder, profile, category, model or decoder that cannot be used.
    """
    return Plan(config, jobs_of(config), Room(_paths(config)), _outputs_path(config))


def score(config: ScoreConfig, out: str) -> Score:
    """Scores stored outputs and writes OUT/verdicts.jsonl and OUT/score.json.

    Raises:
        InputError: as `planned`, or a file is damaged.
    """
    return scored(planned(config), out)


def scored(plan: Plan, out: str) -> Score:
    """Carries out a plan and writes OUT/verdicts.jsonl and OUT/score.json.

    Results do not depend on the number of processes.

    Raises:
        InputError: a file is damaged.
    """
    with _written(Path(out) / VERDICTS) as write:
        parts: list[Part] = []
        for part in _parts(plan):
            write(part.lines)
            part.lines = b""
            parts.append(part)
    found = _score(parts, plan)
    with _written(Path(out) / SCORE) as write:
        write(msgspec.json.format(msgspec.json.encode(found), indent=1))
    return found


def gold_defects(config: ScoreConfig) -> list[GoldDefect]:
    """Returns the questions of the chosen categories whose own gold the checker rejects.

    Raises:
        InputError: a folder, profile or category that cannot be used.
    """
    from actloom.evals.bfcl.checker.selftest import self_test

    room = Room(_paths(config))
    wanted = [room.profile.category(name).name for name in config.categories]
    asked = [
        question
        for name in room.questions
        if room.profile.categories[name].kind == "ast" and (not wanted or name in wanted)
        for question in room.questions[name]
    ]
    return self_test(asked, room.rules)


def _paths(config: ScoreConfig) -> Paths:
    folder = config.questions or config.data or _pulled()
    if not folder:
        raise InputError(
            "no questions to score by",
            expected="--data DIR or --questions DIR, or those of `actloom pull bfcl` (v4)",
            todo="get them: actloom pull bfcl",
        )
    return Paths(config.profile, folder, config.data)


def _pulled() -> str:
    """Returns the folder `actloom pull bfcl` made, "" when there is none."""
    from actloom.io.pull.bfcl import bfcl_home

    return str(bfcl_home() or "")


def _outputs_path(config: ScoreConfig) -> str:
    if config.outputs:
        return config.outputs
    if not config.data:
        raise InputError("no outputs to score", expected="--outputs DIR, or --data DIR")
    if not is_folder(config.data):
        raise InputError(
            "there is no such folder of BFCL data",
            expected="a folder with questions and outputs",
            where=config.data,
        )
    results = join(config.data, "results")
    return results if is_folder(results) else config.data


def jobs_of(config: ScoreConfig) -> list[Job]:
    """Returns the work of a score: every chosen model in every category it has outputs of.

    Raises:
        InputError: a folder, profile, category, model or decoder that cannot be used.
    """
    profile = profile_of(config.profile)
    outputs = _outputs_path(config)
    wanted = [profile.category(name).name for name in config.categories]
    single = config.models[0] if len(config.models) == 1 else ""
    files = chosen(output_files(outputs, profile, model=single), config.models)
    table = model_table(config.data, outputs if is_folder(outputs) else "")
    traits = {
        model: table.traits(model, dialect=config.dialect, underscores=config.underscores)
        for model in models_of(files)
    }
    jobs = [
        Job(file.model, category, file.path, traits[file.model])
        for file in files
        for category in _categories(file, profile)
        if not wanted or category in wanted
    ]
    if not jobs:
        raise InputError(
            "no outputs of these categories",
            expected=", ".join(wanted or profile.categories),
            got=", ".join(dict.fromkeys(file.category for file in files)),
            where=outputs,
        )
    return jobs


def _categories(file: OutputFile, profile: Profile) -> list[str]:
    return [file.category] if file.category else categories_of(file.path, profile)


def _parts(plan: Plan) -> Iterator[Part]:
    """Yields what comes of each job, in the order of the jobs."""
    wanted = plan.config.workers or _processes(plan.jobs, plan.room.profile)
    number = min(wanted, len(plan.jobs))
    if number <= 1:
        yield from map(plan.room.part, plan.jobs)
        return
    import multiprocessing
    from concurrent.futures import ProcessPoolExecutor

    spawning = multiprocessing.get_context("spawn")
    tasks = [(plan.room.paths, job) for job in plan.jobs]
    with ProcessPoolExecutor(number, spawning, initializer=collect_rarely) as executor:
        yield from executor.map(part_of, tasks)


def _processes(jobs: Iterable[Job], profile: Profile) -> int:
    records = sum(profile.categories[job.category].count for job in jobs)
    return min(PROCESSES, os.cpu_count() or 1) if records >= ENOUGH_FOR_SEVERAL else 1


@contextlib.contextmanager
def _written(path: Path) -> Generator[Callable[[bytes], object]]:
    """Gives a function that writes; the file appears when all of it is written."""
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_name(f".{path.name}.unfinished")
    try:
        with unfinished.open("wb") as stream:
            yield stream.write
        unfinished.replace(path)
    finally:
        unfinished.unlink(missing_ok=True)


def _score(parts: Sequence[Part], plan: Plan) -> Score:
    config, room = plan.config, plan.room
    profile = room.profile
    board = leaderboard(config.data, profile) if config.data else Leaderboard()
    traits = {job.model: job.traits for job in plan.jobs}
    models = [
        _model_score(model, [part for part in parts if part.model == model], of, profile, board)
        for model, of in traits.items()
    ]
    scored = dict.fromkeys(part.category for part in parts if part.tally is not None)
    digests = {name: room.questions.digest(name) for name in profile.categories if name in scored}
    data = data_hash(profile.name, digests)
    return Score(
        profile=profile.name,
        source=profile.source,
        data_hash=data.digest,
        data_state=data.state,
        data_digests=digests,
        questions=_absolute(room.questions.folder),
        outputs=_absolute(plan.outputs),
        data=_absolute(config.data),
        dialect=config.dialect,
        underscores=config.underscores,
        actloom=__version__,
        models=models,
        baselines=baseline_scores(room, digests),
        notes=_notes(models, traits),
    )


def _absolute(path: str) -> str:
    """Returns a path that `details` finds from any folder; URLs and "" as they are."""
    return str(Path(path).absolute()) if path and not is_url(path) else path


def _model_score(
    model: str, parts: Sequence[Part], traits: Traits, profile: Profile, board: Leaderboard
) -> ModelScore:
    scored = {part.category: part.tally for part in parts if part.tally is not None}
    reasons = {part.category: part.reason for part in parts if part.reason}
    row = board.row(model)
    columns = totals({name: tally.accuracy for name, tally in scored.items()}, profile)
    lenient = totals({name: tally.lenient_accuracy for name, tally in scored.items()}, profile)
    whole = not columns.overall.missing
    return ModelScore(
        model=model,
        decoder=traits.decoder,
        underscores=traits.underscores,
        categories=scored,
        not_scored={
            name: reasons.get(name, "no outputs")
            for name in profile.categories
            if name not in scored
        },
        columns=columns.columns,
        overall=columns.overall.accuracy if whole else None,
        lenient_overall=lenient.overall.accuracy if whole else None,
        official=row.values if row else {},
        format_sensitivity=next((p.sensitivity for p in parts if p.sensitivity), None),
    )


def _notes(models: Sequence[ModelScore], traits: dict[str, Traits]) -> list[str]:
    notes: list[str] = []
    guessed = [model for model, of in traits.items() if not of.known and of.decoder == "auto"]
    if guessed:
        notes.append(
            f"no models.csv names {_some(guessed)}: read by the decoder `auto`; "
            "--dialect NAME chooses another"
        )
    for model in models:
        for name, tally in model.categories.items():
            for count, what in (
                (tally.missing, f"of {tally.questions} questions have no answer"),
                (tally.damaged, "lines cannot be read and count as wrong"),
                (tally.unknown, "answers belong to no question and are left out"),
                (tally.repeated, "answers are replaced by a later one of the same id"),
                (tally.not_recorded, "verdicts need a call nobody recorded and count as wrong"),
            ):
                if count:
                    notes.append(f"{model.model} {name}: {count:,} {what}")
    return notes


def _some(names: Sequence[str]) -> str:
    return ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")
