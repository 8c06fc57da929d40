"""Pages about scores and comparisons of BFCL, made from real outputs."""

from __future__ import annotations

import json
import re
import shutil
from html.parser import HTMLParser
from pathlib import Path

import pytest

from actloom.evals.bfcl.scoring.details import details
from actloom.evals.bfcl.scoring.score import ScoreConfig, score
from actloom.evals.compare import compare_outcomes
from actloom.evals.outcomes import read_outcomes
from actloom.report import write_report
from actloom.report.comparison import comparison_data
from actloom.report.examples import MOST_EXAMPLES, chosen, cut
from actloom.report.score import score_data
from score_folders import score_folder

MODELS = ["Salesforce_xLAM-1b-fc-r", "Nexusflow-Raven-v2"]
CATEGORIES = ["simple", "java", "relevance"]


class Page(HTMLParser):
    """Ids, links and visible text of a page."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.ids: list[str] = []
        self.links: list[str] = []
        self.words: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs) -> None:
        found = dict(attrs)
        self.ids += [found["id"]] if "id" in found else []
        self.links += [found["href"]] if "href" in found else []

    def handle_data(self, data: str) -> None:
        self.words.append(data)

    @property
    def text(self) -> str:
        """Everything a reader sees, with single blanks."""
        return re.sub(r"\s+", " ", "".join(self.words))


@pytest.fixture(scope="module")
def scored(shared_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Returns the score folder of two models in three categories, on a copy of their data."""
    data = tmp_path_factory.mktemp("pack")
    pack = shared_data / "bfcl_v1"
    for folder in ("question", "possible_answer"):
        (data / "v1_data" / folder).mkdir(parents=True)
        for category in CATEGORIES:
            source = pack / "v1_data" / folder / f"{category}.jsonl.gz"
            if source.exists():
                shutil.copy(source, data / "v1_data" / folder)
    for model in MODELS:
        (data / "results" / model).mkdir(parents=True)
        for category in CATEGORIES:
            shutil.copy(pack / "results" / model / f"{category}.jsonl.gz", data / "results" / model)
    for name in ("models.csv", "leaderboard_2024-08-14.csv"):
        shutil.copy(pack / name, data)
    out = tmp_path_factory.mktemp("score")
    score(ScoreConfig(profile="v1-2024-08-11", data=str(data), categories=CATEGORIES), str(out))
    return out


def test_the_page_of_a_model_shows_score_profile_hash_and_what_is_missing(scored: Path) -> None:
    page = Page(write_report(f"{scored}:{MODELS[0]}").read_text())
    found = json.loads((scored / "score.json").read_text())
    for words in (
        found["profile"], found["data_hash"], "partial", "is no Overall", "88.25%", "strict",
        "lenient", "xlam@bfcl_v1", "565 of 740 records right (partial", "no outputs",
    ):  # fmt: skip
        assert words in page.text, words
    for baseline in found.get("baselines", []):
        assert baseline["model"] in page.text
    assert "78.47%" in page.text  # the published row stands beside what is partial here
    assert len(page.ids) == len(set(page.ids))
    targets = {f"#{name}" for name in page.ids} | {"./verdicts.jsonl"}
    assert {*page.links} <= targets


def test_failures_show_question_tools_expected_and_got(scored: Path) -> None:
    outcomes = read_outcomes(f"{scored}:{MODELS[0]}")
    data = score_data(scored, MODELS[0])
    failed = {case: v.code for case, v in outcomes.verdicts.items() if not v.valid}
    assert {kind.kind: kind.count for kind in data.failures} == {
        code: [*failed.values()].count(code) for code in failed.values()
    }
    examples = [example for kind in data.failures for example in kind.examples]
    assert 0 < len(examples) <= MOST_EXAMPLES
    for kind in data.failures:
        assert 0 < len(kind.examples) <= max(3, len(CATEGORIES))
        assert {failed[example.id] for example in kind.examples} == {kind.kind}
    for example in examples:
        assert example.query
        assert example.tools
        assert example.got
        assert example.reason
        assert (example.expected == "(no call)") == (example.group == "relevance")
    shown = {(kind.kind, e.group) for kind in data.failures for e in kind.examples}
    assert shown == {(kind, g.group) for g in data.failure_groups for kind in g.kinds}


