"""Cases somebody wants to look at, whole: question, tools, expected and got."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import msgspec

from actloom.core.errors import ActloomError
from actloom.core.record import Tool
from actloom.evals.evaluate import TRACE
from actloom.evals.outcomes import Outcomes
from actloom.evals.result import CaseVerdict
from actloom.rollout.trace import TraceTurn, read_trace


class Details(msgspec.Struct, frozen=True):
    """Whole cases, as far as they could be had."""

    cases: dict[str, CaseVerdict]
    """Case id -> verdict with question, tools, expected and got."""
    problem: str = ""
    """Why questions and answers are not there; "" when they are."""


def details_of(outcomes: Outcomes, ids: Sequence[str]) -> Details:
    """Returns the cases with these ids, whole.

    Those of an evaluation stand in its folder; those of a score are read again from the questions
    and outputs it was made of. When these are gone, the bare verdicts stay, and a sentence says so.
    """
    bare = {case: outcomes.verdicts[case] for case in ids if case in outcomes.verdicts}
    try:
        if outcomes.kind == "eval":
            return Details(_with_tools(bare, Path(outcomes.folder) / TRACE))
        from actloom.evals.bfcl.scoring.details import details

        found = {case.id: case for case in details(outcomes.folder, outcomes.model, [*bare])}
    except ActloomError as error:
        where = f" ({error.where})" if error.where else ""
        return Details(bare, f"Questions and answers are not shown: {error.message}{where}.")
    return Details({case: _joined(bare[case], found.get(case)) for case in bare})


def _joined(bare: CaseVerdict, whole: CaseVerdict | None) -> CaseVerdict:
    """Returns what was read again with the verdict that was written down."""
    if whole is None:
        return bare
    return msgspec.structs.replace(whole, valid=bare.valid, code=bare.code, groups=bare.groups)


def _with_tools(bare: dict[str, CaseVerdict], trace: Path) -> dict[str, CaseVerdict]:
    if not trace.exists() or not bare:
        return bare
    tools: dict[str, list[Tool]] = {}
    for line in read_trace(trace):
        if isinstance(line, TraceTurn) and line.case in bare:
            tools[line.case] = line.prompt.tools
    return {
        case: msgspec.structs.replace(verdict, tools=tools.get(case, []))
        for case, verdict in bare.items()
    }
