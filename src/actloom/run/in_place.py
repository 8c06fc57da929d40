"""Fixes in the user's own files: the values that are wrong change, and no byte beside them.

Every changed item is read again by the same reader before anything is written, and must give
exactly the record that was verified; where it does not, the item stays as it came, with a reason.
"""

from __future__ import annotations

import os
import stat
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import IO

import msgspec

from actloom.core.errors import InputError, OutputError
from actloom.core.finding import Finding
from actloom.core.ids import record_digest
from actloom.core.record import Trajectory
from actloom.core.transform import Produced, Stage
from actloom.io.source import SourceItem, items
from actloom.io.urls import AtomicFile, is_url
from actloom.run.call_edits import calls_of, edits_of
from actloom.unify.config import UnifyConfig
from actloom.unify.pipe import Pipe
from actloom.unify.reader import Context, GroupReader
from actloom.unify.registry import FORMATS
from actloom.unify.stage import PlannedFile, UnifyStage, source_name
from actloom.verify.policy import Judging
from actloom.verify.transform import Mended, mend

_BOM = b"\xef\xbb\xbf"
_CHUNK = 1 << 20
_FORMS = ("lines", "array", "values")


class Change(msgspec.Struct, frozen=True):
    """One item of a file, before and after."""

    offset: int
    """Of its first byte."""
    line: int
    old: bytes
    new: bytes
    fixed: list[Finding]


class Refusal(msgspec.Struct, frozen=True):
    """A record whose fixes have no certain place in its file."""

    file: str
    line: int
    reason: str


class FileFixes(msgspec.Struct):
    """What fixing does to one file."""

    file: str
    changes: list[Change] = []
    refusals: list[Refusal] = []

    @property
    def fixed(self) -> int:
        """Number of findings that the changes remove."""
        return sum(len(change.fixed) for change in self.changes)


def fixes_of(source: Stage, judging: Judging) -> Iterator[FileFixes]:
    """Yields what fixing does to each file of `source`; nothing is written.

    Args:
        source: the user's own files, as `lint.source_stage` makes them.
        judging: the rules.

    Raises:
        InputError: `source` is a dataset folder, or fixes are due in a file whose items cannot be
            changed in place: compressed, remote, no JSON, or conversations spread over items.
    """
    files = own_files(source)
    config = _config(source)
    reasons = {f.file.path: reason for f in files if (reason := _unmappable(f))}
    if reasons:
        _refuse_fixes(UnifyStage(list(reasons), config), judging, reasons)
    for planned in files:
        if planned.file.path not in reasons:
            yield _fixes_in(planned, config, judging)


def own_files(source: Stage) -> list[PlannedFile]:
    """Returns the files of a source.

    Raises:
        InputError: it is a dataset folder.
    """
    if isinstance(source, UnifyStage):
        return source.files()
    raise InputError(
        "the rows of a dataset folder are not changed in place",
        expected="--out FOLDER for the mended rows, or --diff to see the fixes",
        where=", ".join(source.inputs()),
    )


def _config(source: Stage) -> UnifyConfig:
    return source.config if isinstance(source, UnifyStage) else UnifyConfig()


def _unmappable(planned: PlannedFile) -> str:
    """Returns why items of a file cannot be changed in place, "" when they can."""
    if is_url(planned.file.path):
        return "a remote file"
    if planned.file.compressed:
        return "a compressed file"
    if planned.file.form in ("empty", "unreadable") or not planned.format:
        return ""
    if planned.file.form not in _FORMS:
        return f"a file of {planned.file.form}"
    reader = FORMATS.get(planned.format)
    return "conversations spread over items" if isinstance(reader, GroupReader) else ""


def _refuse_fixes(source: Stage, judging: Judging, reasons: Mapping[str, str]) -> None:
    """Raises the error of files that need fixes and cannot be changed in place."""
    for shard in source.plan():
        for record in source.produce(shard):
            if not isinstance(record, Trajectory):
                continue
            if any(finding.fix for finding in judging.findings(record)):
                file = record.provenance.file
                raise InputError(
                    "fixes cannot be made in this file",
                    got=reasons.get(file, "conversations spread over files"),
                    expected="JSON or JSON Lines, unpacked, on this machine",
                    where=file,
                    todo="write the mended records to a folder with --out",
                )


def _fixes_in(planned: PlannedFile, config: UnifyConfig, judging: Judging) -> FileFixes:
    fixes = FileFixes(planned.file.path)
    if planned.file.form not in _FORMS or not planned.format:
        return fixes
    again = _Again(planned, config)
    for item in items(planned.file, max_item_bytes=config.max_item_bytes):
        if item.problem is None:
            _fix_item(item, again, judging, fixes)
    return fixes


class _Again:
    """Reads items of one file, as often as asked."""

    def __init__(self, planned: PlannedFile, config: UnifyConfig) -> None:
        self._pipe = Pipe(FORMATS.get(planned.format), config)
        self._file = planned.file.path
        self._source = config.source or source_name(self._file)

    def read(self, item: SourceItem, raw: bytes) -> list[Produced]:
        """Returns what becomes of an item, had it these bytes."""
        place = Context(self._file, item.line, item.byte_offset, item.pointer, item.ordinal)
        context = msgspec.structs.replace(place, source=self._source)
        changed = msgspec.structs.replace(item, raw=raw)
        plain = self._pipe.plain(changed, context)
        return list(self._pipe.read(changed, context)) if plain is None else [plain]


