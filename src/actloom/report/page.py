"""The page: one HTML file that opens offline, without script, from escaped text alone."""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from importlib.resources import files
from pathlib import Path
from urllib.parse import quote

import msgspec

from actloom import __version__
from actloom.core.errors import OutputError
from actloom.evals.outcomes import folder_and_model
from actloom.report import failures, pairings, scores, sections
from actloom.report.folder import read_folder
from actloom.report.markup import Child, Markup, join, tag, trusted
from actloom.report.model import ReportData

Section = Callable[[ReportData], "Markup | None"]

SECTIONS: list[tuple[str, str, str, Section]] = [
    ("yield", "Yield", "How many rows survived each check before training.", sections.yields),
    ("stages", "Stages", "What is rejected is written down with its reason.", sections.stages),
    ("mixture", "Mixture", "", sections.splits),
    ("loss", "Training loss", "", sections.loss),
    ("styles", "Scores by style", "", scores.by_style),
    ("groups", "Scores by group", "", scores.by_group),
    ("official", "Published table", "", scores.official),
    ("differences", "Differences by group", "", pairings.groups),
    ("changes", "How answers changed", "", pairings.changes),
    ("flips", "Cases that flipped", "", failures.flips),
    ("failures", "Failures", "", failures.failures),
    ("findings", "Findings in the data", "", sections.lint),
    ("tools", "Tools", "", sections.tools),
    ("settings", "Settings", "", sections.settings),
    ("time", "Time", "", sections.seconds),
    ("origin", "Versions and digests", "Equal digests mean equal data.", sections.origin),
    ("absent", "Not in this report", "", sections.absent),
]
"""Anchor, heading, explanation, builder; in the order of the page."""

PAGE = "report.html"
_POLICY = "default-src 'none'; style-src 'unsafe-inline'"


def render(data: ReportData) -> str:
    """Returns the report as one HTML document."""
    built = [(*head, body) for *head, build in SECTIONS if (body := build(data)) is not None]
    navigation = [tag("li", tag("a", title, href=f"#{anchor}")) for anchor, title, _, _ in built]
    return document(
        data.title,
        header(data.title, data.subtitle, data.created),
        scores.headline(data),
        tag("nav", tag("ul", navigation), aria_label="Sections") if built else None,
        [section(anchor, title, words, body) for anchor, title, words, body in built],
    )


def document(title: str, *children: Child) -> str:
    """Returns one HTML document that needs nothing else and runs nothing."""
    footer = tag("footer", f"Written by actloom {__version__}.", class_="soft small")
    head = tag(
        "head",
        tag("meta", charset="utf-8"),
        tag("meta", http_equiv="Content-Security-Policy", content=_POLICY),
        tag("meta", name="viewport", content="width=device-width, initial-scale=1"),
        tag("meta", name="color-scheme", content="light dark"),
        tag("title", title),
        tag("style", trusted(files("actloom.report").joinpath("report.css").read_text("utf-8"))),
    )
    body = tag("body", tag("main", *children, footer))
    return join(trusted("<!DOCTYPE html>\n"), tag("html", head, body, lang="en"))


def header(title: str, *notes: str) -> Markup:
    """Returns a page's title, with notes below it."""
    below = "  ·  ".join(text for text in notes if text)
    return tag(
        "header",
        tag("h1", title),
        tag("p", below, class_="soft small") if below else None,
    )


def section(anchor: str, title: str, words: str, body: Child) -> Markup:
    """Returns a section with its heading and a line about it."""
    return tag(
        "section",
        tag("h2", title),
        tag("p", words, class_="soft") if words else None,
        body,
        id=anchor,
    )


def write_report(report: ReportData | str | Path, path: str | Path | None = None) -> Path:
    """Writes a report to one file and returns its path.

    Args:
        report: the data, or the folder of a run, data set, evaluation or score to report on, or
            `FOLDER:MODEL` for one model of a score.
        path: the file; `report.html` in that folder (or here) by default.

    Raises:
        InputError: the folder holds nothing to report on.
        OutputError: the file cannot be written.
    """
    if isinstance(report, ReportData):
        data, target = report, Path(path or PAGE)
    else:
        data, target = read_folder(report), Path(path or _page_in(report))
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(render(_linked(data, target)), encoding="utf-8")
    except OSError as error:
        raise OutputError(
            "the report cannot be written", got=str(error), where=str(target)
        ) from error
    return target


def _page_in(folder: str | Path) -> Path:
    """Returns the page of a folder; of one model of it a page of its own."""
    if Path(folder).is_dir():
        return Path(folder, PAGE)
    root, model = folder_and_model(str(folder))
    return root / f"report-{re.sub(r'[^A-Za-z0-9._-]', '_', model)}.html"


def _linked(data: ReportData, target: Path) -> ReportData:
    """Returns data whose path of verdicts is a link from the page."""
    if not data.verdicts:
        return data
    try:
        path = os.path.relpath(Path(data.verdicts).resolve(), target.resolve().parent)
    except ValueError:  # another drive
        path = str(Path(data.verdicts).resolve())
    return msgspec.structs.replace(data, verdicts="./" + quote(path.replace(os.sep, "/")))
