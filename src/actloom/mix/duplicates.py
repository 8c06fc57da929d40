"""Exact duplicates out of a set."""

from __future__ import annotations

from collections.abc import Iterator

from actloom.core.record import Trajectory
from actloom.core.transform import Produced
from actloom.match.keys import duplicate_key
from actloom.match.ledger import Ledger
from actloom.mix.rejects import DUPLICATE, reject


class DropDuplicates:
    """Keeps the first of records with equal user texts and calls.

    Memory is flat: 8-byte digests and ids stand in a temporary database. Two different records
    collide with a probability of about 3 in a million at ten million records; a collision is a
    reject that names the kept record, so it can be seen and is never silent.
    """

    name = "mix.duplicates"
    version = 1

    def __call__(self, records: Iterator[Trajectory], *, seed: int) -> Iterator[Produced]:
        """Yields first records, and MIX001 for each later one, naming the one kept."""
        del seed
        with Ledger() as ledger:
            for record in records:
                kept = ledger.claim(duplicate_key(record), record.id)
                if kept is None:
                    yield record
                else:
                    message = f"same user texts and calls as {kept!r}, which is kept"
                    yield reject(record, DUPLICATE, message, severity="warning")