def _fix_item(item: SourceItem, again: _Again, judging: Judging, fixes: FileFixes) -> None:
    came = again.read(item, item.raw)
    found = [judging.findings(one) if isinstance(one, Trajectory) else [] for one in came]
    due = [finding for findings in found for finding in findings if finding.fix]
    if not due:
        return
    if any(_is_wider(finding) for finding in due):
        reason = "its fix takes out whole calls, messages or tools"
        fixes.refusals.append(Refusal(fixes.file, item.line, reason))
    in_calls = _InCalls(judging)
    mended = [_mended(one, in_calls) if isinstance(one, Trajectory) else None for one in came]
    fixed = [finding for one in mended if one is not None for finding in one.fixed]
    if not fixed:
        return
    new = _rewritten(item.raw, came, mended)
    if new is None or not _gives(again.read(item, new), came, mended):
        reason = "the place of the values to change is not certain"
        fixes.refusals.append(Refusal(fixes.file, item.line, reason))
        return
    fixes.changes.append(Change(item.byte_offset, item.line, item.raw, new, fixed))


def _mended(record: Trajectory, judging: Judging) -> Mended:
    """Returns the record with its fixes; as it came where fixing brings up a new finding."""
    came = judging.findings(record)
    if not any(finding.fix for finding in came):
        return Mended(record, came, [])
    mended = mend(record, judging)
    codes, before = (Counter(f.code for f in found) for found in (mended.findings, came))
    return mended if codes <= before else Mended(record, came, [])


class _InCalls:
    """Rules whose fixes are offered only where they change names and arguments of calls."""

    def __init__(self, judging: Judging) -> None:
        self._judging = judging

    def findings(self, record: Trajectory) -> list[Finding]:
        """Returns what the rules find, without the fixes that change anything else."""
        return [
            msgspec.structs.replace(finding, fix=[]) if _is_wider(finding) else finding
            for finding in self._judging.findings(record)
        ]


def _is_wider(finding: Finding) -> bool:
    return any("/function/" not in op.path for op in finding.fix)


def _rewritten(
    raw: bytes, came: Sequence[Produced], mended: Sequence[Mended | None]
) -> bytes | None:
    """Returns an item's bytes after its fixes; None where they have no certain place."""
    pairs = [
        (one, new)
        for one, new in zip(came, mended, strict=True)
        if isinstance(one, Trajectory) and new is not None
    ]
    old = [call for one, _ in pairs for call in calls_of(one)]
    wanted = [call for _, new in pairs for call in calls_of(new.record)]
    try:
        text = raw.decode()
    except UnicodeDecodeError:
        return None
    edits = edits_of(text, old, wanted)
    if edits is None:
        return None
    for edit in reversed(edits):
        text = text[: edit.start] + edit.new + text[edit.end :]
    return text.encode(errors="replace")


def _gives(
    again: Sequence[Produced], came: Sequence[Produced], mended: Sequence[Mended | None]
) -> bool:
    """Tells whether reading the new bytes gives exactly the mended records, and the others."""
    if len(again) != len(came):
        return False
    for now, before, fixed in zip(again, came, mended, strict=True):
        if not isinstance(now, Trajectory):
            if fixed is not None or type(now) is not type(before):
                return False
        elif fixed is None or record_digest(now) != record_digest(fixed.record):
            return False
    return True


def write_fixes(fixes: FileFixes) -> None:
    """Writes the changes of one file; at every moment it is whole, old or new.

    Raises:
        OutputError: the file changed since it was read, or cannot be written.
    """
    if not fixes.changes:
        return
    path = Path(fixes.file).resolve()  # a link stays a link
    target: AtomicFile | None = None
    try:
        with path.open("rb") as stream:
            target = AtomicFile(str(path))
            for piece in _pieces(stream, fixes):
                target.write(piece)
            mode = os.fstat(stream.fileno()).st_mode
        target.commit()
        path.chmod(stat.S_IMODE(mode))
    except OSError as error:
        raise OutputError(
            "the fixes cannot be written", got=str(error.strerror or error), where=fixes.file
        ) from error
    finally:
        if target is not None:
            target.discard()


def mended_bytes(fixes: FileFixes) -> tuple[bytes, bytes]:
    """Returns a file as it is and as it would be.

    Raises:
        OutputError: the file changed since it was read.
        InputError: it cannot be read.
    """
    try:
        with Path(fixes.file).open("rb") as stream:
            new = b"".join(_pieces(stream, fixes))
            stream.seek(0)
            return stream.read(), new
    except OSError as error:
        raise InputError(
            "the file cannot be read", got=str(error.strerror or error), where=fixes.file
        ) from error


def _pieces(stream: IO[bytes], fixes: FileFixes) -> Iterator[bytes]:
    """Yields the bytes of the mended file."""
    at = 0
    for change in fixes.changes:
        while at < change.offset:
            piece = stream.read(min(_CHUNK, change.offset - at))
            if not piece:
                raise _changed_meanwhile(fixes)
            at += len(piece)
            yield piece
        mark = b""
        if at == 0 and not change.old.startswith(_BOM):
            mark = stream.read(len(_BOM))
            if mark != _BOM:
                stream.seek(0)
                mark = b""
        if stream.read(len(change.old)) != change.old:
            raise _changed_meanwhile(fixes)
        at += len(mark) + len(change.old)
        yield mark + change.new
    while piece := stream.read(_CHUNK):
        yield piece


def _changed_meanwhile(fixes: FileFixes) -> OutputError:
    return OutputError(
        "the file changed while it was read", where=fixes.file, todo="run the command again"
    )
