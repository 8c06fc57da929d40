"""A conversation as a world: calls that were recorded get their recorded results, no other does."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import msgspec

from actloom.core.environment import Action, Feedback
from actloom.core.ids import digest_bytes
from actloom.core.jsonvalue import canonical_json
from actloom.core.messages import messages_of
from actloom.core.record import Call, Message, Observation, Outcome, Step, Tool
from actloom.evals.from_traces.call_keys import call_key
from actloom.evals.from_traces.positions import Position
from actloom.rollout.single import offered_tools

UNRECORDED = "This call was not recorded; the tape ends here."


class _State(msgspec.Struct):
    """What has happened on the tape."""

    used: list[str]
    """Keys of the recorded calls that were made, in the order made."""
    unrecorded: int = 0
    ended: bool = False


class TapeWorld:
    """Plays one user's turn of a conversation again.

    Each recorded call answers one equal call (name and arguments) with its recorded result, in
    whatever order they come; the first call that was not recorded, or text without calls, is the
    end. Where equal prompts led to several tapes, the calls must be those of one of them. Tools are
    those of the turn's beginning.
    """

    def __init__(self, position: Position) -> None:
        self._position = position
        self._tapes = [
            [(call_key(call).decode(), observation) for call, observation in recorded_calls(tape)]
            for tape in (position.tape, *position.other_tapes)
        ]
        self._state = _State([])

    def reset(self, *, seed: int) -> list[Message]:
        """Starts again before the production model's first action; nothing here is random."""
        del seed
        self._state = _State([])
        return messages_of(self._position.case.record)[0]

    def tools(self) -> list[Tool]:
        """Returns the tools offered where the turn begins."""
        return offered_tools(self._position.case.record)

    def step(self, action: Action) -> Feedback:
        """Gives the recorded results; ends with text, or a call that was not recorded.

        Raises:
            ValueError: the episode has already ended.
        """
        if self._state.ended:
            raise ValueError("the episode has ended; reset it first")
        observations = [self._observed(call) for call in action.calls]
        self._state.ended = not action.calls or self._state.unrecorded > 0
        return Feedback(observations, done=self._state.ended)

    def _observed(self, call: Call) -> Observation:
        key = call_key(call).decode()
        made = Counter([*self._state.used, key])
        for tape in self._tapes:
            if made <= Counter(recorded for recorded, _ in tape):
                results = [observation for recorded, observation in tape if recorded == key]
                self._state.used.append(key)
                return msgspec.structs.replace(results[made[key] - 1], call_id=call.id)
        self._state.unrecorded += 1
        return Observation(UNRECORDED, call.id, is_error=True)

    def state_hash(self) -> str:
        """Returns the digest of what happened."""
        return digest_bytes(self.snapshot())

    def snapshot(self) -> bytes:
        """Returns what happened as canonical JSON."""
        return canonical_json(self._state)

    def restore(self, state: bytes) -> None:
        """Returns to a snapshot."""
        self._state = msgspec.json.decode(state, type=_State)

    def grade(self) -> Outcome:
        """Returns the share of a tape's calls that were made; success is all and no other."""
        made = Counter(self._state.used)
        wholes = [len(tape) for tape in self._tapes if made <= Counter(key for key, _ in tape)]
        share = max((made.total() / whole if whole else 1.0 for whole in wholes), default=0.0)
        success = share == 1.0 and not self._state.unrecorded and self._state.ended
        return Outcome(reward=share, success=success, state_hash=self.state_hash())


def recorded_calls(tape: Sequence[Step]) -> list[tuple[Call, Observation]]:
    """Returns each call of the steps with its result; an empty one where none was recorded."""
    found: list[tuple[Call, Observation]] = []
    for step in tape:
        calls = step.reply.tool_calls if step.reply else []
        by_id = {o.call_id: o for o in step.observations if o.call_id}
        in_order = len(calls) == len(step.observations)
        for at, call in enumerate(calls):
            observation = by_id.get(call.id) if call.id else None
            if observation is None and in_order:
                observation = step.observations[at]
            found.append((call, observation or Observation()))
    return found
