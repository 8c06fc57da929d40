"""One run over the questions: what is asked, what is kept, what failed."""

from __future__ import annotations

from collections.abc import Generator, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol, TypeVar

import msgspec

from actloom.core.errors import OutputError, ToolSchemaError
from actloom.core.jsonvalue import JsonObject
from actloom.core.model import Completion, Model
from actloom.envs.bfcl.classes import official_classes
from actloom.envs.bfcl.live import LiveWorld
from actloom.envs.bfcl.room import Room, WorldFailure
from actloom.evals.bfcl.checker.rules import RULES
from actloom.evals.bfcl.data.questions import questions
from actloom.evals.bfcl.decoders import decoder
from actloom.evals.bfcl.question import Question
from actloom.evals.bfcl.requests import Conversation, Settings
from actloom.evals.bfcl.requests.style import TEMPERATURE
from actloom.evals.bfcl.runs.answer_files import AnswerFile
from actloom.evals.bfcl.runs.case_runs import CaseRun, SingleRun, TurnsRun
from actloom.evals.bfcl.runs.gold_model import GoldModel, GoldRun
from actloom.evals.bfcl.runs.memory_runs import Memories, scenario_of
from actloom.evals.bfcl.runs.run_config import NOT_BY_DEFAULT, OWN_MAX_TOKENS, RunConfig
from actloom.evals.bfcl.turns.multi_turn import setup_of
from actloom.evals.bfcl.versions.profiles import Category, profile_of
from actloom.io.urls import write_bytes
from actloom.rollout.rounds import Answered, Asking, rounds
from actloom.rollout.trace import refuse_other


class _Taking(Asking, Protocol):
    """What goes on by itself with an answer."""

    def take(self, completion: Completion) -> None:
        """Goes on with an answer."""
        ...


T = TypeVar("T", bound=_Taking)
PLAYED = ("multi_turn", "agentic")
"""Kinds of categories whose calls are carried out."""
CANNOT_BE_ASKED = {
    "web_search": "needs the network",
    "memory_vector": "its class needs a text-embedding model",
}
"""Beginning of a category's name -> why it is not asked."""


class ErrorEntry(msgspec.Struct, frozen=True):
    """One line of errors.jsonl: a question without an answer."""

    model: str
    category: str
    id: str
    error: str


class Asker:
    """Chooses categories, opens files, asks.

    Args:
        model: who answers.
        config: what is asked.
        outputs: folder of all models' outputs.
        state: folder of what must stay the same from run to run, and of memories.

    Raises:
        InputError: a name in `config` is unknown, or data is missing.
        OutputError: the folders hold answers of other settings or data, or cannot be written.
    """

    def __init__(self, model: Model, config: RunConfig, *, outputs: Path, state: Path) -> None:
        self.model = model
        self.config = config
        self.profile = profile_of(config.profile)
        self.folder = outputs / model.name.replace("/", "_")
        self.asked = 0
        """Cases asked so far."""
        self.errors: list[ErrorEntry] = []
        self.decoder = decoder(config.decoder)
        self.questions = questions(config.questions, self.profile)
        self.skipped: dict[str, str] = {}
        """Category -> why it is not asked."""
        self.categories = list(self._chosen())
        self.memories = state / self.folder.name
        """Folder of what conversations left in memories."""
        self._keep_settings(state / f"{self.folder.name}.json")
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
        for beginning, reason in CANNOT_BE_ASKED.items():
            if category.name.startswith(beginning):
                return reason
        return "" if named else NOT_BY_DEFAULT.get(category.kind, "")

    def _keep_settings(self, path: Path) -> None:
        """Writes what must stay the same from run to run, and refuses to go on with another."""
        new = {"model": self.model.name, **self.config.lasting()}
        new |= {f"data {c.name}": self.questions.digest(c.name) for c in self.categories}
        old = _kept_settings(path)
        shared = {key: old[key] for key in new if key in old}
        refuse_other(shared, {key: new[key] for key in shared}, path)
        write_bytes(str(path), msgspec.json.format(msgspec.json.encode(old | new), indent=1))

    def ask(self) -> None:
        """Asks what is open.

        Raises:
            InputError: the simulated classes are needed and have not been pulled.
            OutputError: the disk refuses.
        """
        with _room(self.categories) as room:
            start = _Start(self, room)
            memories = Memories(self.memories, self.questions.folder, start.played)
            for category in self.categories:
                if category.kind == "agentic":
                    self._fill(memories, self._open_questions(category))
            for answers in self._rounds(self._open_runs(start, memories)):
                over = [answer.asking for answer in answers if answer.asking.over]
                self.asked += len(over)
                for case in over:
                    if case.error:
                        self._fail(case.question, case.error)
                self._write([case for case in over if not case.error])

    def _fill(self, memories: Memories, asked: Sequence[Question]) -> None:
        for _ in self._rounds(memories.runs(asked)):
            pass  # what a conversation left is written by its run

    def _rounds(self, runs: Iterator[T]) -> Iterator[list[Answered[T]]]:
        """Yields answers after their runs have taken them."""
        limit = self.config.max_tokens or OWN_MAX_TOKENS
        for answers in rounds(runs, self.model, max_tokens=limit, width=self.config.width):
            for answer in answers:
                answer.asking.take(answer.completion)
            yield answers

    def _write(self, finished: Sequence[CaseRun]) -> None:
        for name in dict.fromkeys(case.question.category for case in finished):
            lines = [case.line() for case in finished if case.question.category == name]
            self.files[name].append(lines)

    def _fail(self, question: Question, error: str) -> None:
        entry = ErrorEntry(self.folder.name, question.category, question.id, error)
        self.errors.append(entry)

    def _open_questions(self, category: Category) -> list[Question]:
        # A category may hold questions of another one, asked in another way.
        return [
            msgspec.structs.replace(question, category=category.name)
            for question in self.questions[category.name][: self.config.limit]
            if question.id not in self.files[category.name].finished
        ]

    def _open_runs(self, start: _Start, memories: Memories) -> Iterator[CaseRun]:
        for category in self.categories:
            for question in self._open_questions(category):
                try:
                    yield start.of(question, category, memories)
                except (WorldFailure, ToolSchemaError, KeyError, TypeError, ValueError) as error:
                    self._fail(question, f"cannot be asked: {type(error).__name__}: {error}")


