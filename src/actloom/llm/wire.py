"""The words of OpenAI-compatible servers: a prompt as a request, a response as a completion.

Chat Completions; Completions for prompts whose `body` has `prompt`, Responses for those whose
`body` has `input`. What a server answers is a stranger's data: whatever has not the expected shape
makes a completion with an error, never an exception.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, cast

import msgspec

from actloom.core.jsonvalue import Json, JsonObject, json_text
from actloom.core.messages import reply_of
from actloom.core.model import Completion, Prompt
from actloom.core.record import Message, MessageCall, MessageFunction, Usage, text_of
from actloom.io.foreign_json import decode_json
from actloom.llm.chat import template_tools

CHAT, TEXT, RESPONSES = "/chat/completions", "/completions", "/responses"
MAX_TOKENS = 1 << 40
"""Token counts above this are no counts."""


def path_of(prompt: Prompt) -> str:
    """Returns the path below the server's base URL that a prompt is sent to."""
    if "prompt" in prompt.body:
        return TEXT
    return RESPONSES if "input" in prompt.body else CHAT


def request_of(prompt: Prompt, model: str, settings: JsonObject) -> JsonObject:
    """Returns the body of a request.

    Args:
        prompt: messages and tools; where it has a `body`, that decides everything else, and
            `settings` are not sent.
        model: the model's name on the server.
        settings: further fields of prompts without a `body` (`max_tokens`, `temperature`).
    """
    body: JsonObject = {"model": model}
    path = path_of(prompt)
    if path == CHAT:
        body["messages"] = [wire_message(message) for message in prompt.messages]
    if prompt.tools and path != TEXT:
        body["tools"] = cast("Json", template_tools(prompt.tools))
    return body | (prompt.body or settings)


def wire_message(message: Message) -> JsonObject:
    """Returns a message as servers take it: arguments as JSON text, no empty fields.

    Reasoning is left out: Chat Completions has no field for it. A prompt that must send it sets
    `messages` in its `body`.
    """
    content = cast("Json", message.content)
    plain: JsonObject = {"role": message.role, "content": content}
    if message.tool_calls:
        plain["content"] = content or None
        plain["tool_calls"] = [_wire_call(call) for call in message.tool_calls]
    if message.tool_call_id:
        plain["tool_call_id"] = message.tool_call_id
    if message.name:
        plain["name"] = message.name
    return plain


def _wire_call(call: MessageCall) -> Json:
    given = call.function.arguments
    text = given if isinstance(given, str) else json_text(given)
    return {
        "id": call.id,
        "type": call.type,
        "function": {"name": call.function.name, "arguments": text},
    }


def completion_of(raw: bytes, path: str) -> Completion:
    """Returns the completion in a response, with tokens and model where the server told them."""
    decoded = decode_json(raw)
    if decoded.problem is not None:
        return _bad(f"no JSON ({decoded.problem.message})")
    answer = decoded.value
    if not isinstance(answer, dict):
        return _bad(f"JSON that is no object: {_shown(answer)}")
    if answer.get("error"):
        return _bad(f"an error: {_shown(answer['error'])}")
    try:
        found = _ANSWERS[path](answer)
    except _ShapeError as error:
        return _bad(str(error))
    return msgspec.structs.replace(found, usage=_usage(answer))


class _ShapeError(ValueError):
    """A part of the response has another shape."""


def _bad(what: str) -> Completion:
    return Completion("", "error", f"the server answered {what}")


def _shown(value: Json) -> str:
    text = json_text(value)
    return text if len(text) <= 300 else text[:300] + "..."


def _choice(answer: JsonObject) -> JsonObject:
    choices = answer.get("choices")
    first = choices[0] if isinstance(choices, list) and choices else None
    if not isinstance(first, dict):
        raise _ShapeError(f"without a choice: {_shown(answer)}")
    return first


def _text_answer(answer: JsonObject) -> Completion:
    first = _choice(answer)
    text = first.get("text")
    if not isinstance(text, str):
        raise _ShapeError(f"without a text: {_shown(answer)}")
    return _completion(
        {}, text=text, calls=[], thought="", cut=first.get("finish_reason") == "length"
    )


