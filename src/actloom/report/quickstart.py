"""The quickstart's report: what its two acts gave, as the data of one page."""

from __future__ import annotations

from pathlib import Path

import msgspec

from actloom.evals.outcomes import read_verdicts
from actloom.evals.result import CaseVerdict, failure_counts
from actloom.report.examples import example_of
from actloom.report.model import (
    Curve,
    CurveSet,
    Difference,
    FailureKind,
    Fix,
    GroupScores,
    Headline,
    HeadlineRow,
    LintResult,
    Origin,
    ReportData,
    YieldStage,
)
from actloom.run.demo import DemoResult
from actloom.run.quickstart import EASY_SHARE, HELD_OUT, MODELS, Quickstart, tools_in
from actloom.synth.yields import Yield
from actloom.train.spec import LogLine

COLUMNS = {"held_out_values": "held-out values", "held_out_phrasings": "held-out phrasings"}
NAMES = {
    "untrained": "untrained",
    "unverified": "trained on rows as they come",
    "verified": "trained on verified rows",
}
NO_CALL_STYLE = "irrelevance (no call is right, so a model that never calls gets all of these)"
EXAMPLES = 4
"""Examples of each kind of failure."""
STATEMENT = (
    "This model has about a million parameters and knows only these tools, in the wordings a small "
    "grammar can make. It shows that the system works and what verification is worth; it is not a "
    "useful assistant, and its numbers say nothing about larger models."
)


def quickstart_data(
    result: Quickstart, demo: DemoResult, out: Path, *, origin: Origin
) -> ReportData:
    """Returns the page's data from act 1, act 2 and the folder `out` they wrote."""
    verdicts = list(read_verdicts(out / "evals" / "verified" / HELD_OUT[0]).values())
    simple = [v for v in verdicts if v.groups.get("style") == "simple"]
    return ReportData(
        title="actloom quickstart",
        subtitle="Logs and tools in; verified rows, a trained model and its scores out",
        created=origin.versions.get("date", ""),
        statement=STATEMENT,
        headline=_headline(result),
        yields=_yields(result.yield_table),
        loss=CurveSet([_curve(out, name) for name in ("unverified", "verified")]),
        by_style=_by_style(result),
        failures=_failures(simple),
        failure_cases=len(simple),
        lint=_lint(demo),
        tools=list(tools_in(out / HELD_OUT[0])),
        settings=_settings(result),
        seconds=result.seconds,
        origin=msgspec.structs.replace(origin, digests=result.digests, seed=result.seed),
    )


def _headline(result: Quickstart) -> Headline:
    gain = result.difference_values
    verified = result.by_style["verified"]
    values, phrasings = (verified[split]["simple"].mean for split in HELD_OUT)
    works = gain.low > 0 and values > result.untrained_exact
    answer = (
        f"After {result.token_budget:,} tokens of verified rows the model writes the exact call "
        f"for {values:.0%} of requests with values it never saw and {phrasings:.0%} of requests "
        f"in wordings it never saw; before training, {result.untrained_exact:.0%}."
    )
    return Headline(
        answer=answer,
        rows=[_headline_row(result, model) for model in MODELS],
        differences=[
            Difference("verified - as they come, held-out values", gain),
            Difference("verified - as they come, held-out phrasings", result.difference_phrasings),
        ],
        tone="good" if works else "mixed",
        measure="share of exact calls, style simple",
    )


def _headline_row(result: Quickstart, model: str) -> HeadlineRow:
    scores = {column: result.by_style[model][split]["simple"] for split, column in COLUMNS.items()}
    note = ""
    if model in result.trainings:
        note = f"{result.rows[model]:,} rows, {result.trainings[model].tokens:,} tokens"
    return HeadlineRow(NAMES[model], scores, note=note, emphasis=model == "verified")


def _yields(table: Yield) -> list[YieldStage]:
    stages = [YieldStage("asked", table.asked)]
    for stage in table.stages:
        name = stage.name.partition(".")[2] or stage.name
        stages.append(YieldStage(name, stage.left, reasons=stage.reasons))
    return [*stages, YieldStage("kept", table.accepted)]


def _curve(out: Path, name: str) -> Curve:
    lines = (out / "models" / name / "loss.jsonl").read_bytes()
    log = msgspec.json.Decoder(LogLine).decode_lines(lines)
    return Curve(NAMES[name], [(float(line.step), line.loss) for line in log])


def _by_style(result: Quickstart) -> list[GroupScores]:
    """Returns scores by style: the verified model on both sets, the others on held-out values."""
    values, phrasings = HELD_OUT
    scores = result.by_style
    return [
        GroupScores(
            NO_CALL_STYLE if style == "irrelevance" else style,
            {
                "verified, values": scores["verified"][values][style],
                "verified, phrasings": scores["verified"][phrasings][style],
                "as they come, values": scores["unverified"][values][style],
                "untrained, values": scores["untrained"][values][style],
            },
        )
        for style in scores["verified"][values]
    ]


def _failures(verdicts: list[CaseVerdict]) -> list[FailureKind]:
    return [
        FailureKind(
            kind,
            count,
            examples=[example_of(v) for v in verdicts if v.code == kind][:EXAMPLES],
        )
        for kind, count in failure_counts(verdicts).items()
    ]


def _lint(demo: DemoResult) -> LintResult:
    return LintResult(
        findings=demo.findings,
        fixes=[Fix(f"{e.file}:{e.line}", e.diff) for e in demo.examples],
        records=demo.tally.records,
        clean=demo.clean_rows,
    )


def _settings(result: Quickstart) -> dict[str, str]:
    training = result.trainings["verified"]
    return {
        "tokens per training": f"{result.token_budget:,}",
        "parameters": f"{training.parameters:,}",
        "order of rows": f"single calls for {EASY_SHARE:.0%} of the tokens, then all styles: the "
        "loss jumps there",
        "optimiser steps": f"{training.steps:,}",
        "tokens per second, one core": f"{training.tokens_per_second:,.0f}",
        **{f"rows, {name.replace('_', ' ')}": f"{n:,}" for name, n in result.rows.items()},
    }
