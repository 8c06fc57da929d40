"""Official verdicts of what cannot be replayed: REST, and calls nobody recorded.

Of `failures.jsonl.gz` only lines of the category `rest` and of ids listed in
`exec_not_replayable.csv` are kept; all else is judged here.
"""

from __future__ import annotations

import msgspec

from actloom.core.errors import InputError
from actloom.core.verdict import Verdict
from actloom.evals.bfcl.data.files import damaged, lines_of
from actloom.io.urls import exists, join

FAILURES = "failures.jsonl.gz"
NOT_REPLAYABLE = "exec_not_replayable.csv"
REST = "rest"
_MARKS = (b'"rest"', b'"exec')
"""What stands in the lines of executable categories; the many others are passed over."""


class _Failure(msgspec.Struct):
    model: str
    category: str
    id: str
    error_type: str | None = None


_LINE = msgspec.json.Decoder(_Failure)


class OfficialVerdicts(msgspec.Struct, frozen=True):
    """Published verdicts of records that depend on live services."""

    failures: dict[tuple[str, str], str] = {}
    """(model, id) -> error type; a covered record that is not here is valid."""
    models: frozenset[str] = frozenset()
    """Models with published verdicts; of any other model nothing is known."""
    not_replayable: frozenset[tuple[str, str]] = frozenset()
    """(model, id) of executable records that are covered."""

    def covers(self, model: str, category: str, record: str) -> bool:
        """Tells whether the verdict of a record is taken from here."""
        if category == REST:
            return model in self.models
        return (model, record) in self.not_replayable

    def verdict(self, model: str, record: str) -> Verdict:
        """Returns the published verdict of a record that is covered."""
        code = self.failures.get((model, record))
        if code is None:
            return Verdict(valid=True)
        return Verdict(valid=False, code=code, message="as published; not replayed")


def official_verdicts(folder: str) -> OfficialVerdicts:
    """Returns the official verdicts of a folder; none when it has no such files.

    Raises:
        InputError: a file is damaged.
    """
    listed = _not_replayable(join(folder, NOT_REPLAYABLE))
    path = join(folder, FAILURES)
    if not exists(path):
        return OfficialVerdicts()
    failures: dict[tuple[str, str], str] = {}
    models = {model for model, _ in listed}
    for number, line in lines_of(path):
        if not any(mark in line for mark in _MARKS):
            continue
        try:
            row = _LINE.decode(line)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            raise damaged(path, number, str(error)) from error
        models.add(row.model)
        if row.category == REST or (row.model, row.id) in listed:
            failures[row.model, row.id] = row.error_type or "unknown"
    return OfficialVerdicts(failures, frozenset(models), listed)


def _not_replayable(path: str) -> frozenset[tuple[str, str]]:
    if not exists(path):
        return frozenset()
    return frozenset((row["model"], row["id"]) for row in table_of(path, ("model", "id")))


def table_of(path: str, columns: tuple[str, ...]) -> list[dict[str, str]]:
    """Returns the rows of a CSV file with a header.

    Raises:
        InputError: it cannot be read, or lacks one of the columns.
    """
    import csv

    try:
        text = b"\n".join(line for _, line in lines_of(path)).decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise damaged(path, 1, str(error)) from error
    reader = csv.DictReader(text.splitlines(), restval="")
    names = reader.fieldnames or []
    lacking = [column for column in columns if column not in names]
    if lacking:
        raise InputError(
            "this table lacks a column",
            expected=f"columns {', '.join(columns)}",
            got=", ".join(names) or "nothing",
            where=path,
        )
    return list(reader)
