"""Which digest was first seen in which record: on disk, in memory that does not grow."""

from __future__ import annotations

import sqlite3

from actloom.core.closing import Closing

CACHE_KIB = 16 * 1024
"""Page cache; what does not fit lies in a temporary file that vanishes with the connection."""


def temporary_database() -> sqlite3.Connection:
    """Returns an empty private database on disk; SQLite deletes its file on close."""
    database = sqlite3.connect("", isolation_level=None)
    database.execute("PRAGMA journal_mode = OFF")
    database.execute("PRAGMA synchronous = OFF")
    database.execute(f"PRAGMA cache_size = -{CACHE_KIB}")
    return database


class Ledger(Closing):
    """First holder of each digest; use as a context manager."""

    def __init__(self) -> None:
        self._database = temporary_database()
        self._database.execute(
            "CREATE TABLE first (digest BLOB PRIMARY KEY, id TEXT NOT NULL) WITHOUT ROWID"
        )

    def claim(self, digest: bytes, record_id: str) -> str | None:
        """Returns the id that claimed `digest` before, or None after claiming it for this one."""
        cursor = self._database.execute(
            "INSERT OR IGNORE INTO first VALUES (?, ?)",
            (digest, record_id.encode(errors="replace").decode()),
        )
        if cursor.rowcount == 1:
            return None
        row = self._database.execute("SELECT id FROM first WHERE digest = ?", (digest,)).fetchone()
        return str(row[0])

    def close(self) -> None:
        """Closes the database; its file vanishes."""
        self._database.close()
