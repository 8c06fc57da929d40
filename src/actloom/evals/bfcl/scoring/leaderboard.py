"""Published rows of the leaderboard, read from its own tables, to stand beside ours."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import PurePath

import msgspec

from actloom.evals.bfcl.scoring.official import table_of
from actloom.evals.bfcl.versions.columns import COLUMNS
from actloom.evals.bfcl.versions.profiles import Profile
from actloom.io.urls import is_folder, join, names_in

_FILE = re.compile(r"(?:data|leaderboard)(?:_(\w[\w-]*))?\.csv")
_OVERALL = "overall"
_SAME_AS_OVERALL = ("", "combined")
_HUB = re.compile(r"https://huggingface\.co/([^/?#]+/[^/?#]+)")


class Row(msgspec.Struct, frozen=True):
    """One model of a published leaderboard."""

    name: str
    """As shown there."""
    keys: frozenset[str]
    """Names under which outputs of it may lie."""
    values: dict[str, str]
    """`table/header` -> value as published, for columns of the profile."""


class Leaderboard(msgspec.Struct, frozen=True):
    """The rows of a folder's tables."""

    rows: list[Row] = []

    def row(self, model: str) -> Row | None:
        """Returns the row of a model's outputs; None when there is none, or more than one."""
        found = [row for row in self.rows if _key(model) in row.keys]
        return found[0] if len(found) == 1 else None


def leaderboard(folder: str, profile: Profile) -> Leaderboard:
    """Returns the published rows in `leaderboard_*.csv` or `data_*.csv` of a folder.

    Raises:
        InputError: a table cannot be read.
    """
    if not is_folder(folder):
        return Leaderboard()
    known = COLUMNS[profile.columns]
    rows: dict[str, Row] = {}
    for table, path in _tables(folder):
        for line in table_of(path, ("Model",)):
            found = {
                column: text
                for header, text in line.items()
                if (column := f"{table}/{header}") in known and text
            }
            row = rows.get(line["Model"]) or Row(line["Model"], _keys(line), {})
            values = {**row.values, **found}
            rows[row.name] = Row(row.name, row.keys | _keys(line), values)
    return Leaderboard([row for row in rows.values() if row.values])


def _tables(folder: str) -> Iterator[tuple[str, str]]:
    for name in sorted(names_in(folder)):
        match = _FILE.fullmatch(PurePath(name).name)
        if match is None:
            continue
        table = match[1] or ""
        dated = PurePath(name).name.startswith("leaderboard")
        yield (_OVERALL if dated or table in _SAME_AS_OVERALL else table), join(folder, name)


def _keys(line: dict[str, str]) -> frozenset[str]:
    """Returns the names of a row: the folder's where given, the shown one, and the hub's."""
    if line.get("model"):
        return frozenset({_key(line["model"])})
    shown, _, how = line["Model"].partition(" (")
    called = how.lower().startswith("fc")
    names = [shown]
    hub = _HUB.match(line.get("Model Link", ""))
    if hub:
        names.append(hub[1])
    return frozenset(_key(name + "-FC" if called and not _is_fc(name) else name) for name in names)


def _key(name: str) -> str:
    """Returns a name without what the leaderboard changes in it; `X-FC` keeps its mark."""
    return re.sub(r"[/_\s]", "-", name.lower())


def _is_fc(name: str) -> bool:
    return name.lower().endswith("-fc")