def test_a_failure_that_the_lenient_rules_accept_says_so(scored: Path) -> None:
    examples = [e for kind in score_data(scored, MODELS[0]).failures for e in kind.examples]
    found = {case.id: case for case in details(scored, MODELS[0], [e.id for e in examples])}
    lenient = {e.id for e in examples if "right by the lenient rules" in e.reason}
    assert lenient == {case for case, verdict in found.items() if verdict.lenient_valid}
    assert lenient


def test_flipped_cases_show_both_answers_beside_what_was_expected(
    scored: Path, tmp_path: Path
) -> None:
    sides = [read_outcomes(f"{scored}:{model}") for model in MODELS]
    data = comparison_data([compare_outcomes(*sides)], sides, examples=2)
    assert sum(flip.count for flip in data.flips) == data.comparisons[0].test.better + (
        data.comparisons[0].test.worse
    )
    for flip in data.flips:
        assert 0 < len(flip.examples) <= 2
        for example in flip.examples:
            reasons = [answer.reason for answer in example.answers]
            right, wrong = reasons if flip.right == "A" else reversed(reasons)
            assert right == "Right."
            assert wrong.startswith(flip.kind)
            assert example.query
            assert "(not shown)" not in (example.expected, *(a.text for a in example.answers))
    page = Page(write_report(data, tmp_path / "c.html").read_text())
    assert len(page.ids) == len(set(page.ids))
    assert all(link[1:] in page.ids for link in page.links if link.startswith("#"))
    assert "Holm" in page.text
    assert "McNemar" in page.text
    assert MODELS[0] in page.text


def test_the_page_of_all_models_ranks_nothing_that_is_partial(scored: Path) -> None:
    page = Page(write_report(scored).read_text())
    assert "No model has all categories of an Overall" in page.text
    for model in MODELS:
        assert model in page.text


def test_a_score_whose_data_moved_still_has_a_page_and_says_what_it_lacks(tmp_path: Path) -> None:
    rows = [("simple", f"s{at}", "value_error:string" if at else "") for at in range(5)]
    folder = score_folder(tmp_path / "s", {"m": rows})
    text = Page(write_report(folder).read_text()).text
    assert "4 cases failed of 5" in text
    assert "Questions and answers are not shown" in text
    assert "(not shown)" in text


HOSTILE = "<img src=x onerror=alert(1)>'\"\u202e"


def test_hostile_names_stay_text_and_make_no_path(tmp_path: Path) -> None:
    model = f"../{HOSTILE}/<script>alert(1)</script>"
    kinds = [("<b>", "1", "javascript:alert(1)"), ("<b>", "2", "")]
    folder = score_folder(tmp_path / "s", {model: kinds, "other": kinds})
    path = write_report(f"{folder}:{model}")
    assert path.parent == folder
    text = path.read_text()
    assert "<script" not in text
    assert "<img" not in text
    assert all(link.startswith(("#", "./")) for link in Page(text).links)


def test_examples_come_from_as_many_groups_as_can_be_and_stay_few() -> None:
    items = [(kind, group, at) for kind in "ab" for group in "xyz" for at in range(100)]
    picked = chosen(items, key=lambda i: i[0], group=lambda i: i[1], most=4)
    assert {kind: [(g, at) for _, g, at in found] for kind, found in picked.items()} == {
        kind: [("x", 0), ("y", 0), ("z", 0), ("x", 1)] for kind in "ab"
    }
    many = [(str(kind), "g", at) for kind in range(100) for at in range(3)]
    picked = chosen(many, key=lambda i: i[0], group=lambda i: i[1], most=3)
    assert sum(map(len, picked.values())) == MOST_EXAMPLES
    spread = chosen(items, key=lambda i: i[0], group=lambda i: i[1], most=1, every_group=True)
    assert all(len(found) == 3 for found in spread.values())


def test_long_answers_are_cut_and_say_by_how_much() -> None:
    assert cut("a" * 10, 10) == "a" * 10
    assert cut("a" * 1200, 100) == "a" * 100 + " … (1,100 characters more)"
