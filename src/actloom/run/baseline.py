"""Baselines: findings that are known and left alone, so that only new ones are reported.

A finding is known again by its code, its record and its place in the record, never by its line:
lines may be put before it. A record is known by its id where its source gave one, else by its
content, for then the id is that of the file, which changes with every edit.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from pathlib import Path

import msgspec

from actloom.core.errors import InputError, OutputError, RecipeError
from actloom.core.finding import Finding, Reject
from actloom.core.ids import digest_bytes, record_digest
from actloom.core.jsonvalue import json_text
from actloom.core.transform import Produced
from actloom.io.urls import write_bytes
from actloom.run.lint import Linted
from actloom.run.lint_text import shown_path

VERSION = 1


class Known(msgspec.Struct, frozen=True, order=True, forbid_unknown_fields=True):
    """One known finding."""

    file: str
    """Where it was found; not what it is known by."""
    code: str
    record: str
    """Id of the record, or the digest of one that has none."""
    path: str
    fingerprint: str


class _File(msgspec.Struct, forbid_unknown_fields=True):
    version: int
    findings: list[Known]


def known_findings(linted: Linted) -> list[Known]:
    """Returns the findings of a record as a baseline holds them."""
    if not linted.findings:
        return []
    record = _name_of(linted.item)
    return [_known(finding, record) for finding in linted.findings]


def _name_of(item: Produced) -> str:
    if isinstance(item, Reject):
        return digest_bytes((item.raw or item.findings[0].file).encode(errors="replace"))
    return item.id if item.provenance.original_id else record_digest(item)


def _known(finding: Finding, record: str) -> Known:
    identity = f"{finding.code}\0{record}\0{finding.path}".encode(errors="replace")
    file = shown_path(finding.file)
    return Known(file, finding.code, record, finding.path, digest_bytes(identity))


class Baseline:
    """Known findings; each entry covers one finding.

    Args:
        known: the entries.
    """

    def __init__(self, known: Iterable[Known]) -> None:
        self._known = list(known)
        self._left = Counter(entry.fingerprint for entry in self._known)

    def without_known(self, linted: Linted) -> Linted:
        """Returns a record with those of its findings that are new."""
        new: list[Finding] = []
        for finding, entry in zip(linted.findings, known_findings(linted), strict=True):
            if self._left[entry.fingerprint]:
                self._left[entry.fingerprint] -= 1
            else:
                new.append(finding)
        if len(new) == len(linted.findings):
            return linted
        return msgspec.structs.replace(linted, findings=new)

    def stale(self) -> list[Known]:
        """Returns the entries no finding has used up."""
        left = Counter(self._left)
        unused: list[Known] = []
        for entry in self._known:
            if left[entry.fingerprint]:
                left[entry.fingerprint] -= 1
                unused.append(entry)
        return unused


def read_baseline(path: str) -> Baseline:
    """Returns the baseline in a file.

    Raises:
        InputError: the file cannot be read.
        RecipeError: it is no baseline.
    """
    try:
        data = Path(path).read_bytes()
    except OSError as error:
        raise InputError(
            "the baseline cannot be read",
            got=str(error.strerror or error),
            where=path,
            todo="make it with --write-baseline FILE",
        ) from error
    try:
        file = msgspec.json.decode(data, type=_File)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise RecipeError("this is no baseline", got=str(error), where=path) from error
    if file.version != VERSION:
        raise RecipeError(
            "this baseline is of another version",
            expected=str(VERSION),
            got=str(file.version),
            where=path,
            todo="make it anew with --write-baseline FILE",
        )
    return Baseline(file.findings)


def write_baseline(path: str, known: Iterable[Known]) -> int:
    """Writes a baseline, sorted and one entry a line, and returns the number of its entries.

    Raises:
        OutputError: the file cannot be written.
    """
    entries = sorted(known)
    lines = ",\n".join(json_text(entry) for entry in entries)
    body = f"\n{lines}\n" if entries else ""
    try:
        write_bytes(path, f'{{"version":{VERSION},"findings":[{body}]}}\n'.encode())
    except OSError as error:
        raise OutputError(
            "the baseline cannot be written", got=str(error.strerror or error), where=path
        ) from error
    return len(entries)
