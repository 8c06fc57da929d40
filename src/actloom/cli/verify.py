"""`actloom verify`, also `actloom lint`."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Annotated, Literal

import msgspec
from cyclopts import Parameter

from actloom.core.errors import InputError, OutputError

if TYPE_CHECKING:
    from actloom.core.finding import Finding
    from actloom.core.jsonvalue import JsonObject
    from actloom.core.transform import Stage
    from actloom.run.lint import Tally
    from actloom.verify.config import VerifyConfig

DEMO_OUT = "actloom-demo/verify"


@Parameter(name="*")
@dataclass(frozen=True)
class VerifyOptions:
    """What to look for and what to do with it.

    Args:
        out: write a dataset folder: records without errors, and rejects with their findings.
        select: rule codes or their beginnings (CALL, CALL002), with commas; all by default.
        ignore: rule codes or beginnings to leave out.
        fix: make every safe fix; needs --out or --diff.
        diff: show fixes as a unified diff of the row; nothing is written without --out.
        format: format of your own files; told by content by default.
        view: how findings are printed: table, json, sarif (code scanning), github (annotations of
            a workflow), html (a page).
        json: the same as --format json.
        demo: lint and mend a small dirty corpus that comes with actloom.
        workers: worker processes for --out.
        overwrite: clear an --out folder that other settings made.
    """

    out: str = ""
    select: list[str] = field(default_factory=list[str])
    ignore: list[str] = field(default_factory=list[str])
    fix: bool = False
    diff: bool = False
    format: Annotated[str, Parameter(name="--from")] = "auto"
    view: Annotated[Literal["table", "json", "sarif", "github", "html"], Parameter("--format")] = (
        "table"
    )
    json: Annotated[bool, Parameter(name="--json")] = False
    demo: bool = False
    workers: int = 1
    overwrite: bool = False


DEFAULTS = VerifyOptions()


def verify(*paths: str, options: VerifyOptions = DEFAULTS) -> int | None:
    """Check records by rule; point at file and line; fix what is safe.

    Exit code: 0 clean, 1 errors found, 2 bad input.

    Example: actloom verify logs.jsonl --fix --diff --out clean

    Args:
        paths: dataset folder, or your own files in any format that `actloom unify` reads.
        options: what to look for and what to do with it.
    """
    from actloom.run.lint import source_stage
    from actloom.verify.config import VerifyConfig

    if options.demo:
        return _demo(paths, options)
    if not paths:
        raise InputError(
            "nothing to verify", expected="a dataset folder or files", todo="or try --demo"
        )
    if options.fix and not options.out and not options.diff:
        raise OutputError(
            "--fix does not change your files in place",
            expected="--out FOLDER for the mended rows, or --diff to see the fixes",
        )
    select, ignore = _codes(options.select), _codes(options.ignore)
    config = VerifyConfig(select=select, ignore=ignore, fix=options.fix)
    return _verify(source_stage(paths, format=options.format), config, options)


def _codes(given: list[str]) -> list[str]:
    return [code.strip() for item in given for code in item.split(",") if code.strip()]


def _verify(source: Stage, config: VerifyConfig, options: VerifyOptions) -> int:
    from actloom.report.lint_views import view
    from actloom.run.lint import Tally, lint

    tally = Tally()
    shown = view("json" if options.json else options.view, diff=options.diff)
    for linted in lint(source, config, mends=config.fix or options.diff):
        tally.add(linted)
        shown.add(linted)
    shown.end(tally, fix=config.fix)
    if options.out:
        _write(source, config, options)
    return _exit_code(tally)


def _exit_code(tally: Tally) -> int:
    """0 clean or mended, 1 errors, 2 when no item at all could be read."""
    if tally.unreadable and not tally.records:
        return 2
    return int(bool(tally.rejected or tally.unreadable))


def _write(source: Stage, config: VerifyConfig, options: VerifyOptions) -> None:
    from actloom.run.executor import RunOptions, run_stage
    from actloom.run.lint import verified_stage

    recipe: JsonObject = {
        "select": list(config.select),
        "ignore": list(config.ignore),
        "fix": config.fix,
        "from": options.format,
    }
    run = RunOptions(recipe=recipe, workers=options.workers, overwrite=options.overwrite)
    run_stage(verified_stage(source, config), options.out, options=run)


def _demo(paths: tuple[str, ...], options: VerifyOptions) -> int:
    from actloom.run.demo import run_demo

    if paths:
        raise InputError("--demo brings its own files", got=" ".join(paths))
    echo: Callable[[str], None] | None = None if options.json else _print
    result = run_demo(options.out or DEMO_OUT, echo=echo)
    if options.json:
        sys.stdout.write(msgspec.json.encode(_demo_summary(result.findings, result.tally)).decode())
        sys.stdout.write("\n")
    return _exit_code(result.tally)


def _demo_summary(findings: list[Finding], tally: Tally) -> JsonObject:
    from actloom.report.lint_views import plain_finding

    return {
        "records": tally.records,
        "unreadable": tally.unreadable,
        "findings": [plain_finding(finding) for finding in findings],
    }


def _print(text: str) -> None:
    sys.stdout.write(text + "\n")
