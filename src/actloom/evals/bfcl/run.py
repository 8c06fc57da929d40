"""Asks a model the questions of a profile and keeps its outputs as `score bfcl` reads them.

An answer is on disk before the case counts as finished; a killed run, given again, asks only what
is not finished. A case the server did not answer is an entry of OUT/errors.jsonl and is asked again
by the next run.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import msgspec

from actloom.core.model import Model
from actloom.envs.bfcl.classes import official_classes
from actloom.envs.bfcl.live import LiveWorld
from actloom.envs.bfcl.room import Room
from actloom.evals.bfcl.answer_files import AnswerFile, usages_in
from actloom.evals.bfcl.case_runs import CaseRun, SingleRun, TurnsRun
from actloom.evals.bfcl.data import questions
from actloom.evals.bfcl.decoders import decoder
from actloom.evals.bfcl.decoding import Decoder
from actloom.evals.bfcl.gold_model import GoldModel, GoldRun
from actloom.evals.bfcl.multi_turn import setup_of
from actloom.evals.bfcl.profiles import Category, profile_of
from actloom.evals.bfcl.question import Question
from actloom.evals.bfcl.requests import Conversation, Settings
from actloom.evals.bfcl.requests.styles import TEMPERATURE
from actloom.evals.bfcl.rules import RULES
from actloom.evals.spending import Spending, spending_of
from actloom.io.urls import write_bytes
from actloom.llm.prices import Price
from actloom.rollout.rounds import rounds
from actloom.rollout.trace import refuse_other

OUTPUTS, ERRORS, RUNS = "outputs", "errors.jsonl", "runs"
OWN_MAX_TOKENS = 1024
"""Tokens of an answer of a model in this process, unless the settings say else."""
NOT_BY_DEFAULT = {
    "executable": "needs recorded outputs of its calls; name the category to ask it",
    "rest": "needs live services; name the category to ask it",
    "format_sensitivity": "5,200 questions that count in no total; name the category to ask it",
}
"""Kind of category -> why it is asked only by name."""


class RunConfig(msgspec.Struct, frozen=True, kw_only=True):
    """What is asked and how."""

    profile: str
    questions: str
    """Folder of questions and answers."""
    style: str = "fc"
    """Way of asking, one of `requests.STYLES`."""
    dialect: str = ""
    """Decoder of the answers; "" for the style's own."""
    categories: list[str] = []
    """Names; none for all that count in the total."""
    limit: int | None = None
    """Most questions of a category, the first in order."""
    max_tokens: int | None = None
    """Tokens of an answer; None for the official limit."""
    temperature: float | None = None
    """None for the official one."""
    width: int = 32
    """Cases held side by side."""

    @property
    def native(self) -> bool:
        """Whether calls are asked for as native ones."""
        return self.style.endswith("fc")

    @property
    def decoder(self) -> str:
        """Name of the decoder of the answers."""
        return self.dialect or _decoder_name(self.style, self.profile)


class RunReport(msgspec.Struct, frozen=True, kw_only=True):
    """What a run did."""

    model: str
    """Name of the model's folder below OUT/outputs."""
    asked: int
    """Cases asked by this run."""
    finished: int
    """Cases with an answer, of all runs."""
    unanswered: int
    """Cases without one."""
    first_error: str = ""
    categories: list[str] = []
    skipped: dict[str, str] = {}
    """Category -> why it was not asked."""
    spending: Spending
    """Tokens, money and latency of all runs."""


_DECODERS = {
    ("fc", "v1"): "openai_fc@bfcl_v1",
    ("prompt", "v1"): "openai@bfcl_v1",
    ("xlam", "v1"): "xlam@bfcl_v1",
    ("fc", "v4"): "default_fc@bfcl_v4",
    ("prompt", "v4"): "default@bfcl_v4",
    ("xlam", "v4"): "salesforce@bfcl_v4",
}


def _decoder_name(style: str, profile: str) -> str:
    """Returns the decoder the official runner reads a style's answers with."""
    kind = style.removeprefix("responses_").partition("_")[0]
    return _DECODERS.get((kind, "v1" if profile.startswith("v1") else "v4"), "auto")


def run(
    model: Model, config: RunConfig, out: str | Path, *, price: Price | None = None
) -> RunReport:
    """Asks what is not finished, and returns what all runs into `out` came to.

    Args:
        model: who answers.
        config: what is asked.
        out: a local folder; outputs go to OUT/outputs/<model>/<category>.jsonl.
        price: for the money in the report.

    Raises:
        InputError: the profile, a category, the style or the dialect is unknown, or data is
            missing.
        OutputError: `out` holds answers to other data or of other settings, or the disk is full.
    """
    asker = _Asker(model, config, Path(out))
    asked, errors = asker.ask()
    lines = b"".join(msgspec.json.encode(entry) + b"\n" for entry in errors)
    write_bytes(str(Path(out) / ERRORS), lines)
    usages = [u for file in asker.files.values() for u in usages_in(file.path, price)]
    return RunReport(
        model=asker.folder.name,
        asked=asked,
        finished=sum(len(file.finished) for file in asker.files.values()),
        unanswered=len(errors),
        first_error=errors[0]["error"] if errors else "",
        categories=list(asker.files),
        skipped=asker.skipped,
        spending=spending_of(usages),
    )


