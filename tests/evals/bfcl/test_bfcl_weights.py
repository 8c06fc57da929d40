"""Weights of categories in the official total, against the total itself."""

from __future__ import annotations

import random

import pytest

from actloom.evals.bfcl.versions.aggregation import Accuracy, totals
from actloom.evals.bfcl.versions.profiles import PROFILES
from actloom.evals.bfcl.versions.weights import overall_weights


@pytest.mark.parametrize("name", PROFILES)
def test_the_total_is_the_weighted_sum_of_its_categories(name: str) -> None:
    profile, rng = PROFILES[name], random.Random(name)
    counts = {each.name: each.count for each in profile.categories.values()}
    weights = overall_weights(counts, profile)
    assert weights is not None
    assert sum(weights.values()) == pytest.approx(1)
    for _ in range(20):
        shares = {category: rng.random() for category in counts}
        scores = {c: Accuracy(share, counts[c]) for c, share in shares.items()}
        expected = totals(scores, profile).overall.accuracy
        assert sum(weights[c] * shares[c] for c in counts) == pytest.approx(expected)


@pytest.mark.parametrize("name", PROFILES)
def test_a_missing_or_smaller_category_leaves_no_total(name: str) -> None:
    profile = PROFILES[name]
    counts = {each.name: each.count for each in profile.categories.values()}
    weights = overall_weights(counts, profile)
    assert weights is not None
    for category, weight in weights.items():
        without = {c: number for c, number in counts.items() if c != category}
        fewer = {**counts, category: counts[category] - 1}
        for changed in (without, fewer):
            assert (overall_weights(changed, profile) is None) == (weight > 0)
    assert overall_weights({**counts, "of another version": 3}, profile) == weights
