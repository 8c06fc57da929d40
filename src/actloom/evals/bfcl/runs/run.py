"""Asks a model the questions of a profile and keeps its outputs as `score bfcl` reads them.

An answer is on disk before the case counts as finished; a killed run, given again, asks only what
is not finished. A case the server did not answer is an entry of OUT/errors.jsonl and is asked again
by the next run.
"""

from __future__ import annotations

from pathlib import Path

import msgspec

from actloom.core.model import Model
from actloom.evals.bfcl.runs.answer_files import usages_in
from actloom.evals.bfcl.runs.asker import Asker
from actloom.evals.bfcl.runs.memory_runs import memory_usages
from actloom.evals.bfcl.runs.run_config import RunConfig
from actloom.evals.spending import Spending, spending_of
from actloom.io.urls import write_bytes
from actloom.llm.prices import Price

OUTPUTS, STATE, ERRORS = "outputs", "runs", "errors.jsonl"


class RunReport(msgspec.Struct, frozen=True, kw_only=True):
    """What a run did."""

    model: str
    """Name of the model's folder below OUT/outputs."""
    asked: int
    """Cases asked by this run."""
    finished: int
    """Cases with an answer, of all runs."""
    unanswered: int
    """Cases without one."""
    first_error: str = ""
    categories: list[str] = []
    skipped: dict[str, str] = {}
    """Category -> why it was not asked."""
    spending: Spending
    """Tokens, money and latency of all runs."""


def run(
    model: Model, config: RunConfig, out: str | Path, *, price: Price | None = None
) -> RunReport:
    """Asks what is not finished, and returns what all runs into `out` came to.

    Args:
        model: who answers.
        config: what is asked.
        out: a local folder; outputs go to OUT/outputs/<model>/<category>.jsonl.
        price: for the money in the report.

    Raises:
        InputError: the profile, a category, the style or the dialect is unknown, or data is
            missing.
        OutputError: `out` holds answers to other data or of other settings, or the disk is full.
    """
    folder = Path(out)
    asker = Asker(model, config, outputs=folder / OUTPUTS, state=folder / STATE)
    asker.ask()
    errors = asker.errors
    lines = b"".join(msgspec.json.encode(entry) + b"\n" for entry in errors)
    write_bytes(str(folder / ERRORS), lines)
    usages = [u for file in asker.files.values() for u in usages_in(file.path, price)]
    usages += memory_usages(asker.memories, price)
    return RunReport(
        model=asker.folder.name,
        asked=asker.asked,
        finished=sum(len(file.finished) for file in asker.files.values()),
        unanswered=len(errors),
        first_error=errors[0].error if errors else "",
        categories=list(asker.files),
        skipped=asker.skipped,
        spending=spending_of(usages),
    )
