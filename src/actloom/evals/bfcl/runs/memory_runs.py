"""Memory categories: conversations that fill a memory come before the questions about it.

Each conversation of a scenario begins with the memory that the one before left; all questions of
the scenario begin with what the last left (`base_handler.py` and `utils.py` of bfcl-eval). What is
left is written after each conversation, so that a killed run fills no memory twice.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TypeAlias

import msgspec

from actloom.core.jsonvalue import JsonObject
from actloom.core.model import Completion, Prompt
from actloom.core.record import Usage
from actloom.envs.bfcl.live import LiveWorld
from actloom.envs.bfcl.room import WorldFailure
from actloom.evals.bfcl.question import Question
from actloom.evals.bfcl.runs.case_runs import CaseRun
from actloom.evals.bfcl.turns.agentic import prerequisites
from actloom.io.urls import is_folder, join, write_bytes
from actloom.llm.prices import Price, cost_usd

Start: TypeAlias = Callable[[Question, JsonObject | None], tuple[CaseRun, LiveWorld]]
"""Question and memory -> its run and its world.

Raises:
    WorldFailure: the world came to no end.
"""
_ROOTS = ("", "data", "bfcl_eval/data")


class Filled(msgspec.Struct, frozen=True):
    """How far the memory of a scenario is filled."""

    conversations: int = 0
    snapshot: JsonObject | None = None
    usages: list[Usage] = []
    """What each answer of these conversations took."""


class MemoryRun:
    """The conversations that fill one memory, one after the other.

    Args:
        chain: the conversations in order.
        path: where what they leave is kept.
        start: begins a conversation.
    """

    def __init__(self, chain: Sequence[Question], path: Path, start: Start) -> None:
        self.error = ""
        self.filled = Filled()
        self._chain = chain
        self._path = path
        self._start = start
        self._running: tuple[CaseRun, LiveWorld] | None = None
        self._usages: list[Usage] = []
        if path.exists():
            self.filled = _filled(path)
        self._begin()

    @property
    def over(self) -> bool:
        """Whether the memory is filled, or cannot be."""
        return self._running is None

    def prompt(self) -> Prompt:
        """Returns what the model is asked now."""
        return self._running[0].prompt() if self._running else Prompt([])

    def take(self, completion: Completion) -> None:
        """Goes on with an answer."""
        if self._running is None:
            return
        run, world = self._running
        run.take(completion)
        self._usages.append(completion.usage or Usage())
        if not run.over:
            return
        self._running = None
        self.error = run.error
        if not self.error:
            self._keep(world)

    def _keep(self, world: LiveWorld) -> None:
        """Writes what a conversation left, and begins the next."""
        try:
            snapshot = world.saved_memory()
        except WorldFailure as failure:
            self.error = str(failure)
            return
        usages = [*self.filled.usages, *self._usages]
        self.filled = Filled(self.filled.conversations + 1, snapshot, usages)
        write_bytes(str(self._path), msgspec.json.encode(self.filled))
        self._begin()

    def _begin(self) -> None:
        if self.filled.conversations >= len(self._chain):
            return
        self._usages = []
        question = self._chain[self.filled.conversations]
        try:
            self._running = self._start(question, self.filled.snapshot)
        except (WorldFailure, KeyError, TypeError) as failure:
            self.error = str(failure)


class Memories:
    """The memories of one model, by category and scenario.

    Args:
        folder: where what conversations leave is kept.
        questions: folder of questions.
        start: begins a conversation.
    """

    def __init__(self, folder: Path, questions: str, start: Start) -> None:
        self._folder = folder
        self._questions = questions
        self._start = start
        self._runs: dict[tuple[str, str], MemoryRun] = {}

    def runs(self, asked: Sequence[Question]) -> Iterator[MemoryRun]:
        """Yields what has to be played before these questions of one category."""
        chains = prerequisites(asked, self._documents())
        for scenario in dict.fromkeys(scenario_of(question) for question in asked):
            category = asked[0].category
            path = self._folder / category / f"{_file_stem(scenario)}.json"
            run = MemoryRun(chains.get(scenario, []), path, self._start)
            self._runs[category, scenario] = run
            if not run.over:
                yield run

    def filled_for(self, question: Question) -> MemoryRun:
        """Returns what was played for a question."""
        return self._runs[question.category, scenario_of(question)]

    def _documents(self) -> str:
        """Returns the folder beside whose questions the conversations lie."""
        places = [join(self._questions, root) for root in _ROOTS]
        there = (p for p in places if is_folder(join(p, "memory_prereq_conversation")))
        return next(there, self._questions)


def memory_usages(folder: Path, price: Price | None) -> list[Usage]:
    """Returns what the answers took that filled the memories kept in a folder."""
    kept = [_filled(path) for path in sorted(folder.rglob("*.json"))]
    return [
        msgspec.structs.replace(usage, cost_usd=cost_usd(usage, price))
        for filled in kept
        for usage in filled.usages
    ]


def _filled(path: Path) -> Filled:
    """Returns how far a memory is filled; a file that cannot be read counts as none."""
    try:
        return msgspec.json.decode(path.read_bytes(), type=Filled)
    except msgspec.DecodeError:
        return Filled()


def scenario_of(question: Question) -> str:
    """Returns the scenario whose memory a question is about."""
    return str(question.raw.get("scenario", ""))


def _file_stem(scenario: str) -> str:
    return "".join(sign if sign.isalnum() else "_" for sign in scenario) or "_"
