"""Which records of a set are nearly the same, by what is asked and by what is called."""

from __future__ import annotations

import tempfile
from array import array
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from itertools import combinations, groupby
from typing import IO, Literal, TypeAlias

import msgspec

from actloom.core.closing import Closing
from actloom.core.record import Trajectory
from actloom.match.keys import calls_of, digest_of, user_texts
from actloom.match.ledger import temporary_database
from actloom.match.minhash import BANDS, EMPTY, SKETCH_BYTES, piece_id, sketch
from actloom.match.shingles import call_shingles, has_text, jaccard, query_shingles

Kind: TypeAlias = Literal["query", "call"]

SAME_QUERY = 0.8
"""Similarity of two questions from which they are near duplicates, unless their calls differ."""
ALIKE = 0.9
"""Similarity of calls below which they differ: another name in one frame is another task."""
EQUAL_QUERY = 0.97
"""Similarity of two questions from which they are near duplicates, whatever is called."""
SAME_CALLS = 0.9
"""Similarity of calls from which records are near duplicates if their questions are akin."""
AKIN = 0.25
"""Least similarity of two questions with the same calls, where an argument holds text."""
AKIN_NUMBERS = 0.5
"""The same where the calls hold numbers and flags alone."""
LEAST_PIECES = 3
"""Pieces of a question below which a record without a text argument is like no other."""
CROWD = 48
"""Records of a bucket that each record of it is compared with."""


class Features(msgspec.Struct, frozen=True):
    """What of a record is compared."""

    query: frozenset[str]
    """Pieces of what the user says."""
    calls: frozenset[str]
    """Pieces of what the agent calls."""


def features_of(record: Trajectory) -> Features:
    """Returns what of a record is compared."""
    return Features(query_shingles(user_texts(record)), call_shingles(calls_of(record)))


class Near(msgspec.Struct, frozen=True):
    """A record and what it nearly repeats."""

    at: int
    """Number of the record, in order of `add`."""
    earlier: int | None
    """The first record it nearly repeats, None when all of them come later."""
    across: int | None
    """The first record of another label it nearly repeats or is repeated by, None without one."""
    kind: Kind
    """By which likeness; `query` where both hold."""
    likeness: float
    """Similarity of the questions or of the calls, 0 to 1."""


class _Pieces(msgspec.Struct, frozen=True):
    query: frozenset[int]
    calls: frozenset[int]
    texts: bool
    """Whether the calls hold text."""


def likeness(one: Features, other: Features) -> tuple[Kind, float] | None:
    """Returns how two records are nearly the same, None when they are not; symmetric."""
    return _likeness(_pieces(one), _pieces(other))


def _pieces(of: Features) -> _Pieces:
    return _Pieces(
        frozenset(map(piece_id, of.query)), frozenset(map(piece_id, of.calls)), has_text(of.calls)
    )


def _likeness(one: _Pieces, other: _Pieces) -> tuple[Kind, float] | None:
    asked = jaccard(one.query, other.query)
    called = jaccard(one.calls, other.calls)
    both = one.calls and other.calls
    if asked >= SAME_QUERY and (not both or called >= ALIKE or asked >= EQUAL_QUERY):
        return "query", asked
    akin = AKIN if one.texts and other.texts else AKIN_NUMBERS
    return ("call", called) if called >= SAME_CALLS and asked >= akin else None


