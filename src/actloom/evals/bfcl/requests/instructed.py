"""A way of asking of our own: functions and call format in the words of a dialect.

Not one of bfcl-eval's: for models that were trained on a dialect and are served without its parser.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from actloom.core.jsonvalue import JsonObject
from actloom.core.model import Completion
from actloom.core.schema import normalise_tool
from actloom.dialects import dialect
from actloom.evals.bfcl.requests.style import Settings, Turns
from actloom.evals.bfcl.requests.system_prompts import with_system
from actloom.evals.bfcl.versions.variations import Variation


class Instructed(msgspec.Struct, frozen=True):
    """Chat messages; the first says how calls are written."""

    dialect: str
    """Id of the dialect."""
    native: bool = False

    def opened(self, turns: Turns, functions: Sequence[JsonObject], variation: Variation) -> Turns:
        """Returns the turns with the dialect's instruction as system message.

        Raises:
            ToolSchemaError: a function document cannot be read.
        """
        del variation
        if not turns or not functions:
            return turns
        tools = [normalise_tool(function) for function in functions]
        return [with_system(turns[0], dialect(self.dialect).instruction(tools)), *turns[1:]]

    def body(
        self, history: Sequence[JsonObject], functions: Sequence[JsonObject], settings: Settings
    ) -> JsonObject:
        """Returns `messages`, `model`, `temperature` and, where it is set, `max_tokens`."""
        del functions
        body: JsonObject = {
            "messages": list(history),
            "model": settings.model,
            "temperature": settings.temperature,
        }
        if settings.max_tokens is not None:
            body["max_tokens"] = settings.max_tokens
        return body

    def spoken(self, completion: Completion) -> list[JsonObject]:
        """Returns the text as an assistant message."""
        return [{"role": "assistant", "content": completion.text}]

    def told(
        self, results: Sequence[str], calls: Sequence[str], completion: Completion
    ) -> list[JsonObject]:
        """Returns one user message with a line for each call."""
        del completion
        lines = [f"{call}: {result}" for call, result in zip(calls, results, strict=False)]
        return [{"role": "user", "content": "\n".join(lines)}]
