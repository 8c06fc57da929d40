"""Which question of a benchmark stands in a record: word for word, or lightly edited."""

from __future__ import annotations

import hashlib
import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence

import msgspec

from actloom.core.record import Trajectory
from actloom.match.keys import calls_of, user_texts
from actloom.match.shingles import call_shingles, content_words, shingles, words

PASSAGE = 13
"""Words in a row that two texts do not share by chance (Brown et al. 2020, appendix C)."""
SHORTEST = 5
"""Words of the shortest question that is looked for inside a longer text."""
EDITED = 0.65
"""Share of a question's content, rare words counting more, from which a text is an edited copy."""
INSIDE = 4
"""Content words a question needs to be looked for, edited, inside a longer text."""
COMMON = 100
"""Questions with a piece from which the piece proposes none of them."""


class Leak(msgspec.Struct, frozen=True):
    """A benchmark's question in a text."""

    question: str
    """Id of the question."""
    share: float
    """Share of its content that was found; 1.0 word for word."""
    verbatim: bool
    """True when the words are the same and in the same order, or 13 of them in a row."""


class LeakIndex:
    """The questions of benchmark packs, in memory: about 5 kB a question.

    A verbatim leak is a whole question of at least `SHORTEST` words, or `PASSAGE` words of it in a
    row, inside a user turn; a shorter question is found when it is the whole turn. Case,
    punctuation and spacing never count. An edited leak holds a share of at least `EDITED` of the
    question's content words and pairs of them, each weighted by how few questions have it.
    """

    def __init__(self) -> None:
        self._ids: list[str] = []
        self._whole: dict[bytes, int] = {}
        self._passages: dict[bytes, int] = {}
        self._lengths: set[int] = set()
        self._pieces: list[frozenset[str]] = []
        self._holders: defaultdict[str, list[int]] = defaultdict(list)
        self._calls: dict[frozenset[str], str] = {}
        self._sums: list[float] | None = None

    def __len__(self) -> int:
        return len(self._ids)

    def add(self, record: Trajectory) -> None:
        """Adds every user turn of a record of the pack, and the calls of its answer."""
        self._sums = None
        for text in user_texts(record):
            if spoken := words(text):
                self._add_text(record.id, spoken)
        if calls := call_shingles(calls_of(record)):
            self._calls.setdefault(calls, record.id)

    def _add_text(self, name: str, spoken: Sequence[str]) -> None:
        number = len(self._ids)
        self._ids.append(name)
        self._whole.setdefault(_digest(spoken), number)
        if len(spoken) >= SHORTEST:
            length = min(PASSAGE, len(spoken))
            self._lengths.add(length)
            for passage in _windows(spoken, length):
                self._passages.setdefault(passage, number)
        pieces = shingles(content_words(spoken))
        self._pieces.append(pieces)
        for piece in pieces:
            self._holders[piece].append(number)

    def leak(self, texts: Iterable[str]) -> Leak | None:
        """Returns the question that stands in one of `texts`, verbatim ones first, or None."""
        edited: Leak | None = None
        for text in texts:
            spoken = words(text)
            number = self._verbatim(spoken)
            if number is not None:
                return Leak(self._ids[number], 1.0, True)
            found = self._edited(spoken)
            if found is not None and (edited is None or found.share > edited.share):
                edited = found
        return edited

    def same_calls(self, record: Trajectory) -> str | None:
        """Returns the id of a question whose answer has the same calls but for numbers, or None."""
        return self._calls.get(call_shingles(calls_of(record)))

    def _verbatim(self, spoken: Sequence[str]) -> int | None:
        if not spoken:
            return None
        if (whole := self._whole.get(_digest(spoken))) is not None:
            return whole
        for length in sorted(self._lengths, reverse=True):
            for passage in _windows(spoken, length):
                if (number := self._passages.get(passage)) is not None:
                    return number
        return None

    def _edited(self, spoken: Sequence[str]) -> Leak | None:
        content = content_words(spoken)
        mine = shingles(content)
        best: tuple[float, int] | None = None
        for number in sorted(self._proposed(mine)):
            share = self._share(number, mine, len(content))
            if share >= EDITED and (best is None or share > best[0]):
                best = share, number
        return None if best is None else Leak(self._ids[best[1]], best[0], False)

    def _proposed(self, mine: frozenset[str]) -> Iterator[int]:
        """Yields the questions that share at least two pieces, one of them not common."""
        counts: Counter[int] = Counter()
        for piece in mine:
            holders = self._holders.get(piece, ())
            if len(holders) <= COMMON:
                counts.update(holders)
        yield from (number for number, count in counts.items() if count >= 2)

    def _share(self, number: int, mine: frozenset[str], length: int) -> float:
        pieces = self._pieces[number]
        shared = math.fsum(self._weight(piece) for piece in pieces & mine)
        whole = self._weights()[number]
        asked = sum(" " not in piece for piece in pieces)
        if asked < INSIDE:  # too little to be told from chance in a longer text
            whole += math.fsum(self._weight(piece) for piece in mine - pieces)
        return shared / whole if whole and length else 0.0

    def _weight(self, piece: str) -> float:
        return math.log1p(len(self._ids) / max(1, len(self._holders.get(piece, ()))))

    def _weights(self) -> list[float]:
        if self._sums is None:
            self._sums = [math.fsum(map(self._weight, pieces)) for pieces in self._pieces]
        return self._sums


def _digest(spoken: Sequence[str]) -> bytes:
    return hashlib.blake2b(" ".join(spoken).encode(errors="replace"), digest_size=8).digest()


def _windows(spoken: Sequence[str], length: int) -> Iterator[bytes]:
    for start in range(len(spoken) - length + 1):
        yield _digest(spoken[start : start + length])
