"""The report page: escaped, offline, complete, and silent about what is missing."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from actloom.core.errors import InputError, OutputError
from actloom.core.finding import Finding
from actloom.core.record import Call, Tool
from actloom.core.stats import Interval, McNemar
from actloom.evals.compare import Change, Comparison, Flip, GroupDifference
from actloom.report import ReportData, charts, write_report
from actloom.report.charts import thinned
from actloom.report.markup import escape, tag, visible
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
from actloom.report.page import SECTIONS, render
from actloom.report.words import calls_text, duration, percent, signature, signed

IV = Interval(0.5, 0.4, 0.6, 100)


def compared(text: str) -> Comparison:
    """A comparison in which every string is `text`."""
    test = McNemar(4, 1, 0.375, "exact binomial")
    return Comparison(
        a=text,
        b=text,
        profile=text,
        data=text,
        warnings=[text],
        cases=9,
        only_a=1,
        only_b=1,
        a_exact=IV,
        b_exact=IV,
        exact=IV,
        test=test,
        both_right=3,
        both_wrong=1,
        groups=[
            GroupDifference(
                grouping=text, group=text, a=IV, b=IV, difference=IV, test=test, p_corrected=0.5
            )
        ],
        changes=[Change(text, "right", 4), Change(text, text, 2)],
        better=[Flip(text, text, text)],
    )


def full(text: str = "words") -> ReportData:
    """A report in which every string is `text`."""
    word = text.encode(errors="replace").decode()
    schema = msgspec.json.encode(
        {"type": "object", "properties": {word: {"type": word, "enum": [word]}}, "required": [word]}
    )
    return ReportData(
        title=text,
        subtitle=text,
        created=text,
        statement=text,
        headline=Headline(
            text, [HeadlineRow(text, {text: IV}, note=text)], [Difference(text, IV)], "good", text
        ),
        yields=[YieldStage(text, 10), YieldStage(text, 5, {text: 5})],
        stages=[StageCounts(text, 3, 2, reasons={text: 2})],
        splits=[SplitCount(text, text, 4)],
        loss=CurveSet([Curve(text, [(0.0, 2.0), (1.0, 1.0)])], text, text),
        by_style=[GroupScores(text, {text: IV})],
        by_group={text: [GroupScores(text, {text: IV})]},
        failures=[FailureKind(text, 3, text, [FailureExample(text, text, text, text, text)])],
        failure_cases=10,
        failure_groups=[FailureGroup(text, 10, {text: 3})],
        verdicts=text,
        official=[OfficialColumn(text, text, text, [text])],
        comparisons=[compared(text)],
        flips=[
            FlipKind(
                right="A",
                wrong="B",
                kind=text,
                count=3,
                meaning=text,
                examples=[
                    FailureExample(
                        text,
                        text,
                        "",
                        "",
                        text,
                        group=text,
                        tools=[text, text],
                        answers=[Answer(text, text, text), Answer(text, text)],
                    )
                ],
            )
        ],
        lint=LintResult(
            [Finding(text, "error", text, file=text, line=3)],
            [Fix(text, f"+{text}\n-{text}")],
            {text: text},
        ),
        tools=[Tool(text, text, msgspec.Raw(schema))],
        settings={text: text},
        seconds={text: 1.0},
        origin=Origin(text, {text: text}, {text: text}, 1, text),
        absent=[text],
    )


class Reader(HTMLParser):
    """Collects tags and attributes, and checks that elements are closed in order."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.words: list[str] = []
        self._open: list[str] = []
        self.feed(page)
        self.close()
        assert self._open == []

    def handle_starttag(self, tag: str, attrs) -> None:
        self.found.append((tag, dict(attrs)))
        if tag not in {"meta", "br", "wbr"}:
            self._open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag

    def handle_startendtag(self, tag: str, attrs) -> None:
        self.found.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.words.append(data)

    @property
    def names(self) -> list[str]:
        """All elements but those whose number follows a text: in charts, and breaks of words."""
        drawn = {"g", "path", "text", "use", "defs", "clippath", "rect", "wbr"}
        return [name for name, _ in self.found if name not in drawn]


