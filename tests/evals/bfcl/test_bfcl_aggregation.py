"""Totals: the published tables follow from their category columns, row by row, in every version."""

from __future__ import annotations

import csv
import itertools
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from actloom.evals.bfcl.scoring.leaderboard import leaderboard
from actloom.evals.bfcl.versions.aggregation import Accuracy, format_sensitivity, percent, totals
from actloom.evals.bfcl.versions.columns import COLUMNS, TOTAL
from actloom.evals.bfcl.versions.profiles import PROFILES, Profile
from actloom.evals.bfcl.versions.variations import VARIATIONS, variation_id, variation_of

TABLES = {"v2": "v2_2024-09-14", "v3": "v3_2025-06-14", "v4": "v4_2025-12-16"}
ROWS = {"v2": 74, "v3": 109, "v4": 109}
ROUNDING = 0.0101
"""Points: half of the last digit of what goes in, and of what comes out."""
OTHER_COUNTS = {
    # Relevance was scored over 17 of its 18 questions: 82.35% is 14/17, and 1,410/2,250 and
    # 1,139/2,250 are the published values of `Live Overall Acc`. The total is within rounding.
    ("v3", "Llama-3.3-70B-Instruct (FC)"): {"live/Live Overall Acc", "overall/Live Acc"},
    ("v3", "Phi-4-mini-instruct (Prompt)"): {"live/Live Overall Acc", "overall/Live Acc"},
}
"""(version, model) -> columns that do not follow by the published counts, with the reason."""


def rows(folder: Path, profile: Profile) -> dict[str, dict[str, str]]:
    return {row.name: row.values for row in leaderboard(str(folder), profile).rows}


def accuracies(values: dict[str, str], profile: Profile) -> dict[str, Accuracy]:
    """Returns category -> published accuracy, of the columns that stand for one category."""
    found: dict[str, Accuracy] = {}
    for column, formula in COLUMNS[profile.columns].items():
        if len(formula.parts) == 1 and formula.parts[0] in profile.categories:
            category = profile.categories[formula.parts[0]]
            share = float(values[column].rstrip("%")) / 100
            found.setdefault(category.name, Accuracy(share, category.count))
    return found


@pytest.mark.parametrize("version", ["v2", "v3", "v4"])
def test_every_column_of_every_published_row_follows_from_its_categories(
    version: str, shared_data: Path
) -> None:
    profile = PROFILES[version]
    published = rows(shared_data / "bfcl_leaderboards" / TABLES[version], profile)
    assert len(published) == ROWS[version]
    differing: dict[tuple[str, str], set[str]] = {}
    for name, values in published.items():
        assert values.keys() == COLUMNS[profile.columns].keys()
        for column, ours in totals(accuracies(values, profile), profile).columns.items():
            assert not ours.missing
            if abs(ours.accuracy * 100 - float(values[column].rstrip("%"))) > ROUNDING:
                differing.setdefault((version, name), set()).add(column)
    assert differing == {key: of for key, of in OTHER_COUNTS.items() if key[0] == version}
    assert all(TOTAL not in columns for columns in differing.values())


def test_the_two_odd_rows_follow_when_one_relevance_question_is_left_out(shared_data: Path) -> None:
    published = rows(shared_data / "bfcl_leaderboards" / TABLES["v3"], PROFILES["v3"])
    for _, name in OTHER_COUNTS:
        scores = accuracies(published[name], PROFILES["v3"])
        scores["live_relevance"] = Accuracy(scores["live_relevance"].accuracy, 17)
        live = totals(scores, PROFILES["v3"]).columns["live/Live Overall Acc"]
        assert percent(live.accuracy) == published[name]["live/Live Overall Acc"]


