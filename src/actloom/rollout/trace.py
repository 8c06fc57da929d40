"""The append-only trace of a rollout: one JSON line for the settings, then one per turn.

A process may die at any byte: a cut last line is dropped when the trace is opened again, and an
episode counts as finished only by a turn that carries an outcome. An episode that was cut between
two turns starts again; its later turns replace the earlier ones when the trace is read.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import BinaryIO, TypeAlias

import msgspec

from actloom.core.closing import Closing
from actloom.core.environment import Action, Feedback
from actloom.core.errors import InputError, OutputError
from actloom.core.model import Completion, Prompt
from actloom.core.record import Outcome
from actloom.io.lines import drop_cut_line

TRACE_VERSION = 1


class TraceHeader(msgspec.Struct, frozen=True, tag="header"):
    """Under which settings the trace was made; a resumed rollout must have the same."""

    settings: dict[str, str]
    """Model, dialect, limits, data digest, as text."""
    version: int = TRACE_VERSION


class TraceTurn(msgspec.Struct, frozen=True, omit_defaults=True, tag="turn"):
    """One turn of one episode."""

    case: str
    """Case id."""
    prompt: Prompt
    completion: Completion
    action: Action
    """The strict reading of the completion."""
    feedback: Feedback
    error: str = ""
    """Why the completion is not the dialect, strictly."""
    repaired: Action | None = None
    """The lenient reading where the strict one failed."""
    repairs: list[str] = []
    index: int = 0
    """Number of the turn in its episode."""
    outcome: Outcome | None = None
    """Grade of the episode; None before its end, and when the model could not answer."""
    seconds: float = 0.0
    """Share of the wall-clock time between these answers and those before; what the turns of a
    trace took together is their sum."""


TraceLine: TypeAlias = TraceHeader | TraceTurn

_DECODER: msgspec.json.Decoder[TraceLine] = msgspec.json.Decoder(TraceHeader | TraceTurn)
_ENCODER = msgspec.json.Encoder()


class Trace(Closing):
    """A trace open for appending; use as a context manager.

    Raises:
        OutputError: the file holds a trace of other settings, or cannot be written.
        InputError: a line of the file is no trace line.
    """

    def __init__(self, path: Path, settings: dict[str, str]) -> None:
        self.path = path
        self.finished: set[str] = set()
        """Ids of cases that need not be asked again."""
        path.parent.mkdir(parents=True, exist_ok=True)
        if path.exists():
            drop_cut_line(path)
        self._resume(settings)
        self._file: BinaryIO = path.open("ab")
        if self._file.tell() == 0:
            self._write([TraceHeader(settings)])

    def _resume(self, settings: dict[str, str]) -> None:
        if not self.path.exists() or self.path.stat().st_size == 0:
            return
        lines = read_trace(self.path)
        header = next(lines)
        if isinstance(header, TraceHeader):
            refuse_other(header.settings, settings, self.path)
        self.finished = {
            line.case for line in lines if isinstance(line, TraceTurn) and line.outcome is not None
        }

    def append(self, turns: Iterable[TraceTurn]) -> None:
        """Writes turns and waits until they are on disk.

        Raises:
            OutputError: the disk refuses, for example because it is full.
        """
        turns = list(turns)
        self._write(turns)
        self.finished.update(turn.case for turn in turns if turn.outcome is not None)

    def _write(self, lines: Iterable[TraceLine]) -> None:
        try:
            self._file.write(b"".join(_ENCODER.encode(line) + b"\n" for line in lines))
            self._file.flush()
            os.fsync(self._file.fileno())
        except OSError as error:
            raise OutputError(
                "the trace cannot be written",
                got=str(error),
                where=str(self.path),
                todo="free space, then run the same command again: finished cases are kept",
            ) from error

    def close(self) -> None:
        """Closes the file; what was appended stands in it."""
        self._file.close()


def refuse_other(old: dict[str, str], new: dict[str, str], path: Path) -> None:
    """Refuses to go on with other settings.

    Raises:
        OutputError: they differ; names what.
    """
    changed = sorted(key for key in old.keys() | new.keys() if old.get(key) != new.get(key))
    if changed:
        raise OutputError(
            f"{path.name} was made with another {', '.join(changed)}",
            expected="; ".join(f"{key} = {old.get(key, 'absent')}" for key in changed),
            got="; ".join(f"{key} = {new.get(key, 'absent')}" for key in changed),
            where=str(path),
            todo="choose a new output folder, or give the same settings to resume",
        )


def read_trace(path: Path) -> Iterator[TraceLine]:
    """Yields the lines of a trace, the header first.

    Raises:
        InputError: the file is missing, a whole line is no trace line, or the header is absent.
    """
    try:
        with path.open("rb") as file:
            for number, line in enumerate(file, start=1):
                if line.endswith(b"\n"):
                    yield _decoded(line, path, number)
    except OSError as error:
        raise InputError("the trace cannot be read", got=str(error), where=str(path)) from error


def _decoded(line: bytes, path: Path, number: int) -> TraceLine:
    try:
        decoded = _DECODER.decode(line)
    except (msgspec.DecodeError, RecursionError) as error:
        raise InputError(
            "a line of the trace cannot be read",
            expected="a JSON line as actloom eval writes it",
            got=str(error),
            where=f"{path}:{number}",
        ) from error
    if isinstance(decoded, TraceHeader) != (number == 1):
        raise InputError(
            "the trace is not in order",
            expected="the header on line 1 and only there",
            where=f"{path}:{number}",
        )
    return decoded


def episodes_of(path: Path) -> Iterator[list[TraceTurn]]:
    """Yields the turns of each finished episode, in the order in which episodes finished.

    Of an episode that was begun twice, the turns of the last beginning count.
    """
    running: dict[str, list[TraceTurn]] = {}
    for line in read_trace(path):
        if isinstance(line, TraceHeader):
            continue
        turns = [] if line.index == 0 else running.pop(line.case, [])
        turns.append(line)
        if line.outcome is not None:
            running.pop(line.case, None)
            yield turns
        else:
            running[line.case] = turns
