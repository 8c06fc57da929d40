"""The protocol of a checker: the world a case is asked in, and the verdict on what was done there.

The one here knows the expected calls exactly; own cases and own traces bring theirs.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol

from actloom.core.case import Case
from actloom.core.environment import Action, Environment
from actloom.core.stats import Interval, bootstrap_mean
from actloom.evals.judge import judge
from actloom.evals.result import PROFILE, CaseVerdict
from actloom.rollout.single import CaseEnvironment
from actloom.rollout.trace import TraceTurn


class Checker(Protocol):
    """Says how cases are played and judged."""

    @property
    def profile(self) -> str:
        """Name and version of the rules, written into results."""
        ...

    def world(self, case: Case) -> Environment:
        """Returns a fresh world for one case."""
        ...

    def judge(self, case: Case, turns: Sequence[TraceTurn]) -> CaseVerdict:
        """Returns the verdict of a finished episode; a pure function of case and turns."""
        ...


class CallsChecker:
    """One question, one answer, and the calls that are expected."""

    profile = PROFILE

    def world(self, case: Case) -> Environment:
        """Returns the world that ends with the first action."""
        return CaseEnvironment(case)

    def judge(self, case: Case, turns: Sequence[TraceTurn]) -> CaseVerdict:
        """Judges the answer."""
        return judge(case, turns[-1])


def silent_exact_of(cases: Sequence[Case], world: Callable[[Case], Environment]) -> Interval:
    """Returns the share of cases that a model without any call or word would get right."""
    return bootstrap_mean([float(_silence_is_right(world(case))) for case in cases])


def _silence_is_right(world: Environment) -> bool:
    world.reset(seed=0)
    world.step(Action())
    return bool(world.grade().success)