def test_format_sensitivity_of_every_published_row_follows_from_its_configurations(
    shared_data: Path,
) -> None:
    path = shared_data / "bfcl_leaderboards/v4_2025-12-16/data_format_sensitivity.csv"
    checked = 0
    with path.open() as stream:
        for row in csv.DictReader(stream):
            shares = {str(v): row[f"Config {v}"] for v in VARIATIONS}
            if "N/A" in shares.values():
                continue
            checked += 1
            verdicts = [
                (f"format_sensitivity_{n}:{name}:simple_python_0", n < round(float(share[:-1]) * 2))
                for name, share in shares.items()
                for n in range(200)
            ]
            ours = format_sensitivity(verdicts)
            assert str(ours.max_delta) == row["Format Sensitivity Max Delta"]
            assert str(ours.std) == row["Format Sensitivity Standard Deviation"]
    assert checked == 40


def test_a_variation_is_found_again_by_its_id() -> None:
    for number, variation in enumerate(VARIATIONS):
        assert variation_of(variation_id(number, variation, "simple_python_3")) == variation
    assert variation_of("live_simple_3-1-0") is None
    assert len(VARIATIONS) == len(set(VARIATIONS)) == 26


@pytest.mark.parametrize("version", sorted(PROFILES))
def test_all_right_is_a_hundred_and_all_wrong_nothing(version: str) -> None:
    profile = PROFILES[version]
    for share in (0.0, 1.0):
        scores = {name: Accuracy(share, of.count) for name, of in profile.categories.items()}
        for column in totals(scores, profile).columns.values():
            assert column.accuracy == pytest.approx(share)
            assert not column.missing


@given(data=st.data())
@settings(max_examples=60, deadline=None)
def test_a_column_misses_exactly_the_categories_that_can_change_it(data: st.DataObject) -> None:
    profile = PROFILES[data.draw(st.sampled_from(sorted(PROFILES)))]
    absent = data.draw(st.sampled_from(sorted(profile.categories)))
    scores = {name: Accuracy(0.5, of.count) for name, of in profile.categories.items()}
    whole = totals(scores, profile).columns
    scores[absent] = Accuracy(1.0, profile.categories[absent].count)
    changed = totals(scores, profile).columns
    scores[absent] = Accuracy(0.5, profile.categories[absent].count, complete=False)
    unfinished = totals(scores, profile).columns
    del scores[absent]
    partial = totals(scores, profile).columns
    for name, column in partial.items():
        depends = changed[name].accuracy != pytest.approx(whole[name].accuracy, abs=1e-12)
        assert column.missing == unfinished[name].missing == ([absent] if depends else [])
        assert (str(column) == "N/A") == depends


def test_every_category_counts_in_the_total_but_for_the_two_that_do_not_in_v4() -> None:
    for name, profile in PROFILES.items():
        scores = {c: Accuracy(0.0, of.count) for c, of in profile.categories.items()}
        silent = {
            category
            for category, of in profile.categories.items()
            if totals({**scores, category: Accuracy(1.0, of.count)}, profile).overall.accuracy == 0
        }
        assert silent == ({"live_relevance", "format_sensitivity"} if name == "v4" else set())


def test_the_profiles_have_the_published_numbers_of_questions() -> None:
    counts = {
        name: sum(of.count for of in profile.categories.values())
        for name, profile in PROFILES.items()
    }
    # v4: 5,088 questions and 5,200 format sensitivity records (26 ways of asking 200 of them)
    assert counts == {
        "v1-2024-08-11": 1_700,
        "v2": 1_700 + 2_251,
        "v3-2024-09-20": 1_700 + 2_251 + 800,
        "v3": 1_390 + 2_251 + 800,
        "v4": 1_390 + 2_251 + 800 + 665 + 5_200,
    }


@given(st.lists(st.booleans(), min_size=1, max_size=40), st.integers(2, 5))
@settings(max_examples=50)
def test_equal_configurations_have_no_spread(right: list[bool], ways: int) -> None:
    names = [str(variation) for variation in VARIATIONS[:ways]]
    ours = format_sensitivity(
        [(f"format_sensitivity_0:{name}:x", of) for name, of in itertools.product(names, right)]
    )
    assert (ours.max_delta, ours.std) == (0.0, 0.0)
    assert set(ours.accuracies) == set(names)
