"""LangSmith: runs of its API and exports (JSON, JSONL, CSV), feedback, examples of data sets.

Runs of one trace are joined over items and files, whether they stand alone or as `child_runs`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import msgspec

from actloom.core.jsonvalue import Json
from actloom.core.transform import Produced
from actloom.unify.codes import MISFIT, NO_MESSAGES
from actloom.unify.langsmith_rows import Gathered, row_kind, trace_id
from actloom.unify.reader import Context, Entry, reject
from actloom.unify.spans.attributes import text_in
from actloom.unify.spans.span import started
from actloom.unify.spans.trace import gathered
from actloom.unify.threads import Told, count_threads, records_of, threads_of

_SURE = {"run": 0.95, "feedback": 0.9, "example": 0.65}


class LangSmith:
    """Reads traces of LangSmith."""

    name = "langsmith"
    version = 2

    def sniff(self, value: Json) -> float:
        """Returns 0.9 and more for runs and feedback, less for an example of a data set."""
        return _SURE.get(row_kind(value), 0.0)

    def key(self, value: Json, context: Context) -> str:
        """Returns the trace's id; an example of a data set is a group of its own."""
        return trace_id(value) or f"{context.file}:{context.ordinal}:{context.part}"

    def found(self, value: Json) -> int:
        """Returns how many conversations one item holds."""
        return self.found_group([Entry(value, Context())])

    def read(self, value: Json, context: Context) -> Iterator[Produced]:
        """Yields the records of one item, or a reject."""
        return self.read_group([Entry(value, context)])

    def found_group(self, entries: Sequence[Entry]) -> int:
        """Returns how many conversations a trace holds; one that holds none is a reject."""
        return max(count_threads(gathered(_gathered(entries).spans)), 1)

    def read_group(self, entries: Sequence[Entry]) -> Iterator[Produced]:
        """Yields the records of a trace, or a reject."""
        rows = _gathered(entries)
        context = msgspec.structs.replace(entries[0].context, part=0)
        threads = threads_of(gathered(rows.spans))
        if not threads:
            yield reject(entries[0].context, *_reason(rows, entries))
            return
        first = entries[0].value
        lost = [loss for entry in entries[1:] for loss in entry.context.lost]
        told = Told(
            trace_id=trace_id(first) or text_in(first, "id"),
            extra=rows.extra | started(rows.spans),
            scores=rows.scores,
            lost=[*lost, *rows.lost()],
        )
        yield from records_of(threads, context, self, told=told)


def _gathered(entries: Sequence[Entry]) -> Gathered:
    rows = Gathered()
    for entry in entries:
        rows.add(entry.value)
    return rows


def _reason(rows: Gathered, entries: Sequence[Entry]) -> tuple[str, str]:
    if not any(row_kind(entry.value) for entry in entries):
        return MISFIT, "expected a LangSmith run, feedback or example"
    if not rows.spans:
        return NO_MESSAGES, "feedback on a trace that is not in the input"
    return NO_MESSAGES, "no run of the trace holds messages"


READER = LangSmith()
