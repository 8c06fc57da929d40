"""What the readers of span formats share: grouping by trace, conversion, reasons for rejects."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import msgspec

from actloom.core.jsonvalue import Json, JsonObject
from actloom.core.record import Loss
from actloom.core.transform import Produced
from actloom.unify.codes import MISFIT, NO_MESSAGES
from actloom.unify.otel_rows import (
    gathered_spans,
    is_document,
    is_span,
    marked,
    pieces_of,
    trace_of,
)
from actloom.unify.reader import Context, Entry, reject
from actloom.unify.spans.attributes import nested, text_in
from actloom.unify.spans.span import Span, started
from actloom.unify.spans.trace import gathered
from actloom.unify.threads import Told, Trace, count_threads, records_of, threads_of

_SESSIONS = ("session.id", "gen_ai.conversation.id", "langfuse.session.id", "langsmith.session.id")
_USERS = ("user.id", "enduser.id", "langfuse.user.id")


class SpanReader:
    """Reads spans of one trace; subclasses say which items are theirs.

    Attributes:
        name: name of the format.
        version: raised whenever records change for equal items.
    """

    name = ""
    version = 2

    def sniff(self, value: Json) -> float:
        """Returns how sure the format is of an item; each format says it itself."""
        del value
        return 0.0

    def key(self, value: Json, context: Context) -> str:
        """Returns the trace's id; a span of no trace is a group of its own."""
        return _trace_id(value) or f"{context.file}:{context.ordinal}:{context.part}"

    def pieces(self, value: Json) -> list[tuple[str, Json]]:
        """Returns the spans of a document with their pointers; nothing when it is one span."""
        return list(pieces_of(value))

    def found(self, value: Json) -> int:
        """Returns how many conversations the spans of one item hold."""
        return sum(self.found_group(group) for group in self._groups(value, Context()))

    def read(self, value: Json, context: Context) -> Iterator[Produced]:
        """Yields the records of one item, or a reject."""
        for group in self._groups(value, context):
            yield from self.read_group(group)

    def _groups(self, value: Json, context: Context) -> list[list[Entry]]:
        groups: dict[str, list[Entry]] = {}
        for number, (place, piece) in enumerate(self.pieces(value) or [("", value)]):
            where = msgspec.structs.replace(context, pointer=context.pointer + place, part=number)
            groups.setdefault(self.key(piece, where), []).append(Entry(piece, where))
        return list(groups.values())

    def found_group(self, entries: Sequence[Entry]) -> int:
        """Returns how many conversations a trace holds; one that holds none is a reject."""
        return max(count_threads(_trace(_spans(entries))), 1)

    def read_group(self, entries: Sequence[Entry]) -> Iterator[Produced]:
        """Yields the records of a trace, or a reject."""
        context = entries[0].context
        spans = _spans(entries)
        threads = threads_of(_trace(spans))
        if not threads:
            if any(is_span(e.value) or marked(e.value) or is_document(e.value) for e in entries):
                message = "no span of the trace holds messages (was content not logged?)"
                yield reject(context, NO_MESSAGES, message)
            else:
                yield reject(context, MISFIT, "expected a span with attributes")
            return
        told = Told(
            trace_id=_trace_id(entries[0].value),
            extra=_extra(spans) | started(spans),
            lost=[loss for entry in entries[1:] for loss in entry.context.lost] + _unread(spans),
        )
        yield from records_of(threads, context, self, told=told)


def _trace_id(value: Json) -> str:
    return trace_of(next((piece for _, piece in pieces_of(value)), value))


def _spans(entries: Sequence[Entry]) -> list[Span]:
    values: list[Json] = []
    for entry in entries:
        pieces = [piece for _, piece in pieces_of(entry.value)]
        values += pieces or [entry.value]
    return gathered_spans(values)


def _trace(spans: list[Span]) -> Trace:
    return gathered(spans)


def _extra(spans: list[Span]) -> JsonObject:
    """Returns session and user, which any span of a trace may name."""
    extra: JsonObject = {}
    for span in spans:
        for name, keys in (("session_id", _SESSIONS), ("user_id", _USERS)):
            if name in extra or not any(key in span.attributes for key in keys):
                continue
            if found := text_in(nested(span.attributes), *keys):
                extra[name] = found
    return extra


def _unread(spans: list[Span]) -> list[Loss]:
    """Lists settings of the calls, which a record has no place for."""
    settings = ("gen_ai.request.", "llm.invocation_parameters", "ai.settings.", "llm.request.")
    read = (
        "gen_ai.request.model",
        "llm.request.type",
        "llm.request.model",
        "llm.request.functions",
    )
    keys = {
        key
        for span in spans
        for key in span.attributes
        if key.startswith(settings) and not key.startswith(read)
    }
    return [Loss(f"/attributes/{key}", "a setting of the model call") for key in sorted(keys)]
