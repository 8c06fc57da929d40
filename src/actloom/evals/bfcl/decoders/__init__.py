"""Decoders: from what a model wrote to calls in BFCL's form, each under a name (docs/decoders.md).

A leaderboard family is `<name>@bfcl_v1` or `@bfcl_v4` and decodes as the official handler does,
faults included; any dialect of `actloom.dialects` is a decoder under its own id (`hermes`), read
strictly, or as `lenient:hermes`; `auto` finds out for each result; `native` reads native calls.
"""

from __future__ import annotations

import difflib

from actloom.core.errors import InputError
from actloom.evals.bfcl.decoders.families_v1 import FAMILIES, HANDLERS
from actloom.evals.bfcl.decoding import Decoder

_FAMILIES: dict[str, Decoder] = {family.name: family for family in FAMILIES}


def names() -> list[str]:
    """Returns the names of all decoders: leaderboard families first, then dialects."""
    return [*_FAMILIES]


def decoder(name: str) -> Decoder:
    """Returns the decoder called `name`.

    Raises:
        InputError: unknown name; the message offers the nearest known one.
    """
    found = _FAMILIES.get(name)
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
    handler = HANDLERS.get(decoder_family)
    if handler is None:
        raise InputError(
            f"there is no decoder family {decoder_family!r}",
            expected=f"one of {', '.join(sorted(HANDLERS))}",
            got=repr(decoder_family),
            todo="name a decoder yourself (docs/decoders.md)",
        )
    return decoder(handler[1] if name_contains_fc else handler[0])