def _kept_settings(path: Path) -> dict[str, str]:
    if not path.exists():
        return {}
    try:
        return msgspec.json.decode(path.read_bytes(), type=dict[str, str])
    except msgspec.DecodeError as error:
        raise OutputError(
            "the settings of an earlier run cannot be read",
            got=str(error),
            where=str(path),
            todo="choose another --out",
        ) from error


class _Start:
    """Begins runs."""

    def __init__(self, asker: Asker, room: Room | None) -> None:
        self._asker = asker
        self._room = room

    def of(self, question: Question, category: Category, memories: Memories) -> CaseRun:
        """Returns the run of a question.

        Raises:
            WorldFailure: its world, or the memory it is about, came to no end.
            KeyError: a field of the question is missing.
            TypeError: a field has another form than published.
        """
        if category.kind == "agentic":
            memory = memories.filled_for(question)
            if memory.error:
                raise WorldFailure(f"memory {scenario_of(question)} not filled: {memory.error}")
            return self.played(question, memory.filled.snapshot)[0]
        if category.kind in PLAYED:
            return self.played(question, None)[0]
        return self._told(SingleRun(question, self._conversation(question, "")))

    def played(self, question: Question, snapshot: JsonObject | None) -> tuple[CaseRun, LiveWorld]:
        """Returns the run of a question whose calls are carried out, and its world."""
        if self._room is None:
            raise WorldFailure("no sandbox was opened")
        setup = setup_of(question.raw, snapshot=snapshot)
        world = LiveWorld(setup, self._room)
        conversation = self._conversation(question, world.memory_text() if setup.memory else "")
        run = TurnsRun(question, conversation, self._asker.decoder, world)
        return self._told(run), world

    def _conversation(self, question: Question, memory: str) -> Conversation:
        asker, config = self._asker, self._asker.config
        given = TEMPERATURE if config.temperature is None else config.temperature
        name = asker.model.name
        return Conversation(
            question,
            config.style,
            model_name=name,
            version=asker.profile.name,
            memory=memory,
            settings=Settings(model=name, temperature=given, max_tokens=config.max_tokens),
        )

    def _told(self, run: CaseRun) -> CaseRun:
        asker = self._asker
        if not isinstance(asker.model, GoldModel):
            return run
        rules = RULES[asker.profile.rules]
        return GoldRun(run, asker.model, style=asker.config.style, rules=rules)


@contextmanager
def _room(categories: Sequence[Category]) -> Generator[Room | None]:
    """Gives the sandbox of the simulated classes where a category needs one."""
    if not any(category.kind in PLAYED for category in categories):
        yield None
        return
    with Room(official_classes()) as room:
        yield room
