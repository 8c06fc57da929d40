"""A recipe as steps, each wired to the folders of those before it: `OUT/unify`, `OUT/verify`, ...

The stage packages never import each other; this is where one's output, or one's object (the
checker that synthesis needs), is handed to another. They are imported when a recipe names them.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from actloom.core.errors import EmptyDataError, RecipeError
from actloom.core.ids import digest_bytes
from actloom.core.jsonvalue import Json, JsonObject, canonical_json
from actloom.core.record import Trajectory, agent_steps
from actloom.core.transform import Stage
from actloom.io.folder import records
from actloom.io.manifest import Identity, Manifest
from actloom.io.urls import join, make_folder, write_bytes
from actloom.run.checker import check_record
from actloom.run.executor import RunOptions, run_stage
from actloom.run.once import read_mark, run_once
from actloom.run.progress import say
from actloom.run.recipe import Recipe, plain, recipe_text
from actloom.run.stages import MapStage, SetStage, input_digests
from actloom.run.store import RECIPE, locked

if TYPE_CHECKING:
    from actloom.train.spec import TrainSpec

DATA_VERBS = ("unify", "synth", "scrub", "verify", "mix")
"""Verbs whose output is a dataset folder."""
TRAIN_SPLIT = "train"
FIRST_VERBS = ("unify", "synth")
"""Verbs that read no dataset folder."""


class PlannedStep(msgspec.Struct, frozen=True):
    """One step of a run."""

    verb: str
    reads: list[str]
    """Inputs of the run, or folders of earlier steps."""
    writes: str
    """Folder or file of this step."""
    settings: JsonObject


class StepResult(msgspec.Struct, frozen=True, omit_defaults=True):
    """What a step gave, as `--json` prints it."""

    verb: str
    out: str
    items: int | None = None
    records: int | None = None
    rejects: int | None = None
    reasons: dict[str, int] = {}
    digest: str = ""
    """Digest of the dataset folder's data."""
    seconds: float = 0.0
    """Wall-clock time, also when the step was skipped."""
    details: Json = None
    """Result of training or evaluation."""


def plan(recipe: Recipe) -> list[PlannedStep]:
    """Returns the steps of a recipe in order.

    Raises:
        RecipeError: the recipe names no verb, or one that has nothing to read.
    """
    if not recipe.blocks:
        raise RecipeError(
            "this recipe names no stage", expected="unify, synth, scrub, verify, mix, ..."
        )
    out = recipe.settings.out
    steps: list[PlannedStep] = []
    for verb, settings in recipe.blocks.items():
        writes = join(out, "report.html" if verb == "report" else verb)
        step = PlannedStep(verb, _reads(verb, recipe, steps), writes, plain(settings))
        steps.append(step)
    return steps


def _reads(verb: str, recipe: Recipe, before: Sequence[PlannedStep]) -> list[str]:
    if verb == "unify":
        if not recipe.settings.inputs:
            raise RecipeError(
                "this recipe has no input", expected="a file, folder or URL", todo="add input=PATH"
            )
        return recipe.settings.inputs
    if verb == "synth":
        return []
    if verb == "report":
        return [recipe.settings.out]
    data = [step for step in before if step.verb in DATA_VERBS]
    if not data:
        if recipe.settings.inputs:
            return recipe.settings.inputs
        raise RecipeError(
            f"{verb} has nothing to read",
            expected="unify or synth before it, or a dataset folder as input",
            todo="add input=DATASET_FOLDER",
        )
    folders = [step.writes for step in data if step.verb not in FIRST_VERBS][-1:]
    reads = folders or [step.writes for step in data]
    if verb == "eval":
        reads = reads + [step.writes for step in before if step.verb == "train"]
    return reads


def run_recipe(
    recipe: Recipe,
    *,
    overwrite: bool = False,
    write_report: Callable[[str], object] | None = None,
) -> list[StepResult]:
    """Runs a recipe and returns what each step gave; finished steps are skipped.

    Args:
        recipe: a resolved recipe.
        overwrite: clear folders that another recipe made.
        write_report: writes `report.html` into a run folder; the report room lies above this one.

    Raises:
        RecipeError: the steps do not fit together.
        OutputError: the folder of the run is locked, full, or made by another recipe.
        EmptyDataError: nothing is left to train on or to ask.
    """
    steps = plan(recipe)
    out = recipe.settings.out
    with locked(out):
        make_folder(out)
        text = recipe_text(recipe, path=join(out, RECIPE))
        write_bytes(join(out, RECIPE), text.encode())
        return [_run_step(step, recipe, overwrite, write_report) for step in steps]


def _run_step(
    step: PlannedStep,
    recipe: Recipe,
    overwrite: bool,
    write_report: Callable[[str], object] | None,
) -> StepResult:
    started = time.perf_counter()
    if step.verb in DATA_VERBS:
        result = _run_data(step, recipe, overwrite)
    elif step.verb == "train":
        result = _train(step, recipe, overwrite)
    elif step.verb == "eval":
        result = _evaluate(step, recipe, overwrite)
    else:
        result = _report(step, write_report)
    return msgspec.structs.replace(result, seconds=round(time.perf_counter() - started, 3))


