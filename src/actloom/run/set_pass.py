"""The pass over a whole set that comes before its records are judged one by one."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import TypeAlias

from actloom.core.finding import Finding, Reject
from actloom.core.ids import digest_bytes, record_id
from actloom.core.jsonvalue import canonical_json
from actloom.core.record import Provenance, Trajectory
from actloom.core.transform import Produced, ShardSpec, Stage
from actloom.io.urls import open_read
from actloom.verify.over_set import SetExamination, SetFindings
from actloom.verify.policy import Policy

TEXT = ".txt"
"""End of the name of a plain file with a question a line."""
SourceOf: TypeAlias = Callable[[str], Stage]


def pack_records(paths: Sequence[str], source_of: SourceOf) -> Iterator[Trajectory]:
    """Yields the questions of benchmark packs.

    Args:
        paths: dataset folders, files and folders in any known format, or `.txt` files with a
            question a line.
        source_of: returns the stage that reads a path of any other kind.

    Raises:
        InputError: nothing there.
    """
    for path in paths:
        if path.endswith(TEXT):
            yield from _lines(path)
            continue
        source = source_of(path)
        for shard in source.plan():
            for item in source.produce(shard):
                if not isinstance(item, Reject):
                    yield item


def _lines(path: str) -> Iterator[Trajectory]:
    name = Path(path).name
    with open_read(path) as stream:
        for number, line in enumerate(stream, start=1):
            if text := line.decode("utf-8", errors="replace").strip():
                origin = Provenance(file=path, line=number)
                yield Trajectory(
                    id=record_id(name, str(number)), source=name, query=text, provenance=origin
                )


def pack_digest(paths: Sequence[str], source_of: SourceOf) -> str:
    """Returns the digest of what benchmark packs hold.

    Raises:
        InputError: nothing there.
    """
    digests: list[object] = []
    for path in paths:
        if path.endswith(TEXT):
            with open_read(path) as stream:
                digests.append(hashlib.blake2b(stream.read()).hexdigest())
        else:
            digests.append(sorted(source_of(path).inputs().values()))
    return digest_bytes(canonical_json(digests))


def examine(
    source: Stage, policy: Policy, against: Iterable[Trajectory], *, path: str = ""
) -> SetFindings:
    """Returns what rules about sets find in all records of `source`.

    Args:
        source: yields the records.
        policy: the rules.
        against: questions of benchmark packs.
        path: file to write the findings to; they vanish on close when "".

    Raises:
        InputError: the source or a pack cannot be read.
    """
    found = SetFindings(path)
    with SetExamination(policy.rules, policy.set_makers, against) as examination:
        at = 0
        for shard in source.plan():
            found.begin(shard.index, at)
            for item in source.produce(shard):
                if not isinstance(item, Reject):
                    examination.add(item, found)
                    at += 1
        examination.end(found)
    return found


def findings_about(
    records: Iterable[Produced], shard: ShardSpec, found: SetFindings | None
) -> Iterator[tuple[Produced, list[Finding]]]:
    """Yields what a shard produces, each record with what was found about it in its set.

    Args:
        records: everything the shard produces, in order.
        shard: the shard.
        found: what an examination of the same source found; None for nothing.
    """
    at = found.start(shard.index) if found is not None else 0
    for item in records:
        if found is None or isinstance(item, Reject):
            yield item, []
        else:
            yield item, found.of(at)
            at += 1
