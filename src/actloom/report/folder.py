"""The report's data from a folder: a run, a dataset folder, or an evaluation.

What a folder does not hold is left out; for what a reader would look for, a sentence says why.
"""

from __future__ import annotations

import platform
from collections import Counter
from collections.abc import Sequence
from itertools import islice
from pathlib import Path

import msgspec

from actloom.core.errors import InputError
from actloom.core.finding import Finding
from actloom.core.jsonvalue import Json, JsonObject, json_text
from actloom.core.record import Tool
from actloom.core.stats import Interval, bootstrap_mean
from actloom.evals.evaluate import RESULT, VERDICTS
from actloom.evals.outcomes import folder_and_model, read_outcomes, read_result
from actloom.evals.result import EvalResult, Scores
from actloom.io.folder import lines_of, records, rejects, shards
from actloom.io.manifest import MANIFEST, Manifest, read_manifest
from actloom.report.examples import failure_groups, failure_kinds
from actloom.report.model import (
    Curve,
    CurveSet,
    GroupScores,
    Headline,
    HeadlineRow,
    LintResult,
    Origin,
    ReportData,
    SplitCount,
    StageCounts,
    YieldStage,
)
from actloom.report.score import KNOWS_NOTHING, score_data
from actloom.report.words import count, percent, signed
from actloom.run.codes import in_a_line, meaning_of
from actloom.synth.yields import Yield
from actloom.train.spec import LogLine

DATA_STEPS = ("unify", "synth", "scrub", "verify", "mix")
"""Stages of a run that write datasets, in order."""
FINDINGS = 500
"""Findings read from the rejects of one stage."""
TOOL_RECORDS, MAX_TOOLS = 500, 60
"""Records looked through for tools, and the most tools listed."""


def read_folder(folder: str | Path) -> ReportData:
    """Returns the report's data about a folder, or about `FOLDER:MODEL` of a score.

    Raises:
        InputError: the folder holds no run, dataset or evaluation, or a file in it is damaged.
    """
    root, model = (Path(folder), "") if Path(folder).is_dir() else folder_and_model(str(folder))
    if is_score(root) or model:
        return score_data(root, model)
    steps = _steps(root)
    evaluation = _evaluation(root)
    result = read_result(evaluation) if evaluation else None
    loss = loss_of(root / "train")
    if not steps and result is None and not loss:
        raise InputError(
            "this folder holds nothing to report on",
            expected="a run, a dataset folder, or the output of actloom eval or score",
            where=str(root),
            todo="give the folder that --out or the recipe's `out` named",
        )
    outcomes = read_outcomes(evaluation) if evaluation else None
    kinds, problem = failure_kinds(outcomes) if outcomes else ([], "")
    last = _last_data(root, steps)
    findings = _findings(root, steps)
    return ReportData(
        title=f"actloom report: {root.resolve().name}",
        subtitle=_subtitle(result),
        statement=_statement(result),
        headline=_headline(steps, result),
        yields=_yields(root),
        stages=[_counts(name, manifest) for name, manifest in steps.items()],
        splits=_splits(last) if last else [],
        loss=CurveSet([Curve("training", loss)]) if loss else None,
        by_style=group_scores(result, "style"),
        by_group=_other_groups(result),
        failures=kinds,
        failure_cases=result.cases if result else 0,
        failure_groups=failure_groups(outcomes.verdicts.values()) if outcomes else [],
        verdicts=str(evaluation / VERDICTS) if evaluation else "",
        lint=LintResult(findings, titles=_titles(findings)) if findings else None,
        tools=_tools(last) if last else [],
        settings=_settings(steps, result),
        seconds=_seconds(steps, result),
        origin=_origin(steps, result),
        absent=[*_absent(steps, result, loss), *([problem] if problem else [])],
    )


def is_score(root: Path) -> bool:
    """Tells whether a folder holds verdicts as `score bfcl` writes them, and no evaluation."""
    return (root / VERDICTS).exists() and not (root / RESULT).exists()


