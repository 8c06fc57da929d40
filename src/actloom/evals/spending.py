"""What answers took: tokens, money and latency."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

import msgspec

from actloom.core.record import Usage


class Spending(msgspec.Struct, frozen=True, kw_only=True):
    """Tokens, money and latency of a set of answers; None where no answer told it."""

    answers: int
    """Answers the model gave; several a case where a case has several turns."""
    prompt_tokens: int | None = None
    completion_tokens: int | None = None
    cost_usd: float | None = None
    """US dollars; None without a price."""
    latency_p50: float | None = None
    """Median of the seconds an answer took, waiting for other attempts not counted."""
    latency_p95: float | None = None

    def __str__(self) -> str:
        parts = [f"{self.answers:,} answers"]
        if self.prompt_tokens is not None and self.completion_tokens is not None:
            parts.append(f"{self.prompt_tokens:,} tokens read, {self.completion_tokens:,} written")
        if self.cost_usd is not None:
            parts.append(f"{self.cost_usd:.4f} USD")
        if self.latency_p50 is not None and self.latency_p95 is not None:
            parts.append(f"p50 {self.latency_p50:.2f} s, p95 {self.latency_p95:.2f} s an answer")
        return "; ".join(parts)


def spending_of(usages: Iterable[Usage | None]) -> Spending:
    """Returns the sums and percentiles over answers; one that tells nothing counts as an answer."""
    known = [usage or Usage() for usage in usages]
    seconds = sorted(usage.seconds for usage in known if usage.seconds is not None)
    costs = [usage.cost_usd for usage in known if usage.cost_usd is not None]
    return Spending(
        answers=len(known),
        prompt_tokens=_sum([u.prompt_tokens for u in known]),
        completion_tokens=_sum([u.completion_tokens for u in known]),
        cost_usd=math.fsum(costs) if costs else None,
        latency_p50=nearest_rank(seconds, 0.50),
        latency_p95=nearest_rank(seconds, 0.95),
    )


def _sum(counts: Sequence[int | None]) -> int | None:
    told = [count for count in counts if count is not None]
    return sum(told) if told else None


def nearest_rank(ordered: Sequence[float], share: float) -> float | None:
    """Returns the smallest value that at least `share` of the ordered values do not exceed."""
    if not ordered:
        return None
    return ordered[max(0, math.ceil(share * len(ordered)) - 1)]
