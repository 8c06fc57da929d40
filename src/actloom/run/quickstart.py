"""The quickstart's second act: tools -> rows -> two trainings -> scores of three models.

An erring writer (embedded, no LLM) writes rows about the tools with the systematic mistakes LLM
writers make. The same tiny model is trained on those rows as they come and on those of them that
verification lets through, for equally many tokens. Both, and the untrained model, are asked about
values and phrasings that no training row holds.
"""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from random import Random
from typing import TypeVar

import msgspec

from actloom.core.errors import MissingExtraError, OutputError
from actloom.core.record import Tool, Trajectory
from actloom.core.stats import Interval, bootstrap_difference, bootstrap_mean
from actloom.io.folder import records
from actloom.io.manifest import Manifest
from actloom.run.checker import check_record
from actloom.run.executor import RunOptions, run_stage
from actloom.run.progress import say
from actloom.run.workers import follow_parent
from actloom.synth.config import Split, SynthConfig
from actloom.synth.synthesis import stage as synth_stage
from actloom.synth.synthesis import write_yield
from actloom.synth.yields import Yield
from actloom.train.spec import TrainResult, TrainSpec

T = TypeVar("T")

RESULT = "result.json"
DEFAULT_MINUTES = 10.0
OVERHEAD_MINUTES = 2.5
"""Minutes of the default run that are not training."""
DEFAULT_TOKENS = 2_200_000
"""Tokens each model is trained on in the default run."""
STYLES = {
    "simple": 0.52,
    "multiple": 0.11,
    "parallel": 0.09,
    "parallel_multiple": 0.10,
    "irrelevance": 0.08,
    "drill": 0.10,
}
"""Weights of the styles in training rows."""
ASKED = {"simple": 5, "multiple": 1, "parallel": 1, "parallel_multiple": 1, "irrelevance": 1}
"""Weights of the styles in held-out questions."""
QUESTIONS = 540
"""Questions in each held-out set; 300 of them are simple."""
EASY_STYLES = ("simple", "drill")
EASY_SHARE = 0.45
"""Share of the token budget that goes to rows of one call before the others join."""
TOKENS_OF_AN_EASY_ROW = 62
OFFERED = 3
"""Most tools offered at once."""
CANDIDATE_ROWS = 72_000
"""Candidate rows in the default run: enough verified ones for a single pass."""
MODELS = ("untrained", "unverified", "verified")
HELD_OUT: tuple[Split, ...] = ("held_out_values", "held_out_phrasings")


OWN_TOOLS = "actloom.tools.examples"


class QuickstartOptions(msgspec.Struct, frozen=True):
    """What the user chose."""

    out: str
    seed: int = 0
    tools: str = OWN_TOOLS
    """Module or file with documented functions."""
    minutes: float = DEFAULT_MINUTES
    """Time wanted on two idle cores. It sets the number of tokens: load changes no result."""
    rows: int | None = None
    """Candidate rows the erring writer writes; by `minutes` when None."""
    questions: int = QUESTIONS
    """Questions in each held-out set."""
    overwrite: bool = False

    def token_budget(self) -> int:
        """Returns the tokens each training may use."""
        return max(20_000, int(DEFAULT_TOKENS * self._share()))

    def candidate_rows(self) -> int:
        """Returns the candidate rows to write."""
        return max(600, int(CANDIDATE_ROWS * self._share())) if self.rows is None else self.rows

    def _share(self) -> float:
        return (self.minutes - OVERHEAD_MINUTES) / (DEFAULT_MINUTES - OVERHEAD_MINUTES)


class Quickstart(msgspec.Struct, frozen=True, kw_only=True):
    """What act 2 gave; the first fields are the fixed interface of `result.json`."""

    untrained_exact: float
    """Share of exact calls of the untrained model, style `simple`, held-out values (0-1)."""
    trained_exact_values: float
    """The same of the model trained on verified rows."""
    trained_exact_phrasings: float
    """The same on held-out phrasings."""
    unverified_exact_values: float
    """Of the model trained on rows as they come, held-out values."""
    by_style: dict[str, dict[str, dict[str, Interval]]]
    """Model -> held-out set -> style -> share of exact calls."""
    rows: dict[str, int]
    """Rows of each data set."""
    seconds: dict[str, float]
    """Wall-clock seconds by stage, and `total`."""
    difference_values: Interval
    """Verified minus unverified over the same questions, style `simple`, held-out values."""
    difference_phrasings: Interval
    seed: int
    token_budget: int
    yield_table: Yield
    trainings: dict[str, TrainResult]
    digests: dict[str, str]
    """Data set -> digest of its records."""
    tools: list[str]


