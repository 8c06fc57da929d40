"""The ways of asking: what a request's body holds, and how answers and results join the history.

After the handlers of the wheel `bfcl-eval` 2026.3.23: `openai_completion.py` (`fc`, `prompt`),
`openai_response.py` (`responses_fc`, `responses_prompt`), `base_oss_handler.py` with
`salesforce_llama.py` and `salesforce_qwen.py` (`xlam_llama`, `xlam_qwen`); and after gorilla's
handlers of August 2024 for the profile v1 (specs/bfcl.md, section 3).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, TypeAlias, cast, get_args

import msgspec

from actloom.core.errors import InputError
from actloom.core.jsonvalue import Json, JsonObject
from actloom.core.model import Completion
from actloom.dialects import dialect
from actloom.evals.bfcl.requests import sentences
from actloom.evals.bfcl.requests.instructed import Instructed
from actloom.evals.bfcl.requests.native_tools import native_tools
from actloom.evals.bfcl.requests.parts import text_at
from actloom.evals.bfcl.requests.style import Settings, Style, Turns
from actloom.evals.bfcl.requests.system_prompts import system_prompt, with_system
from actloom.evals.bfcl.requests.xlam import LLAMA, QWEN, Marks, xlam1_prompt, xlam2_prompt
from actloom.evals.bfcl.versions.variations import Variation

StyleName: TypeAlias = Literal[
    "fc", "prompt", "responses_fc", "responses_prompt", "xlam", "xlam_llama", "xlam_qwen"
]
STYLES: tuple[StyleName, ...] = get_args(StyleName)
"""`xlam` stands for the one of its two that the model's name asks for."""
BY_DIALECT = "dialect:"
"""Beginning of a style's name that is followed by a dialect's id."""

MAX_TOKENS = 4096
"""Most tokens of an answer to a text completion, of v4; chat requests do not limit it."""
V1_MAX_TOKENS = {"fc": 1200, "prompt": 1200, "xlam": 512}
REASONING_MODELS = ("o3", "o4-mini", "gpt-5")
"""Parts of names of models that take no temperature and tell their reasoning."""


class Chat(msgspec.Struct, frozen=True):
    """Chat Completions, with native tools or with all in the system message."""

    native: bool

    def opened(self, turns: Turns, functions: Sequence[JsonObject], variation: Variation) -> Turns:
        """Returns the turns, in prompt mode with the system message."""
        return turns if self.native else _with_functions(turns, functions, variation)

    def body(
        self, history: Sequence[JsonObject], functions: Sequence[JsonObject], settings: Settings
    ) -> JsonObject:
        """Returns `messages`, `model`, `temperature`, `store` and, where there are any, `tools`."""
        body: JsonObject = {
            "messages": list(history),
            "model": settings.model,
            "temperature": settings.temperature,
            "store": False,
        }
        if settings.max_tokens is not None:
            body["max_tokens"] = settings.max_tokens
        if self.native and functions:
            body["tools"] = native_tools(functions)
        return body

    def spoken(self, completion: Completion) -> list[JsonObject]:
        """Returns the message as the server sent it."""
        return [completion.message or {"role": "assistant", "content": completion.text}]

    def told(
        self, results: Sequence[str], calls: Sequence[str], completion: Completion
    ) -> list[JsonObject]:
        """Returns a tool message for each native call; in prompt mode one user message."""
        if not self.native:
            return [_one_message(results, calls)]
        ids = [call.get("id") for call in _objects(completion.message.get("tool_calls"))]
        return [
            {"role": "tool", "content": result, "tool_call_id": call_id}
            for result, call_id in zip(results, ids, strict=False)
        ]


class Responses(msgspec.Struct, frozen=True):
    """OpenAI's Responses API, with native tools or with all in the developer message."""

    native: bool

    def opened(self, turns: Turns, functions: Sequence[JsonObject], variation: Variation) -> Turns:
        """Returns the turns with `developer` in place of `system`."""
        if not self.native:
            turns = _with_functions(turns, functions, variation)
        return [[_by_developer(message) for message in turn] for turn in turns]

    def body(
        self, history: Sequence[JsonObject], functions: Sequence[JsonObject], settings: Settings
    ) -> JsonObject:
        """Returns `input`, `model`, `store`, `tools`, and a temperature or reasoning."""
        body: JsonObject = {"input": list(history), "model": settings.model, "store": False}
        if any(part in settings.model for part in REASONING_MODELS):
            body["include"] = ["reasoning.encrypted_content"]
            body["reasoning"] = {"summary": "auto"}
        else:
            body["temperature"] = settings.temperature
        if settings.max_tokens is not None:
            body["max_output_tokens"] = settings.max_tokens
        if self.native and functions:
            body["tools"] = native_tools(functions, flat=True)
        return body

    def spoken(self, completion: Completion) -> list[JsonObject]:
        """Returns the output items as the server sent them."""
        return _objects(completion.message.get("output"))

    def told(
        self, results: Sequence[str], calls: Sequence[str], completion: Completion
    ) -> list[JsonObject]:
        """Returns an output item for each native call; in prompt mode one user message."""
        if not self.native:
            return [_one_message(results, calls)]
        items = _objects(completion.message.get("output"))
        ids = [item.get("call_id") for item in items if item.get("type") == "function_call"]
        return [
            {"type": "function_call_output", "call_id": call_id, "output": result}
            for result, call_id in zip(results, ids, strict=False)
        ]


