"""Dialects as decoders, native calls, and the decoder that finds out for itself."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from actloom.core.jsonvalue import Json, JsonObject
from actloom.core.record import Call
from actloom.dialects import detect, dialect
from actloom.evals.bfcl.decoders.bounds import TooLargeError
from actloom.evals.bfcl.decoders.call_text import call_texts
from actloom.evals.bfcl.decoders.json_text import json_value
from actloom.evals.bfcl.decoders.output_decoder import OutputDecoder
from actloom.evals.bfcl.decoders.shapes import entries, text_of

MAX_CHARS = 200_000
"""Longest text that is read in a dialect."""
MAX_MARKS = 5_000
"""Most `<`, `[` and `{` in it: each may begin a call that has to be tried."""


def dialect_decoder(name: str, *, lenient: bool = False) -> OutputDecoder:
    """Returns a dialect as a decoder: plain JSON values, whatever language the question is in.

    Args:
        name: the dialect's id.
        lenient: whether a text is mended where it strictly fails.
    """
    mended = " Mended where it fails." if lenient else ""
    return _decoder(
        f"lenient:{name}" if lenient else name,
        f"The dialect {name} (docs/dialects.md); words alone are no calls.{mended}",
        lambda result: _objects(_parsed(text_of(result), name, lenient=lenient)),
    )


def _decoder(name: str, reads: str, to_calls: Callable[[Json], Sequence[object]]) -> OutputDecoder:
    return OutputDecoder(
        name=name,
        reads=reads,
        to_calls=lambda result, _language: to_calls(result),
        to_call_texts=lambda result: call_texts(to_calls(result)),
    )


def _parsed(text: str, name: str, *, lenient: bool) -> list[Call]:
    _check(text)
    parsed = dialect(name).parse(text, lenient=lenient)
    if parsed.error and not parsed.repairs:
        raise ValueError(parsed.error)
    return parsed.reply.tool_calls


def _check(text: str) -> None:
    if len(text) > MAX_CHARS:
        raise TooLargeError(f"expected at most {MAX_CHARS} characters, got {len(text)}")
    if sum(map(text.count, "<[{")) > MAX_MARKS:
        raise TooLargeError(f"expected at most {MAX_MARKS} opening brackets and tags")


def _objects(calls: list[Call]) -> list[dict[str, JsonObject]]:
    for call in calls:
        if call.arguments_text is not None:
            raise ValueError(f"the arguments of {call.name[:80]!r} are no JSON object")
    return [{call.name: call.arguments} for call in calls]


def _native(result: Json) -> list[dict[str, Json]]:
    if isinstance(result, str):
        return []
    return [
        {name: json_value(given) if isinstance(given, str) else given}
        for call in entries(result)
        for name, given in call.items()
    ]


def _found(result: Json) -> Sequence[object]:
    if not isinstance(result, str):
        return _native(result)
    _check(result)
    name = detect(result)
    return [] if name is None else _objects(_parsed(result, name, lenient=True))


NATIVE = _decoder(
    "native",
    "Calls as a server parsed them, `[{name: arguments}]`, as JSON text or objects; "
    "a text is no calls.",
    _native,
)
AUTO = _decoder(
    "auto",
    "Finds out for each result: native calls, or the likeliest dialect of a text, mended.",
    _found,
)
