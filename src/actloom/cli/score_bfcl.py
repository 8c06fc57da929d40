"""`actloom score bfcl`."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated, Literal

import msgspec
from cyclopts import Parameter

if TYPE_CHECKING:
    from actloom.evals.bfcl.scoring.score import ScoreConfig
    from actloom.evals.bfcl.scoring.tally import Score


def score_bfcl(  # noqa: PLR0913 -- one parameter an option
    *,
    profile: str,
    data: str = "",
    out: str = "runs/score",
    questions: str = "",
    outputs: str = "",
    dialect: str = "",
    model: list[str] | None = None,
    category: list[str] | None = None,
    underscores: Literal["auto", "yes", "no"] = "auto",
    workers: int | None = None,
    self_test: bool = False,
    json: Annotated[bool, Parameter(name="--json")] = False,
) -> int | None:
    """Score stored outputs on BFCL with the official verdicts; no model is asked.

    Writes OUT/verdicts.jsonl, one line a record, and OUT/score.json.

    Example: actloom score bfcl --profile v4 --outputs runs/outputs --out runs/score

    Args:
        profile: v1-2024-08-11, v2, v3-2024-09-20, v3 or v4: rules, categories and total.
        data: folder with questions, outputs, models.csv and recordings.
        out: folder to write.
        questions: folder of questions and answers; by default --data, or the pulled ones.
        outputs: folder of <model>/<category>.jsonl[.gz] or official result files, or one file.
        dialect: decoder of all outputs; by default that of models.csv, or auto.
        model: model or pattern; may be given again.
        category: category; may be given again.
        underscores: whether dots of function names were underscores for the model.
        workers: processes; 1 or 2 by default.
        self_test: put the gold answers themselves through the checker instead; 1 when one that is
            not known to fail is rejected.
        json: print [{model, category, correct, total}] on stdout.
    """
    from actloom.evals.bfcl.scoring.score import ScoreConfig, planned, scored
    from actloom.evals.bfcl.scoring.work import collect_rarely
    from actloom.run.store import locked

    collect_rarely()

    config = ScoreConfig(
        profile=profile,
        data=data,
        questions=questions,
        outputs=outputs,
        dialect=dialect,
        models=model or [],
        categories=category or [],
        underscores=underscores,
        workers=workers,
    )
    if self_test:
        return _tested(config, json=json)
    plan = planned(config)
    with locked(out):
        found = scored(plan, out)
    _show(found, out, json=json)
    return None


def _tested(config: ScoreConfig, *, json: bool) -> int:
    """Prints the questions whose gold the checker rejects; returns 1 for one that is not known."""
    from actloom.evals.bfcl.checker.selftest import QUARANTINE
    from actloom.evals.bfcl.scoring.score import gold_defects
    from actloom.run.progress import say

    known = QUARANTINE.get(config.profile, {})
    found = gold_defects(config)
    if json:
        sys.stdout.write(msgspec.json.encode(found).decode() + "\n")
    else:
        for defect in found:
            how = "passes by another answer of the gold" if defect.passable else "cannot be passed"
            reason = known.get(defect.id, defect.message)
            say(f"{defect.id}  {defect.code}  {how}: {reason}")
        say(f"{len(found)} gold answers are rejected as they stand")
    return int(any(not of.passable and of.id not in known for of in found))


def _show(found: Score, out: str, *, json: bool) -> None:
    from actloom.evals.bfcl.scoring.table import table
    from actloom.run.progress import say

    if json:
        rows = [
            {"model": m.model, "category": name, "correct": t.correct, "total": t.total}
            for m in found.models
            for name, t in m.categories.items()
        ]
        sys.stdout.write(msgspec.json.encode(rows).decode() + "\n")
        return
    for line in table(found):
        say(line)
    say(f"-> {out}")
