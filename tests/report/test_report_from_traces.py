"""The page about a model beside the production model: escaped, offline, and in order of harm."""

from __future__ import annotations

import re
from html.parser import HTMLParser

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from actloom.core.record import Call
from actloom.core.stats import Interval
from actloom.evals.from_traces.comparison import (
    DIFFERENCES,
    OUTCOMES,
    Compared,
    Comparison,
    TailMessage,
    ToolAgreement,
    Vote,
)
from actloom.evals.from_traces.faults import Fault
from actloom.evals.from_traces.sides import Side
from actloom.evals.spending import Spending
from actloom.report.from_traces import cost_text, render

IV = Interval(0.5, 0.4, 0.6, 10)
VOID = {"meta", "br", "hr", "col"}


def side(text: str = "m", **fields: object) -> Side:
    spending = Spending(
        answers=10,
        prompt_tokens=100,
        completion_tokens=10,
        cost_usd=1.0,
        latency_p50=0.5,
        latency_p95=2.0,
    )
    given = {
        "models": {text: 10},
        "spending": spending,
        "priced": 10,
        "cost_each": 0.1,
        "timed": 10,
    }
    return Side(**{**given, **fields})


def compared(text: str = "words", **fields: object) -> Compared:
    calls = [Call(text, {text: text})]
    given = {
        "id": text,
        "record": text,
        "outcome": "differs",
        "difference": "arguments",
        "arguments": [text, text],
        "expected": calls,
        "expected_text": text,
        "got": calls,
        "got_text": text,
        "message": text,
        "production_faults": [Fault("schema", text)],
        "model_faults": [Fault("parse", text)],
        "votes": [Vote(True, "new"), Vote(False, "tie")],
        "tail": [TailMessage(text, text, calls)],
    }
    return Compared(**{**given, **fields})


def full(text: str = "words") -> Comparison:
    """A comparison in which every string is `text`."""
    return Comparison(
        actloom=text,
        profile=text,
        model=text,
        data_digest=text,
        conversations=3,
        cases=10,
        positions=12,
        agreement=IV,
        call_agreement=IV,
        silent_agreement=IV,
        outcomes=dict.fromkeys(OUTCOMES, 1),
        judged={"new": 1, "production": 1, "tie": 1, "unread": 1},
        judge=text,
        production_faults={"schema": 1},
        model_faults={"parse": 1},
        tools=[ToolAgreement(text, 3, 1, 2, {text: 1}, {text: 1, "": 1}, "lasting")],
        production=side(text),
        new=side(text, shares=True),
        skipped={text: 2},
        lasting=0,
        look_at=[compared(text, difference=kind) for kind in DIFFERENCES],
        better=[compared(text, outcome="better")],
        preferred={"new": [compared(text)], "production": [compared(text, outcome="agrees")]},
        settings={text: text},
    )


class Reader(HTMLParser):
    """Collects tags and addresses, and checks that elements are closed in order."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: set[str] = set()
        self.ids: set[str] = set()
        self.links: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        given = dict(attrs)
        assert not any(name.startswith("on") or name == "src" for name in given)
        self.ids |= {given["id"]} if "id" in given else set()
        self.links |= {given["href"]} if given.get("href") else set()
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def read(page: str) -> Reader:
    reader = Reader()
    reader.feed(page)
    reader.close()
    assert reader.open == []
    return reader


@settings(max_examples=60, deadline=None)
@given(
    st.text(max_size=30)
    | st.sampled_from(["<script>x</script>", '"><img src=x onerror=y>', "&lt;"])
)
def test_no_text_of_the_data_becomes_markup(text: str) -> None:
    reader = read(render(full(text)))
    assert reader.tags == read(render(full())).tags
    assert "script" not in reader.tags


def test_the_page_needs_nothing_from_elsewhere_and_links_lead_to_its_sections() -> None:
    page = render(full())
    reader = read(page)
    assert {link.lstrip("#") for link in reader.links} <= reader.ids
    assert not re.search(r"https?://|url\(|@import", page)
    assert "default-src &#x27;none&#x27;" in page


def test_long_lines_of_a_conversation_are_wrapped_in_its_boxes() -> None:
    page = render(full())
    assert '<pre class="said">' in page
    assert re.search(r"\.pair pre, pre\.said \{[^}]*white-space: pre-wrap", page)


def test_what_is_not_known_is_said_and_not_shown_as_zero() -> None:
    bare = side(spending=Spending(answers=3), priced=0, cost_each=None, timed=0)
    page = render(msgspec.structs.replace(full(), production=bare))
    assert page.count("not known") >= 5
    assert cost_text(bare) == "1,000 answers not known"
    assert cost_text(side(priced=4)) == "1,000 answers 100.00 USD (of 4 answers)"
    assert cost_text(side(cost_each=3e-6)) == "1,000 answers 0.0030 USD"


def test_sections_without_content_are_left_out() -> None:
    empty = msgspec.structs.replace(
        full(),
        look_at=[],
        better=[],
        preferred={"new": [], "production": []},
        tools=[],
        production_faults={},
        model_faults={},
        judged={},
    )
    page = render(empty)
    for heading in ("What to look at", "Better by", "Tool by tool", "Faults", "Judge says"):
        assert f"<h2>{heading}" not in page
    assert "Cost and speed" in page


@pytest.mark.parametrize(
    ("lasting", "said"), [(0, ""), (1, "1 difference touches"), (2, "2 differences")]
)
def test_the_first_screen_names_differences_that_are_hard_to_take_back(lasting, said) -> None:
    page = render(msgspec.structs.replace(full(), lasting=lasting))
    answer = page[page.index('class="answer"') :][:600]
    assert said in answer
    assert ("hard to take back" in answer) == bool(lasting)
