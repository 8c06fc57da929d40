"""Judges a model's actions by those of the production model and their accepted alternatives."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from actloom.core.case import Case
from actloom.core.environment import Action, Environment
from actloom.core.record import Outcome
from actloom.evals.from_traces.positions import Position, Positions
from actloom.evals.from_traces.tape import TapeWorld
from actloom.evals.judge import judge
from actloom.evals.result import CaseVerdict
from actloom.rollout.single import CaseEnvironment
from actloom.rollout.trace import TraceTurn

STEP_PROFILE = "own-traces/1"
TURN_PROFILE = "own-traces-turn/1"
"""Rules of these scores: one action, or all calls of a user's turn."""


class TracesChecker:
    """Right is what the production model called, or an accepted alternative; text is not compared.

    Args:
        positions: what is asked.
        go_on: the model goes on while its calls were recorded.
    """

    def __init__(self, positions: Positions, *, go_on: bool) -> None:
        self._by_case = {position.case.id: position for position in positions.items}
        self._go_on = go_on
        self.profile = TURN_PROFILE if go_on else STEP_PROFILE

    def world(self, case: Case) -> Environment:
        """Returns the tape of a case, or the world that ends with the first action."""
        position = self._by_case[case.id]
        return TapeWorld(position) if self._go_on else _StepWorld(position)

    def judge(self, case: Case, turns: Sequence[TraceTurn]) -> CaseVerdict:
        """Returns the verdict by the right action that comes closest."""
        turn = one_turn(turns)
        choices = [case.expected, *self._by_case[case.id].accepted]
        found = [judge(msgspec.structs.replace(case, expected=calls), turn) for calls in choices]
        return max(found, key=lambda verdict: verdict.valid)


def one_turn(turns: Sequence[TraceTurn]) -> TraceTurn:
    """Returns the turns of an episode as one, with all their calls and the last one's text."""
    last = turns[-1]
    if len(turns) == 1:
        return last
    strict = [call for turn in turns for call in turn.action.calls]
    loose = [call for turn in turns for call in (turn.repaired or turn.action).calls]
    mended = any(turn.repaired is not None for turn in turns)
    cut = last.repaired is not None and last.repaired.calls  # prose at the end is no error
    return msgspec.structs.replace(
        last,
        prompt=turns[0].prompt,
        action=msgspec.structs.replace(last.action, calls=strict),
        error=last.error if cut or not strict else "",
        repaired=Action(text=last.action.text, calls=loose) if mended else None,
        repairs=[repair for turn in turns for repair in turn.repairs],
    )


class _StepWorld(CaseEnvironment):
    """One action; its calls get no results."""

    def __init__(self, position: Position) -> None:
        super().__init__(position.case)
        self._accepted = position.accepted

    def grade(self) -> Outcome:
        """Returns reward 1 where the calls are the production model's, or accepted."""
        found = super().grade()
        for calls in self._accepted:
            other = CaseEnvironment(msgspec.structs.replace(self.case, expected=calls))
            other.restore(self.snapshot())
            if other.grade().success:
                return msgspec.structs.replace(found, reward=1.0, success=True)
        return found