def _steps(root: Path) -> dict[str, Manifest]:
    own = read_manifest(str(root))
    if own is not None:
        return {own.identity.stage: own}
    found = {name: read_manifest(str(root / name)) for name in DATA_STEPS if (root / name).is_dir()}
    return {name: manifest for name, manifest in found.items() if manifest is not None}


def _folder_of(root: Path, step: str) -> Path:
    return root if (root / MANIFEST).exists() else root / step


def _last_data(root: Path, steps: dict[str, Manifest]) -> Path | None:
    return _folder_of(root, list(steps)[-1]) if steps else None


def _evaluation(root: Path) -> Path | None:
    return next((folder for folder in (root, root / "eval") if (folder / RESULT).exists()), None)


def loss_of(folder: Path) -> list[tuple[float, float]]:
    """Returns (step, loss) of a training folder, empty when it has no log.

    Raises:
        InputError: a line of the log is damaged.
    """
    path = folder / "loss.jsonl"
    if not path.exists():
        return []
    try:
        logged = msgspec.json.Decoder(LogLine).decode_lines(path.read_bytes())
    except (OSError, msgspec.DecodeError) as error:
        raise _damaged(path, error) from error
    return [(float(line.step), line.loss) for line in logged]


def _damaged(path: Path, error: Exception) -> InputError:
    return InputError(f"{path.name} cannot be read", got=str(error), where=str(path))


def _subtitle(result: EvalResult | None) -> str:
    return f"{result.model}, {count(result.cases, 'case')}" if result else ""


def _statement(result: EvalResult | None) -> str:
    if result is None:
        return ""
    return (
        "The score says how this model does on these held-out cases and these tools. It is no"
        " score of a public benchmark."
    )


def _headline(steps: dict[str, Manifest], result: EvalResult | None) -> Headline | None:
    if result is None:
        return _data_headline(steps)
    due = result.call_exact
    answer = (
        f"{result.model} makes exactly the expected calls in {percent(due.mean)} of"
        f" {count(due.n, 'held-out case')} that need one."
    )
    columns = {
        "exact, all cases": result.scores.exact,
        "exact, call due": due,
        "functions": result.scores.name,
        "arguments": result.scores.argument,
    }
    nothing = bootstrap_mean([0.0] * due.n)
    silent = {"exact, all cases": result.silent_exact, "exact, call due": nothing}
    rows = [
        HeadlineRow("Never calling", silent, note=KNOWS_NOTHING),
        *_first_tool(result),
        HeadlineRow(result.model, columns, note=_note(result), emphasis=True),
    ]
    return Headline(answer, rows, measure=f"scores by profile {result.profile}")


def _first_tool(result: EvalResult) -> list[HeadlineRow]:
    share = result.first_tool_exact
    if share is None:
        return []
    return [HeadlineRow("Calling the first tool", {"exact, all cases": share}, note=KNOWS_NOTHING)]


def _note(result: EvalResult) -> str:
    repaired = result.lenient_exact.mean - result.scores.exact.mean
    note = f"read as {result.dialect}"
    return f"{note}; {signed(repaired)} points when repaired" if repaired else note


def _data_headline(steps: dict[str, Manifest]) -> Headline | None:
    if not steps:
        return None
    first, *_, last = [*steps.values(), *steps.values()]
    stopped = sum(manifest.rejects for manifest in steps.values())
    answer = f"{last.records:,} of {count(first.items, 'item')} became records"
    return Headline(f"{answer}; rejected with their reasons: {stopped:,}.", [])


def _yields(root: Path) -> list[YieldStage]:
    for path in (root / "yield.json", root / "synth" / "yield.json"):
        if path.exists():
            try:
                return yield_stages(msgspec.json.decode(path.read_bytes(), type=Yield))
            except msgspec.DecodeError as error:
                raise InputError(
                    "yield.json is damaged", got=str(error), where=str(path)
                ) from error
    return []


def yield_stages(table: Yield) -> list[YieldStage]:
    """Returns a synthesis yield in the report's form, from asked to kept."""
    checks = [YieldStage(s.name.rpartition(".")[2], s.left, s.reasons) for s in table.stages]
    return [YieldStage("asked", table.asked), *checks, YieldStage("kept", table.accepted)]


