"""Best pairing against every pairing there is."""

from __future__ import annotations

from itertools import permutations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from actloom.core.pairing import best_pairs

SQUARES = st.integers(1, 5).flatmap(
    lambda rows: st.integers(rows, 6).flatmap(
        lambda columns: st.lists(
            st.lists(st.integers(0, 4), min_size=columns, max_size=columns),
            min_size=rows,
            max_size=rows,
        )
    )
)


@settings(max_examples=100, deadline=None)
@given(SQUARES)
def test_no_other_pairing_has_a_larger_sum(values: list[list[int]]) -> None:
    chosen = best_pairs(values)
    assert len(set(chosen)) == len(chosen) == len(values)
    every = permutations(range(len(values[0])), len(values))
    best = max(sum(row[at] for row, at in zip(values, each, strict=True)) for each in every)
    assert sum(row[at] for row, at in zip(values, chosen, strict=True)) == best


def test_rows_without_a_column_each_are_refused_and_no_rows_need_none() -> None:
    assert best_pairs([]) == []
    with pytest.raises(ValueError, match="2 rows"):
        best_pairs([[1.0], [1.0]])
