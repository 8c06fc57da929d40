"""Intervals and tests against closed forms, published values, brute force and simulation."""

from __future__ import annotations

import itertools
import math
import random
from collections import Counter
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from actloom.core.stats import (
    EXACT_UP_TO,
    Z95,
    bootstrap_difference,
    bootstrap_mean,
    bootstrap_weighted,
    holm,
    mcnemar,
    wilson,
)


@pytest.mark.parametrize("n", range(1, 13))
def test_the_exact_test_counts_all_ways_the_pairs_could_have_fallen(n: int) -> None:
    falls = Counter(sum(way) for way in itertools.product((0, 1), repeat=n))
    for better in range(n + 1):
        seen = abs(2 * better - n)
        as_uneven = sum(ways for heads, ways in falls.items() if abs(2 * heads - n) >= seen)
        found = mcnemar(better, n - better)
        assert found.p == pytest.approx(as_uneven / 2**n, rel=1e-12)
        assert found.method == "exact binomial"


@pytest.mark.parametrize(("better", "worse"), [(540, 470), (600, 500), (501, 500), (700, 310)])
def test_many_pairs_are_tested_by_chi_square_close_to_the_exact_sum(
    better: int, worse: int
) -> None:
    n = better + worse
    assert n > EXACT_UP_TO
    exact = min(Fraction(1), 2 * Fraction(sum(math.comb(n, k) for k in range(worse + 1)), 2**n))
    found = mcnemar(better, worse)
    assert found.method == "chi-square with continuity correction"
    assert found.p == pytest.approx(float(exact), rel=0.03)


def test_chi_square_has_its_tabulated_quantile() -> None:
    # (|b - c| - 1)^2 / (b + c) = 3.841, the 5 % point of one degree of freedom.
    assert mcnemar(5000 + 99, 5000 - 98).p == pytest.approx(0.05, abs=1e-4)


@given(st.integers(0, 3000), st.integers(0, 3000))
@settings(max_examples=100, deadline=None)
def test_the_test_is_a_chance_and_sees_no_sides(better: int, worse: int) -> None:
    there, back = mcnemar(better, worse), mcnemar(worse, better)
    assert there.p == back.p
    assert 0 <= there.p <= 1
    if better == worse:
        assert there.p == 1
    if better > worse:
        assert mcnemar(better + 1, worse).p <= there.p + 1e-4  # methods meet at the border


def test_negative_counts_and_impossible_shares_are_refused() -> None:
    with pytest.raises(ValueError, match="negative"):
        mcnemar(-1, 2)
    for hits, n in ((-1, 3), (4, 3)):
        with pytest.raises(ValueError, match="between"):
            wilson(hits, n)


@pytest.mark.parametrize(
    ("hits", "n", "low", "high"),
    # Newcombe, Statistics in Medicine 17 (1998), table I, method 3.
    [(81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0.0, 0.1611),
     (1, 29, 0.0061, 0.1718)],
)  # fmt: skip
def test_score_intervals_are_the_published_ones(hits: int, n: int, low: float, high: float) -> None:
    found = wilson(hits, n)
    assert (round(found.low, 4), round(found.high, 4)) == (low, high)
    assert (found.mean, found.n) == (hits / n, n)


