"""Rules about whole sets: repeated records, leaks of tests, what outweighs the rest.

They never speak by default: a set has to be read twice, and packs have to be named.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from actloom.core.finding import Finding
from actloom.verify.rule import Rule, Subject

if TYPE_CHECKING:
    from actloom.verify.over_set import SetCheck, SetScene


def check(subject: Subject) -> list[Finding]:
    """Returns nothing: these rules speak about sets (`Rule.over_set`)."""
    del subject
    return []


# The checks and their databases load when a set is looked at, not with the rule table.
def repeats(scene: SetScene) -> SetCheck:
    """Returns the check for exact duplicates."""
    from actloom.verify.set_checks import Repeats

    return Repeats(scene)


def near_repeats(scene: SetScene) -> SetCheck:
    """Returns the check for near duplicates."""
    from actloom.verify.set_checks import NearRepeats

    return NearRepeats(scene)


def leaks(scene: SetScene) -> SetCheck:
    """Returns the check for leaks of benchmarks."""
    from actloom.verify.set_checks import Leaks

    return Leaks(scene)


def weights(scene: SetScene) -> SetCheck:
    """Returns the check for what outweighs the rest."""
    from actloom.verify.set_checks import Weights

    return Weights(scene)


SET001 = Rule(
    "SET001",
    "exact-duplicate",
    "warning",
    "The record has the same user texts and calls as an earlier one of the set.",
    check,
    default=False,
    over_set=repeats,
)
SET002 = Rule(
    "SET002",
    "near-duplicate-question",
    "warning",
    "The record asks what an earlier one asks, but for numbers, case, or words of no weight.",
    check,
    default=False,
    over_set=near_repeats,
)
SET003 = Rule(
    "SET003",
    "near-duplicate-calls",
    "warning",
    "The record makes the calls of an earlier one, but for numbers, for a similar question.",
    check,
    default=False,
    over_set=near_repeats,
)
SET004 = Rule(
    "SET004",
    "duplicate-id",
    "error",
    "An earlier record of the set has the same id.",
    check,
    default=False,
    over_set=repeats,
)
SET005 = Rule(
    "SET005",
    "split-leak",
    "error",
    "The record is trained on and nearly repeats one that is held out.",
    check,
    default=False,
    over_set=near_repeats,
)
SET006 = Rule(
    "SET006",
    "benchmark-question",
    "error",
    "A user turn holds a question of the benchmark packs given, word for word.",
    check,
    default=False,
    over_set=leaks,
)
SET007 = Rule(
    "SET007",
    "edited-benchmark-question",
    "error",
    "A user turn is a lightly edited question of the benchmark packs given.",
    check,
    default=False,
    over_set=leaks,
)
SET008 = Rule(
    "SET008",
    "benchmark-calls",
    "warning",
    "The record makes the calls that answer a question of the benchmark packs given.",
    check,
    default=False,
    over_set=leaks,
)
SET009 = Rule(
    "SET009",
    "overweight-source",
    "warning",
    "Most records of the set come from one of its several sources.",
    check,
    default=False,
    over_set=weights,
)
SET010 = Rule(
    "SET010",
    "frequent-pattern",
    "warning",
    "Many records of the set ask the same question but for numbers.",
    check,
    default=False,
    over_set=weights,
)