def _chat_answer(answer: JsonObject) -> Completion:
    first = _choice(answer)
    message = first.get("message")
    if not isinstance(message, dict):
        raise _ShapeError(f"without a message: {_shown(answer)}")
    return _completion(
        message,
        text=_content(message.get("content")) or _optional_text(message, "refusal"),
        calls=[_call(call) for call in _optional_list(message, "tool_calls")],
        thought=_optional_text(message, "reasoning_content")
        or _optional_text(message, "reasoning"),
        cut=first.get("finish_reason") == "length",
    )


def _responses_answer(answer: JsonObject) -> Completion:
    items = [item for item in _optional_list(answer, "output") if isinstance(item, dict)]
    if not isinstance(answer.get("output"), list):
        raise _ShapeError(f"without output: {_shown(answer)}")
    messages = [_content(item.get("content")) for item in items if item.get("type") == "message"]
    summaries = [_content(item.get("summary")) for item in items if item.get("type") == "reasoning"]
    return _completion(
        {"output": answer["output"]},
        text="".join(messages),
        calls=[_flat_call(item) for item in items if item.get("type") == "function_call"],
        thought="\n".join(filter(None, summaries)),
        cut=answer.get("status") == "incomplete",
    )


_ANSWERS = {CHAT: _chat_answer, TEXT: _text_answer, RESPONSES: _responses_answer}


def _completion(
    message: JsonObject, *, text: str, calls: Sequence[MessageCall], thought: str, cut: bool
) -> Completion:
    reply = None
    if calls:
        spoken = Message("assistant", text, thought or None, list(calls))
        reply = reply_of(spoken)
    reason: Literal["length", "stop"] = "length" if cut else "stop"
    return Completion(text, reason, reply=reply, message=message)


def _content(content: Json) -> str:
    """Returns the text of a content: null, text, or parts."""
    if content is None or isinstance(content, str):
        return content or ""
    if isinstance(content, list) and all(isinstance(part, dict) for part in content):
        return text_of(cast("list[JsonObject]", content))
    raise _ShapeError(f"content of a wrong type: {_shown(content)}")


def _optional_text(fields: JsonObject, name: str) -> str:
    found = fields.get(name)
    return found if isinstance(found, str) else ""


def _optional_list(fields: JsonObject, name: str) -> list[Json]:
    found = fields.get(name)
    if found is None or isinstance(found, list):
        return found or []
    raise _ShapeError(f"{name} of a wrong type: {_shown(found)}")


def _call(given: Json) -> MessageCall:
    function = given.get("function") if isinstance(given, dict) else None
    if not isinstance(given, dict) or not isinstance(function, dict):
        raise _ShapeError(f"a tool call without a function: {_shown(given)}")
    return _named_call(function, _optional_text(given, "id"))


def _flat_call(given: JsonObject) -> MessageCall:
    return _named_call(given, _optional_text(given, "call_id"))


def _named_call(function: JsonObject, call_id: str) -> MessageCall:
    name = function.get("name")
    if not isinstance(name, str):
        raise _ShapeError(f"a tool call without a name: {_shown(function)}")
    return MessageCall(id=call_id, function=MessageFunction(name, _arguments(function)))


def _arguments(function: JsonObject) -> JsonObject | str:
    """Returns arguments as an object; as text where they are none."""
    given = function.get("arguments")
    if isinstance(given, dict):
        return given
    if given is None or given == "":
        return {}
    if not isinstance(given, str):
        return json_text(given)
    decoded = decode_json(given)
    return decoded.value if isinstance(decoded.value, dict) and not decoded.problem else given


def _usage(answer: JsonObject) -> Usage:
    given = answer.get("usage")
    counts = given if isinstance(given, dict) else {}
    model = answer.get("model")
    return Usage(
        model=model if isinstance(model, str) else None,
        prompt_tokens=_count(counts, "prompt_tokens", "input_tokens"),
        completion_tokens=_count(counts, "completion_tokens", "output_tokens"),
    )


def _count(counts: JsonObject, *names: str) -> int | None:
    for name in names:
        found = counts.get(name)
        if isinstance(found, int) and not isinstance(found, bool) and 0 <= found <= MAX_TOKENS:
            return found
    return None
