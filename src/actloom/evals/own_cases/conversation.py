"""Messages as users write them by hand, OpenAI style, checked one by one."""

from __future__ import annotations

from typing import cast

from actloom.core.jsonvalue import Json, JsonObject
from actloom.core.record import Content, Message, MessageCall, MessageFunction
from actloom.evals.own_cases.expectation import shown
from actloom.evals.own_cases.syntax import BadExpectationError
from actloom.io.foreign_json import decode_json

ROLES = {"system": "system", "developer": "system", "user": "user", "tool": "tool"}
"""Role as written -> role as kept, besides `assistant`."""
MAX_MESSAGES = 2_000


def messages_from(value: Json) -> list[Message]:
    """Returns the messages of a case; the last one is the user's or a tool's.

    Arguments of calls may be an object or, as servers send them, its JSON text.

    Raises:
        BadExpectationError: a message that none can be, or an end where no model acts.
    """
    if not isinstance(value, list) or not 1 <= len(value) <= MAX_MESSAGES:
        raise BadExpectationError(
            f"expected a list of 1 to {MAX_MESSAGES:,} messages, got {shown(value)}",
            path="/messages",
        )
    messages = [_message(entry, f"/messages/{at}") for at, entry in enumerate(value)]
    if messages[-1].role not in ("user", "tool"):
        raise BadExpectationError(
            f"the last message is the {messages[-1].role}'s",
            path=f"/messages/{len(messages) - 1}",
            todo="end the conversation where the model must act: with a user or tool message",
        )
    return messages


def _message(entry: Json, path: str) -> Message:
    if not isinstance(entry, dict):
        raise BadExpectationError(f"expected a message, got {shown(entry)}", path=path)
    role = entry.get("role")
    if role != "assistant" and role not in ROLES:
        raise BadExpectationError(
            f"expected a role, got {shown(role)}",
            path=f"{path}/role",
            todo=f"roles: assistant, {', '.join(ROLES)}",
        )
    if role == "assistant":
        calls = _calls(entry.get("tool_calls"), f"{path}/tool_calls")
        return Message("assistant", _content(entry, path), tool_calls=calls)
    return Message(
        ROLES[cast("str", role)],
        _content(entry, path),
        tool_call_id=_word(entry, "tool_call_id", path),
        name=_word(entry, "name", path),
    )


def _content(entry: JsonObject, path: str) -> Content:
    content = entry.get("content")
    if content is None:
        return ""
    if isinstance(content, list) and all(isinstance(part, dict) for part in content):
        return cast("list[JsonObject]", content)
    if not isinstance(content, str):
        raise BadExpectationError(
            f"expected text or content parts, got {shown(content)}", path=f"{path}/content"
        )
    return content


def _word(entry: JsonObject, key: str, path: str) -> str | None:
    word = entry.get(key)
    if word is not None and not isinstance(word, str):
        raise BadExpectationError(f"expected a text, got {shown(word)}", path=f"{path}/{key}")
    return word


def _calls(value: Json, path: str) -> list[MessageCall]:
    if value is None:
        return []
    if not isinstance(value, list):
        raise BadExpectationError(f"expected a list of calls, got {shown(value)}", path=path)
    return [_call(entry, f"{path}/{at}") for at, entry in enumerate(value)]


def _call(entry: Json, path: str) -> MessageCall:
    body = entry.get("function", entry) if isinstance(entry, dict) else None
    if not isinstance(entry, dict) or not isinstance(body, dict):
        raise BadExpectationError(f"expected a call, got {shown(entry)}", path=path)
    name, arguments = body.get("name"), body.get("arguments", {})
    if isinstance(arguments, str):
        arguments = decode_json(arguments).value
    if not isinstance(name, str) or not isinstance(arguments, dict):
        raise BadExpectationError(
            f"expected a call with name and arguments, got {shown(entry)}", path=path
        )
    call_id = entry.get("id")
    return MessageCall(
        id=call_id if isinstance(call_id, str) else "",
        function=MessageFunction(name, arguments),
    )
