"""The handlers of bfcl-eval as decoders: the two shared ones, return formats, and the odd ones."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from actloom.core.jsonvalue import Json
from actloom.evals.bfcl.decoders import decoder, format_decoder
from actloom.evals.bfcl.decoders.formats_v4 import listed_objects
from actloom.evals.bfcl.decoders.shapes import tag_contents
from actloom.evals.bfcl.question import Language

FAILED = "failed"
F = [{"f": {"x": 1}}]
OBJECT = '{"name": "f", "arguments": {"x": 1}}'


def calls(family: str, result: Json, language: Language = "python") -> object:
    """Returns the calls a family reads, FAILED where it officially raises."""
    decoded = decoder(f"{family}@bfcl_v4").calls(result, language)
    return FAILED if decoded.error else decoded.value


def texts(family: str, result: Json) -> object:
    """Returns the call texts a family reads, FAILED where it officially raises."""
    decoded = decoder(f"{family}@bfcl_v4").call_texts(result)
    return FAILED if decoded.error else decoded.value


def test_the_default_prompt_decoder_strips_fences_and_blanks() -> None:
    for text in ("[f(x=1)]", "```\n[f(x=1)]\n```", "  f(x=1)\n", "f(x=1)]"):
        assert calls("default", text) == F
    assert calls("default", "[f()]") == [{"f": {}}]
    assert calls("default", "") == calls("default", "``` ```") == []
    assert calls("default", "No function fits.") == FAILED
    assert calls("default", [{"f": "{}"}]) == FAILED


def test_the_default_prompt_decoder_reads_java_and_javascript() -> None:
    text = '[A.set(x="b c", y=1)]'
    assert calls("default", text, "java") == [{"A.set": {"x": "b c", "y": "1"}}]
    assert calls("default", text, "javascript") == [{"A.set": {"x": "b c", "y": "1"}}]


def test_prompted_calls_are_executed_with_nested_ones_spelled_out() -> None:
    assert texts("default", "[f(x=1, y='a')]") == ["f(x=1, y='a')"]
    assert texts("default", "[f(x=g(y=1))]") == ["f(x=g(y=1))"]
    assert texts("default", "[f(x={'k': 1, 'l': {'m': 2}})]") == ["f(x={'k': 1, 'l': {'m': 2}})"]
    assert texts("default", "[f(x={'g': {'y': 1}})]") == ["f(x=g(y=1))"]
    assert texts("default", "[f(x={})]") == FAILED


def test_native_calls_hold_json_text() -> None:
    assert calls("default_fc", [{"f": '{"x": 1}'}]) == F
    assert calls("default_fc", "I cannot.") == calls("default_fc", [{"f": {"x": 1}}]) == FAILED
    assert calls("default_fc", []) == []
    assert texts("default_fc", [{"f": '{"x": 1}'}, {"g": {"y": "a"}}]) == ["f(x=1)", "g(y='a')"]


def test_gemini() -> None:
    assert calls("gemini", "```tool_code\n[f(x=1)]\n```") == F
    assert texts("gemini", "```tool_code\n[f(x=1)]\n```") == ["f(x=1)"]
    assert calls("gemini_fc", {"f": {"x": 1}}) == calls("gemini_fc", [{"f": {"x": 1}}]) == F
    assert calls("gemini_fc", "text") == ["text"]
    assert texts("gemini_fc", [{"f": {"x": 1}}]) == ["f(x=1)"]


def test_cohere_fc_takes_a_text_for_no_calls() -> None:
    result: Json = [{"tool_name": "f", "parameters": {"x": 1}}]
    assert calls("cohere_fc", result) == F
    assert texts("cohere_fc", result) == ["f(x=1)"]
    assert calls("cohere_fc", "text") == texts("cohere_fc", "text") == []
    assert calls("cohere_fc", [{"f": {}}]) == FAILED


def test_lists_and_lists_of_objects_are_taken_as_they_are() -> None:
    assert calls("list_fc", ["a"]) == ["a"]
    assert calls("list_fc", "a") == FAILED
    assert calls("objects_fc", [{"f": {"x": 1}}]) == F
    assert calls("objects_fc", ["a"]) == calls("objects_fc", "a") == FAILED
    assert texts("objects_fc", [{"f": '{"x": 1}'}]) == ["f(x=1)"]


@pytest.mark.parametrize("family", ["gorilla", "nexus"])
def test_gorilla_and_nexus_decode_but_never_execute(family: str) -> None:
    assert calls(family, "f(x=1)") == F
    assert texts(family, "f(x=1)") == FAILED
    assert (calls("nexus", "out_of_domain(x=1);")) == "irrelevant"


def test_nemotron_reads_between_tags_and_finds_none_without() -> None:
    assert calls("nemotron", "Hm. <TOOLCALL>[f(x=1)]</TOOLCALL>") == F
    assert texts("nemotron", "<TOOLCALL>f(x=1)</TOOLCALL>") == ["f(x=1)"]
    assert calls("nemotron", "[f(x=1)]") == calls("nemotron", "x", "java") == []


def test_phi_drops_the_word_of_a_fence_that_begins_the_text() -> None:
    assert calls("phi", " ```python\n[f(x=1)]\n```") == F
    assert texts("phi", "```json\n[f(x=1)]```") == ["f(x=1)"]
    assert texts("phi", " ```json\n[f(x=1)]```") == FAILED


@pytest.mark.parametrize("family", ["bitagent", "salesforce"])
def test_json_objects_with_name_and_arguments(family: str) -> None:
    assert calls(family, OBJECT) == calls(family, f"[{OBJECT}]") == F
    assert texts(family, OBJECT) == ["f(x=1)"]
    assert calls(family, "[]") == []
    assert calls(family, '{"name": "f"}') == calls(family, "text") == FAILED
    assert calls(family, f"{OBJECT}; {OBJECT}") == (F + F if family == "salesforce" else FAILED)


def test_falcon_reads_the_first_tag_with_or_without_a_fence() -> None:
    assert calls("falcon3_fc", f"<tool_call>\n```json\n{OBJECT}\n```\n</tool_call>") == F
    assert calls("falcon3_fc", f"Hm. <tool_call>[{OBJECT}]") == F
    assert texts("falcon3_fc", f"<tool_call>{OBJECT}</tool_call> <tool_call>") == ["f(x=1)"]
    assert calls("falcon3_fc", OBJECT) == FAILED


def test_llama_reads_python_literals_or_json_between_semicolons() -> None:
    assert calls("llama3_1", "<|python_tag|>{'name': 'f', 'parameters': {'x': 1}}") == F
    json_text = '{"name": "f", "parameters": {"x": true}}'
    assert calls("llama3_1", json_text) == FAILED
    assert calls("llama3_1", f"{json_text};{json_text}") == [{"f": {"x": True}}] * 2
    assert calls("llama3_1", "[{'name': 'f', 'parameters': {'x': 2 - 1}}]") == F
    assert calls("llama3_1", "exit()") == FAILED


def test_qwen_passes_over_what_is_no_json() -> None:
    text = f"<tool_call>\n{OBJECT}\n</tool_call>"
    assert calls("qwen_fc", f"{text}\n<tool_call>\nnot json\n</tool_call>\n{text}") == F + F
    assert texts("qwen_fc", text) == ["f(x=1)"]
    assert calls("qwen_fc", f"<tool_call>{OBJECT}</tool_call>") == []
    assert calls("qwen_fc", "<tool_call>\n[1]\n</tool_call>") == FAILED
    as_text = '<tool_call>\n{"name": "f", "arguments": "{\\"x\\": 1}"}\n</tool_call>'
    assert calls("qwen_fc", as_text) == FAILED
    assert texts("qwen_fc", as_text) == ["f(x=1)"]


def test_hammer_finds_no_calls_in_what_is_no_json() -> None:
    assert calls("hammer", f"```[{OBJECT}]```") == F
    assert calls("hammer", "text") == texts("hammer", "text") == []
    assert calls("hammer", OBJECT) == FAILED
    assert texts("hammer", f'{{"tool_calls": {OBJECT}}}') == ["f(x=1)"]


def test_minicpm_reads_statements_between_tags() -> None:
    text = "<|thought_start|>a<|thought_end|><|tool_call_start|>\n{}\n<|tool_call_end|>\nok"
    code = "```python\nf(x=1)\ng(y='a')\n```"
    assert calls("minicpm_fc", text.format(code)) == [*F, {"g": {"y": "a"}}]
    assert texts("minicpm_fc", text.format("f(x=1, y=2)")) == ["f(x=1, y=2)"]
    assert calls("minicpm_fc", text.format("x = 1")) == "ok"
    assert calls("minicpm_fc", " hello ") == "hello"
    assert texts("minicpm_fc", "hello") == []


def test_think_agent_reads_after_the_thought_and_never_executes() -> None:
    text = "hm</think> [{'name': 'f', 'arguments': {'x': 1}}]"
    assert calls("think_agent", text) == F
    assert texts("think_agent", text) == FAILED
    assert calls("think_agent", f"[{OBJECT}]") == texts("think_agent", "") == []


def test_mining() -> None:
    assert calls("mining", [{"name": "f", "arguments": {"x": 1}}]) == F
    assert texts("mining", [{"name": "f", "arguments": {"x": 1}}]) == ["f(x=1)"]
    assert calls("mining", "text") == FAILED
    assert texts("mining", "text") == []


@pytest.mark.parametrize("tagged", [False, True])
@pytest.mark.parametrize(
    ("form", "text", "expected"),
    [
        ("python", "[f(x=1)]", F),
        ("json", '[{"function": "f", "parameters": {"x": 1}}]', F),
        ("json", 'Sure: [ {"function": "f", "parameters": {"x": 1}} ] ok?', F),
        ("json", "no json", []),
        ("json", "[1]", []),
        (
            "verbose_xml",
            '<functions><function name="f"><params><param name="x" value="1" type="integer"/>'
            "</params></function></functions>",
            F,
        ),
        (
            "concise_xml",
            'x <functions><function name="f"><param name="x" type="integer"> 1 </param></function>'
            "</functions>",
            F,
        ),
    ],
)
def test_return_formats(form: str, text: str, expected: object, tagged: bool) -> None:
    written = f"<TOOLCALL>{text}</TOOLCALL>" if tagged else text
    decode = format_decoder(form, has_tool_call_tag=tagged)
    assert decode.calls(written, "python").value == expected
    if tagged:
        assert decode.calls(text, "python").error


@pytest.mark.parametrize(
    ("kind", "text", "value"),
    [
        ("string", " a ", "a"),
        ("integer", "-3", -3),
        ("float", "1e3", 1000.0),
        ("boolean", "True", True),
        ("boolean", "yes", False),
        ("null", "x", None),
        ("array", "[1, 'a']", [1, "a"]),
        ("dict", "{'a': 1 + 2j}", {"a": 1 + 2j}),
        ("unknown", "a", "a"),
    ],
)
def test_xml_values_are_typed_by_their_attribute(kind: str, text: str, value: object) -> None:
    source = (
        f'<functions><function name="f"><param name="x" type="{kind}">{text}</param></function>'
        "</functions>"
    )
    assert calls("default_concise_xml", source) == [{"f": {"x": value}}]


def test_xml_with_a_wrong_value_or_shape_is_an_error() -> None:
    for inside in (
        '<function name="f"><param name="x" type="integer">a</param></function>',
        '<function name="f"><param name="x" type="array">open()</param></function>',
        "<function/>",
        "<function",
        "&undefined;",
    ):
        assert calls("default_concise_xml", f"<functions>{inside}</functions>") == FAILED


pieces = st.lists(
    st.sampled_from(["[", "]", "{", "}", ",", " ", "\n", "a", "[{", "}]"]), max_size=14
)


@settings(max_examples=100)
@given(pieces.map("".join))
def test_the_list_of_objects_is_where_the_official_pattern_finds_it(text: str) -> None:
    official = re.search(r"\[\s*{.*?}\s*(?:,\s*{.*?}\s*)*\]", text, re.DOTALL)
    assert listed_objects(text) == (official.group() if official else text)


tags = st.lists(st.sampled_from(["<a>\n", "\n</a>", "<a>", "</a>", "\n", "x"]), max_size=10)


@settings(max_examples=100)
@given(tags.map("".join))
def test_tags_are_where_the_official_pattern_finds_them(text: str) -> None:
    official = re.findall(r"<a>\n(.*?)\n</a>", text, re.DOTALL)
    assert tag_contents(text, "<a>\n", "\n</a>") == official


def gemma(inside: str) -> object:
    """Returns what FunctionGemma's decoder makes of a call."""
    return calls("functiongemma", f"<start_function_call>{inside}<end_function_call>")


@pytest.mark.parametrize(
    ("inside", "expected"),
    [
        ("call:f{x:1}", F),
        (
            "call:f{x:<escape>a, {b}<escape>,y:[1,2.5,true,null]}",
            {"x": "a, {b}", "y": [1, 2.5, True, None]},
        ),
        ("call:f{x:{k:{l:1}}}", {"x": {"k": {"l": 1}}}),
        ("call:f{<escape>x<escape>:1,true:2,null:3,4:5}", {"x": 1, "True": 2, "4": 5}),
        ("call:f{x:<escape>a", {"x": "<escape>a"}),
        ("call:f", {}),
        ("call:f{}", {}),
    ],
)
def test_functiongemma_reads_words_and_escapes(inside: str, expected: object) -> None:
    assert gemma(inside) == (expected if expected is F else [{"f": expected}])


def test_functiongemma_passes_over_what_is_no_call() -> None:
    assert gemma("f{x:1}") == calls("functiongemma", "hello") == []
    text = "<start_function_call>call:f{x:1,y:a}<end_function_call>"
    assert texts("functiongemma", text) == ["f(x=1, y='a')"]
