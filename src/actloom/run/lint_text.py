"""A lint as text: findings at file and line, fixes as a unified diff, counts by code."""

from __future__ import annotations

import difflib
import os
from collections.abc import Iterator

import msgspec

from actloom.core.finding import Finding, PatchOp
from actloom.core.jsonvalue import json_text
from actloom.core.record import Trajectory
from actloom.core.rows import row_of
from actloom.run.codes import in_a_line, meaning_of
from actloom.run.lint import Linted, Tally, has_error

CONTEXT_LINES = 2
"""Unchanged lines around a change."""
WIDEST = 160
"""Characters of a shown line."""


def place_of(finding: Finding) -> str:
    """Returns `file:line`, or the record's id where the source is not known."""
    if not finding.file:
        return finding.id or "?"
    return f"{shown_path(finding.file)}:{finding.line}" if finding.line else finding.file


def shown_path(path: str) -> str:
    """Returns a path relative to the working directory where that is shorter and below it."""
    if "://" in path:
        return path
    relative = os.path.relpath(path)
    return path if relative.startswith("..") else relative


def finding_text(finding: Finding) -> str:
    """Returns a finding in the manner of compilers, its place in the row and its fix below it."""
    lines = [
        f"{place_of(finding)}: {finding.code} {finding.severity}: {_one_line(finding.message)}"
    ]
    if finding.path:
        lines.append(f"    at  {_one_line(finding.path)}")
    if finding.fix:
        lines.append(f"    fix {_one_line('; '.join(_op_text(op) for op in finding.fix))}")
    return "\n".join(lines)


def annotation_text(finding: Finding) -> str:
    """Returns a finding as a workflow command of GitHub Actions, which shows it at its line.

    Source: GitHub documentation, "Workflow commands for GitHub Actions".
    """
    kind = "notice" if finding.severity == "info" else finding.severity
    words = {"file": shown_path(finding.file), "line": str(max(finding.line, 1))}
    if not finding.file:
        words = {}
    words["title"] = finding.code
    named = ",".join(f"{key}={_property(text)}" for key, text in words.items())
    place = f" at {finding.path}" if finding.path else ""
    return f"::{kind} {named}::{_data(finding.message + place)}"


def _data(text: str) -> str:
    return without_controls(text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A"))


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")


def without_controls(text: str) -> str:
    """Returns hostile text in one line, with characters that are not shown by their escapes."""
    return "".join(c if c.isprintable() else repr(c)[1:-1] for c in text)


def _op_text(op: PatchOp) -> str:
    name = op.path.rpartition("/")[2]
    if op.op == "remove":
        return f"remove {op.path if name.isdecimal() else name}"
    return f"set {name} to {json_text(op.value)}"


def _one_line(text: str) -> str:
    """Returns hostile text without control characters, cut to `WIDEST`."""
    plain = without_controls(text[: 2 * WIDEST])
    return plain if len(plain) <= WIDEST else plain[: WIDEST - 3] + "..."


def diff_text(linted: Linted) -> str:
    """Returns the fixes of one record as a unified diff of its row.

    "" when there are none, or when an error stays, for then the record is rejected as it came.
    """
    mended = linted.mended
    if mended is None or not mended.fixed or not isinstance(linted.item, Trajectory):
        return ""
    if has_error(mended.findings):
        return ""
    before, after = _row_lines(linted.item), _row_lines(mended.record)
    codes = ", ".join(dict.fromkeys(finding.code for finding in mended.fixed))
    place = place_of(mended.fixed[0])
    lines = difflib.unified_diff(
        before, after, f"{place} {linted.item.id}", f"fixed {codes}", n=CONTEXT_LINES, lineterm=""
    )
    return "\n".join(_one_line(line) for line in lines)


def _row_lines(record: Trajectory) -> list[str]:
    row = row_of(record)
    text = msgspec.json.encode({"messages": row.messages, "tools": row.tools})
    return msgspec.json.format(text, indent=2).decode().split("\n")


def summary_lines(tally: Tally, *, fix: bool) -> Iterator[str]:
    """Yields the table of codes and the counts of records.

    Args:
        tally: the counts.
        fix: True when fixes were made or shown.
    """
    if tally.findings:
        yield f"{'code':<10} {'severity':<9} {'found':>6} {'fixable':>8}  meaning"
    for code, count in sorted(tally.findings.items()):
        counts = f"{tally.severities[code]:<9} {count:>6,} {tally.fixable[code]:>8,}"
        yield f"{code:<10} {counts}  {in_a_line(meaning_of(code))}".rstrip()
    if tally.findings:
        yield ""
    total = tally.records + tally.unreadable
    parts = [f"{tally.clean:,} clean"]
    if fix:
        parts.append(f"{tally.mended:,} mended")
    parts.append(f"{tally.rejected:,} with errors")
    parts.append(f"{tally.unreadable:,} unreadable")
    items, files = _counted(total, "item"), _counted(len(tally.files), "file")
    yield f"{items} in {files}: {', '.join(parts)}"


def _counted(count: int, noun: str) -> str:
    return f"{count:,} {noun}{'s' * (count != 1)}"
