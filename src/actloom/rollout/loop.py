"""The loop: drives an agent through many worlds at once, and resumes from the trace."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

import msgspec

from actloom.core.case import Case
from actloom.core.environment import Environment, Feedback
from actloom.core.ids import seed_of
from actloom.core.messages import observation_message, reply_message
from actloom.core.model import Completion, Prompt
from actloom.core.record import Message, Tool
from actloom.rollout.agent import Agent, Turn, reply_from
from actloom.rollout.rounds import rounds
from actloom.rollout.single import CaseEnvironment
from actloom.rollout.trace import Trace, TraceTurn

MAX_TURNS = 50


class Episode:
    """One world being played: its conversation so far and whether it has ended."""

    def __init__(self, case: str, environment: Environment) -> None:
        self.case = case
        self.environment = environment
        self.messages: list[Message] = environment.reset(seed=seed_of(case, salt="rollout"))
        self.turns = 0
        self.over = False

    def apply(self, turn: Turn, *, lenient: bool, seconds: float) -> TraceTurn:
        """Gives the turn's action to the world and returns what happened."""
        index = self.turns
        if turn.completion.finish_reason == "error":
            self.over = True
            return _trace_turn(self.case, turn, Feedback(done=True), index=index, seconds=seconds)
        action = turn.acted(lenient=lenient)
        feedback = self.environment.step(action)
        names = {call.id: call.name for call in action.calls}
        self.messages.append(reply_message(reply_from(action)))
        self.messages += [
            observation_message(o, names.get(o.call_id)) for o in feedback.observations
        ]
        self.messages += feedback.messages
        self.turns += 1
        self.over = feedback.done or self.turns >= MAX_TURNS
        traced = _trace_turn(self.case, turn, feedback, index=index, seconds=seconds)
        if not self.over:
            return traced
        return msgspec.structs.replace(traced, outcome=self.environment.grade())


def _trace_turn(
    case: str, turn: Turn, feedback: Feedback, *, index: int, seconds: float
) -> TraceTurn:
    return TraceTurn(
        case=case,
        prompt=turn.prompt,
        completion=turn.completion,
        action=turn.action,
        feedback=feedback,
        error=turn.error,
        repaired=turn.repaired,
        repairs=turn.repairs,
        index=index,
        seconds=seconds,
    )


def play(
    episodes: Iterable[Episode],
    agent: Agent,
    trace: Trace,
    *,
    batch: int = 32,
    lenient: bool = False,
) -> Iterator[TraceTurn]:
    """Plays episodes to their ends, `batch` side by side, and yields every turn after it is traced.

    An episode that ends makes room for the next one. With a model that works on several prompts
    by itself, each episode goes on as soon as its own answer is there.

    Args:
        episodes: worlds to play; built when there is room for them.
        agent: who acts.
        trace: where turns are written before the next question is asked.
        batch: episodes played side by side, prompts handed to the model together.
        lenient: act on repaired readings where the strict one fails.

    Raises:
        OutputError: the trace cannot be written.
    """
    seats = (_Seat(episode, agent) for episode in episodes)
    for answers in rounds(seats, agent.model, max_tokens=agent.max_tokens, width=batch):
        traced = [
            answer.asking.take(answer.prompt, answer.completion, lenient, answer.seconds)
            for answer in answers
        ]
        trace.append(traced)
        yield from traced


class _Seat:
    """An agent in front of an episode."""

    def __init__(self, episode: Episode, agent: Agent) -> None:
        self._episode = episode
        self._agent = agent
        self._tools: list[Tool] = []

    @property
    def over(self) -> bool:
        return self._episode.over

    def prompt(self) -> Prompt:
        self._tools = self._episode.environment.tools()
        return self._agent.prompt(self._episode.messages, self._tools)

    def take(
        self, prompt: Prompt, completion: Completion, lenient: bool, seconds: float
    ) -> TraceTurn:
        turn = self._agent.turn(prompt, completion, self._tools)
        return self._episode.apply(turn, lenient=lenient, seconds=seconds)


def ask_cases(
    cases: Iterable[Case],
    agent: Agent,
    trace: Trace,
    *,
    batch: int = 32,
    world: Callable[[Case], Environment] = CaseEnvironment,
) -> Iterator[TraceTurn]:
    """Asks the cases the trace has not finished; a case whose answer arrived is not asked again.

    A question the model could not answer (`finish_reason="error"`) stays unfinished and is asked
    again by the next run.
    """
    open_cases = (case for case in cases if case.id not in trace.finished)
    episodes = (Episode(case.id, world(case)) for case in open_cases)
    return play(episodes, agent, trace, batch=batch)
