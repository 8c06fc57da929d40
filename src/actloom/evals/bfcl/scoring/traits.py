"""What has to be known of a model to read its outputs: its decoder, and whose names have dots."""

from __future__ import annotations

from typing import Literal, TypeAlias

import msgspec

from actloom.evals.bfcl.scoring.official import table_of
from actloom.io.urls import exists, join

Underscores: TypeAlias = Literal["auto", "yes", "no"]
MODELS = "models.csv"
AUTO = "auto"
_COLUMNS = ("model", "decoder_family", "name_contains_FC", "dots_to_underscores")


class Traits(msgspec.Struct, frozen=True):
    """How a model's outputs are read."""

    decoder: str
    """Name of the decoder: a leaderboard family's, a dialect's, or `auto`."""
    underscores: Underscores = AUTO
    """Whether dots of expected function names were `_` for the model; `auto` takes it from each
    output: yes for native calls, whose names an API keeps free of dots, no for text."""
    known: bool = False
    """True when a table of models names it."""


class ModelTable(msgspec.Struct, frozen=True):
    """The models a folder describes in `models.csv`."""

    rows: dict[str, dict[str, str]] = {}
    path: str = ""

    def traits(self, model: str, *, dialect: str, underscores: Underscores) -> Traits:
        """Returns the traits of a model; what the caller gives goes before the table.

        Raises:
            InputError: the table names a decoder family there is none of.
        """
        from actloom.evals.bfcl.decoders import family_decoder

        row = self.rows.get(model)
        if row is None:
            return Traits(dialect or AUTO, underscores)
        flagged: Underscores = "yes" if _is_true(row["dots_to_underscores"]) else "no"
        name = dialect
        if not name:
            fc = _is_true(row["name_contains_FC"])
            name = family_decoder(row["decoder_family"], fc).name
        return Traits(name, flagged if underscores == AUTO else underscores, known=True)


def model_table(*folders: str) -> ModelTable:
    """Returns the first `models.csv` of the folders; an empty table when none has one.

    Raises:
        InputError: the table cannot be read or lacks a column.
    """
    for folder in folders:
        path = join(folder, MODELS) if folder else ""
        if path and exists(path):
            return ModelTable({row["model"]: row for row in table_of(path, _COLUMNS)}, path)
    return ModelTable()


def _is_true(text: str) -> bool:
    return text.strip().lower() in ("true", "1", "yes")
