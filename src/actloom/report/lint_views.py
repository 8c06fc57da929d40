"""What a lint prints: a table for people, JSON, SARIF, GitHub annotations, or an HTML page.

All but the page print findings as they come, so that memory stays flat.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Literal, Protocol, TypeAlias

import msgspec

from actloom.core.finding import Finding
from actloom.core.jsonvalue import JsonObject
from actloom.report import sarif
from actloom.run.lint import Linted, Tally
from actloom.run.lint_text import annotation_text, diff_text, finding_text, summary_lines

ViewName: TypeAlias = Literal["table", "json", "sarif", "github", "html"]


SHOWN = 2000
"""Findings on the page; its counts hold all of them."""


class View(Protocol):
    """Prints a lint on stdout."""

    def add(self, linted: Linted) -> None:
        """Takes one record with its findings."""
        ...

    def end(self, tally: Tally, *, fix: bool) -> None:
        """Takes the counts; `fix` is True when fixes were made."""
        ...


def view(name: ViewName, *, diff: bool = False, config: str = "") -> View:
    """Returns the view of that name.

    Args:
        name: how findings are printed.
        diff: True to show fixes of rows too; only the table does.
        config: file the settings came from, "" for none; JSON tells it.
    """
    makers: dict[ViewName, Callable[[], View]] = {
        "table": lambda: _Table(diff=diff),
        "json": lambda: _Json(config),
        "sarif": _Sarif,
        "github": _GitHub,
        "html": _Html,
    }
    return makers[name]()


def plain_finding(finding: Finding) -> JsonObject:
    """Returns a finding as the JSON output shows it."""
    return {
        "id": finding.id,
        "code": finding.code,
        "severity": finding.severity,
        "path": finding.path,
        "file": finding.file,
        "line": finding.line,
        "message": finding.message,
        "fixable": bool(finding.fix),
    }


class _Stream:
    """Prints `head`, then values with commas between, one a line."""

    def __init__(self, head: str) -> None:
        self._separator = head
        self._head = head

    def add(self, value: JsonObject) -> None:
        sys.stdout.write(f"{self._separator}\n{msgspec.json.encode(value).decode()}")
        self._separator = ","

    def end(self, tail: str) -> None:
        sys.stdout.write(f"{'' if self._separator == ',' else self._head}{tail}\n")


class _Json:
    def __init__(self, config: str) -> None:
        self._config = config
        self._stream = _Stream('{"findings": [')

    def add(self, linted: Linted) -> None:
        for finding in linted.findings:
            self._stream.add(plain_finding(finding))

    def end(self, tally: Tally, *, fix: bool) -> None:
        counts: JsonObject = {
            "records": tally.records,
            "unreadable": tally.unreadable,
            "clean": tally.clean,
            "rejected": tally.rejected,
        }
        if fix:
            counts["mended"] = tally.mended
        if self._config:
            counts["config"] = self._config
        self._stream.end(f"],\n{msgspec.json.encode(counts).decode()[1:]}")


class _Table:
    def __init__(self, *, diff: bool) -> None:
        self._diff = diff

    def add(self, linted: Linted) -> None:
        for finding in linted.findings:
            _print(finding_text(finding))
        if self._diff and (diff := diff_text(linted)):
            _print(diff)

    def end(self, tally: Tally, *, fix: bool) -> None:
        if tally.findings:
            _print("")
        for line in summary_lines(tally, fix=fix):
            _print(line)


class _GitHub:
    def add(self, linted: Linted) -> None:
        for finding in linted.findings:
            _print(annotation_text(finding))

    def end(self, tally: Tally, *, fix: bool) -> None:
        *_, total = summary_lines(tally, fix=fix)
        _print(total)


class _Sarif:
    def __init__(self) -> None:
        self._stream = _Stream(sarif.HEAD)

    def add(self, linted: Linted) -> None:
        for finding in linted.findings:
            self._stream.add(sarif.result(finding))

    def end(self, tally: Tally, *, fix: bool) -> None:
        del fix
        tool = msgspec.json.encode(sarif.tool(sorted(tally.findings))).decode()
        self._stream.end(f'],\n"tool": {tool}}}]}}')


class _Html:
    def __init__(self) -> None:
        self._kept: list[Finding] = []

    def add(self, linted: Linted) -> None:
        self._kept += linted.findings[: max(SHOWN - len(self._kept), 0)]

    def end(self, tally: Tally, *, fix: bool) -> None:
        from actloom.report.lint_page import page

        sys.stdout.write(page(self._kept, tally, fix=fix) + "\n")


def _print(text: str) -> None:
    sys.stdout.write(text + "\n")