class NearIndex(Closing):
    """Near duplicates of a set: MinHash bands propose pairs, exact similarity decides.

    Sketches and pieces lie in temporary files; 25 bytes a record stay in memory, and about 100
    while the pairs are sought. Which pairs are found depends on the records alone, not on their
    order; in a bucket of more than `CROWD` different records each is compared with `CROWD` of them.
    Use as a context manager.
    """

    def __init__(self) -> None:
        self._files = ExitStack()
        self._sketches = (self._opened(), self._opened())
        self._pieces = self._opened()
        self._ends = array("Q")
        self._digests = array("Q")
        self._labels = array("H")

    def _opened(self) -> IO[bytes]:
        return self._files.enter_context(tempfile.TemporaryFile())

    def __len__(self) -> int:
        return len(self._digests)

    def add(self, features: Features, *, label: int = 0) -> int:
        """Adds a record and returns its number, from 0.

        Args:
            features: what of it is compared.
            label: what tells apart the records that `Near.across` looks between, 0 to 65535.
        """
        says = _says_something(features)
        for file, pieces in zip(self._sketches, (features.query, features.calls), strict=True):
            file.write(sketch(pieces) if says else EMPTY)
        query = array("I", sorted(map(piece_id, features.query)))
        calls = array("I", sorted(map(piece_id, features.calls)))
        head = array("I", [len(query), has_text(features.calls)])
        self._pieces.write(data := (head + query + calls).tobytes())
        self._ends.append((self._ends[-1] if self._ends else 0) + len(data))
        self._digests.append(_digest(data) if says else 0)
        self._labels.append(label)
        return len(self._digests) - 1

    def near(self) -> Iterator[Near]:
        """Yields each record that nearly repeats another, in order of `add`."""
        ranked = sorted(range(len(self)), key=self._digests.__getitem__)
        groups = [list(same) for key, same in groupby(ranked, key=self._digests.__getitem__) if key]
        with _Pairs() as pairs:
            firsts = array("Q", (group[0] for group in groups))
            for one, other in self._candidates(firsts):
                if found := _likeness(self._read(firsts[one]), self._read(firsts[other])):
                    pairs.add(one, other, *found)
            yield from self._ordered(groups, pairs)

    def _ordered(self, groups: Sequence[list[int]], pairs: _Pairs) -> Iterator[Near]:
        """Yields the members of groups with company, in order of `add`."""
        found: list[Near] = []
        for number, group in enumerate(groups):
            beside = [(number, "query", 1.0), *pairs.of(number)]
            if len(group) == 1 and len(beside) == 1:
                continue
            first = min((groups[b][0], kind, like) for b, kind, like in beside)
            heads = _heads(self._labels, [groups[b] for b, _, _ in beside])
            found += (self._near(at, first, heads) for at in group)
        found.sort(key=lambda near: near.at)
        yield from (near for near in found if (near.earlier, near.across) != (None, None))

    def _near(self, at: int, first: tuple[int, str, float], heads: dict[int, int]) -> Near:
        others = [head for label, head in heads.items() if label != self._labels[at]]
        return Near(
            at,
            first[0] if first[0] < at else None,
            min(others, default=None),
            "query" if first[1] == "query" else "call",
            first[2],
        )

    def _candidates(self, firsts: array[int]) -> Iterator[tuple[int, int]]:
        """Yields pairs of groups that share a band, a pair once for each shared band."""
        for file in self._sketches:
            for band in range(BANDS):
                column = self._column(file, band, firsts)
                order = sorted(range(len(firsts)), key=column.__getitem__)
                for value, same in groupby(order, key=column.__getitem__):
                    if value:
                        yield from _within(list(same))

    def _column(self, file: IO[bytes], band: int, firsts: array[int]) -> array[int]:
        """Returns one band of the first record of every group."""
        whole = array("Q")
        file.seek(0)
        while block := file.read(SKETCH_BYTES << 13):
            part = array("Q")
            part.frombytes(block)
            whole += part[band::BANDS]
        return array("Q", (whole[at] for at in firsts))

    def _read(self, at: int) -> _Pieces:
        start = self._ends[at - 1] if at else 0
        self._pieces.seek(start)
        data = array("I")
        data.frombytes(self._pieces.read(self._ends[at] - start))
        middle = 2 + data[0]
        return _Pieces(frozenset(data[2:middle]), frozenset(data[middle:]), bool(data[1]))

    def close(self) -> None:
        """Closes the files, which vanish."""
        self._files.close()


def _says_something(features: Features) -> bool:
    """Tells whether a record can be told from others at all: `Hello` and `go on` cannot."""
    return len(features.query) >= LEAST_PIECES or has_text(features.calls)


class _Pairs(Closing):
    """Pairs of groups that are nearly the same, on disk; use as a context manager."""

    def __init__(self) -> None:
        self._database = temporary_database()
        self._database.execute(
            "CREATE TABLE pair (one INTEGER, other INTEGER, kind TEXT, likeness REAL,"
            " PRIMARY KEY (one, other)) WITHOUT ROWID"
        )

    def add(self, one: int, other: int, kind: Kind, likeness: float) -> None:
        """Keeps a pair; the same pair again changes nothing."""
        rows = [(one, other, kind, likeness), (other, one, kind, likeness)]
        self._database.executemany("INSERT OR IGNORE INTO pair VALUES (?, ?, ?, ?)", rows)

    def of(self, one: int) -> list[tuple[int, Kind, float]]:
        """Returns (other, kind, likeness) of every pair with `one`."""
        query = "SELECT other, kind, likeness FROM pair WHERE one = ? ORDER BY other"
        return list(self._database.execute(query, (one,)))

    def close(self) -> None:
        """Closes the database; its file vanishes."""
        self._database.close()


def _digest(data: bytes) -> int:
    return int.from_bytes(digest_of(data), "big")


def _heads(labels: array[int], groups: Sequence[Sequence[int]]) -> dict[int, int]:
    """Returns label -> first record with it in any of the groups."""
    heads: dict[int, int] = {}
    for group in groups:
        for at in group:
            label = labels[at]
            heads[label] = min(at, heads.get(label, at))
    return heads


def _within(bucket: Sequence[int]) -> Iterator[tuple[int, int]]:
    """Yields the pairs of a bucket that are compared."""
    yield from combinations(bucket[:CROWD], 2)
    for other in bucket[CROWD:]:
        yield from ((one, other) for one in bucket[:CROWD])
