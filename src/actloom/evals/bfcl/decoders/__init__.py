"""Decoders: from what a model wrote to calls in BFCL's form, each under a name (docs/decoders.md).

A leaderboard family is `<name>@bfcl_v1` or `@bfcl_v4` and decodes as the official handler does,
faults included; any dialect of `actloom.dialects` is a decoder under its own id (`hermes`), read
strictly, or as `lenient:hermes`; `auto` finds out for each result; `native` reads native calls.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from functools import cache
from typing import TYPE_CHECKING

from actloom.core.errors import InputError
from actloom.evals.bfcl.decoding import Decoder

if TYPE_CHECKING:
    from actloom.evals.bfcl.decoders.formats_v4 import ReturnFormat

_GROUPS = ("@bfcl_v1", "@bfcl_v4", "")
"""Ends of names; what stands behind each is imported when one of them is asked for."""


@cache
def _group(end: str) -> dict[str, Decoder]:
    """Returns name -> decoder of the names with one of the ends in `_GROUPS`."""
    return {found.name: found for found in _members(end)}


def _members(end: str) -> Iterable[Decoder]:
    if end == "@bfcl_v1":
        from actloom.evals.bfcl.decoders import families_v1

        return families_v1.FAMILIES
    if end == "@bfcl_v4":
        from actloom.evals.bfcl.decoders import families_v4

        return families_v4.FAMILIES
    from actloom.dialects import NAMES
    from actloom.evals.bfcl.decoders.native import AUTO, NATIVE, dialect_decoder

    strict = [dialect_decoder(name) for name in NAMES]
    return [AUTO, NATIVE, *strict, *(dialect_decoder(name, lenient=True) for name in NAMES)]


def names() -> list[str]:
    """Returns the names of all decoders: leaderboard families first, dialects last."""
    return [name for end in _GROUPS for name in _group(end)]


def decoder(name: str) -> Decoder:
    """Returns the decoder called `name`.

    Raises:
        InputError: unknown name; the message offers the nearest known one.
    """
    found = _group(next(end for end in _GROUPS if name.endswith(end))).get(name)
    if found is not None:
        return found
    near = difflib.get_close_matches(name, names(), n=1, cutoff=0.4)
    raise InputError(
        f"there is no decoder {name!r}",
        expected="a leaderboard family, a dialect, `auto` or `native`",
        got=repr(name),
        todo=f"did you mean {near[0]!r}?" if near else "see docs/decoders.md for all names",
    )


def family_decoder(decoder_family: str, name_contains_fc: bool) -> Decoder:
    """Returns the decoder of a row of models.csv.

    Args:
        decoder_family: class name of the official handler of 2024-08-11 (`xLAMHandler`).
        name_contains_fc: whether the model's name contains "FC"; some handlers read native calls
            then and text otherwise.

    Raises:
        InputError: unknown family; the message names the known ones.
    """
    from actloom.evals.bfcl.decoders import families_v1

    handler = families_v1.HANDLERS.get(decoder_family)
    if handler is None:
        raise InputError(
            f"there is no decoder family {decoder_family!r}",
            expected=f"one of {', '.join(sorted(families_v1.HANDLERS))}",
            got=repr(decoder_family),
            todo="name a decoder yourself (docs/decoders.md)",
        )
    return decoder(handler[1] if name_contains_fc else handler[0])


def format_decoder(form: ReturnFormat, *, has_tool_call_tag: bool) -> Decoder:
    """Returns the decoder of a return format of bfcl-eval's format-sensitivity prompts."""
    from actloom.evals.bfcl.decoders import families_v4

    return decoder(families_v4.format_name(form, tagged=has_tool_call_tag))