class _Asker:
    """One run: chooses categories, opens files, asks."""

    def __init__(self, model: Model, config: RunConfig, out: Path) -> None:
        self.model = model
        self.config = config
        self.profile = profile_of(config.profile)
        self.folder = out / OUTPUTS / model.name.replace("/", "_")
        self.decoder: Decoder = decoder(config.decoder)
        self.questions = questions(config.questions, self.profile)
        self.skipped: dict[str, str] = {}
        self.categories = list(self._chosen())
        self._keep_settings(out / RUNS / f"{self.folder.name}.json")
        self.files = {c.name: AnswerFile(self.folder, c.name) for c in self.categories}

    def _chosen(self) -> Iterator[Category]:
        named = [self.profile.category(name) for name in self.config.categories]
        for category in named or self.profile.categories.values():
            reason = self._reason_not_to_ask(category, named=bool(named))
            if reason:
                self.skipped[category.name] = reason
            else:
                yield category

    def _reason_not_to_ask(self, category: Category, *, named: bool) -> str:
        if category.name not in self.questions:
            return "no questions of this category"
        if category.kind == "agentic":
            return "needs the network or a memory filled beforehand"
        return "" if named else NOT_BY_DEFAULT.get(category.kind, "")

    def _keep_settings(self, path: Path) -> None:
        """Writes what must stay the same from run to run, and refuses to go on with another."""
        new = _settings(self.model, self.config)
        new |= {f"data {c.name}": self.questions.digest(c.name) for c in self.categories}
        old = msgspec.json.decode(path.read_bytes(), type=dict[str, str]) if path.exists() else {}
        shared = {key: old[key] for key in new if key in old}
        refuse_other(shared, {key: new[key] for key in shared}, path)
        write_bytes(str(path), msgspec.json.format(msgspec.json.encode(old | new), indent=1))

    def ask(self) -> tuple[int, list[dict[str, str]]]:
        """Asks what is open; returns the number of cases and an entry for each without answer."""
        asked = 0
        errors: list[dict[str, str]] = []
        limit = self.config.max_tokens or OWN_MAX_TOKENS
        with _room(self.categories) as room:
            runs = self._open_runs(room)
            for answers in rounds(runs, self.model, max_tokens=limit, width=self.config.width):
                for answer in answers:
                    answer.asking.take(answer.completion)
                over = [answer.asking for answer in answers if answer.asking.over]
                asked += len(over)
                errors += [_error(self.folder.name, case) for case in over if case.error]
                self._write([case for case in over if not case.error])
        return asked, errors

    def _write(self, finished: Sequence[CaseRun]) -> None:
        for name in dict.fromkeys(case.question.category for case in finished):
            lines = [case.line() for case in finished if case.question.category == name]
            self.files[name].append(lines)

    def _open_runs(self, room: Room | None) -> Iterator[CaseRun]:
        for category in self.categories:
            for question in self.questions[category.name][: self.config.limit]:
                if question.id not in self.files[category.name].finished:
                    named = msgspec.structs.replace(question, category=category.name)
                    run = self._run_of(named, room if category.kind == "multi_turn" else None)
                    yield self._told(run)

    def _told(self, run: CaseRun) -> CaseRun:
        if not isinstance(self.model, GoldModel):
            return run
        rules = RULES[self.profile.rules]
        return GoldRun(run, self.model, style=self.config.style, rules=rules)

    def _run_of(self, question: Question, room: Room | None) -> CaseRun:
        config = self.config
        given = TEMPERATURE if config.temperature is None else config.temperature
        conversation = Conversation(
            question,
            config.style,
            model_name=self.model.name,
            version=self.profile.name,
            settings=Settings(
                model=self.model.name, temperature=given, max_tokens=config.max_tokens
            ),
        )
        if room is None:
            return SingleRun(question, conversation)
        world = LiveWorld(setup_of(question.raw), room)
        return TurnsRun(question, conversation, self.decoder, world)


def _settings(model: Model, config: RunConfig) -> dict[str, str]:
    return {
        "model": model.name,
        "profile": config.profile,
        "style": config.style,
        "dialect": config.decoder,
        "max_tokens": str(config.max_tokens or "official"),
        "temperature": "official" if config.temperature is None else str(config.temperature),
    }


def _error(model: str, case: CaseRun) -> dict[str, str]:
    question = case.question
    return {
        "model": model,
        "category": question.category,
        "id": question.id,
        "error": case.error,
    }


@contextmanager
def _room(categories: Sequence[Category]) -> Generator[Room | None]:
    """Gives the sandbox of the simulated classes where a category needs one."""
    if not any(category.kind == "multi_turn" for category in categories):
        yield None
        return
    with Room(official_classes()) as room:
        yield room