@given(st.integers(1, 5000).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
@settings(max_examples=100, deadline=None)
def test_the_share_is_as_far_from_each_end_as_the_ends_own_deviation_says(
    pair: tuple[int, int],
) -> None:
    found = wilson(*pair)
    assert 0 <= found.low <= found.mean <= found.high <= 1
    for end in (found.low, found.high):
        deviation = Z95 * math.sqrt(end * (1 - end) / pair[1])
        assert abs(found.mean - end) == pytest.approx(deviation, abs=1e-9)


def test_no_cases_have_an_empty_interval() -> None:
    assert wilson(0, 0) == bootstrap_mean([])


@pytest.mark.parametrize("n", [30, 200])
@pytest.mark.parametrize("share", [0.03, 0.3, 0.5, 0.9])
def test_score_intervals_cover_the_truth_about_as_often_as_they_say(n: int, share: float) -> None:
    covered = sum(
        math.comb(n, hits) * share**hits * (1 - share) ** (n - hits)
        for hits in range(n + 1)
        if wilson(hits, n).low <= share <= wilson(hits, n).high
    )
    assert 0.92 <= covered <= 0.985


def exact_sums(better: int, worse: int, n: int) -> list[float]:
    """Chances of the sums -n to n of n draws from values 1, -1 and 0, by convolution."""
    chances = [0.0] * (2 * n + 1)
    chances[n] = 1.0
    up, down = better / n, worse / n
    for _ in range(n):
        chances = [
            chances[i] * (1 - up - down)
            + (chances[i - 1] * up if i else 0.0)
            + (chances[i + 1] * down if i < 2 * n else 0.0)
            for i in range(2 * n + 1)
        ]
    return chances


@pytest.mark.parametrize(
    ("better", "worse", "n"), [(3, 1, 10), (10, 10, 40), (1, 60, 90), (30, 5, 35), (70, 12, 120)]
)
def test_paired_intervals_are_quantiles_of_the_exact_bootstrap_distribution(
    better: int, worse: int, n: int
) -> None:
    a = [1.0] * better + [0.0] * worse + [1.0] * (n - better - worse)
    b = [0.0] * better + [1.0] * worse + [1.0] * (n - better - worse)
    below = list(itertools.accumulate(exact_sums(better, worse, n)))
    found = bootstrap_difference(a, b)
    for end, level in ((found.low, 0.025), (found.high, 0.975)):
        at = round(end * n) + n
        # 2,000 resamples: the end's own level is within 4 deviations of 2.5 %.
        assert below[at] >= level - 0.014
        assert (below[at - 1] if at else 0.0) <= level + 0.014


def test_paired_intervals_do_not_depend_on_the_order_of_values_beyond_chance() -> None:
    rng = random.Random(3)
    values = [1.0] * 60 + [-1.0] * 30 + [0.0] * 210
    ends = []
    for _ in range(12):
        rng.shuffle(values)
        found = bootstrap_mean(values)
        ends.append((found.low, found.high))
    lows, highs = zip(*ends, strict=True)
    assert max(lows) - min(lows) < 0.02
    assert max(highs) - min(highs) < 0.02


@pytest.mark.slow
@pytest.mark.parametrize(("up", "down"), [(0.1, 0.1), (0.2, 0.05), (0.03, 0.08)])
def test_paired_intervals_cover_the_truth_about_as_often_as_they_say(
    up: float, down: float
) -> None:
    rng, trials, n = random.Random(5), 600, 150
    covered = 0
    for seed in range(trials):
        drawn = rng.choices((1.0, -1.0, 0.0), (up, down, 1 - up - down), k=n)
        found = bootstrap_mean(drawn, seed=seed, resamples=600)
        covered += found.low <= up - down <= found.high
    assert 0.91 <= covered / trials <= 0.98


@pytest.mark.slow
def test_the_test_calls_equal_models_different_at_most_as_often_as_it_says() -> None:
    rng, trials = random.Random(6), 4000
    for pairs in (12, 40):
        wrong = 0
        for _ in range(trials):
            better = sum(rng.random() < 0.5 for _ in range(pairs))
            wrong += mcnemar(better, pairs - better).p <= 0.05
        assert wrong / trials <= 0.055


def test_a_weighted_sum_of_equal_parts_is_as_wide_as_independence_says() -> None:
    values = [1.0] * 60 + [-1.0] * 40 + [0.0] * 300
    one = bootstrap_weighted([(1.0, values)], resamples=6000)
    two = bootstrap_weighted([(0.5, values), (0.5, values)], resamples=6000)
    assert one.mean == two.mean == pytest.approx(0.05)
    assert (one.n, two.n) == (400, 800)
    ratio = (one.high - one.low) / (two.high - two.low)
    assert ratio == pytest.approx(math.sqrt(2), rel=0.06)
    assert one.high - one.low == pytest.approx(
        bootstrap_mean(values, resamples=6000).high - bootstrap_mean(values, resamples=6000).low,
        rel=0.05,
    )


def test_weights_and_empty_parts_count_as_they_say() -> None:
    found = bootstrap_weighted([(0.9, [1.0] * 5), (0.1, [0.0] * 500), (3.0, [])])
    assert (found.mean, found.low, found.high, found.n) == (0.9, 0.9, 0.9, 505)
    assert bootstrap_weighted([]).mean == 0


def test_holm_corrects_as_published_examples_do() -> None:
    assert holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])
    assert holm([]) == []
    assert holm([0.4]) == [0.4]


@given(st.lists(st.floats(0, 1), max_size=20))
@settings(max_examples=100, deadline=None)
def test_holm_keeps_the_order_and_stays_between_raw_and_bonferroni(chances: list[float]) -> None:
    found = holm(chances)
    for raw, corrected in zip(chances, found, strict=True):
        assert raw <= corrected <= min(1.0, raw * len(chances))
    ranked = [found[at] for at in sorted(range(len(chances)), key=chances.__getitem__)]
    assert ranked == sorted(ranked)


@pytest.mark.slow
def test_holm_keeps_the_chance_of_any_false_alarm_at_the_level() -> None:
    rng, trials = random.Random(7), 4000
    alarms = sum(min(holm([rng.random() for _ in range(12)])) <= 0.05 for _ in range(trials))
    assert 0.035 <= alarms / trials <= 0.06
