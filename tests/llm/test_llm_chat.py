"""The text a model in process reads: of a prompt, and of the request in a prompt's body."""

from __future__ import annotations

import json

import msgspec

from actloom.core.model import Prompt
from actloom.core.record import Message, MessageCall, MessageFunction, Tool
from actloom.llm.chat import prompt_text
from actloom.llm.scripted import last_user_text
from actloom.llm.wire import request_of

TOOL = Tool("f", "Does f.", msgspec.Raw(b'{"type":"object"}'))
CALL = MessageCall(id="c", function=MessageFunction("f", {"x": [1]}))
TALK = [
    Message("user", "Do it."),
    Message("assistant", "", tool_calls=[CALL]),
    Message("tool", "done", tool_call_id="c"),
    Message("user", "Again."),
]


class Shown:
    """A tokenizer whose template is the JSON of what it is given."""

    eos_token_id = pad_token_id = None

    def apply_chat_template(self, conversation, *, tools, add_generation_prompt, tokenize) -> str:
        assert add_generation_prompt
        assert not tokenize
        return json.dumps({"messages": conversation, "tools": tools})

    def encode(self, text, *, add_special_tokens):
        raise NotImplementedError

    def decode(self, token_ids, *, skip_special_tokens):
        raise NotImplementedError


def without_empty(text: str) -> object:
    found = json.loads(text)
    kept = [{k: v for k, v in m.items() if v not in (None, "", [])} for m in found["messages"]]
    return {"messages": kept, "tools": found["tools"]}


def test_a_request_in_the_body_reads_as_the_prompt_it_was_made_of() -> None:
    prompt = Prompt(TALK, [TOOL])
    sent = Prompt([], body=request_of(prompt, "m", {"temperature": 0}))
    assert without_empty(prompt_text(Shown(), sent)) == without_empty(prompt_text(Shown(), prompt))
    call = json.loads(prompt_text(Shown(), sent))["messages"][1]["tool_calls"][0]
    assert call["function"]["arguments"] == {"x": [1]}


def test_arguments_that_do_not_parse_stay_text() -> None:
    broken = MessageCall(id="c", function=MessageFunction("f", '{"x": '))
    sent = Prompt(
        [], body=request_of(Prompt([Message("assistant", "", tool_calls=[broken])]), "m", {})
    )
    call = json.loads(prompt_text(Shown(), sent))["messages"][0]["tool_calls"][0]
    assert call["function"]["arguments"] == '{"x": '


def test_a_text_in_the_body_is_read_as_it_is() -> None:
    assert prompt_text(Shown(), Prompt(TALK, body={"prompt": "<s>q"})) == "<s>q"


def test_the_last_user_text_is_that_of_the_request() -> None:
    assert last_user_text(Prompt(TALK)) == "Again."
    assert last_user_text(Prompt([], body=request_of(Prompt(TALK), "m", {}))) == "Again."
    assert last_user_text(Prompt(TALK, body={"prompt": "<s>q"})) == "<s>q"
    assert last_user_text(Prompt([], body={"input": [{"role": "user", "content": "q"}]})) == "q"
    assert last_user_text(Prompt([], body={"messages": ["?", {"role": "user"}]})) == ""
