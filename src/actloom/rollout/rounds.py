"""Many conversations with one model, side by side, each at its own pace where the model allows."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, wait
from itertools import islice
from typing import Generic, Protocol, TypeVar

import msgspec

from actloom.core.model import Completion, ConcurrentModel, Model, Prompt


class Asking(Protocol):
    """A conversation in which the model is to speak next, until it is over."""

    @property
    def over(self) -> bool:
        """Whether there is nothing left to ask."""
        ...

    def prompt(self) -> Prompt:
        """Returns what the model is asked now."""
        ...


A = TypeVar("A", bound=Asking)


class Answered(msgspec.Struct, Generic[A], frozen=True):
    """A conversation and the answer to what it asked."""

    asking: A
    prompt: Prompt
    completion: Completion
    seconds: float
    """Share of the wall-clock time since the answers before these."""


def rounds(
    conversations: Iterable[A], model: Model, *, max_tokens: int, width: int
) -> Iterator[list[Answered[A]]]:
    """Yields answers as they come; the caller takes each to its conversation before it goes on.

    A conversation that is over makes room for the next one. With a model that works on several
    prompts by itself, a slow answer holds up no other conversation.

    Args:
        conversations: taken when there is room for them.
        model: who answers.
        max_tokens: limit of one answer.
        width: conversations held side by side, prompts handed to the model together.

    Raises:
        ValueError: the model gave another number of answers than it was asked for.
    """
    if isinstance(model, ConcurrentModel):
        return _each(iter(conversations), model, max_tokens=max_tokens, width=width)
    return _together(iter(conversations), model, max_tokens=max_tokens, width=width)


def _together(
    waiting: Iterator[A], model: Model, *, max_tokens: int, width: int
) -> Iterator[list[Answered[A]]]:
    live: list[A] = []
    while True:
        live = [asking for asking in live if not asking.over]
        live += islice(waiting, width - len(live))
        if not live:
            return
        prompts = [asking.prompt() for asking in live]
        started = time.perf_counter()
        completions = model.complete(prompts, max_tokens=max_tokens)
        if len(completions) != len(prompts):
            raise ValueError(
                f"model {model.name!r} gave {len(completions)} answers to {len(prompts)} prompts"
            )
        each = (time.perf_counter() - started) / len(live)
        yield [
            Answered(asking, prompt, completion, each)
            for asking, prompt, completion in zip(live, prompts, completions, strict=True)
        ]


def _each(
    waiting: Iterator[A], model: ConcurrentModel, *, max_tokens: int, width: int
) -> Iterator[list[Answered[A]]]:
    asked: dict[Future[Completion], tuple[A, Prompt]] = {}
    going_on: list[A] = []
    while True:
        started = time.perf_counter()
        going_on += islice(waiting, width - len(asked) - len(going_on))
        for asking in going_on:
            prompt = asking.prompt()
            asked[model.submit(prompt, max_tokens=max_tokens)] = (asking, prompt)
        if not asked:
            return
        finished, _ = wait(asked, return_when=FIRST_COMPLETED)
        done = [future for future in asked if future in finished]
        each = (time.perf_counter() - started) / len(done)
        answers = [Answered(*asked.pop(future), future.result(), each) for future in done]
        yield answers
        going_on = [answer.asking for answer in answers if not answer.asking.over]