class XLAM(msgspec.Struct, frozen=True):
    """xLAM-2 by text completions: the conversation rendered by us, not by the server."""

    marks: Marks
    native: bool = False

    def opened(self, turns: Turns, functions: Sequence[JsonObject], variation: Variation) -> Turns:
        """Returns the turns; the functions join them when they are rendered."""
        del functions, variation
        return turns

    def body(
        self, history: Sequence[JsonObject], functions: Sequence[JsonObject], settings: Settings
    ) -> JsonObject:
        """Returns `model`, `temperature`, `prompt` and `max_tokens`.

        The official limit is what the model's context leaves, at most 4,096; it is 4,096 here
        unless the settings say else, because nothing here counts the server's tokens.
        """
        limit = MAX_TOKENS if settings.max_tokens is None else settings.max_tokens
        return {
            "model": settings.model,
            "temperature": settings.temperature,
            "prompt": xlam2_prompt(history, functions, self.marks),
            "max_tokens": limit,
        }

    def spoken(self, completion: Completion) -> list[JsonObject]:
        """Returns the text as an assistant message."""
        return [{"role": "assistant", "content": completion.text}]

    def told(
        self, results: Sequence[str], calls: Sequence[str], completion: Completion
    ) -> list[JsonObject]:
        """Returns a tool message for each call."""
        del completion
        return _tool_messages(results, calls)


class Version1(msgspec.Struct, frozen=True):
    """The requests of the profile v1, which has single turns only."""

    kind: Literal["fc", "prompt", "xlam"]

    @property
    def native(self) -> bool:
        """True for `fc`."""
        return self.kind == "fc"

    def opened(self, turns: Turns, functions: Sequence[JsonObject], variation: Variation) -> Turns:
        """Returns the turns; in prompt mode question and functions stand in one user message."""
        del variation
        if self.kind != "prompt":
            return turns
        asked = "\n".join(text_at(message, "content") for message in turns[0]) if turns else ""
        words = sentences.V1_USER.format(user_prompt=asked, functions=list(functions))
        opening: list[JsonObject] = [
            {"role": "system", "content": sentences.V1_SYSTEM},
            {"role": "user", "content": words},
        ]
        return [opening, *turns[1:]]

    def body(
        self, history: Sequence[JsonObject], functions: Sequence[JsonObject], settings: Settings
    ) -> JsonObject:
        """Returns the body, with `top_p` 1 and a limit of tokens."""
        limit = V1_MAX_TOKENS[self.kind] if settings.max_tokens is None else settings.max_tokens
        shown: JsonObject = {"messages": list(history)}
        if self.kind == "xlam":
            shown = {"prompt": xlam1_prompt(history, functions)}
        body: JsonObject = {
            **shown,
            "model": settings.model,
            "temperature": settings.temperature,
            "max_tokens": limit,
            "top_p": 1,
        }
        if self.native and functions:
            body["tools"] = native_tools(functions)
        return body

    def spoken(self, completion: Completion) -> list[JsonObject]:
        """Returns the text as an assistant message."""
        return [completion.message or {"role": "assistant", "content": completion.text}]

    def told(
        self, results: Sequence[str], calls: Sequence[str], completion: Completion
    ) -> list[JsonObject]:
        """Returns nothing: v1 executes no call while it asks."""
        del results, calls, completion
        return []


def style_of(name: str, *, model: str, version: str) -> Style:
    """Returns a way of asking.

    Args:
        name: one of `STYLES`, or `dialect:ID` for the words of a dialect.
        model: the model's name, for `xlam`.
        version: name of the profile; those that begin with `v1` are asked as v1 was, all others as
            v4 is.

    Raises:
        InputError: there is none of that name, or the version has none.
    """
    if name.startswith(BY_DIALECT):
        return Instructed(dialect(name.removeprefix(BY_DIALECT)).id)
    if version.split("-")[0] == "v1":
        kinds: tuple[Literal["fc", "prompt", "xlam"], ...] = ("fc", "prompt", "xlam")
        for kind in kinds:
            if name == kind:
                return Version1(kind)
        raise _unknown(name, kinds, where=f"profile {version}")
    if name == "xlam":
        name = "xlam_llama" if "llama" in model.lower() else "xlam_qwen"
    if name not in _STYLES:
        raise _unknown(name, STYLES)
    return _STYLES[name]


_STYLES: dict[str, Style] = {
    "fc": Chat(native=True),
    "prompt": Chat(native=False),
    "responses_fc": Responses(native=True),
    "responses_prompt": Responses(native=False),
    "xlam_llama": XLAM(LLAMA),
    "xlam_qwen": XLAM(QWEN),
}


def _unknown(name: str, known: Sequence[str], *, where: str = "") -> InputError:
    return InputError(
        f"unknown style of asking BFCL's questions: {name!r}",
        expected=f"{', '.join(known)}, {BY_DIALECT}ID",
        got=name,
        where=where,
        todo="name one of these styles",
    )


def _with_functions(turns: Turns, functions: Sequence[JsonObject], variation: Variation) -> Turns:
    if not turns:
        return turns
    return [with_system(turns[0], system_prompt(functions, variation)), *turns[1:]]


def _by_developer(message: JsonObject) -> JsonObject:
    return {**message, "role": "developer"} if message.get("role") == "system" else message


def _tool_messages(results: Sequence[str], calls: Sequence[str]) -> list[JsonObject]:
    return [
        {"role": "tool", "name": call, "content": result}
        for result, call in zip(results, calls, strict=False)
    ]


def _one_message(results: Sequence[str], calls: Sequence[str]) -> JsonObject:
    """Returns results as a user message: the Python text of a list of tool messages."""
    return {"role": "user", "content": repr(_tool_messages(results, calls))}


def _objects(values: Json) -> list[JsonObject]:
    found = cast("list[Json]", values) if isinstance(values, list) else []
    return [value for value in found if isinstance(value, dict)]
