"""A model that answers from a script: for tests, baselines and runs without a network."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TypeAlias

import msgspec

from actloom.core.errors import InputError
from actloom.core.model import Completion, Prompt
from actloom.core.record import text_of

Script: TypeAlias = Callable[[Prompt], str | Completion] | Mapping[str, str]
"""A function of the prompt, or last user text -> answer."""


class ScriptedModel:
    """Answers each prompt from a script.

    A mapping that does not hold the prompt's last user text gives `finish_reason="error"`, so a
    hole in a script is seen and never scored as an empty answer.
    """

    def __init__(self, script: Script, *, name: str = "scripted") -> None:
        self._script = script
        self._name = name

    @property
    def name(self) -> str:
        """Name written into results."""
        return self._name

    def complete(self, prompts: Sequence[Prompt], *, max_tokens: int) -> list[Completion]:
        """Returns one completion per prompt; `max_tokens` does not cut scripted answers."""
        del max_tokens
        return [self._answer(prompt) for prompt in prompts]

    def _answer(self, prompt: Prompt) -> Completion:
        if callable(self._script):
            answer = self._script(prompt)
            return Completion(answer) if isinstance(answer, str) else answer
        asked = last_user_text(prompt)
        text = self._script.get(asked)
        if text is None:
            return Completion("", "error", f"the script has no answer to {asked[:80]!r}")
        return Completion(text)


def last_user_text(prompt: Prompt) -> str:
    """Returns the text of the prompt's last user message, "" when there is none.

    Messages in the prompt's body stand for its own; of a text prompt it is the whole text.
    """
    text = prompt.body.get("prompt")
    if isinstance(text, str):
        return text
    sent = prompt.body.get("messages") or prompt.body.get("input")
    for message in reversed(sent) if isinstance(sent, list) else ():
        if isinstance(message, dict) and message.get("role") == "user":
            content = message.get("content")
            return content if isinstance(content, str) else ""
    for message in reversed(prompt.messages):
        if message.role == "user":
            return text_of(message.content)
    return ""


def scripted_from(spec: str) -> ScriptedModel:
    """Returns the model that a `scripted:` spec names.

    Args:
        spec: `scripted:silent` for the empty answer to everything, or `scripted:FILE` with a JSON
            object of last user text -> answer.

    Raises:
        InputError: the file is missing or is no JSON object of texts.
    """
    target = spec.removeprefix("scripted:")
    if target == "silent":
        return ScriptedModel(lambda _prompt: "", name="silent")
    try:
        answers = msgspec.json.decode(Path(target).read_bytes(), type=dict[str, str])
    except (OSError, msgspec.DecodeError) as error:
        raise InputError(
            "the script of a scripted model cannot be read",
            expected="a JSON object: last user text -> answer",
            got=str(error),
            where=target,
            todo="write such a file, or use scripted:silent",
        ) from error
    return ScriptedModel(answers, name=f"scripted:{Path(target).stem}")
