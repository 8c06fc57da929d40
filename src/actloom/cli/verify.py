"""`actloom verify`, also `actloom lint`."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import msgspec
from cyclopts import Parameter

from actloom.core.errors import InputError

if TYPE_CHECKING:
    from actloom.core.finding import Finding
    from actloom.core.jsonvalue import JsonObject
    from actloom.core.transform import Stage
    from actloom.run.baseline import Baseline, Known
    from actloom.run.in_place import FileFixes
    from actloom.run.lint import Tally
    from actloom.run.lint_config import FoundConfig
    from actloom.verify.config import VerifyConfig

DEMO_OUT = "actloom-demo/verify"
STALE_SHOWN = 20
"""Entries of a baseline named as no longer found."""


@Parameter(name="*")
@dataclass(frozen=True)
class VerifyOptions:
    """What to look for and what to do with it.

    Args:
        out: write a dataset folder: records without errors, and rejects with their findings.
        select: rule codes or their beginnings (CALL, CALL002), with commas; all by default.
        ignore: rule codes or beginnings to leave out.
        fix: make every safe fix: in your own files, or with --out in the written rows.
        diff: show fixes as a unified diff; nothing is written without --out.
        format: format of your own files; told by content by default.
        view: how findings are printed: table, json, sarif (code scanning), github (annotations of
            a workflow), html (a page).
        json: the same as --format json.
        against: benchmark questions that must not stand in the records: dataset folders, files, or
            .txt files with a question a line; with commas.
        demo: lint and mend a small dirty corpus that comes with actloom.
        selftest: inject every kind of fault into the given records, taken to be clean (or a few
            that come with actloom), and print the precision and recall of each rule.
        baseline: file of known findings, which are not reported.
        write_baseline: write all findings of now to this file as known, and exit with 0.
        config: file of settings; by default the nearest actloom.toml, or pyproject.toml with
            [tool.actloom.verify], upwards from here. The command line goes before it.
        no_config: read no file of settings.
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
    against: list[str] = field(default_factory=list[str])
    demo: bool = False
    selftest: bool = False
    baseline: str = ""
    write_baseline: str = ""
    config: str = ""
    no_config: bool = False
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

    if options.demo:
        return _demo(paths, options)
    if options.selftest:
        return _selftest(paths, options)
    if not paths:
        raise InputError(
            "nothing to verify", expected="a dataset folder or files", todo="or try --demo"
        )
    settings = _settings(options)
    if settings.config.fix and not options.out and not options.diff:
        _fix_in_place(source_stage(paths, format=options.format), settings.config)
        what_is_left = msgspec.structs.replace(settings.config, fix=False)
        settings = msgspec.structs.replace(settings, config=what_is_left)
    return _verify(source_stage(paths, format=options.format), settings, options)


def _fix_in_place(source: Stage, config: VerifyConfig) -> None:
    """Makes the safe fixes in the user's own files, and says what was done and what was not."""
    from actloom.run.in_place import fixes_of, write_fixes
    from actloom.run.lint_text import shown_path
    from actloom.verify.policy import Policy

    for fixes in list(fixes_of(source, Policy(config))):
        write_fixes(fixes)
        file = shown_path(fixes.file)
        if fixes.changes:
            _note(f"{file}: fixed {fixes.fixed:,}, in {len(fixes.changes):,} of its items")
        for refusal in fixes.refusals:
            _note(f"{file}:{refusal.line}: not fixed: {refusal.reason} (--out writes it mended)")


def _settings(options: VerifyOptions) -> FoundConfig:
    """Returns the settings of the nearest file, with those of the command line before them."""
    from actloom.run.lint_config import FoundConfig, config_of, nearest_config

    if options.no_config:
        found = FoundConfig()
    else:
        found = config_of(Path(options.config)) if options.config else nearest_config(Path.cwd())
    config = found.config
    merged = msgspec.structs.replace(
        config,
        select=_codes(options.select) or config.select,
        ignore=_codes(options.ignore) or config.ignore,
        against=_codes(options.against) or config.against,
        fix=options.fix or config.fix,
        baseline=options.baseline or config.baseline,
    )
    if found.file:
        _note(f"settings of {found.file}")
    return msgspec.structs.replace(found, config=merged)


def _codes(given: list[str]) -> list[str]:
    return [code.strip() for item in given for code in item.split(",") if code.strip()]


