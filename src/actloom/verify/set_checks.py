"""The checks of rules about whole sets."""

from __future__ import annotations

from array import array
from collections import Counter
from collections.abc import Iterable, Iterator
from itertools import groupby

from actloom.core.record import Trajectory, agent_steps
from actloom.match.keys import calls_of, digest_of, duplicate_key, user_texts
from actloom.match.leaks import LeakIndex
from actloom.match.ledger import Ledger
from actloom.match.near import Near, NearIndex, features_of
from actloom.match.shingles import call_shingles, has_text
from actloom.verify.over_set import Said, SetScene

MOST = 0.8
"""Share of a set from which one of several sources outweighs the others."""
PATTERN = 0.05
"""Share of a set from which one pattern of question is too frequent."""
LEAST = 20
"""Records of the smallest set or pattern that shares are told of."""
TRAINED = (None, "train")
"""Splits that are trained on."""


class Repeats:
    """Records and ids that come again, exactly."""

    def __init__(self, scene: SetScene) -> None:
        self._scene = scene
        self._contents = Ledger()
        self._ids = Ledger()

    def add(self, at: int, record: Trajectory) -> Iterator[Said]:
        """Yields SET001 and SET004 for a record whose content or id was there before."""
        if record.query is not None or agent_steps(record):
            first = self._contents.claim(duplicate_key(record), str(at))
            if first is not None:
                place = self._scene.place(int(first))
                yield Said(at, "SET001", f"same user texts and calls as {place}")
        first = self._ids.claim(digest_of(record.id.encode(errors="replace")), str(at))
        if first is not None:
            place = self._scene.place(int(first))
            where = f" at {place.file}:{place.line}" if place.file and place.line else ""
            yield Said(at, "SET004", f"the id {record.id!r} stands before{where}", "/id")

    def end(self) -> Iterable[Said]:
        """Returns nothing more."""
        return ()

    def close(self) -> None:
        """Closes the databases."""
        self._contents.close()
        self._ids.close()


class NearRepeats:
    """Records that nearly repeat another, and those that do so across splits."""

    def __init__(self, scene: SetScene) -> None:
        self._scene = scene
        self._index = NearIndex()
        self._labels: dict[str | None, int] = {}
        self._contents = Ledger()
        self._exact = bytearray()

    def add(self, at: int, record: Trajectory) -> Iterable[Said]:
        """Returns nothing yet."""
        split = record.provenance.split
        label = self._labels.setdefault(split, min(len(self._labels), 65535))
        self._index.add(features_of(record), label=label)
        self._exact.append(self._contents.claim(duplicate_key(record), str(at)) is not None)
        return ()

    def end(self) -> Iterator[Said]:
        """Yields SET002 or SET003 for the later of two near duplicates, SET005 across splits."""
        for near in self._index.near():
            if near.earlier is not None and not self._exact[near.at]:
                yield self._repeated(near, near.earlier)
            if near.across is not None:
                yield from self._leaked(near.at, near.across)

    def _repeated(self, near: Near, earlier: int) -> Said:
        place = self._scene.place(earlier)
        if near.kind == "query":
            message = f"asks nearly what {place} asks ({near.likeness:.0%} alike)"
            return Said(near.at, "SET002", message)
        message = f"calls nearly what {place} calls for a similar question"
        return Said(near.at, "SET003", f"{message} ({near.likeness:.0%} alike)")

    def _leaked(self, at: int, across: int) -> Iterator[Said]:
        """Yields SET005 for a trained record that repeats one of a named split not trained on."""
        mine, other = self._scene.place(at), self._scene.place(across)
        if mine.split in TRAINED and other.split not in TRAINED:
            message = f"is trained on and nearly repeats {other} of the split {other.split!r}"
            yield Said(at, "SET005", message)

    def close(self) -> None:
        """Closes files and databases."""
        self._index.close()
        self._contents.close()


class Leaks:
    """Records that hold questions of benchmark packs."""

    def __init__(self, scene: SetScene) -> None:
        self._index = LeakIndex()
        for record in scene.against:
            self._index.add(record)

    def add(self, at: int, record: Trajectory) -> Iterator[Said]:
        """Yields SET006 or SET007 for a leaked question, SET008 for the calls of an answer."""
        if not len(self._index):
            return
        leak = self._index.leak(user_texts(record))
        if leak is not None and leak.verbatim:
            yield Said(at, "SET006", f"holds the benchmark question {leak.question!r}")
        elif leak is not None:
            message = f"is like the benchmark question {leak.question!r} ({leak.share:.0%})"
            yield Said(at, "SET007", message)
        elif has_text(call_shingles(calls_of(record))) and (same := self._index.same_calls(record)):
            yield Said(at, "SET008", f"calls what the answer to {same!r} calls")

    def end(self) -> Iterable[Said]:
        """Returns nothing more."""
        return ()

    def close(self) -> None:
        """Holds no file."""


class Weights:
    """Sources and patterns of question that make up most of a set."""

    def __init__(self, scene: SetScene) -> None:
        del scene
        self._sources: Counter[str] = Counter()
        self._first: dict[str, int] = {}
        self._patterns = array("Q")

    def add(self, at: int, record: Trajectory) -> Iterable[Said]:
        """Returns nothing yet."""
        self._sources[record.source] += 1
        self._first.setdefault(record.source, at)
        pieces = "\0".join(sorted(features_of(record).query)).encode(errors="replace")
        self._patterns.append(int.from_bytes(digest_of(pieces), "big") if pieces else 0)
        return ()

    def end(self) -> Iterator[Said]:
        """Yields SET009 for an overweight source, SET010 for a frequent pattern, at the first."""
        total = len(self._patterns)
        if total < LEAST:
            return
        for source, count in self._sources.most_common(1):
            if len(self._sources) > 1 and count >= MOST * total:
                message = f"{count:,} of {total:,} records come from the source {source!r}"
                yield Said(self._first[source], "SET009", message)
        ranked = sorted(range(total), key=self._patterns.__getitem__)
        for pattern, same in groupby(ranked, key=self._patterns.__getitem__):
            members = list(same)
            if pattern and len(members) >= max(LEAST, PATTERN * total):
                message = f"{len(members):,} of {total:,} records ask this but for numbers"
                yield Said(members[0], "SET010", message)

    def close(self) -> None:
        """Holds no file."""
