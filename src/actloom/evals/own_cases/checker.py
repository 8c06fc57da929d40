"""Judges answers to own cases by their rules."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec

from actloom.core.case import Case
from actloom.core.environment import Action, Environment
from actloom.core.record import Call, Outcome
from actloom.core.verdict import Verdict
from actloom.evals.judge import asked_text
from actloom.evals.own_cases.rule import Rule, argument_share, verdict_of
from actloom.evals.result import SHOWN, CaseVerdict
from actloom.rollout.single import CaseEnvironment
from actloom.rollout.trace import TraceTurn

OWN_PROFILE = "own-cases/1"
"""Rules of these scores."""


class OwnChecker:
    """Checks each case by its own rule.

    Args:
        rules: case id -> rule.
    """

    profile = OWN_PROFILE

    def __init__(self, rules: Mapping[str, Rule]) -> None:
        self._rules = rules

    def world(self, case: Case) -> Environment:
        """Returns the world that ends with the first action."""
        return _OwnWorld(case, self._rules[case.id])

    def judge(self, case: Case, turns: Sequence[TraceTurn]) -> CaseVerdict:
        """Returns the verdict by the choice of expected calls that the answer comes closest to."""
        turn, rule = turns[-1], self._rules[case.id]
        strict, at = _verdict(rule, turn.action, turn.error)
        loose = turn.action if turn.repaired is None else turn.repaired
        lenient = strict if turn.repaired is None else _verdict(rule, loose, "")[0]
        failed = strict.code == "parse" and bool(turn.error)
        share = argument_share(rule.choices[at], turn.action.calls)
        return CaseVerdict(
            id=case.id,
            valid=strict.valid,
            code=strict.code,
            message=strict.message,
            name=0.0 if failed else float(strict.parts.get("name", False)),
            argument=0.0 if failed else share,
            lenient_valid=lenient.valid,
            lenient_code=lenient.code,
            repairs=turn.repairs,
            query=asked_text(turn.prompt),
            expected=[Call(want.name, want.written) for want in rule.choices[at]],
            got=loose.calls,
            text=turn.completion.text[:SHOWN] or loose.text[:SHOWN],
            groups=case.groups,
        )


def _verdict(rule: Rule, action: Action, error: str) -> tuple[Verdict, int]:
    """Judges a reading; prose that is no dialect is right where no call is."""
    verdict, at = verdict_of(rule, action.calls, action.text)
    if error and (rule.choices[at] or action.calls):
        return Verdict(False, "parse", error), at
    return verdict, at


class _OwnWorld(CaseEnvironment):
    """A case as a world, graded by its rule."""

    def __init__(self, case: Case, rule: Rule) -> None:
        super().__init__(case)
        self._rule = rule

    def grade(self) -> Outcome:
        """Returns reward 1 where the answer is right."""
        action = self._action
        valid = action is not None and verdict_of(self._rule, action.calls, action.text)[0].valid
        return msgspec.structs.replace(super().grade(), reward=float(valid), success=valid)
