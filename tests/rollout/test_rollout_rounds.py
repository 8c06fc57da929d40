"""Many conversations with one model: how wide, in which order, and what a slow answer holds up."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actloom.core.model import Completion, Model, Prompt
from actloom.core.record import Message
from actloom.rollout.rounds import rounds


class Talk:
    """A conversation of a number of turns; remembers the answers it got."""

    def __init__(self, name: str, turns: int) -> None:
        self.name = name
        self.turns = turns
        self.answers: list[str] = []

    @property
    def over(self) -> bool:
        return len(self.answers) >= self.turns

    def prompt(self) -> Prompt:
        return Prompt([Message("user", f"{self.name} {len(self.answers)}")])


def text(prompt: Prompt) -> str:
    return str(prompt.messages[0].content)


class Together:
    """Answers batches, and remembers them."""

    name = "together"

    def __init__(self) -> None:
        self.batches: list[list[str]] = []

    def complete(self, prompts: Sequence[Prompt], *, max_tokens: int) -> list[Completion]:
        self.batches.append([text(prompt) for prompt in prompts])
        return [Completion(asked) for asked in self.batches[-1]]


class Each(Together):
    """Answers prompts side by side; those named in `slow` wait for its event."""

    name = "each"

    def __init__(self, slow: str = "", until: threading.Event | None = None) -> None:
        super().__init__()
        self.order: list[str] = []
        self._slow, self._until = slow, until
        self._pool = ThreadPoolExecutor(8)

    def submit(self, prompt: Prompt, *, max_tokens: int) -> Future[Completion]:
        return self._pool.submit(self._answer, text(prompt))

    def _answer(self, asked: str) -> Completion:
        if self._slow and self._slow in asked and self._until is not None:
            assert self._until.wait(30)
        self.order.append(asked)
        return Completion(asked)


def played(talks: list[Talk], model: Model, width: int) -> int:
    """Plays talks to their ends; returns the most that were held at one time."""
    begun: list[Talk] = []

    def begin():
        for talk in talks:
            begun.append(talk)
            yield talk

    most = 0
    for answers in rounds(begin(), model, max_tokens=1, width=width):
        most = max(most, sum(not talk.over for talk in begun))
        for answer in answers:
            assert text(answer.prompt) == answer.completion.text
            answer.asking.answers.append(answer.completion.text)
    return most


@pytest.mark.parametrize("kind", [Together, Each])
@given(lengths=st.lists(st.integers(1, 4), max_size=12), width=st.integers(1, 5))
def test_every_conversation_gets_its_own_answers_in_order(kind, lengths, width) -> None:
    talks = [Talk(f"t{at}", turns) for at, turns in enumerate(lengths)]
    assert played(talks, kind(), width) <= width
    for talk in talks:
        assert talk.answers == [f"{talk.name} {turn}" for turn in range(talk.turns)]


def test_a_conversation_that_is_over_makes_room_at_once() -> None:
    model = Together()
    played([Talk("long", 3), *(Talk(f"short{at}", 1) for at in range(3))], model, 2)
    assert model.batches == [
        ["long 0", "short0 0"],
        ["long 1", "short1 0"],
        ["long 2", "short2 0"],
    ]


def test_a_slow_answer_holds_up_no_other_conversation() -> None:
    others_are_done = threading.Event()
    model = Each("slow", others_are_done)
    talks = [Talk("slow", 1), *(Talk(f"quick{at}", 2) for at in range(6))]
    left = 12
    for answers in rounds(talks, model, max_tokens=1, width=3):
        for answer in answers:
            answer.asking.answers.append(answer.completion.text)
            left -= answer.asking.name != "slow"
        if left == 0:
            others_are_done.set()
    assert model.order[-1] == "slow 0"
    assert all(talk.over for talk in talks)


def test_a_model_that_loses_answers_is_a_bug_that_is_told() -> None:
    class Losing(Together):
        def complete(self, prompts, *, max_tokens):
            return super().complete(prompts, max_tokens=max_tokens)[1:]

    with pytest.raises(ValueError, match="gave 0 answers to 1 prompts"):
        played([Talk("t", 1)], Losing(), 1)
