"""Every code of a finding and every kind of failure, with its meaning: what `explain` says."""

from __future__ import annotations

import importlib
from typing import cast

from actloom.core.errors import ActloomError
from actloom.evals.kinds import KINDS
from actloom.run.shard import NO_REASON, UNWRITABLE
from actloom.run.stages import VANISHED
from actloom.verify.rules import RULES

ROW_CODES: dict[str, str] = {
    UNWRITABLE: "the record holds something JSON cannot (NaN, infinity, half a surrogate pair)",
    NO_REASON: "a stage rejected the record without a finding; a bug of that stage",
    VANISHED: "a transform gave back neither the record nor a reason; a bug of that transform",
}
"""Codes of the runner itself."""
TABLES = {
    "READ": "actloom.unify.codes:READ_CODES",
    "ROW": "actloom.run.codes:ROW_CODES",
    "MIX": "actloom.mix.rejects:CODES",
    "SYN": "actloom.synth.stages:EXPLANATIONS",
}
"""Beginning of a code -> the table of its stage (code -> meaning); rules are in `verify`."""


def meanings() -> dict[str, str]:
    """Returns every code with its meaning: rules, stages, and the failure kinds of evaluations."""
    found = {code: RULES.get(code).summary for code in RULES.names()}
    for prefix in TABLES:
        found |= _table(prefix)
    return found | KINDS


def meaning_of(code: str) -> str:
    """Returns what a code means, "" when no stage knows it."""
    if code in KINDS:
        return KINDS[code]
    for prefix in TABLES:
        if code.startswith(prefix):
            return _table(prefix).get(code, "")
    try:
        return RULES.get(code).summary
    except ActloomError:
        return ""


def _table(prefix: str) -> dict[str, str]:
    module, _, name = TABLES[prefix].partition(":")
    return cast("dict[str, str]", getattr(importlib.import_module(module), name))


def in_a_line(meaning: str) -> str:
    """Returns the first sentence of a meaning, as tables show it."""
    first = meaning.partition(". ")[0].rstrip(".")
    return first[:1].lower() + first[1:] if first[1:2].islower() else first
