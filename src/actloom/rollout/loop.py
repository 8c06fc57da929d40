"""The loop: drives an agent through many worlds at once, and resumes from the trace."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, wait
from itertools import islice
from typing import TypeAlias

import msgspec

from actloom.core.case import Case
from actloom.core.environment import Environment, Feedback
from actloom.core.ids import seed_of
from actloom.core.messages import observation_message, reply_message
from actloom.core.model import Completion, ConcurrentModel, Prompt
from actloom.core.record import Message, Tool
from actloom.rollout.agent import Agent, Turn, reply_from
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
    model = agent.model
    answers = (
        _answers_each(episodes, agent, model, batch=batch)
        if isinstance(model, ConcurrentModel)
        else _answers_together(episodes, agent, batch=batch)
    )
    for answered, seconds in answers:
        each = seconds / len(answered)
        traced = [episode.apply(turn, lenient=lenient, seconds=each) for episode, turn in answered]
        trace.append(traced)
        yield from traced


_Answered: TypeAlias = tuple[list[tuple[Episode, Turn]], float]
"""Episodes whose next turn is there, and the seconds since the answers before these."""


def _answers_together(
    episodes: Iterable[Episode], agent: Agent, *, batch: int
) -> Iterator[_Answered]:
    waiting = iter(episodes)
    live: list[Episode] = []
    while True:
        live = [episode for episode in live if not episode.over]
        live += islice(waiting, batch - len(live))
        if not live:
            return
        started = time.perf_counter()
        turns = agent.act([(e.messages, e.environment.tools()) for e in live])
        yield list(zip(live, turns, strict=True)), time.perf_counter() - started


def _answers_each(
    episodes: Iterable[Episode], agent: Agent, model: ConcurrentModel, *, batch: int
) -> Iterator[_Answered]:
    waiting = iter(episodes)
    asked: dict[Future[Completion], tuple[Episode, Prompt, list[Tool]]] = {}
    going_on: list[Episode] = []
    while True:
        started = time.perf_counter()
        going_on += islice(waiting, batch - len(asked) - len(going_on))
        for episode in going_on:
            tools = episode.environment.tools()
            prompt = agent.prompt(episode.messages, tools)
            future = model.submit(prompt, max_tokens=agent.max_tokens)
            asked[future] = (episode, prompt, tools)
        if not asked:
            return
        done, _ = wait(asked, return_when=FIRST_COMPLETED)
        answered: list[tuple[Episode, Turn]] = []
        for future in [future for future in asked if future in done]:
            episode, prompt, tools = asked.pop(future)
            answered.append((episode, agent.turn(prompt, future.result(), tools)))
        yield answered, time.perf_counter() - started
        going_on = [episode for episode, _ in answered if not episode.over]


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
