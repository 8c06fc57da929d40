"""Chat-template rendering: the one place where messages and tools become a prompt.

Training rows, evaluation and serving call the same two functions, so a model is asked in exactly
the tokens it was trained on. Nothing here imports transformers: a tokenizer is whatever has
`apply_chat_template` and `encode`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol, cast

import msgspec

from actloom.core.jsonvalue import Json, JsonObject
from actloom.core.model import Prompt
from actloom.core.record import Message, Tool
from actloom.io.foreign_json import decode_json


class ChatTokenizer(Protocol):
    """What is used of a `transformers` tokenizer."""

    eos_token_id: int | None
    pad_token_id: int | None

    def apply_chat_template(
        self,
        conversation: list[JsonObject],
        *,
        tools: list[JsonObject] | None,
        add_generation_prompt: bool,
        tokenize: bool,
    ) -> str:
        """Returns the rendered text."""
        ...

    def encode(self, text: str, *, add_special_tokens: bool) -> list[int]:
        """Returns the token ids of `text`."""
        ...

    def decode(self, token_ids: list[int], *, skip_special_tokens: bool) -> str:
        """Returns the text of token ids."""
        ...


def template_messages(messages: Sequence[Message]) -> list[JsonObject]:
    """Returns messages as chat templates expect them: plain dicts without empty fields.

    A missing content becomes "", because most templates concatenate it.
    """
    return [_template_message(message) for message in messages]


def _template_message(message: Message) -> JsonObject:
    plain = cast("JsonObject", msgspec.to_builtins(message))
    plain["content"] = plain.get("content") or ""
    return plain


def template_tools(tools: Sequence[Tool]) -> list[JsonObject]:
    """Returns tools in OpenAI form: `{"type": "function", "function": {...}}`."""
    return [
        {
            "type": "function",
            "function": {
                "name": tool.name,
                "description": tool.description,
                "parameters": cast("Json", msgspec.json.decode(tool.parameters)),
            },
        }
        for tool in tools
    ]


def render_prompt(
    tokenizer: ChatTokenizer,
    messages: list[JsonObject],
    tools: list[JsonObject],
    *,
    reply_follows: bool,
) -> str:
    """Returns messages as text; with `reply_follows` ending where the assistant begins to write."""
    return tokenizer.apply_chat_template(
        messages, tools=tools or None, add_generation_prompt=reply_follows, tokenize=False
    )


def prompt_text(tokenizer: ChatTokenizer, prompt: Prompt) -> str:
    """Returns the text a model reads for a prompt.

    A text `prompt` in its body is that text; `messages` and `tools` in its body stand for the
    prompt's own.
    """
    body = prompt.body
    if isinstance(body.get("prompt"), str):
        return cast("str", body["prompt"])
    messages, tools = body.get("messages"), body.get("tools")
    return render_prompt(
        tokenizer,
        _sent_messages(messages)
        if isinstance(messages, list)
        else template_messages(prompt.messages),
        [t for t in tools if isinstance(t, dict)]
        if isinstance(tools, list)
        else template_tools(prompt.tools),
        reply_follows=True,
    )


def _sent_messages(messages: Sequence[Json]) -> list[JsonObject]:
    """Returns messages of a request as templates expect them: arguments as objects, no null."""
    return [_sent_message(message) for message in messages if isinstance(message, dict)]


def _sent_message(message: JsonObject) -> JsonObject:
    plain = {**message, "content": message.get("content") or ""}
    calls = message.get("tool_calls")
    if isinstance(calls, list):
        plain["tool_calls"] = [_sent_call(call) for call in calls if isinstance(call, dict)]
    return plain


def _sent_call(call: JsonObject) -> Json:
    function = call.get("function")
    given = function.get("arguments") if isinstance(function, dict) else None
    if not isinstance(function, dict) or not isinstance(given, str):
        return call
    parsed = decode_json(given)
    arguments = given if parsed.problem else parsed.value
    return {**call, "function": {**function, "arguments": arguments}}
