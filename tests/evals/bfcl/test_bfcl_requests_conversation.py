"""Several turns: answers and results in the history, held-back functions, memory, web search."""

from __future__ import annotations

import ast

from actloom.core.model import Completion
from actloom.evals.bfcl.question import Question
from actloom.evals.bfcl.requests import Conversation, recorded


def document(name):
    return {
        "name": name,
        "description": f"Does {name}.",
        "parameters": {"type": "dict", "properties": {}, "required": []},
    }


def turns(*texts):
    return [[{"role": "user", "content": text}] if text else [] for text in texts]


def conversation(style, question=None, **fields):
    question = question or Question(
        "multi_turn_base_0", "multi_turn_base", turns("First.", "Second."), [document("ls")]
    )
    return Conversation(question, style, model_name="m", **fields)


def holding_back():
    raw = {"missed_function": {"1": [document("sort")]}}
    return Question(
        "multi_turn_miss_func_0",
        "multi_turn_miss_func",
        turns("First.", ""),
        [document("ls")],
        raw=raw,
    )


def called(*names):
    calls = [
        {"id": f"call_{name}", "type": "function", "function": {"name": name, "arguments": "{}"}}
        for name in names
    ]
    return Completion(
        "",
        message={"role": "assistant", "content": None, "tool_calls": calls, "odd": [1]},
    )


def test_each_turn_adds_its_message_and_after_the_last_there_is_none():
    talk = conversation("fc")
    first = talk.next_turn().body["messages"]
    assert [message["content"] for message in first] == ["First."]
    talk.add_reply(Completion("Done.", message={"role": "assistant", "content": "Done."}))
    second = talk.next_turn().body["messages"]
    assert [message["content"] for message in second] == ["First.", "Done.", "Second."]
    assert talk.next_turn() is None


def test_earlier_requests_do_not_change_when_the_conversation_goes_on():
    talk = conversation("fc")
    first = talk.next_turn().body
    kept = list(first["messages"])
    talk.add_reply(called("ls"))
    talk.add_results(["a b"], calls=["ls()"])
    assert first["messages"] == kept


def test_a_native_answer_goes_back_as_the_server_sent_it_with_a_tool_message_a_call():
    talk = conversation("fc")
    talk.next_turn()
    answer = called("ls", "pwd")
    talk.add_reply(answer)
    sent = talk.add_results(["a b", "/"], calls=["ls()", "pwd()"]).body["messages"]
    assert sent[1] == answer.message
    assert sent[2:] == [
        {"role": "tool", "content": "a b", "tool_call_id": "call_ls"},
        {"role": "tool", "content": "/", "tool_call_id": "call_pwd"},
    ]


def test_in_prompt_mode_results_come_as_python_text_in_one_user_message():
    talk = conversation("prompt")
    talk.next_turn()
    talk.add_reply(Completion("[ls()]", message={"role": "assistant", "content": "[ls()]"}))
    sent = talk.add_results(['it\'s "here"'], calls=["ls()"]).body["messages"]
    assert sent[-1]["role"] == "user"
    told = ast.literal_eval(sent[-1]["content"])
    assert told == [{"role": "tool", "name": "ls()", "content": 'it\'s "here"'}]


def test_the_responses_api_gets_items_back_and_outputs_by_call_id():
    talk = conversation("responses_fc")
    talk.next_turn()
    items = [
        {"type": "reasoning", "id": "r", "summary": []},
        {"type": "function_call", "call_id": "c1", "name": "ls", "arguments": "{}"},
    ]
    talk.add_reply(Completion("", message={"output": items}))
    sent = talk.add_results(["a b"], calls=["ls()"]).body["input"]
    assert sent[1:3] == items
    assert sent[3] == {"type": "function_call_output", "call_id": "c1", "output": "a b"}


