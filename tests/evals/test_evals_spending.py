"""What answers took: sums over what was told, percentiles of what was measured."""

from __future__ import annotations

import math

from hypothesis import given
from hypothesis import strategies as st

from actloom.core.record import Usage
from actloom.evals.spending import Spending, nearest_rank, spending_of
from actloom.llm.prices import Price, cost_usd

SECONDS = st.floats(0, 1e3)


@given(st.lists(SECONDS, min_size=1, max_size=60), st.floats(0.01, 1))
def test_a_percentile_is_the_least_value_that_its_share_does_not_exceed(values, share) -> None:
    ordered = sorted(values)
    found = nearest_rank(ordered, share)
    assert found in ordered
    assert sum(v <= found for v in ordered) >= share * len(ordered)
    below = [v for v in ordered if v < found]
    assert len(below) < share * len(ordered)


@given(
    st.lists(
        st.none()
        | st.builds(
            Usage,
            prompt_tokens=st.none() | st.integers(0, 10**6),
            completion_tokens=st.none() | st.integers(0, 10**6),
            cost_usd=st.none() | st.floats(0, 10),
            seconds=st.none() | SECONDS,
        ),
        max_size=20,
    )
)
def test_sums_are_over_what_was_told_and_nothing_told_is_none(usages) -> None:
    found = spending_of(usages)
    known = [usage for usage in usages if usage is not None]
    assert found.answers == len(usages)
    for field in ("prompt_tokens", "completion_tokens", "cost_usd"):
        told = [value for u in known if (value := getattr(u, field)) is not None]
        assert getattr(found, field) == (math.fsum(told) if told else None)
    assert (found.latency_p50 is None) == all(u.seconds is None for u in known)
    if found.latency_p50 is not None:
        assert found.latency_p50 <= found.latency_p95
    assert str(found).startswith(f"{len(usages):,} answers")


def test_money_needs_a_price_and_both_counts() -> None:
    whole = Usage(prompt_tokens=1_000_000, completion_tokens=500_000)
    assert cost_usd(whole, Price(2, 8)) == 6
    assert cost_usd(whole, None) is None
    assert cost_usd(Usage(prompt_tokens=1), Price(2, 8)) is None


def test_a_line_says_tokens_money_and_seconds() -> None:
    spent = Spending(
        answers=1200,
        prompt_tokens=34_000,
        completion_tokens=5_600,
        cost_usd=0.0123,
        latency_p50=0.5,
        latency_p95=2.25,
    )
    assert str(spent) == (
        "1,200 answers; 34,000 tokens read, 5,600 written; 0.0123 USD;"
        " p50 0.50 s, p95 2.25 s an answer"
    )
    assert str(Spending(answers=2)) == "2 answers"


def test_nothing_measured_has_no_percentile() -> None:
    assert nearest_rank([], 0.5) is None
    assert spending_of([]) == Spending(answers=0)
