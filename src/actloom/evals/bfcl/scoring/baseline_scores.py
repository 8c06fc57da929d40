"""How the baselines that know nothing do on the same questions by the same rules.

Their answers follow from the questions alone, so the counts for published data are known; for any
other revision they are computed, which takes about as long as scoring one model.
"""

from __future__ import annotations

from collections.abc import Mapping

from actloom.evals.bfcl.scoring.tally import ModelScore, Tally
from actloom.evals.bfcl.scoring.traits import Traits
from actloom.evals.bfcl.scoring.work import Room
from actloom.evals.bfcl.versions.revisions import PUBLISHED

NAMES = ("no-op", "first-tool")
KINDS = ("ast", "irrelevance", "relevance")
"""Kinds of categories the baselines are scored in: those without execution or state."""
_TRAITS = Traits("native", "no")

KNOWN: dict[str, dict[str, tuple[int, int]]] = {
    "v1-2024-08-11": {
        "simple": (0, 126),
        "multiple_function": (0, 29),
        "parallel_function": (0, 0),
        "parallel_multiple_function": (0, 0),
        "relevance": (240, 0),
        "java": (0, 27),
        "javascript": (0, 16),
    },
    "v4": {
        "simple_python": (0, 125),
        "simple_java": (0, 27),
        "simple_javascript": (0, 16),
        "multiple": (0, 29),
        "parallel": (0, 0),
        "parallel_multiple": (0, 0),
        "irrelevance": (240, 0),
        "live_simple": (0, 42),
        "live_multiple": (0, 55),
        "live_parallel": (0, 0),
        "live_parallel_multiple": (0, 0),
        "live_irrelevance": (884, 4),
        "live_relevance": (0, 16),
    },
}
"""Profile -> category -> correct answers of `NAMES`, for the data of `revisions.PUBLISHED`."""


def baseline_scores(room: Room, digests: Mapping[str, str]) -> list[ModelScore]:
    """Returns the scores of the baselines in the scored categories they can answer.

    Args:
        digests: scored category -> digest of its data.
    """
    profile = room.profile.name
    counts: dict[str, tuple[int, int]] = {}
    for name, digest in digests.items():
        if room.profile.categories[name].kind not in KINDS:
            continue
        published = PUBLISHED.get(profile, {}).get(name) == digest
        known = KNOWN.get(profile, {}).get(name) if published else None
        counts[name] = known or computed(room, name)
    return [
        ModelScore(
            model=baseline,
            decoder=_TRAITS.decoder,
            underscores=_TRAITS.underscores,
            categories={
                name: Tally(correct=correct[place], total=len(room.questions[name]))
                for name, correct in counts.items()
            },
        )
        for place, baseline in enumerate(NAMES)
    ]


def computed(room: Room, category: str) -> tuple[int, int]:
    """Returns the correct answers of `NAMES` in a category."""
    from actloom.evals.baselines import baseline_results
    from actloom.evals.bfcl.data.outputs import Answer

    judge = room.judge_of(_TRAITS)
    of = room.profile.category(category)
    results = [(question, baseline_results(question)) for question in room.questions[category]]

    def correct(name: str) -> int:
        pairs = [(question, Answer(question.id, given[name])) for question, given in results]
        return sum(judged.verdict.valid for judged in judge.judgements(of, pairs))

    return correct(NAMES[0]), correct(NAMES[1])
