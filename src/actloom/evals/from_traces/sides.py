"""What the answers of the production and of the new model took: tokens, money, latency."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import msgspec

from actloom.core.record import Usage
from actloom.evals.evaluate import TRACE
from actloom.evals.spending import Spending, spending_of
from actloom.rollout.trace import episodes_of


class Side(msgspec.Struct, frozen=True, kw_only=True):
    """What one model's answers took."""

    models: dict[str, int]
    """Names -> answers."""
    spending: Spending
    priced: int
    """Answers whose cost is known."""
    cost_each: float | None
    """US dollars for one answer, over those whose cost is known."""
    timed: int
    """Answers whose seconds are known."""
    shares: bool = False
    """True when seconds are shares of a batch's wall-clock time."""


def side_of(usages: Sequence[Usage | None], *, name: str = "", shares: bool = False) -> Side:
    """Returns what answers took.

    Args:
        usages: one entry an answer; None where nothing is known.
        name: name of the model where the usage does not tell.
        shares: whether seconds are shares of a batch's time.
    """
    spending = spending_of(usages)
    priced = sum(u is not None and u.cost_usd is not None for u in usages)
    total = spending.cost_usd
    models = Counter((u.model if u is not None and u.model else name) or "?" for u in usages)
    return Side(
        models=dict(models.most_common()),
        spending=spending,
        priced=priced,
        cost_each=total / priced if total is not None and priced else None,
        timed=sum(u is not None and u.seconds is not None for u in usages),
        shares=shares,
    )


def new_side(out: str | Path, name: str) -> Side:
    """Returns what the new model's answers took, of the finished episodes of a trace."""
    usages: list[Usage] = []
    shares = False
    for turns in episodes_of(Path(out, TRACE)):
        for turn in turns:
            usage = turn.completion.usage or Usage(model=name)
            if usage.seconds is None:
                usage = msgspec.structs.replace(usage, seconds=turn.seconds)
                shares = True
            usages.append(usage)
    return side_of(usages, name=name, shares=shares)
