"""Langfuse: traces with their observations and scores, whole or one row each, over many files.

Read are `{trace, observations}`, `GET /api/public/traces/{id}`, and the rows of its exports (JSON,
JSONL, CSV) of observations, traces and scores, in any order; what belongs to one trace is joined.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import msgspec

from actloom.core.jsonvalue import Json
from actloom.core.transform import Produced
from actloom.unify.codes import MISFIT, NO_MESSAGES
from actloom.unify.langfuse_rows import Gathered, row_kind, trace_id
from actloom.unify.reader import Context, Entry, reject
from actloom.unify.spans.span import started
from actloom.unify.spans.trace import gathered
from actloom.unify.threads import Told, Trace, count_threads, records_of, threads_of

_SURE = {"bundle": 0.95, "observation": 0.92, "trace": 0.9, "score": 0.9}


class Langfuse:
    """Reads traces of Langfuse."""

    name = "langfuse"
    version = 2

    def sniff(self, value: Json) -> float:
        """Returns 0.9 and more for a trace, an observation or a score."""
        return _SURE.get(row_kind(value), 0.0)

    def key(self, value: Json, context: Context) -> str:
        """Returns the trace's id; an item of no trace is a group of its own."""
        return trace_id(value) or f"{context.file}:{context.ordinal}"

    def found(self, value: Json) -> int:
        """Returns how many conversations one item holds."""
        return self.found_group([Entry(value, Context())])

    def read(self, value: Json, context: Context) -> Iterator[Produced]:
        """Yields the records of one item, or a reject."""
        return self.read_group([Entry(value, context)])

    def found_group(self, entries: Sequence[Entry]) -> int:
        """Returns how many conversations a trace holds; one that holds none is a reject."""
        return max(count_threads(_trace(_gathered(entries))), 1)

    def read_group(self, entries: Sequence[Entry]) -> Iterator[Produced]:
        """Yields the records of a trace, or a reject."""
        rows = _gathered(entries)
        context = entries[0].context
        threads = threads_of(_trace(rows))
        if not threads:
            yield reject(context, *_reason(rows, entries))
            return
        lost = [loss for entry in entries[1:] for loss in entry.context.lost]
        told = Told(
            trace_id=next((found for e in entries if (found := trace_id(e.value))), ""),
            extra=rows.extra | started(rows.spans),
            scores=rows.scores,
            lost=[*lost, *rows.losses.listed()],
        )
        whole = msgspec.structs.replace(context, part=0)
        yield from records_of(threads, whole, self, told=told)


def _gathered(entries: Sequence[Entry]) -> Gathered:
    rows = Gathered()
    for entry in entries:
        rows.add(entry.value)
    return rows


def _trace(rows: Gathered) -> Trace:
    trace = rows.trace
    whole = (
        [(trace.get("input"), trace.get("output"))] if trace.keys() & {"input", "output"} else []
    )
    return gathered(rows.spans, whole=whole)


def _reason(rows: Gathered, entries: Sequence[Entry]) -> tuple[str, str]:
    """Returns why a group holds no conversation."""
    if not any(row_kind(entry.value) for entry in entries):
        return MISFIT, "expected a Langfuse trace, observation or score"
    if not rows.spans and not rows.trace:
        return NO_MESSAGES, "scores of a trace that is not in the input"
    if not rows.spans:
        return NO_MESSAGES, "a trace without observations, whose input and output are no messages"
    return NO_MESSAGES, "no observation of the trace holds messages (was content not logged?)"


READER = Langfuse()
