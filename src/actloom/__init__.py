"""actloom: agent logs and tools in; verified data, a large action model and its scores out.

Names load on first use, so that `import actloom` costs nothing and needs nothing.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from actloom.core.check import check_call, match_calls
    from actloom.core.errors import ActloomError
    from actloom.core.finding import Finding, Reject
    from actloom.core.record import Call, Observation, Reply, Step, Tool, Trajectory
    from actloom.core.rows import decode_row, encode_row
    from actloom.core.schema import normalise_tool, tools_of
    from actloom.core.verdict import Verdict
    from actloom.dialects import detect, dialect
    from actloom.evals.bfcl.check import check
    from actloom.io.folder import records
    from actloom.verify.rules import verify

__version__ = "0.1.0"

_HOMES = {
    "ActloomError": "actloom.core.errors",
    "Call": "actloom.core.record",
    "Finding": "actloom.core.finding",
    "Observation": "actloom.core.record",
    "Reject": "actloom.core.finding",
    "Reply": "actloom.core.record",
    "Step": "actloom.core.record",
    "Tool": "actloom.core.record",
    "Trajectory": "actloom.core.record",
    "Verdict": "actloom.core.verdict",
    "check": "actloom.evals.bfcl.check",
    "check_call": "actloom.core.check",
    "decode_row": "actloom.core.rows",
    "detect": "actloom.dialects",
    "dialect": "actloom.dialects",
    "encode_row": "actloom.core.rows",
    "match_calls": "actloom.core.check",
    "normalise_tool": "actloom.core.schema",
    "records": "actloom.io.folder",
    "tools_of": "actloom.core.schema",
    "verify": "actloom.verify.rules",
}

__all__ = [
    "ActloomError",
    "Call",
    "Finding",
    "Observation",
    "Reject",
    "Reply",
    "Step",
    "Tool",
    "Trajectory",
    "Verdict",
    "check",
    "check_call",
    "decode_row",
    "detect",
    "dialect",
    "encode_row",
    "match_calls",
    "normalise_tool",
    "records",
    "tools_of",
    "verify",
]


def __getattr__(name: str) -> object:
    if name not in _HOMES:
        raise AttributeError(f"module 'actloom' has no attribute {name!r}")
    return getattr(importlib.import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])
