"""How much each category counts in the official total."""

from __future__ import annotations

from collections.abc import Mapping

from actloom.evals.bfcl.versions.aggregation import Accuracy, totals
from actloom.evals.bfcl.versions.profiles import Profile


def overall_weights(counts: Mapping[str, int], profile: Profile) -> dict[str, float] | None:
    """Returns category -> weight in the total, which is linear in the categories' accuracies.

    Args:
        counts: category -> number of cases.
        profile: the version whose total is meant.

    Returns:
        None where the total needs a category that is missing or has fewer cases than published.
    """
    whole = {
        name: number >= profile.categories[name].count
        for name, number in counts.items()
        if name in profile.categories
    }

    def overall(right: str) -> float:
        scores = {
            name: Accuracy(float(name == right), counts[name], complete=whole[name])
            for name in whole
        }
        return totals(scores, profile).overall.accuracy

    scored = {name: Accuracy(0.0, counts[name], complete=whole[name]) for name in whole}
    if totals(scored, profile).overall.missing:
        return None
    return {name: overall(name) for name in whole}
