"""Intervals and tests for scores: bootstrap, Wilson, McNemar, and Holm's correction.

Everything is deterministic: what draws random numbers has a fixed seed.
"""

from __future__ import annotations

import itertools
import math
import random
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Literal, TypeAlias

import msgspec

RESAMPLES = 2000
Z95 = 1.959963984540054
"""Quantile 0.975 of the normal distribution."""
EXACT_UP_TO = 1000
"""Discordant pairs up to which McNemar's test sums the binomial distribution."""


class Interval(msgspec.Struct, frozen=True):
    """A mean with its 95 % interval."""

    mean: float
    low: float
    high: float
    n: int
    """Number of cases."""

    def __str__(self) -> str:
        return f"{self.mean:.3f} [{self.low:.3f}, {self.high:.3f}]"


def bootstrap_mean(
    values: Sequence[float], *, seed: int = 0, resamples: int = RESAMPLES
) -> Interval:
    """Returns the mean of `values` and its 95 % interval; NaN-free, (0, 0, 0) for no values."""
    n = len(values)
    if n == 0:
        return Interval(mean=0.0, low=0.0, high=0.0, n=0)
    means = _resampled_means(values, random.Random(seed), resamples)
    return _percentiles(means, sum(values) / n, n)


def _percentiles(means: Sequence[float], mean: float, n: int) -> Interval:
    ordered = sorted(means)
    low, high = ordered[int(0.025 * len(means))], ordered[int(0.975 * len(means)) - 1]
    return Interval(mean=mean, low=low, high=high, n=n)


def bootstrap_weighted(
    parts: Sequence[tuple[float, Sequence[float]]], *, seed: int = 0, resamples: int = RESAMPLES
) -> Interval:
    """Returns a weighted sum of means with its 95 % interval, resampled within each part.

    For totals in which a category counts by a weight of its own, whatever its number of cases.

    Args:
        parts: (weight, values) of each; a part without values is 0.
        seed: of the random numbers.
        resamples: how many; the ends are percentiles of these.
    """
    rng = random.Random(seed)
    sums = [0.0] * resamples
    mean = 0.0
    for weight, values in parts:
        if not values:
            continue
        mean += weight * sum(values) / len(values)
        drawn = _resampled_means(values, rng, resamples)
        rng.shuffle(drawn)  # some come in order of size, and parts are independent
        sums = [total + weight * value for total, value in zip(sums, drawn, strict=True)]
    return _percentiles(sums, mean, sum(len(values) for _, values in parts))


def _resampled_means(values: Sequence[float], rng: random.Random, resamples: int) -> list[float]:
    n = len(values)
    counts = Counter(values)
    if len(counts) == 1:
        return [sum(values) / n] * resamples
    if len(counts) == 3:
        return _means_of_three(counts, rng, resamples)
    if len(counts) > 3:
        return [sum(rng.choices(values, k=n)) / n for _ in range(resamples)]
    # Of two values (right or wrong), a resample is how often it draws the one: a binomial count.
    first, second = counts
    hits = _binomial_draws(n, counts[second] / n, resamples, rng)
    return [(first * (n - hit) + second * hit) / n for hit in hits]


def _means_of_three(counts: Counter[float], rng: random.Random, resamples: int) -> list[float]:
    """Returns means for better, worse or the same: how many are not the one, of these the other."""
    n = counts.total()
    (first, most), (second, _), (third, least) = sorted(
        counts.items(), key=lambda item: (-item[1], item[0])
    )
    draws = _nested_draws(n, n - most, least, resamples=resamples, rng=rng)
    return [
        (first * (n - other) + second * (other - last) + third * last) / n for other, last in draws
    ]


def _nested_draws(
    n: int, others: int, thirds: int, *, resamples: int, rng: random.Random
) -> Iterator[tuple[int, int]]:
    """Yields (hits, inner hits): hits in n draws at rate others / n, of these a share of thirds."""
    drawn = Counter(_binomial_draws(n, others / n, resamples, rng))
    for hits in sorted(drawn):
        for inner in _binomial_draws(hits, thirds / others, drawn[hits], rng):
            yield hits, inner


