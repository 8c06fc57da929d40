"""Rules about whole sets: what their checks are, and a run of them over records.

A rule of a record sees one record at a time, in any process. A rule of a set sees every record
once, in order, and speaks while it sees them or at the end; what it finds is kept on disk by the
record's number until the records pass again.
"""

from __future__ import annotations

import sqlite3
import tempfile
from array import array
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack
from typing import IO, Protocol, TypeAlias

import msgspec

from actloom.core.closing import Closing
from actloom.core.finding import Finding, Severity
from actloom.core.record import Trajectory
from actloom.match.ledger import CACHE_KIB

PACKING = msgspec.msgpack.Encoder()


class Place(msgspec.Struct, frozen=True, array_like=True):
    """What is told about a record that is no longer at hand."""

    id: str
    file: str
    line: int
    split: str | None

    def __str__(self) -> str:
        """Returns the id, and file and line where they are known."""
        where = f" ({self.file}:{self.line})" if self.file and self.line else ""
        return f"{self.id!r}{where}"


class Said(msgspec.Struct, frozen=True):
    """What a check of a set has to say about one record."""

    at: int
    """Number of the record, from 0."""
    code: str
    message: str
    path: str = ""
    """JSON pointer in the row."""


class SetCheck(Protocol):
    """Looks at every record of a set once."""

    def add(self, at: int, record: Trajectory) -> Iterable[Said]:
        """Takes record number `at` and returns what can be said already."""
        ...

    def end(self) -> Iterable[Said]:
        """Returns what can be said now that the set is known."""
        ...

    def close(self) -> None:
        """Lets go of files."""
        ...


class SetScene(Protocol):
    """What checks of a set may look at besides the records."""

    @property
    def against(self) -> Iterable[Trajectory]:
        """Records of the benchmark packs the set is compared with."""
        ...

    def place(self, at: int) -> Place:
        """Returns what is known of record number `at`."""
        ...


MakeSetCheck: TypeAlias = Callable[[SetScene], SetCheck]


class SetRuleFacts(Protocol):
    """What of a rule stands in its findings."""

    @property
    def code(self) -> str:
        """Code of the rule."""
        ...

    @property
    def severity(self) -> Severity:
        """Severity of its findings."""
        ...

    @property
    def version(self) -> int:
        """Version of the rule."""
        ...


class SetFindings:
    """Findings by record number, in a database file.

    Args:
        path: the file; "" for one that vanishes on close.
    """

    def __init__(self, path: str = "") -> None:
        self._database = sqlite3.connect(path, isolation_level=None)
        self._database.execute(f"PRAGMA cache_size = -{CACHE_KIB}")
        self._database.execute("PRAGMA journal_mode = OFF")
        self._database.execute("PRAGMA synchronous = OFF")
        self._database.execute(
            "CREATE TABLE IF NOT EXISTS found (at INTEGER, code TEXT, path TEXT, finding BLOB,"
            " PRIMARY KEY (at, code, path)) WITHOUT ROWID"
        )
        self._database.execute(
            "CREATE TABLE IF NOT EXISTS start (shard INTEGER PRIMARY KEY, at INTEGER)"
        )

    def begin(self, shard: int, at: int) -> None:
        """Notes that record number `at` is the first of a shard."""
        self._database.execute("INSERT OR REPLACE INTO start VALUES (?, ?)", (shard, at))

    def start(self, shard: int) -> int:
        """Returns the number of a shard's first record.

        Raises:
            LookupError: no such shard was examined.
        """
        query = "SELECT at FROM start WHERE shard = ?"
        row = self._database.execute(query, (shard,)).fetchone()
        if row is None:
            raise LookupError(f"shard {shard} was not examined")
        return int(row[0])

    def keep(self, at: int, finding: Finding) -> None:
        """Keeps a finding about record number `at`; of one code and path, the first."""
        row = (at, finding.code, finding.path, PACKING.encode(finding))
        self._database.execute("INSERT OR IGNORE INTO found VALUES (?, ?, ?, ?)", row)

    def of(self, at: int) -> list[Finding]:
        """Returns the findings about record number `at`, by code."""
        query = "SELECT finding FROM found WHERE at = ? ORDER BY code, path"
        return [_finding(data) for (data,) in self._database.execute(query, (at,))]

    def __iter__(self) -> Iterator[Finding]:
        """Yields every finding, by number of its record."""
        query = "SELECT finding FROM found ORDER BY at, code, path"
        yield from (_finding(data) for (data,) in self._database.execute(query))

    def close(self) -> None:
        """Closes the file."""
        self._database.close()


def _finding(data: bytes) -> Finding:
    return msgspec.msgpack.decode(data, type=Finding)


def _temporary_file() -> IO[bytes]:
    return tempfile.TemporaryFile()


class SetExamination(Closing):
    """A run of set rules over records: `add` each, then `end`. Use as a context manager.

    Args:
        rules: the rules that may speak, by code.
        makers: makes each check.
        against: records of benchmark packs.
    """

    def __init__(
        self,
        rules: Iterable[SetRuleFacts],
        makers: Sequence[MakeSetCheck],
        against: Iterable[Trajectory] = (),
    ) -> None:
        self.against = against
        self._rules = {rule.code: rule for rule in rules}
        self._open = ExitStack()
        self._places = self._open.enter_context(_temporary_file())
        self._starts = array("Q", [0])
        self._checks = [make(self) for make in makers]
        for check in self._checks:
            self._open.callback(check.close)

    def place(self, at: int) -> Place:
        """Returns what is known of record number `at`."""
        self._places.seek(self._starts[at])
        data = self._places.read(self._starts[at + 1] - self._starts[at])
        return msgspec.msgpack.decode(data, type=Place)

    def add(self, record: Trajectory, into: SetFindings) -> None:
        """Shows the next record to every check and keeps what they say."""
        origin = record.provenance
        data = PACKING.encode(Place(record.id, origin.file, origin.line, origin.split))
        at = len(self._starts) - 1
        self._places.seek(self._starts[at])
        self._places.write(data)
        self._starts.append(self._starts[at] + len(data))
        for check in self._checks:
            for said in check.add(at, record):
                self._keep(said, into)

    def end(self, into: SetFindings) -> None:
        """Keeps what the checks say now that the set is known."""
        for check in self._checks:
            for said in check.end():
                self._keep(said, into)

    def _keep(self, said: Said, into: SetFindings) -> None:
        rule = self._rules.get(said.code)
        if rule is None:
            return
        place = self.place(said.at)
        finding = Finding(
            code=said.code,
            severity=rule.severity,
            message=said.message,
            id=place.id,
            path=said.path,
            file=place.file,
            line=place.line,
            rule_version=rule.version,
        )
        into.keep(said.at, finding)

    def close(self) -> None:
        """Closes what the checks keep on disk."""
        self._open.close()
