"""A lint as one HTML page that opens offline."""

from __future__ import annotations

from collections.abc import Sequence

from actloom.core.finding import Finding
from actloom.report.markup import Child, Markup, tag
from actloom.report.page import document, header, section
from actloom.report.parts import table
from actloom.run.codes import in_a_line, meaning_of
from actloom.run.lint import Tally
from actloom.run.lint_text import place_of, summary_lines


def page(findings: Sequence[Finding], tally: Tally, *, fix: bool = False) -> str:
    """Returns the page.

    Args:
        findings: those to list, in their order; the counts hold all.
        tally: counts over all.
        fix: True when fixes were made.
    """
    *_, total = summary_lines(tally, fix=fix)
    all_of_them = tally.findings.total()
    left_out = all_of_them - len(findings)
    words = f"The first {len(findings):,} of {all_of_them:,}." if left_out else ""
    return document(
        "Findings in the data",
        header("Findings in the data", total),
        section("codes", "By rule", "", _counts(tally)) if tally.findings else None,
        section("findings", "Findings", words, _rows(findings)) if findings else None,
    )


def _counts(tally: Tally) -> Markup:
    rows: list[list[Child]] = [
        [
            code,
            tally.severities[code],
            f"{count:,}",
            f"{tally.fixable[code]:,}",
            in_a_line(meaning_of(code)),
        ]
        for code, count in sorted(tally.findings.items())
    ]
    head = ("code", "severity", "found", "fixable", "meaning")
    return table(head, rows, caption="Findings by rule", numeric=(2, 3))


def _rows(findings: Sequence[Finding]) -> Markup:
    rows: list[list[Child]] = [
        [
            tag("code", place_of(finding)),
            finding.code,
            finding.severity,
            finding.message,
            tag("code", finding.path),
        ]
        for finding in findings
    ]
    head = ("place", "code", "severity", "message", "in the record")
    return table(head, rows, caption="Findings in order of the files")