def _run_data(step: PlannedStep, recipe: Recipe, overwrite: bool) -> StepResult:
    settings = recipe.settings
    options = RunOptions(
        recipe=step.settings,
        seed=settings.seed,
        workers=settings.workers,
        limit=settings.limit,
        overwrite=overwrite,
        compress=settings.compress,
    )
    manifest = run_stage(_stage(step, recipe), step.writes, options=options)
    if step.verb == "synth":
        from actloom.synth import SynthConfig, write_yield

        write_yield(step.writes, wanted=recipe.block("synth", SynthConfig).rows)
    if step.verb == "scrub":
        from actloom.run.scrub import write_report

        write_report(step.writes)
    return _data_result(step, manifest)


def _data_result(step: PlannedStep, manifest: Manifest) -> StepResult:
    return StepResult(
        verb=step.verb,
        out=step.writes,
        items=manifest.items,
        records=manifest.records,
        rejects=manifest.rejects,
        reasons=manifest.reasons,
        digest=manifest.digest,
    )


def _stage(step: PlannedStep, recipe: Recipe) -> Stage:
    """Returns the stage object of a data verb."""
    seed = recipe.settings.seed
    if step.verb == "unify":
        from actloom import unify
        from actloom.unify.config import UnifyConfig

        return unify.stage(step.reads, recipe.block("unify", UnifyConfig))
    if step.verb == "synth":
        from actloom import synth
        from actloom.synth.config import SynthConfig

        given = recipe.block("synth", SynthConfig)
        return synth.stage(msgspec.structs.replace(given, seed=given.seed or seed), check_record)
    if step.verb == "scrub":
        from actloom.run.scrub import ScrubStage
        from actloom.scrub import ScrubConfig

        return ScrubStage(step.reads, recipe.block("scrub", ScrubConfig))
    if step.verb == "verify":
        from actloom.verify.config import VerifyConfig
        from actloom.verify.transform import VerifyTransform

        transform = VerifyTransform(recipe.block("verify", VerifyConfig))
        if transform.policy.set_makers:
            from actloom.run.lint import VerifiedStage

            return VerifiedStage(MapStage("verify", step.reads, []), transform)
        return MapStage("verify", step.reads, [transform], seed=seed)
    from actloom.mix import transforms
    from actloom.mix.config import MixConfig

    return SetStage("mix", step.reads, transforms(recipe.block("mix", MixConfig)), seed=seed)


def _train(step: PlannedStep, recipe: Recipe, overwrite: bool) -> StepResult:
    from actloom.train.spec import TrainSpec

    given = recipe.block("train", TrainSpec)
    spec = msgspec.structs.replace(given, seed=given.seed or recipe.settings.seed)
    result = train_on(step.reads, step.writes, spec, overwrite=overwrite)
    return StepResult(verb="train", out=step.writes, details=result)


def train_on(folders: Sequence[str], out: str, spec: TrainSpec, *, overwrite: bool = False) -> Json:
    """Trains on the records of dataset folders, once, and returns the result as JSON.

    Raises:
        EmptyDataError: no record to train on.
        OutputError: `out` is behind a URL, or was made with other settings.
        MissingExtraError: torch or transformers is not installed.
    """
    from actloom.train.sft import train

    identity = Identity("train", 1, plain(spec), input_digests(folders))

    def work() -> object:
        return train(_to_train_on(folders), spec, Path(out))

    return run_once(out, identity, work, overwrite=overwrite)


def _to_train_on(folders: Sequence[str]) -> list[Trajectory]:
    """Returns the records of split `train`, or all where nothing was split.

    Raises:
        EmptyDataError: no record is left.
    """
    found = [r for r in _records(folders) if r.provenance.split in (None, TRAIN_SPLIT)]
    if not any(agent_steps(record) for record in found):
        raise EmptyDataError(
            "there is nothing to train on",
            expected="records with an assistant turn",
            got=f"{len(found):,} records without one" if found else "no record",
            where=", ".join(folders),
            todo="tool lists and test questions hold no answers: add train=false eval=false,"
            " or give data with assistant turns",
        )
    return found


def _records(folders: Sequence[str]) -> Iterator[Trajectory]:
    for folder in folders:
        yield from records(folder)


def _evaluate(step: PlannedStep, recipe: Recipe, overwrite: bool) -> StepResult:
    from actloom.dialects import DIALECTS
    from actloom.evals.cases import collect
    from actloom.evals.config import EvalConfig
    from actloom.evals.evaluate import evaluate
    from actloom.llm.local import local_from

    config = recipe.block("eval", EvalConfig)
    *folders, model = step.reads
    identity = Identity("eval", 1, step.settings, input_digests(folders) | _trained(model))

    def work() -> object:
        cases = collect(_records(folders), config)
        return evaluate(
            local_from(model), cases, DIALECTS.get("hermes"), step.writes, config=config
        )

    result = run_once(step.writes, identity, work, overwrite=overwrite)
    return StepResult(verb="eval", out=step.writes, details=result)


def _trained(folder: str) -> dict[str, str]:
    """Returns the digest of what trained the model in a folder."""
    mark = read_mark(folder)
    return {"model": "" if mark is None else digest_bytes(canonical_json(mark.identity))}


def _report(step: PlannedStep, write: Callable[[str], object] | None) -> StepResult:
    if write is None:
        say("report: left out, no report writer was given")
    else:
        write(step.reads[0])
    return StepResult(verb="report", out=step.writes)