def _verify(source: Stage, settings: FoundConfig, options: VerifyOptions) -> int:
    from actloom.report.lint_views import view
    from actloom.run.baseline import Baseline, known_findings, read_baseline, write_baseline
    from actloom.run.lint import Tally, lint

    config = settings.config
    known = config.baseline if not options.write_baseline else ""
    baseline = read_baseline(known) if known else Baseline([])
    tally = Tally()
    all_known: list[Known] = []
    diffs = _file_diffs(source, config, options)
    shown = view(
        "json" if options.json else options.view,
        diff=options.diff and not diffs,
        config=settings.file,
    )
    for linted in lint(source, config, mends=config.fix or options.diff):
        if options.write_baseline:
            all_known += known_findings(linted)
        new = baseline.without_known(linted)
        tally.add(new)
        shown.add(new)
    shown.end(tally, fix=config.fix)
    for diff in diffs or []:
        _print_diff(diff)
    _tell_stale(baseline, config, tally)
    if options.out:
        _write(source, config, options)
    if options.write_baseline:
        count = write_baseline(options.write_baseline, all_known)
        _note(f"wrote {count:,} known findings to {options.write_baseline}")
        return 2 if _exit_code(tally) == 2 else 0
    if diffs:
        return _exit_code(tally) or int(bool(tally.mended))
    return _exit_code(tally)


def _file_diffs(
    source: Stage, config: VerifyConfig, options: VerifyOptions
) -> list[FileFixes] | None:
    """Returns what to show as diffs of files; None where rows are shown instead, or no diff."""
    from actloom.run.in_place import fixes_of
    from actloom.verify.policy import Policy

    if not options.diff or options.out or options.json or options.view != "table":
        return None
    try:
        return [fixes for fixes in fixes_of(source, Policy(config)) if fixes.changes]
    except InputError:
        return None


def _print_diff(fixes: FileFixes) -> None:
    """Prints a diff as it is for `patch`, and without what could steer a terminal for people."""
    from actloom.run.file_diff import file_diff
    from actloom.run.lint_text import without_controls

    for line in file_diff(fixes):
        if sys.stdout.isatty():
            _print(without_controls(line.rstrip("\n")))
        else:
            sys.stdout.write(line)


def _tell_stale(baseline: Baseline, config: VerifyConfig, tally: Tally) -> None:
    """Names known findings that are gone, of the files and rules that were looked at."""
    from actloom.run.lint_text import shown_path
    from actloom.verify.rules import RULES, selection

    quiet = set(RULES.names()) - selection(config.select, config.ignore).codes
    files = {shown_path(file) for file in tally.files}
    stale = [e for e in baseline.stale() if e.file in files and e.code not in quiet]
    for entry in stale[:STALE_SHOWN]:
        _note(f"no longer found: {entry.code} in {entry.file}, {entry.record}{entry.path}")
    if len(stale) > STALE_SHOWN:
        _note(f"and {len(stale) - STALE_SHOWN:,} more no longer found")
    if stale:
        _note("write the baseline again to drop them (--write-baseline FILE)")


def _note(text: str) -> None:
    """Says something beside the findings, where it cannot disturb what reads them."""
    from actloom.run.lint_text import without_controls

    sys.stderr.write(f"actloom: {without_controls(text)}\n")


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
        "severity": dict(config.severity),
        "per_source": [msgspec.to_builtins(entry) for entry in config.per_source],
    }
    if config.against:
        recipe["against"] = list(config.against)
    run = RunOptions(recipe=recipe, workers=options.workers, overwrite=options.overwrite)
    run_stage(verified_stage(source, config), options.out, options=run)


def _selftest(paths: tuple[str, ...], options: VerifyOptions) -> int:
    from actloom.run.clean import clean_records
    from actloom.run.lint import source_stage
    from actloom.verify.selftest import self_test
    from actloom.verify.selftest_text import lines, plain

    source = source_stage(paths, format=options.format) if paths else None
    select, ignore = _codes(options.select), _codes(options.ignore)
    result = self_test(clean_records(source), select=select, ignore=ignore)
    if options.json or options.view == "json":
        _print(msgspec.json.encode(plain(result)).decode())
    else:
        for line in lines(result):
            _print(line)
    return 0


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
