"""Calls made again and again."""

from __future__ import annotations

from collections.abc import Sequence

from actloom.verify.walk import Place, PlacedCall, PlacedStep, placed_calls

LONGEST_CYCLE = 6
"""Calls of the longest cycle that is looked for."""
ROUNDS = 3
"""Rounds that make a cycle of several calls a loop; one call alone needs `ROUNDS_OF_ONE`."""
ROUNDS_OF_ONE = 4


def repeats(turn: Sequence[PlacedStep]) -> list[Place]:
    """Returns calls of a turn that an earlier step made, with the same result."""
    found: list[Place] = []
    first: dict[tuple[bytes, str], PlacedCall] = {}
    for placed in placed_calls(turn):
        if placed.result is None:
            continue
        earlier = first.setdefault((placed.key, placed.result), placed)
        if earlier.step != placed.step:
            message = f"call of {placed.call.name!r} repeats {earlier.path}, with the same result"
            found.append((placed.path, message))
    return found


def loops(turn: Sequence[PlacedStep]) -> list[Place]:
    """Returns where a turn begins to go round in a circle, whatever the results."""
    calls = list(placed_calls(turn))
    found: list[Place] = []
    start = 0
    while start + ROUNDS_OF_ONE <= len(calls):
        length, cycle = _loop_at(calls, start)
        if length:
            names = " -> ".join(placed.call.name for placed in calls[start : start + cycle])
            message = f"{length // cycle} rounds of the same calls: {names}"
            found.append((calls[start].path, message))
        start += max(length, 1)
    return found


def _loop_at(calls: Sequence[PlacedCall], start: int) -> tuple[int, int]:
    """Returns the length of the loop that begins at `start`, and of its cycle; 0 when none does."""
    for cycle in range(1, LONGEST_CYCLE + 1):
        end = start + cycle
        while end < len(calls) and calls[end].key == calls[end - cycle].key:
            end += 1
        apart = {placed.step for placed in calls[start:end]}
        rounds = ROUNDS_OF_ONE if cycle == 1 else ROUNDS
        if end - start >= cycle * rounds and len(apart) >= rounds:
            return end - start, cycle
    return 0, 0
