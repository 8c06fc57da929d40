"""An agent: a model that is asked, and a dialect that reads its answer as an action."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

import msgspec

from actloom.core.dialect import Dialect, Parsed
from actloom.core.environment import Action
from actloom.core.model import Completion, Model, Prompt
from actloom.core.record import Message, Reply, Tool, text_of
from actloom.io.foreign_json import without_surrogates

S = TypeVar("S", bound=msgspec.Struct)


class Turn(msgspec.Struct, frozen=True, omit_defaults=True):
    """What an agent was shown, what it wrote, and how that was read."""

    prompt: Prompt
    completion: Completion
    action: Action
    """The strict reading; what the dialect could not read is text without calls."""
    error: str = ""
    """Why the text is not the dialect, strictly; "" when it is."""
    repaired: Action | None = None
    """The lenient reading where the strict one failed; None where it held."""
    repairs: list[str] = []
    """Names of the repairs behind `repaired`."""

    def acted(self, *, lenient: bool) -> Action:
        """Returns the reading that counts."""
        return self.repaired if lenient and self.repaired is not None else self.action


class Agent:
    """Asks a model and reads its answers.

    Args:
        model: who answers.
        dialect: how answers are read.
        max_tokens: limit of one answer.
        instruct: write the tools and the dialect's instruction into the system message instead of
            handing the tools to the model's own template.
    """

    def __init__(
        self, model: Model, dialect: Dialect, *, max_tokens: int = 512, instruct: bool = False
    ) -> None:
        self.model = model
        self.dialect = dialect
        self.max_tokens = max_tokens
        self.instruct = instruct

    def prompt(self, messages: Sequence[Message], tools: Sequence[Tool]) -> Prompt:
        """Returns what the model is shown for a conversation."""
        if not self.instruct or not tools:
            return Prompt(list(messages), list(tools))
        words = self.dialect.instruction(tools)
        if messages and messages[0].role == "system":
            head = text_of(messages[0].content)
            words = f"{head}\n\n{words}" if head else words
            messages = messages[1:]
        return Prompt([Message(role="system", content=words), *messages])

    def turn(self, prompt: Prompt, completion: Completion, tools: Sequence[Tool]) -> Turn:
        """Returns a completion as the agent reads it."""
        return read_turn(prompt, completion, dialect=self.dialect, tools=tools)


def read_turn(
    prompt: Prompt, completion: Completion, *, dialect: Dialect, tools: Sequence[Tool]
) -> Turn:
    """Reads a completion strictly, and leniently where the strict reading fails.

    A reply that the server has parsed is taken as it is, and the dialect is not asked.
    Half surrogate pairs, which no file can hold, become U+FFFD in text and calls.
    """
    completion = _writable(completion, Completion)
    if completion.reply is not None:
        return Turn(prompt, completion, action_of(completion.reply))
    strict = dialect.parse(completion.text, tools=tools)
    if not strict.error:
        return Turn(prompt, completion, action_of(strict.reply))
    loose: Parsed = dialect.parse(completion.text, lenient=True, tools=tools)
    return Turn(
        prompt,
        completion,
        action_of(strict.reply),
        error=strict.error,
        repaired=action_of(loose.reply) if loose.repairs or not loose.error else None,
        repairs=loose.repairs,
    )


def action_of(reply: Reply) -> Action:
    """Returns a reply as an action, without half surrogate pairs."""
    action = Action(text=text_of(reply.text), calls=reply.tool_calls, thought=reply.thought)
    return _writable(action, Action)


def _writable(struct: S, kind: type[S]) -> S:
    try:
        msgspec.json.encode(struct)
    except UnicodeEncodeError:
        return msgspec.convert(without_surrogates(msgspec.to_builtins(struct), []), kind)
    return struct


def reply_from(action: Action) -> Reply:
    """Returns an action as a reply."""
    return Reply(text=action.text, thought=action.thought, tool_calls=action.calls)