def _binomial_draws(n: int, share: float, k: int, rng: random.Random) -> list[int]:
    """Returns k draws of a binomial count, from a table of its chances within 10 deviations."""
    if n == 0 or share <= 0.0 or share >= 1.0:
        return [round(n * share)] * k
    reach = 10 * math.sqrt(n * share * (1 - share)) + 10
    low, high = max(0, math.floor(n * share - reach)), min(n, math.ceil(n * share + reach))
    odds = math.log(share / (1 - share))
    start = n * math.log1p(-share) + math.lgamma(n + 1)
    chances = (
        math.exp(start + i * odds - math.lgamma(i + 1) - math.lgamma(n - i + 1))
        for i in range(low, high + 1)
    )
    return rng.choices(range(low, high + 1), cum_weights=list(itertools.accumulate(chances)), k=k)


def bootstrap_difference(
    a: Sequence[float], b: Sequence[float], *, seed: int = 0, resamples: int = RESAMPLES
) -> Interval:
    """Returns mean(a - b) over paired cases with its 95 % interval.

    Raises:
        ValueError: lengths differ.
    """
    if len(a) != len(b):
        raise ValueError(f"paired samples must have equal length, got {len(a)} and {len(b)}")
    differences = [x - y for x, y in zip(a, b, strict=True)]
    return bootstrap_mean(differences, seed=seed, resamples=resamples)


def wilson(hits: int, n: int) -> Interval:
    """Returns a share with its 95 % score interval, in closed form; (0, 0, 0) for no cases.

    For a table of many shares: as fast as a division, and not of zero width at 0 % and 100 %
    (Wilson 1927; recommended by Brown, Cai and DasGupta, Statistical Science 16(2), 2001).

    Raises:
        ValueError: `hits` is not between 0 and `n`.
    """
    if not 0 <= hits <= n:
        raise ValueError(f"hits must be between 0 and {n}, got {hits}")
    if n == 0:
        return Interval(mean=0.0, low=0.0, high=0.0, n=0)
    share, square = hits / n, Z95 * Z95
    centre = (share + square / (2 * n)) / (1 + square / n)
    half = Z95 / (1 + square / n) * math.sqrt(share * (1 - share) / n + square / (4 * n * n))
    low = 0.0 if hits == 0 else max(0.0, centre - half)
    high = 1.0 if hits == n else min(1.0, centre + half)
    return Interval(mean=share, low=low, high=high, n=n)


PairTest: TypeAlias = Literal["exact binomial", "chi-square with continuity correction"]


class McNemar(msgspec.Struct, frozen=True):
    """McNemar's test of two paired shares (Psychometrika 12, 1947)."""

    better: int
    """Pairs that only the first got right."""
    worse: int
    """Pairs that only the second got right."""
    p: float
    """Two-sided chance of so uneven a split, or a more uneven one, if both were equally good."""
    method: PairTest


def mcnemar(better: int, worse: int) -> McNemar:
    """Returns the test for discordant pairs: exact up to `EXACT_UP_TO` pairs, chi-square above.

    Exact: twice the smaller tail of the binomial distribution with chance 1/2, at most 1. Above:
    (|better - worse| - 1)^2 / (better + worse) as chi-square with one degree of freedom (Edwards
    1948).

    Raises:
        ValueError: a count is negative.
    """
    if better < 0 or worse < 0:
        raise ValueError(f"counts must not be negative, got {better} and {worse}")
    pairs = better + worse
    if pairs <= EXACT_UP_TO:
        return McNemar(better, worse, _two_tails(min(better, worse), pairs), "exact binomial")
    distance = max(0, abs(better - worse) - 1) / math.sqrt(pairs)
    p = math.erfc(distance / math.sqrt(2))
    return McNemar(better, worse, p, "chi-square with continuity correction")


def _two_tails(least: int, n: int) -> float:
    """Returns twice the chance of at most `least` heads in n fair throws, at most 1."""
    term = total = 1
    for k in range(1, least + 1):
        term = term * (n - k + 1) // k
        total += term
    return min(1.0, 2 * total / (1 << n))


def holm(chances: Sequence[float]) -> list[float]:
    """Returns p values corrected for their number by Holm's step-down method, in their order.

    All tests together then call a true null hypothesis false at most as often as the level says
    (Holm, Scandinavian Journal of Statistics 6(2), 1979).
    """
    order = sorted(range(len(chances)), key=chances.__getitem__)
    corrected = [0.0] * len(chances)
    highest = 0.0
    for rank, at in enumerate(order):
        highest = max(highest, min(1.0, chances[at] * (len(chances) - rank)))
        corrected[at] = highest
    return corrected
