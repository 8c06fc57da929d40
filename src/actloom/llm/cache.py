"""Answers that were paid for, kept in one SQLite file, so that a killed run loses none.

A key is the digest of address, request and sample number; the request itself is not stored. The
file is in WAL mode and each answer is on disk before the model's caller sees it.
"""

from __future__ import annotations

import hashlib
import sqlite3
import threading
import zlib
from collections import Counter
from pathlib import Path
from typing import cast

import msgspec

from actloom.core.errors import OutputError

MAX_BYTES = 64 << 20
"""Size of an unpacked answer beyond which a row is taken for damaged."""
_TABLE = "CREATE TABLE IF NOT EXISTS answer (key TEXT PRIMARY KEY, seconds REAL, body BLOB)"


class CachedAnswer(msgspec.Struct, frozen=True):
    """What a server answered."""

    body: bytes
    """The answer's JSON as it came."""
    seconds: float
    """How long it took then."""


class AnswerCache:
    """A file of answers; several threads and processes may use it at once.

    Raises:
        OutputError: the file cannot be opened or is no such cache.
    """

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path)
        self._lock = threading.Lock()
        self._asked: Counter[str] = Counter()
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            self._file = sqlite3.connect(self.path, timeout=60, check_same_thread=False)
            self._file.execute("PRAGMA journal_mode=WAL")
            self._file.execute("PRAGMA synchronous=FULL")
            with self._file:
                self._file.execute(_TABLE)
        except (OSError, sqlite3.Error) as error:
            raise OutputError(
                "the cache of answers cannot be used",
                got=str(error),
                where=str(self.path),
                todo="remove the file, or ask without it: --no-cache",
            ) from error

    def key(self, address: str, request: bytes) -> str:
        """Returns the key of a request, another one each time it is asked for in this process.

        Equal prompts of one run so get answers of their own, and the next run gets the same ones.
        """
        digest = hashlib.sha256(address.encode() + b"\n" + request).hexdigest()
        with self._lock:
            sample = self._asked[digest]
            self._asked[digest] += 1
        return f"{digest}#{sample}"

    def get(self, key: str) -> CachedAnswer | None:
        """Returns the answer under a key; None where there is none, or it cannot be read."""
        try:
            with self._lock:
                found = cast(
                    "tuple[float, bytes] | None",
                    self._file.execute(
                        "SELECT seconds, body FROM answer WHERE key = ?", (key,)
                    ).fetchone(),
                )
            return None if found is None else CachedAnswer(_unpacked(found[1]), float(found[0]))
        except (sqlite3.Error, zlib.error, ValueError, TypeError):
            return None

    def put(self, key: str, answer: CachedAnswer) -> None:
        """Keeps an answer; what the disk refuses is lost to the cache alone."""
        try:
            with self._lock, self._file:
                self._file.execute(
                    "INSERT OR REPLACE INTO answer VALUES (?, ?, ?)",
                    (key, answer.seconds, zlib.compress(answer.body, 1)),
                )
        except sqlite3.Error:
            return

    def close(self) -> None:
        """Closes the file."""
        with self._lock:
            self._file.close()


def _unpacked(packed: bytes) -> bytes:
    reader = zlib.decompressobj()
    body = reader.decompress(packed, MAX_BYTES)
    if reader.unconsumed_tail or not reader.eof:
        raise ValueError("the row is cut or too large")
    return body