HOSTILE = [
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "'><svg onload=alert(1)>",
    "</style></title></pre></svg><iframe src=http://evil.example>",
    "<!-- --><![CDATA[ &lt; &#60;script&#62;",
    "javascript:alert(1)",
    '$\\frac{a}{b}$ <metadata> href="#x" #a10001',
    "\x00\x1b[31m\u202egnp.exe\ud800",
]


@pytest.fixture(scope="module")
def shape() -> list[str]:
    return Reader(render(full())).names


@pytest.mark.parametrize("text", HOSTILE)
def test_no_hostile_text_becomes_a_tag_or_an_attribute(text: str, shape: list[str]) -> None:
    page = render(full(text))
    page.encode()
    reader = Reader(page)
    assert reader.names == shape
    allowed = {
        "class", "id", "style", "role", "aria-label", "aria-hidden", "tabindex", "scope", "href",
        "charset", "content", "name", "lang", "open", "http-equiv",
    }  # fmt: skip
    svg = {"width", "height", "viewbox", "version", "d", "x", "y", "transform", "clip-path"}
    assert {key for _, attributes in reader.found for key in attributes} <= allowed | svg


@settings(max_examples=60, deadline=None)
@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_escaped_text_shows_the_text_and_holds_no_tag(text: str) -> None:
    reader = Reader(tag("p", text, title=text))
    assert reader.names == ["p"]
    assert "".join(reader.words) == visible(text)
    assert dict(reader.found)["p"]["title"] == visible(text)
    if text.isprintable():
        assert visible(text) == text
    assert "<" not in escape(text)


def test_the_page_asks_for_nothing_from_elsewhere_and_runs_nothing() -> None:
    page = render(full())
    reader = Reader(page)
    assert "http" not in page.replace("http-equiv", "")
    assert not {"script", "img", "link", "iframe", "object", "embed", "base", "form"} & set(
        reader.names
    )
    links = [a["href"] for _, a in reader.found if "href" in a]
    assert links
    assert all(link and link.startswith("#") for link in links)
    assert not [key for _, a in reader.found for key in a if key.startswith("on") or key == "src"]
    assert "@import" not in page
    assert "url(" not in re.sub(r"url\(#[\w-]+\)", "", page)
    policy = next(a for _, a in reader.found if a.get("http-equiv"))
    assert policy["content"] == "default-src 'none'; style-src 'unsafe-inline'"


def test_every_link_and_reference_inside_the_page_has_its_target() -> None:
    reader = Reader(render(full()))
    ids = [a["id"] for _, a in reader.found if "id" in a]
    assert len(ids) == len(set(ids))
    assert {a["href"] for _, a in reader.found if "href" in a} <= {f"#{name}" for name in ids}


def test_every_section_stands_when_its_data_does_and_not_otherwise() -> None:
    whole = [a.get("id") for name, a in Reader(render(full())).found if name == "section"]
    assert whole == [anchor for anchor, _, _, _ in SECTIONS]
    bare = Reader(render(ReportData(title="Nothing")))
    assert "section" not in bare.names
    assert "nav" not in bare.names
    assert "table" not in bare.names


def test_charts_have_a_text_for_those_who_cannot_see_them() -> None:
    labels = [a["aria-label"] for _, a in Reader(render(full())).found if a.get("role") == "img"]
    assert len(labels) == 2
    assert all("from 2.00 to 1.00" in str(label) for label in labels)


def test_without_matplotlib_the_table_stays_and_a_line_says_what_to_install(monkeypatch) -> None:
    monkeypatch.setattr(charts, "can_draw", lambda: False)
    page = render(full())
    assert "<svg" not in page
    assert "pip install &#x27;actloom[train]&#x27;" in page
    assert "2.000" in page


