"""The page in a real browser: nothing reaches beyond the screen at 1280 and 400 pixels."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import msgspec
import pytest

from actloom.core.finding import Finding
from actloom.core.record import Tool
from actloom.core.stats import Interval, McNemar
from actloom.evals.compare import Change, Comparison, GroupDifference
from actloom.report import ReportData, write_report
from actloom.report.model import (
    Answer,
    Curve,
    CurveSet,
    Difference,
    FailureExample,
    FailureGroup,
    FailureKind,
    Fix,
    FlipKind,
    GroupScores,
    Headline,
    HeadlineRow,
    LintResult,
    OfficialColumn,
    Origin,
    SplitCount,
    StageCounts,
    YieldStage,
)

BROWSER = shutil.which("chromium") or shutil.which("chromium-browser")
LONG = "a_very_long_name_without_any_space_" * 6
WORDS = "an ordinary sentence of some length that has to be wrapped on a narrow screen " * 3
IV = Interval(0.612, 0.57, 0.656, 300)

# Lists what is not inside a box that scrolls by itself and reaches beyond the right edge.
PROBE = """<!DOCTYPE html><meta charset="utf-8"><body style="margin:0">
<iframe id="page" src="report.html" style="width:%dpx;height:2000px;border:0"></iframe>
<script>
document.getElementById("page").onload = function () {
  const page = this.contentDocument, edge = page.documentElement.clientWidth;
  const boxed = (e) => e.closest(".scroll, pre") !== null;
  const out = [...page.querySelectorAll("main *")].filter(
    (e) => !boxed(e) && e.getBoundingClientRect().right > edge + 0.5);
  document.title = "edge=" + edge + " scroll=" + page.documentElement.scrollWidth +
    " sections=" + page.querySelectorAll("section").length +
    " charts=" + [...page.querySelectorAll("svg")].filter((e) => e.clientWidth > 0).length +
    " out=" + out.map((e) => e.tagName + "." + e.className).join(",");
};
</script>"""


def compared(text: str) -> Comparison:
    test = McNemar(4, 1, 0.375, "exact binomial")
    group = GroupDifference(
        grouping="category", group=text, a=IV, b=IV, difference=IV, test=test, p_corrected=0.5
    )
    return Comparison(
        a=text,
        b=text,
        profile=text,
        data=text,
        warnings=[],
        cases=9,
        only_a=1,
        only_b=1,
        a_exact=IV,
        b_exact=IV,
        exact=IV,
        test=test,
        both_right=3,
        both_wrong=1,
        groups=[group],
        changes=[Change(text, "right", 4), Change("right", text, 1)],
    )


def paired(text: str) -> FailureExample:
    answers = [Answer(text, text, text), Answer(text, text, text)]
    return FailureExample(text, text, "", "", text, tools=[text], answers=answers)


def data(text: str) -> ReportData:
    schema = b'{"type":"object","properties":{"city":{"type":"string"}}}'
    return ReportData(
        title=text,
        statement=text,
        headline=Headline(
            text, [HeadlineRow(text, {"values": IV, "phrasings": IV}, text)], [Difference(text, IV)]
        ),
        yields=[YieldStage(text, 10, {text: 3})],
        stages=[StageCounts(text, 3, 2, reasons={text: 2})],
        splits=[SplitCount(text, "train", 4)],
        loss=CurveSet([Curve(text, [(float(i), 5 / (i + 1)) for i in range(90)])]),
        by_style=[GroupScores(text, {"exact": IV, "name": IV, "argument": IV})],
        failures=[FailureKind(text, 3, text, [FailureExample(text, text, text, text, text, text)])],
        failure_groups=[FailureGroup(text, 9, {text: 3})],
        official=[OfficialColumn(text, "50.00%", "49.00%", [text])],
        comparisons=[compared(text)],
        flips=[FlipKind("A", "B", text, 3, text, [paired(text)])],
        lint=LintResult([Finding("CALL001", "error", text, file=text)], [Fix(text, f"+{text}")]),
        tools=[Tool(LONG, text, msgspec.Raw(schema))],
        settings={text: text},
        seconds={text: 1.0},
        origin=Origin(text, {text: text}, {text: text}),
        absent=[text],
    )


@pytest.mark.slow
@pytest.mark.skipif(BROWSER is None, reason="no Chromium on this machine")
@pytest.mark.parametrize("width", [400, 1280])
@pytest.mark.parametrize("text", [WORDS, LONG, "short"])
def test_nothing_reaches_beyond_the_screen(tmp_path: Path, width: int, text: str) -> None:
    write_report(data(text), tmp_path / "report.html")
    (tmp_path / "probe.html").write_text(PROBE % width)
    options = [
        "--headless",
        "--no-sandbox",
        "--disable-gpu",
        "--no-first-run",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
        "--disable-quic",
        "--hide-scrollbars",
        "--allow-file-access-from-files",
        "--virtual-time-budget=4000",
        "--window-size=1400,2100",
    ]
    seen = subprocess.run(
        [str(BROWSER), *options, f"--user-data-dir={tmp_path / 'user'}", "--dump-dom",
         (tmp_path / "probe.html").as_uri()],
        capture_output=True, text=True, timeout=60, check=True,
    ).stdout  # fmt: skip
    title = re.search(r"<title>(.*?)</title>", seen)
    assert title is not None
    assert title.group(1) == f"edge={width} scroll={width} sections=16 charts=1 out="
