"""One question being asked: what the model is shown next, and what is kept of its answers.

Rules after bfcl-eval's `base_handler.py` (specs/bfcl.md, section 7): a turn goes on while answers
hold calls, these are carried out and their results shown, and a case whose turn takes more than
`MAX_STEPS` answers with calls is given up.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol, cast

import msgspec

from actloom.core.jsonvalue import Json, JsonObject, json_text
from actloom.core.model import Completion, Prompt
from actloom.core.record import Usage
from actloom.envs.bfcl.live import CallWorld
from actloom.envs.bfcl.room import WorldFailure
from actloom.evals.bfcl.decoding import Decoder
from actloom.evals.bfcl.question import Question
from actloom.evals.bfcl.requests import MAX_STEPS, Conversation, recorded
from actloom.evals.bfcl.turns.multi_turn import calls_of_step


class OutputLine(msgspec.Struct, frozen=True, omit_defaults=True):
    """One line of a file of outputs; in several turns each field is a list of turns of steps."""

    id: str
    result: Json
    input_token_count: Json = None
    output_token_count: Json = None
    latency: Json = None


class CaseRun(Protocol):
    """A question being asked; see `rollout.rounds.Asking`."""

    question: Question

    @property
    def error(self) -> str:
        """Why the model gave no answer; "" when it did."""
        ...

    @property
    def over(self) -> bool:
        """Whether there is nothing left to ask."""
        ...

    def prompt(self) -> Prompt:
        """Returns what the model is asked now."""
        ...

    def take(self, completion: Completion) -> None:
        """Goes on with an answer."""
        ...

    def line(self) -> OutputLine:
        """Returns what is kept, when it is over without an error."""
        ...


class SingleRun:
    """A question of one turn.

    Raises:
        ValueError: the question has no turn.
    """

    def __init__(self, question: Question, conversation: Conversation) -> None:
        self.question = question
        self.error = ""
        self._conversation = conversation
        self._prompt = _first(conversation)
        self._answer: Completion | None = None

    @property
    def over(self) -> bool:
        """Whether it was answered."""
        return self._answer is not None

    def prompt(self) -> Prompt:
        """Returns the request."""
        return self._prompt

    def take(self, completion: Completion) -> None:
        """Keeps the answer."""
        self._answer = completion
        if completion.finish_reason == "error":
            self.error = completion.error

    def line(self) -> OutputLine:
        """Returns the answer with its tokens and seconds."""
        answer = self._answer or Completion("")
        result = recorded(answer, native=self._conversation.style.native)
        usage = answer.usage or Usage()
        return OutputLine(
            self.question.id, result, usage.prompt_tokens, usage.completion_tokens, usage.seconds
        )


class TurnsRun:
    """A question of several turns, or one whose calls are carried out.

    Args:
        question: what is asked.
        conversation: makes the requests.
        decoder: reads the calls of an answer.
        world: carries them out.

    Raises:
        ValueError: the question has no turn.
    """

    def __init__(
        self, question: Question, conversation: Conversation, decoder: Decoder, world: CallWorld
    ) -> None:
        self.question = question
        self.error = ""
        self._conversation = conversation
        self._decoder = decoder
        self._world = world
        self._turns: list[list[tuple[Json, Usage]]] = [[]]
        self._steps_with_calls = 0
        self._prompt: Prompt | None = _first(conversation)

    @property
    def over(self) -> bool:
        """Whether the last turn has ended, or the case was given up."""
        return self._prompt is None

    @property
    def place(self) -> tuple[int, int]:
        """The running turn, from 0, and the answers with calls it has had."""
        return self._conversation.turn, self._steps_with_calls

    def prompt(self) -> Prompt:
        """Returns the request of the running step."""
        return self._prompt or Prompt([])

    def take(self, completion: Completion) -> None:
        """Carries out the calls of an answer, or goes on to the next turn."""
        if completion.finish_reason == "error":
            self.error, self._prompt = completion.error, None
            return
        native = self._conversation.style.native
        result = recorded(completion, native=native)
        self._turns[-1].append((result, completion.usage or Usage()))
        calls = self._read(result)
        spoken = self._with_calls(completion, result) if native and calls else completion
        self._conversation.add_reply(spoken)
        if calls:
            self._carry_out(calls)
        else:
            self._next_turn()

    def _read(self, result: Json) -> list[str]:
        try:
            return calls_of_step(result, self._decoder)
        except TypeError:
            return []

    def _with_calls(self, completion: Completion, result: Json) -> Completion:
        """Returns an answer whose message has the calls that were read from its text."""
        if completion.message.get("tool_calls") or completion.message.get("output"):
            return completion
        read = self._decoder.calls(result, "python").value
        calls = cast("list[dict[str, Json]]", read) if isinstance(read, list) else []
        pairs = [pair for call in calls for pair in call.items()]
        return msgspec.structs.replace(completion, message=message_with(pairs))

    def _carry_out(self, calls: list[str]) -> None:
        self._steps_with_calls += 1
        self._prompt = None
        if self._steps_with_calls > MAX_STEPS:
            return
        try:
            outputs = self._world.outputs(calls)
        except WorldFailure:
            return
        self._prompt = self._conversation.add_results(outputs, calls=calls)

    def _next_turn(self) -> None:
        self._prompt = self._conversation.next_turn()
        self._steps_with_calls = 0
        if self._prompt is not None:
            self._turns.append([])

    def line(self) -> OutputLine:
        """Returns turns of steps, and tokens and seconds in the same form."""
        return OutputLine(
            self.question.id,
            self._kept(lambda result, _: result),
            self._kept(lambda _, usage: usage.prompt_tokens),
            self._kept(lambda _, usage: usage.completion_tokens),
            self._kept(lambda _, usage: usage.seconds),
        )

    def _kept(self, of: Callable[[Json, Usage], Json]) -> Json:
        return [[of(result, usage) for result, usage in turn] for turn in self._turns]


def _first(conversation: Conversation) -> Prompt:
    prompt = conversation.next_turn()
    if prompt is None:
        raise ValueError("the question has no turn")
    return prompt


def message_with(calls: Sequence[tuple[str, Json]]) -> JsonObject:
    """Returns an assistant message with native calls, each a name and its arguments."""
    return {
        "role": "assistant",
        "content": None,
        "tool_calls": [
            {
                "id": f"call_{at}",
                "type": "function",
                "function": {"name": name, "arguments": json_text(arguments)},
            }
            for at, (name, arguments) in enumerate(calls)
        ],
    }
