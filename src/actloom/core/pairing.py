"""Best pairing: each row with a column of its own, so that the sum of their values is largest."""

from __future__ import annotations

import math
from collections.abc import Sequence


def best_pairs(values: Sequence[Sequence[float]]) -> list[int]:
    """Returns the column of each row in a pairing of the largest sum.

    The Hungarian method with potentials, in rows squared times columns steps.

    Args:
        values: a rectangle with at least as many columns as rows.

    Raises:
        ValueError: there are more rows than columns.
    """
    rows = len(values)
    if not rows:
        return []
    columns = len(values[0])
    if rows > columns:
        raise ValueError(f"{rows} rows cannot have a column each of {columns}")
    row_of = [0] * (columns + 1)  # column -> row, both counted from 1; column 0 is the free row
    row_price, column_price = [0.0] * (rows + 1), [0.0] * (columns + 1)
    for row in range(1, rows + 1):
        row_of[0] = row
        _add_row(values, row_of, row_price, column_price)
    chosen = [0] * rows
    for column in range(1, columns + 1):
        if row_of[column]:
            chosen[row_of[column] - 1] = column - 1
    return chosen


def _add_row(
    values: Sequence[Sequence[float]],
    row_of: list[int],
    row_price: list[float],
    column_price: list[float],
) -> None:
    """Finds the cheapest way to give the row in column 0 a column, moving others on."""
    columns = len(row_of) - 1
    slack = [math.inf] * (columns + 1)
    came_from = [0] * (columns + 1)
    seen = [False] * (columns + 1)
    at = 0
    while row_of[at]:
        seen[at] = True
        row, step, following = row_of[at], math.inf, 0
        for column in range(1, columns + 1):
            if seen[column]:
                continue
            cost = -values[row - 1][column - 1] - row_price[row] - column_price[column]
            if cost < slack[column]:
                slack[column], came_from[column] = cost, at
            if slack[column] < step:
                step, following = slack[column], column
        for column in range(columns + 1):
            if seen[column]:
                row_price[row_of[column]] += step
                column_price[column] -= step
            else:
                slack[column] -= step
        at = following
    while at:
        row_of[at] = row_of[came_from[at]]
        at = came_from[at]
