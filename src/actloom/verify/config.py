"""Configuration of the verify stage."""

from __future__ import annotations

import msgspec

from actloom.core.finding import Severity


class PerSource(msgspec.Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """What holds for the records of some sources alone."""

    source: str
    """Name of a source, or a pattern with `*` and `?`."""
    ignore: list[str] = []
    """Rule codes or beginnings to leave out besides those left out everywhere."""
    severity: dict[str, Severity] = {}
    """Rule code or beginning -> severity; wins over the one for all sources."""


class VerifyConfig(msgspec.Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """Which rules apply and whether their fixes are made."""

    select: list[str] = []
    """Rule codes or their beginnings (`CALL`, `CALL002`); all rules when empty."""
    ignore: list[str] = []
    """Rule codes or beginnings to leave out."""
    fix: bool = False
    """True to apply safe fixes; a record that still has an error is rejected."""
    severity: dict[str, Severity] = {}
    """Rule code or beginning -> severity in place of the rule's own; the longest match counts."""
    per_source: list[PerSource] = []
    """What holds for some sources alone; all that match a record's source apply, in order."""
    against: list[str] = []
    """Benchmark packs whose questions must not stand in the records; `SET006` to `SET008` then
    apply by default. Dataset folders, files in any format, or `.txt` files, a question a line."""
