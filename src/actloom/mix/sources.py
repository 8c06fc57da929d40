"""How much of each source is trained on: caps and weights, chosen by hash."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import closing

import msgspec

from actloom.core.ids import seed_of
from actloom.core.record import Trajectory
from actloom.core.rows import decode_row, encode_row
from actloom.core.transform import Produced
from actloom.match.ledger import temporary_database
from actloom.mix.config import SourceConfig
from actloom.mix.rejects import OVER_CAP, WEIGHED_OUT, reject
from actloom.mix.split import TRAIN

_PLAIN = SourceConfig()


class WeighSources:
    """Caps, thins out and repeats the training records of named sources.

    Which records stay or are repeated follows from a hash of id and seed. Without caps the set
    streams through; with caps it waits in a temporary database until the set is known.
    """

    name = "mix.sources"
    version = 1

    def __init__(self, sources: Mapping[str, SourceConfig]) -> None:
        self._sources = dict(sources)

    def __call__(self, records: Iterator[Trajectory], *, seed: int) -> Iterator[Produced]:
        """Yields kept records, their copies right after them, and MIX003 or MIX004 for others."""
        if all(source.cap is None for source in self._sources.values()):
            for record in records:
                yield from self._weighed(record, seed)
            return
        with closing(temporary_database()) as database:
            _spool(database, records, seed)
            last = {name: _last_rank(database, name, s.cap) for name, s in self._sources.items()}
            for rank, row in database.execute("SELECT rank, row FROM waiting ORDER BY at"):
                record = decode_row(row)
                highest = last.get(record.source)
                if _is_trained(record) and highest is not None and rank > highest:
                    cap = self._sources[record.source].cap
                    message = f"source {record.source!r} is capped at {cap} records"
                    yield reject(record, OVER_CAP, message)
                else:
                    yield from self._weighed(record, seed)

    def _weighed(self, record: Trajectory, seed: int) -> Iterator[Produced]:
        weight = self._sources.get(record.source, _PLAIN).weight
        copies = copies_of(record.id, weight, seed=seed) if _is_trained(record) else 1
        if copies == 0:
            yield reject(record, WEIGHED_OUT, f"source {record.source!r} has weight {weight:g}")
            return
        yield record
        for number in range(1, copies):
            yield msgspec.structs.replace(record, id=f"{record.id}#copy:{number}")


def copies_of(record_id: str, weight: float, *, seed: int) -> int:
    """Returns how often a record stands in the mixture; its mean over records is `weight`."""
    share = seed_of(record_id, salt=f"mix.weight:{seed}") / 2**63
    return int(weight) + (share < weight - int(weight))


def _is_trained(record: Trajectory) -> bool:
    return record.provenance.split in (None, TRAIN)


def _spool(database: sqlite3.Connection, records: Iterator[Trajectory], seed: int) -> None:
    database.execute(
        "CREATE TABLE waiting (at INTEGER PRIMARY KEY, source TEXT, trained INTEGER, rank INTEGER,"
        " row BLOB)"
    )
    database.executemany(
        "INSERT INTO waiting VALUES (?, ?, ?, ?, ?)",
        (
            (at, r.source, _is_trained(r), seed_of(r.id, salt=f"mix.cap:{seed}"), encode_row(r))
            for at, r in enumerate(records)
        ),
    )
    database.execute("CREATE INDEX by_rank ON waiting (source, trained, rank)")


def _last_rank(database: sqlite3.Connection, source: str, cap: int | None) -> int | None:
    """Returns the rank of the last record a cap lets through, None when all pass."""
    if cap is None:
        return None
    row = database.execute(
        "SELECT rank FROM waiting WHERE source = ? AND trained ORDER BY rank LIMIT 1 OFFSET ?",
        (source, cap),
    ).fetchone()
    return None if row is None else int(row[0]) - 1