def test_xlam_sees_its_answer_and_the_results_in_its_marks():
    talk = conversation("xlam_llama")
    talk.next_turn()
    talk.add_reply(Completion(' [{"name": "ls", "arguments": {}}] '))
    text = talk.add_results([" a b "], calls=["ls()"]).body["prompt"]
    assert text.endswith(
        "<|start_header_id|>assistant<|end_header_id|>\n\n"
        '[{"name": "ls", "arguments": {}}]<|eot_id|>'
        "<|start_header_id|>ipython<|end_header_id|>\n\n a b <|eot_id|>"
        "<|start_header_id|>assistant<|end_header_id|>\n\n"
    )


def test_functions_held_back_join_the_tools_in_their_turn():
    talk = conversation("fc", holding_back())
    first = talk.next_turn().body
    assert [tool["function"]["name"] for tool in first["tools"]] == ["ls"]
    talk.add_reply(Completion("No.", message={"role": "assistant", "content": "No."}))
    later = talk.next_turn().body
    assert [tool["function"]["name"] for tool in later["tools"]] == ["ls", "sort"]
    assert later["messages"][-1]["content"] == (
        "I have updated some more functions you can choose from. What about now?"
    )
    # The loader hints at the language before it holds functions back, so these come without.
    assert later["tools"][1]["function"]["description"] == "Does sort."


def test_without_native_tools_functions_held_back_come_as_python_text():
    for style in ("prompt", "xlam_qwen"):
        talk = conversation(style, holding_back())
        talk.next_turn()
        talk.add_reply(Completion("No.", message={"role": "assistant", "content": "No."}))
        sent = talk.next_turn().body
        last = sent["messages"][-1]["content"] if style == "prompt" else sent["prompt"]
        assert f"{[document('sort')]}\nI have updated some more functions" in last


def agentic(name, **raw):
    return Question(name, name.rpartition("_")[0], turns("What?"), [document("look")], raw=raw)


def system_of(question, style="fc", **fields):
    sent = conversation(style, question, **fields).next_turn().body["messages"]
    assert [message["role"] for message in sent] == ["system", "user"]
    return sent[0]["content"]


def test_web_search_asks_for_a_form_of_answer():
    said = system_of(agentic("web_search_base_0"))
    assert said.startswith("For your final answer to the user, you must respond in this format")
    prompted = system_of(agentic("web_search_base_0"), "prompt")
    assert prompted.endswith(said)
    assert prompted.startswith("You are an expert in composing functions.")


def test_memory_questions_show_the_memory_before_the_form_of_answer():
    for backend, kinds in (("kv", "two memory types"), ("rec_sum", "an advanced memory system,")):
        name = f"memory_{backend}_0-student-0"
        said = system_of(agentic(name, scenario="student"), memory='{"drink": "tea"}')
        assert said.startswith("You are an academic-support assistant")
        assert kinds in said
        assert '{"drink": "tea"}' in said
        assert said.index("tea") < said.index("For your final answer")


def test_conversations_that_fill_a_memory_want_no_form_of_answer():
    name = "memory_kv_prereq_0-student-0"
    said = system_of(agentic(name, scenario="student"), memory="nothing yet")
    assert "nothing yet" in said
    assert "For your final answer" not in said


def test_native_answers_are_kept_as_name_and_argument_text():
    assert recorded(called("ls", "pwd"), native=True) == [{"ls": "{}"}, {"pwd": "{}"}]
    items = [{"type": "function_call", "call_id": "c", "name": "ls", "arguments": '{"a": 1}'}]
    assert recorded(Completion("x", message={"output": items}), native=True) == [{"ls": '{"a": 1}'}]


def test_answers_without_native_calls_are_kept_as_text():
    said = Completion("Hi.", message={"role": "assistant", "content": "Hi."})
    assert recorded(said, native=True) == "Hi."
    assert recorded(called("ls"), native=False) == ""
    assert recorded(Completion("Hi.", message={"output": []}), native=True) == "Hi."
