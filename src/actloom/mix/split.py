"""Train and test, parted by tools, values or queries that are held out by their hash."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import msgspec

from actloom.core.jsonvalue import Json, JsonObject
from actloom.core.record import Trajectory
from actloom.core.transform import Produced
from actloom.match.keys import digest_of, query_of
from actloom.mix.config import SplitConfig, SplitUnit
from actloom.mix.keys import open_values, tool_names
from actloom.mix.rejects import STRADDLES, reject

TRAIN, TEST = "train", "test"


class SplitByUnits:
    """Sets `provenance.split`.

    A unit (tool name, open value, query) is held out by a hash of itself alone, so it is held out
    in every record, source and run. A record with a held-out unit is `test`, any other `train`; a
    record without units (no call, only closed values) goes by its query. Which units put a record
    into `test`, and a split the source had named otherwise, stand in `provenance.applied`.
    """

    name = "mix.split"
    version = 1

    def __init__(self, config: SplitConfig) -> None:
        self._config = config

    def __call__(self, records: Iterator[Trajectory], *, seed: int) -> Iterator[Produced]:
        """Yields each record with its split, or MIX002 for one that straddles when told to."""
        del seed
        for record in records:
            if self._config.keep and record.provenance.split is not None:
                yield record
            else:
                yield self._placed(record)

    def _placed(self, record: Trajectory) -> Produced:
        held: JsonObject = {}
        other = 0
        for unit in self._config.by:
            inside, outside = self._parted(_UNITS[unit](record), unit)
            other += outside
            if inside:
                held[unit] = [*inside]
        if not held and not other and self._is_held_out(query_of(record).encode(), "query"):
            held["query"] = []
        if held and other and self._config.straddle == "reject":
            what = "; ".join(f"{unit} {values}" for unit, values in held.items())
            message = f"held out: {what[:200]}; together with {other} units that are trained on"
            return reject(record, STRADDLES, message, severity="warning")
        return _with_split(record, held)

    def _parted(self, units: dict[bytes, Json], kind: SplitUnit) -> tuple[list[Json], int]:
        inside = [value for key, value in units.items() if self._is_held_out(key, kind)]
        return inside, len(units) - len(inside)

    def _is_held_out(self, key: bytes, kind: SplitUnit) -> bool:
        return is_held_out(key, kind, share=self._config.test_share, salt=self._config.salt)


def is_held_out(key: bytes, kind: SplitUnit, *, share: float, salt: str) -> bool:
    """Tells whether a unit is held out; depends on the unit, its kind and the salt alone."""
    digest = digest_of(salt.encode(), kind.encode(), key)
    return int.from_bytes(digest, "big") < share * 2 ** (8 * len(digest))


def _with_split(record: Trajectory, held: JsonObject) -> Trajectory:
    provenance = record.provenance
    split = TEST if held else TRAIN
    entry: JsonObject = {"name": SplitByUnits.name}
    if held:
        entry["held_out"] = held
    if provenance.split not in (None, split):
        entry["was"] = provenance.split
    applied = [*provenance.applied, entry] if len(entry) > 1 else provenance.applied
    changed = msgspec.structs.replace(provenance, split=split, applied=applied)
    return msgspec.structs.replace(record, provenance=changed)


def _tool_units(record: Trajectory) -> dict[bytes, Json]:
    return {name.encode(errors="replace"): name for name in sorted(tool_names(record))}


def _query_units(record: Trajectory) -> dict[bytes, Json]:
    query = query_of(record)
    return {query.encode(errors="replace"): query[:80]}


_UNITS: dict[SplitUnit, Callable[[Trajectory], dict[bytes, Json]]] = {
    "tool": _tool_units,
    "value": open_values,
    "query": _query_units,
}