class Clock:
    """Seconds by stage."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}
        self._start = time.perf_counter()

    def measure(self, stage: str, work: Callable[[], T]) -> T:
        """Runs `work`, notes its seconds and returns what it gave."""
        started = time.perf_counter()
        result = work()
        self.seconds[stage] = round(time.perf_counter() - started, 1)
        return result

    def total(self) -> dict[str, float]:
        """Returns the seconds with their total."""
        return {**self.seconds, "total": round(time.perf_counter() - self._start, 1)}


def run_quickstart(options: QuickstartOptions, *, clock: Clock) -> Quickstart:
    """Runs act 2 into `options.out` and writes `result.json`.

    Raises:
        MissingExtraError: torch and its kin are not installed.
        OutputError: the folder holds another run and `overwrite` is not set.
        InputError: the tools' file cannot be imported.
        EmptyDataError: none of the tools works, or no row could be written.
    """
    _require_training()
    claim_folder(options)
    out = Path(options.out)
    manifests = clock.measure("synth", lambda: _synthesize(options))
    folders = {name: str(out / name) for name in ("unverified", "verified")}
    spec = TrainSpec(
        token_budget=options.token_budget(), seed=options.seed, threads=1, shuffle=False
    )
    say(f"training two models on {spec.token_budget:,} tokens each, one core each")
    trainings = clock.measure("train", lambda: _train_all(folders, spec, out))
    clock.measure("eval", lambda: _evaluate_all(out))
    result = _result(options, manifests, trainings, clock)
    text = msgspec.json.format(msgspec.json.encode(result), indent=1)
    (out / RESULT).write_bytes(text + b"\n")
    return result


def _require_training() -> None:
    import importlib.util

    for package in ("torch", "transformers", "accelerate", "tokenizers"):
        if importlib.util.find_spec(package) is None:
            raise MissingExtraError(package, extra="train", purpose="act 2 of the quickstart")


def claim_folder(options: QuickstartOptions) -> None:
    """Makes the folder; clears what another run left only when asked to.

    Raises:
        OutputError: a finished quickstart is there and `overwrite` is not set.
    """
    out = Path(options.out)
    if options.overwrite:
        for name in ("unverified", "verified", "models", "evals", *HELD_OUT):
            shutil.rmtree(out / name, ignore_errors=True)
        (out / RESULT).unlink(missing_ok=True)
    elif (out / RESULT).exists():
        raise OutputError(
            "the folder already holds a finished quickstart",
            where=str(out),
            todo="choose another --out, or add --overwrite",
        )
    out.mkdir(parents=True, exist_ok=True)


def _synthesize(options: QuickstartOptions) -> dict[str, Manifest]:
    """Writes the training rows twice, checked and as they come, and the held-out questions.

    With one try for each row, the verified rows are exactly those of the others that pass.
    """
    base = SynthConfig(
        tools=options.tools,
        rows=options.candidate_rows(),
        styles=STYLES,
        offered=OFFERED,
        writer="erring",
        seed=options.seed,
        tries=1,
    )
    configs = {"verified": base, "unverified": msgspec.structs.replace(base, verify=False)}
    for split in HELD_OUT:
        configs[split] = SynthConfig(
            tools=options.tools,
            rows=options.questions,
            styles={style: float(weight) for style, weight in ASKED.items()},
            offered=OFFERED,
            split=split,
            seed=options.seed,
            shard_rows=options.questions,
        )
    return {name: _write_rows(options, name, config) for name, config in configs.items()}


def _write_rows(options: QuickstartOptions, name: str, config: SynthConfig) -> Manifest:
    say(f"{name}: writing rows")
    settings = RunOptions(recipe=msgspec.to_builtins(config), seed=config.seed, workers=2)
    stage = synth_stage(config, check_record)
    return run_stage(stage, str(Path(options.out) / name), options=settings)


def _train_all(folders: dict[str, str], spec: TrainSpec, out: Path) -> dict[str, TrainResult]:
    """Trains on both sets at once, a process and a core each: two threads would help one less."""
    with _pool(len(folders)) as pool:
        jobs = {
            name: pool.submit(_train_one, folder, spec, str(out / "models" / name))
            for name, folder in folders.items()
        }
        return {name: job.result() for name, job in jobs.items()}


def _pool(processes: int) -> ProcessPoolExecutor:
    return ProcessPoolExecutor(
        processes, mp_context=get_context("spawn"), initializer=follow_parent
    )


def _train_one(folder: str, spec: TrainSpec, out: str) -> TrainResult:
    """Runs in a process of its own."""
    from actloom.train.sft import train, untrained

    rows = easy_first(records(folder), spec.token_budget or 0, seed=spec.seed)
    if Path(out).name == "verified":
        untrained(rows, spec, Path(out).parent / "untrained")
    return train(rows, spec, Path(out))


def easy_first(rows: Iterable[Trajectory], token_budget: int, *, seed: int) -> list[Trajectory]:
    """Returns rows of one call, enough for `EASY_SHARE` of the budget, then all others, mixed.

    Copying must be learned before several calls make it harder: at a million tokens, single calls
    alone gave 88 % exact, all styles mixed 28 % (design/tiny-model.md).
    """
    found = list(rows)
    Random(seed).shuffle(found)
    wanted = int(EASY_SHARE * token_budget / TOKENS_OF_AN_EASY_ROW)
    easy = [row for row in found if row.extra.get("style") in EASY_STYLES][:wanted]
    taken = {row.id for row in easy}
    return easy + [row for row in found if row.id not in taken]


def _evaluate_all(out: Path) -> None:
    """Asks the three models both held-out sets, two at a time."""
    jobs = [(model, split) for split in HELD_OUT for model in MODELS]
    with _pool(2) as pool:
        for model, split in jobs:
            say(f"eval: {model} on {split}")
        done = [pool.submit(_evaluate_one, str(out), model, split) for model, split in jobs]
        for job in done:
            job.result()


def _evaluate_one(out: str, model: str, split: str) -> None:
    """Runs in a process of its own; OUT/evals/<model>/<split> holds trace, verdicts, result."""
    from actloom.dialects import dialect
    from actloom.evals.cases import collect
    from actloom.evals.config import EvalConfig
    from actloom.evals.evaluate import evaluate
    from actloom.llm.local import local_from

    config = EvalConfig(split="all", max_tokens=ANSWER_TOKENS, groups=["style"])
    cases = collect(records(str(Path(out) / split)), config)
    answering = local_from(Path(out) / "models" / model, threads=1)
    folder = Path(out) / "evals" / model / split
    evaluate(answering, cases, dialect("hermes"), folder, config=config)


ANSWER_TOKENS = 128
"""Tokens an answer may have; three parallel calls need about 90."""


def exact_by_style(folder: Path) -> dict[str, list[tuple[str, float]]]:
    """Returns style -> (case id, 1 when exact) of an evaluation folder."""
    from actloom.evals.outcomes import read_verdicts

    found: dict[str, list[tuple[str, float]]] = {}
    for verdict in read_verdicts(folder).values():
        style = verdict.groups.get("style", "")
        found.setdefault(style, []).append((verdict.id, float(verdict.valid)))
    return found


def _result(
    options: QuickstartOptions,
    manifests: dict[str, Manifest],
    trainings: dict[str, TrainResult],
    clock: Clock,
) -> Quickstart:
    out = Path(options.out)
    exact = {m: {s: exact_by_style(out / "evals" / m / s) for s in HELD_OUT} for m in MODELS}
    scores = {
        model: {split: _intervals(styles) for split, styles in splits.items()}
        for model, splits in exact.items()
    }
    values, phrasings = HELD_OUT
    return Quickstart(
        untrained_exact=_simple(scores["untrained"][values]).mean,
        trained_exact_values=_simple(scores["verified"][values]).mean,
        trained_exact_phrasings=_simple(scores["verified"][phrasings]).mean,
        unverified_exact_values=_simple(scores["unverified"][values]).mean,
        by_style=scores,
        rows={name: manifest.records for name, manifest in manifests.items()},
        seconds=clock.total(),
        difference_values=_difference(exact, values),
        difference_phrasings=_difference(exact, phrasings),
        seed=options.seed,
        token_budget=options.token_budget(),
        yield_table=write_yield(str(out / "verified"), wanted=options.candidate_rows()),
        trainings=trainings,
        digests={name: manifest.digest for name, manifest in manifests.items()},
        tools=[tool.name for tool in tools_in(out / values)],
    )


def _intervals(styles: dict[str, list[tuple[str, float]]]) -> dict[str, Interval]:
    return {style: bootstrap_mean([v for _, v in pairs]) for style, pairs in styles.items()}


def _simple(styles: dict[str, Interval]) -> Interval:
    return styles.get("simple") or bootstrap_mean([])


def _difference(
    exact: dict[str, dict[str, dict[str, list[tuple[str, float]]]]], split: str
) -> Interval:
    """Returns verified minus unverified over the same simple questions."""
    verified = dict(exact["verified"][split].get("simple", []))
    unverified = dict(exact["unverified"][split].get("simple", []))
    return bootstrap_difference(
        [verified[case] for case in verified], [unverified[case] for case in verified]
    )


def tools_in(folder: Path) -> Sequence[Tool]:
    """Returns the tools offered anywhere in a dataset folder, by name."""
    found = {tool.name: tool for record in records(str(folder)) for tool in record.tools}
    return [found[name] for name in sorted(found)]