def test_intervals_and_shares_are_read_off_the_page() -> None:
    words = " ".join(Reader(render(full())).words)
    assert "50.0 %" in words
    assert "40.0 to 60.0" in words
    assert "+50.0" in words
    assert "above zero" in words
    assert "3 cases failed of 10 (30.0 %)" in words


def test_numbers_read_as_people_write_them() -> None:
    assert [percent(x) for x in (0.0, 0.0004, 0.614, 1.0)] == ["0 %", "0.0 %", "61.4 %", "100 %"]
    assert [duration(x) for x in (0.04, 9.94, 12.2, 59.6, 245)] == [
        "0.0 s", "9.9 s", "12 s", "1 min 00 s", "4 min 05 s",
    ]  # fmt: skip
    assert signed(-0.012) == "−1.2"
    assert calls_text([Call("f", {"x": [1], "y": "a"}), Call("g")]) == 'f(x=[1], y="a")\ng()'
    assert calls_text([]) == "(no call)"
    schema = b'{"type":"object","properties":{"a":{"type":"integer"},"b":{}},"required":["a"]}'
    assert signature(Tool("f", "", msgspec.Raw(schema))) == "f(a: integer, b?: any)"


@settings(max_examples=50, deadline=None)
@given(st.lists(st.floats(0, 9), min_size=1, max_size=300), st.integers(1, 50))
def test_a_thinned_curve_keeps_its_mean_within_its_range(losses: list[float], limit: int) -> None:
    curve = [(float(i), loss) for i, loss in enumerate(losses)]
    drawn = thinned(curve, limit)
    assert len(drawn) == min(limit, len(curve))
    assert all(a[0] < b[0] for a, b in pairwise(drawn))
    assert all(min(losses) - 1e-9 <= y <= max(losses) + 1e-9 for _, y in drawn)


def test_a_report_about_a_run_folder_shows_counts_reasons_scores_and_gaps(tmp_path: Path) -> None:
    from actloom.cli import main

    rows = tmp_path / "rows.jsonl"
    line = (
        '{"messages":[{"role":"user","content":"Forecast for %s?"},{"role":"assistant",'
        '"content":"","tool_calls":[{"id":"1","type":"function","function":{"name":"forecast","arguments":'
        '"{\\"city\\": \\"%s\\"}"}}]}],"tools":[{"type":"function","function":{"name":"forecast",'
        '"parameters":{"type":"object","properties":{"city":{"type":"string"}}}}}]}\n'
    )
    cities = ["Rome", "Oslo", "Lima", "Kyiv", "Bern", "Rome", "Cairo", "Quito", "Hanoi", "Riga"]
    rows.write_text("".join(line % (city, city) for city in cities))
    run = tmp_path / "run"
    assert main(["unify", str(rows), "--out", str(run / "unify")]) == 0
    assert main(["mix", str(run / "unify"), "--out", str(run / "mix"), "--test-share", "0.5"]) == 0
    asked = ["eval", "--data", str(run), "--out", str(run / "eval"), "--model"]
    assert main([*asked, "scripted:silent"]) == 0
    assert main(["report", str(run), "--out", str(tmp_path / "r.html")]) == 0
    words = " ".join(Reader((tmp_path / "r.html").read_text()).words)
    assert "MIX001" in words
    assert "the same user texts and calls stand in an earlier record" in words
    assert "silent makes exactly the expected calls in 0 % of 7 held-out cases" in words
    assert "The model answered without a call where one was expected." in words
    assert "forecast(city?: string)" in words
    assert "No training: the folder holds no train/loss.jsonl." in words
    assert main(["report", str(run / "mix")]) == 0
    words = " ".join(Reader((run / "mix" / "report.html").read_text()).words)
    assert "9 of 10 items became records; rejected with their reasons: 1." in words


def test_a_folder_without_anything_is_an_input_error(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="nothing to report"):
        write_report(tmp_path)


def test_a_page_that_cannot_be_written_is_an_output_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputError):
        write_report(ReportData(title="t"), tmp_path / "file" / "report.html")
