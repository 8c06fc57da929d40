"""Files of outputs that grow while a model is asked, one a category; a killed run goes on."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

import msgspec

from actloom.core.errors import OutputError
from actloom.core.jsonvalue import Json
from actloom.core.record import Usage
from actloom.evals.bfcl.data.files import lines_of
from actloom.evals.bfcl.data.outputs import answer_in
from actloom.evals.bfcl.runs.case_runs import OutputLine
from actloom.io.lines import drop_cut_line
from actloom.llm.prices import Price, cost_usd

_ENCODER = msgspec.json.Encoder()


class AnswerFile:
    """The outputs of one category.

    Raises:
        OutputError: the file cannot be written.
    """

    def __init__(self, folder: Path, category: str) -> None:
        self.path = folder / f"{category}.jsonl"
        self.finished: set[str] = set()
        """Ids that need not be asked again."""
        try:
            folder.mkdir(parents=True, exist_ok=True)
            if self.path.exists():
                drop_cut_line(self.path)
                given = (answer_in(line) for _, line in lines_of(str(self.path)))
                self.finished = {answer.id for answer in given if not answer.problem}
        except OSError as error:
            raise _unwritable(self.path, error) from error

    def append(self, lines: Iterable[OutputLine]) -> None:
        """Writes lines and waits until they are on disk.

        Raises:
            OutputError: the disk refuses.
        """
        lines = list(lines)
        try:
            with self.path.open("ab") as file:
                file.write(b"".join(_encoded(line) for line in lines))
                file.flush()
                os.fsync(file.fileno())
        except OSError as error:
            raise _unwritable(self.path, error) from error
        self.finished.update(line.id for line in lines)


def _encoded(line: OutputLine) -> bytes:
    return _ENCODER.encode(line) + b"\n"


def _unwritable(path: Path, error: OSError) -> OutputError:
    return OutputError(
        "outputs cannot be written",
        got=str(error),
        where=str(path),
        todo="free space, then give the same command again: finished cases are kept",
    )


def usages_in(path: Path, price: Price | None) -> list[Usage]:
    """Returns what each answer of a file of outputs took, in order; nothing for no file."""
    found: list[Usage] = []
    if not path.exists():
        return found
    for _, line in lines_of(str(path)):
        try:
            read = msgspec.json.decode(line, type=OutputLine)
        except (msgspec.DecodeError, RecursionError):
            continue
        fields = (read.input_token_count, read.output_token_count, read.latency)
        for given, written, seconds in zip(*map(_flat, fields), strict=False):
            usage = Usage(
                prompt_tokens=given if isinstance(given, int) else None,
                completion_tokens=written if isinstance(written, int) else None,
                seconds=float(seconds) if isinstance(seconds, (int, float)) else None,
            )
            found.append(msgspec.structs.replace(usage, cost_usd=cost_usd(usage, price)))
    return found


def _flat(value: Json) -> list[Json]:
    """Returns the values of a list of turns of steps; of a single value that value."""
    if not isinstance(value, list):
        return [value]
    return [item for inner in value for item in _flat(inner)]
