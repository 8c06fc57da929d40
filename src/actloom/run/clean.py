"""Records taken to be clean, into which a self-test injects faults."""

from __future__ import annotations

from collections.abc import Iterator
from importlib import resources

from actloom.core.finding import Reject
from actloom.core.record import Trajectory
from actloom.core.rows import decode_row
from actloom.core.transform import Stage


def clean_records(source: Stage | None) -> Iterator[Trajectory]:
    """Yields the readable records of `source`; without one, those that come with actloom."""
    if source is None:
        text = resources.files("actloom.verify").joinpath("clean.jsonl").read_bytes()
        yield from map(decode_row, text.splitlines())
        return
    for shard in source.plan():
        yield from (item for item in source.produce(shard) if not isinstance(item, Reject))