def _counts(name: str, manifest: Manifest) -> StageCounts:
    return StageCounts(
        name, manifest.records, manifest.rejects, read=manifest.items, reasons=manifest.reasons
    )


class _SplitRow(msgspec.Struct):
    """The columns of a row that the mixture table needs."""

    source: str
    split: str | None = None


def _splits(folder: Path) -> list[SplitCount]:
    decoder = msgspec.json.Decoder(_SplitRow)
    found: Counter[tuple[str, str]] = Counter()
    for shard in shards(str(folder)):
        for line in lines_of(shard):
            row = decoder.decode(line)
            found[row.source, row.split or "(none)"] += 1
    return [SplitCount(source, split, number) for (source, split), number in sorted(found.items())]


def group_scores(result: EvalResult | None, key: str) -> list[GroupScores]:
    """Returns one grouping of an evaluation in the report's form."""
    groups = result.groups.get(key, {}) if result else {}
    return [GroupScores(label, score_columns(scores)) for label, scores in groups.items()]


def _other_groups(result: EvalResult | None) -> dict[str, list[GroupScores]]:
    keys = result.groups if result else {}
    return {key: group_scores(result, key) for key in keys if key != "style"}


def score_columns(scores: Scores) -> dict[str, Interval]:
    """Returns scores by the names the report uses."""
    return {"exact": scores.exact, "functions": scores.name, "arguments": scores.argument}


def _findings(root: Path, steps: dict[str, Manifest]) -> list[Finding]:
    found: list[Finding] = []
    for step in steps:
        stopped = rejects(str(_folder_of(root, step)))
        inside = (finding for reject in stopped for finding in reject.findings)
        found += islice(inside, FINDINGS)
    return found


def _titles(findings: Sequence[Finding]) -> dict[str, str]:
    codes = {finding.code for finding in findings}
    return {code: in_a_line(meaning) for code in codes if (meaning := meaning_of(code))}


def _tools(folder: Path) -> list[Tool]:
    seen: dict[str, Tool] = {}
    for record in islice(records(str(folder)), TOOL_RECORDS):
        seen.update({tool.name: tool for tool in record.tools})
    return list(seen.values()) if len(seen) <= MAX_TOOLS else []


def _settings(steps: dict[str, Manifest], result: EvalResult | None) -> dict[str, str]:
    flat: dict[str, str] = {}
    for name, manifest in steps.items():
        flat.update(_flattened(manifest.identity.recipe, f"{name}."))
    if result is not None:
        flat.update({f"eval.{key}": value for key, value in result.settings.items()})
    return flat


def _flattened(value: JsonObject, prefix: str) -> dict[str, str]:
    flat: dict[str, str] = {}
    for key, item in value.items():
        if isinstance(item, dict) and item:
            flat.update(_flattened(item, f"{prefix}{key}."))
        else:
            flat[prefix + key] = _setting_text(item)
    return flat


def _setting_text(value: Json) -> str:
    return value if isinstance(value, str) and value else json_text(value)


def _seconds(steps: dict[str, Manifest], result: EvalResult | None) -> dict[str, float]:
    spent = {name: manifest.seconds for name, manifest in steps.items()}
    if result is not None:
        spent["eval (model)"] = result.seconds
    return spent


def _origin(steps: dict[str, Manifest], result: EvalResult | None) -> Origin:
    versions = {manifest.actloom: name for name, manifest in steps.items()}
    if result is not None:
        versions[result.actloom] = "eval"
    digests = {name: manifest.digest[:16] for name, manifest in steps.items()}
    if result is not None:
        digests["eval cases"] = result.data_digest
    named = {"actloom": ", ".join(versions), "python": platform.python_version()}
    return Origin(versions=named, digests=digests)


def _absent(
    steps: dict[str, Manifest], result: EvalResult | None, loss: Sequence[object]
) -> list[str]:
    words: list[str] = []
    if steps and not loss:
        words.append("No training: the folder holds no train/loss.jsonl.")
    if result is None:
        words.append("No scores: the folder holds no eval/result.json.")
    if not steps:
        words.append("No data stages: the folder holds no manifest.json.")
    return words
