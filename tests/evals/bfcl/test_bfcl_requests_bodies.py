"""Bodies of single-turn requests: every style, every variation, and questions nobody foresaw."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from actloom.core.errors import InputError
from actloom.evals.bfcl.question import Question
from actloom.evals.bfcl.requests import STYLES, Settings, asked
from actloom.evals.bfcl.versions.variations import VARIATIONS, variation_id

AREA = {
    "name": "shape.area",
    "description": "Area of a shape.",
    "parameters": {
        "type": "dict",
        "properties": {
            "kind": {"type": "string", "description": "Which.", "enum": ["disc", "square"]},
            "size": {"type": "float", "description": "Size, in cm.", "default": 1.5},
            "at": {
                "type": "dict",
                "description": "Where.",
                "properties": {"x": {"type": "integer", "description": "X."}},
            },
            "tags": {"type": "array", "description": "Tags.", "items": {"type": "string"}},
        },
        "required": ["kind"],
    },
}


def question(*, turn=None, name="simple_python_0", functions=(AREA,)):
    turn = turn or [{"role": "user", "content": "How large?"}]
    return Question(name, "simple_python", [turn], list(functions))


def body(style, **fields):
    version = fields.pop("version", "v4")
    return asked(question(**fields), style, model_name="m", version=version).body


def system_of(**fields):
    return body("prompt", **fields)["messages"][0]["content"]


def varied(number):
    return variation_id(0, VARIATIONS[number], "simple_python_0")


def test_a_native_request_holds_messages_model_temperature_store_and_tools():
    sent = body("fc")
    assert {k: v for k, v in sent.items() if k != "tools"} == {
        "messages": [{"role": "user", "content": "How large?"}],
        "model": "m",
        "temperature": 0.001,
        "store": False,
    }
    assert [tool["function"]["name"] for tool in sent["tools"]] == ["shape_area"]


def test_no_tools_are_sent_where_there_are_none():
    assert "tools" not in body("fc", functions=())


def test_prompt_mode_says_all_in_a_system_message_before_the_question():
    sent = body("prompt")
    assert [message["role"] for message in sent["messages"]] == ["system", "user"]
    assert "tools" not in sent
    functions = json.loads(system_of().partition("that you can invoke.\n")[2])
    assert functions[0]["name"] == "shape.area"
    assert functions[0]["parameters"] == AREA["parameters"]


def test_a_system_message_of_the_question_comes_after_the_prompts_own():
    turn = [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "Hi"}]
    sent = body("prompt", turn=turn)["messages"]
    assert len(sent) == 2
    assert sent[0]["content"].endswith("\n]\n\n\nBe brief.")
    assert body("fc", turn=turn)["messages"] == turn


def test_the_responses_api_gets_input_and_a_developer():
    turn = [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "Hi"}]
    sent = body("responses_fc", turn=turn)
    assert [message["role"] for message in sent["input"]] == ["developer", "user"]
    assert sent["temperature"] == 0.001
    assert sent["store"] is False
    assert "messages" not in sent


def test_reasoning_models_are_asked_for_their_reasoning_instead_of_a_temperature():
    sent = asked(question(), "responses_fc", model_name="gpt-5-mini").body
    assert "temperature" not in sent
    assert sent["reasoning"] == {"summary": "auto"}
    assert sent["include"] == ["reasoning.encrypted_content"]


def test_settings_change_temperature_and_limit():
    changed = Settings(model="m", temperature=0.5, max_tokens=7)
    by_style = {
        style: asked(question(), style, model_name="m", settings=changed).body for style in STYLES
    }
    assert {b["temperature"] for b in by_style.values()} == {0.5}
    assert {b.get("max_tokens", b.get("max_output_tokens")) for b in by_style.values()} == {7}


def test_the_26_variations_give_26_system_messages():
    texts = {system_of(name=varied(number)) for number in range(26)}
    assert len(texts) == 26


def test_a_tagged_variation_asks_for_calls_between_tags():
    tagged = [n for n, variation in enumerate(VARIATIONS) if variation.tagged]
    assert tagged
    for number in range(26):
        assert ("<TOOLCALL>" in system_of(name=varied(number))) == (number in tagged)


def test_xml_forms_say_which_types_there_are():
    for number, variation in enumerate(VARIATIONS):
        told = "must be one of: string, integer" in system_of(name=varied(number))
        assert told == variation.returns.endswith("xml")


def test_format_sensitivity_hints_at_the_language_twice():
    once = "Note that the provided function is in Python 3 syntax."
    assert system_of().count(once) == 1
    assert system_of(name=varied(5)).count(once) == 2


def test_functions_as_xml():
    number = next(n for n, v in enumerate(VARIATIONS) if v.documents == "xml")
    shown = system_of(name=varied(number)).partition("that you can invoke.\n")[2]
    assert shown.startswith('<function name="shape.area">\n  <desc>Area of a shape.')
    assert (
        '    <param name="kind" type="string" required="true">\n'
        "      <desc>Which. Enum values: ['disc', 'square'].</desc>\n"
        "    </param>\n"
    ) in shown
    assert '<param name="size" type="float" required="false" default="1.5">' in shown
    assert '<param name="tags" type="array[string]" required="false">' in shown
    # Without a list of required parameters, all of them are.
    assert '        <param name="x" type="integer" required="true">' in shown


def test_xml_attributes_lose_their_commas():
    properties = {"a": {"type": "string", "description": "1,2", "default": "x, y"}}
    function = {"name": "f", "description": "", "parameters": {"properties": properties}}
    number = next(n for n, v in enumerate(VARIATIONS) if v.documents == "xml")
    shown = system_of(name=varied(number), functions=[function])
    assert """default="'x y'">""" in shown
    assert "<desc>1,2</desc>" in shown


def test_functions_as_python():
    number = next(n for n, v in enumerate(VARIATIONS) if v.documents == "python")
    shown = system_of(name=varied(number)).partition("that you can invoke.\n")[2]
    assert shown.startswith('# Function: shape.area\n    """\n    Area of a shape.')
    assert "        size (float, default=1.5): Size, in cm.\n" in shown
    assert "        at (dict): Where.\n            x (int): X.\n" in shown
    assert "        tags (list[str]): Tags.\n" in shown


def test_markdown_and_experimental_variations_differ_in_layout_and_words():
    markdown = system_of(name=varied(24))
    assert "\n\n## Task\n" in markdown
    assert markdown.startswith("You are an expert in composing functions.")
    assert "\n\n## Task\n" not in system_of(name=varied(25))
    assert system_of(name=varied(25)).startswith("You are an expert in generating structured")


def test_xlam_is_asked_in_one_text_by_the_marks_of_its_family():
    llama = asked(question(), "xlam", model_name="Salesforce/Llama-xLAM-2-8b-fc-r").body
    qwen = asked(question(), "xlam", model_name="Salesforce/xLAM-2-3b-fc-r").body
    assert llama["prompt"].startswith("<|begin_of_text|><|start_header_id|>system<|end_header_id|>")
    assert llama["prompt"].endswith(
        "user<|end_header_id|>\n\nHow large?<|eot_id|>"
        "<|start_header_id|>assistant<|end_header_id|>\n\n"
    )
    assert qwen["prompt"].startswith("<|im_start|>system\nYou are a helpful assistant")
    assert qwen["prompt"].endswith("user\nHow large?<|im_end|><|im_start|>assistant\n")
    assert qwen["max_tokens"] == 4096
    assert "messages" not in qwen


def test_xlam_sees_functions_as_published_but_for_the_hint():
    text = body("xlam_qwen")["prompt"]
    shown = json.loads(text.partition("The available tools are:\n\n")[2].partition("<|im_end|>")[0])
    assert shown["name"] == "shape.area"
    assert shown["parameters"] == AREA["parameters"]


def test_a_system_message_of_the_question_replaces_xlams_own():
    turn = [{"role": "system", "content": " Be brief.\n"}, {"role": "user", "content": "Hi "}]
    text = body("xlam_qwen", turn=turn)["prompt"]
    assert text.startswith("<|im_start|>system\nBe brief.\nYou have access to a set of tools.")
    assert "<|im_start|>user\nHi<|im_end|>" in text


def test_v1_puts_the_hint_behind_the_question():
    said = body("fc", version="v1-2024-08-11")["messages"][0]["content"]
    assert said == "How large?\n Note that the provided function is in Python 3 syntax."
    tool = body("fc", version="v1-2024-08-11")["tools"][0]["function"]
    assert tool["description"] == "Area of a shape."


def test_v1_shows_functions_as_python_text_in_the_user_message():
    system, user = body("prompt", version="v1-2024-08-11")["messages"]
    assert system["role"] == "system"
    assert repr([AREA]) in user["content"]
    assert "How large?\n Note that" in user["content"]


def test_v1_asks_xlam_in_blocks_with_flat_parameters():
    sent = body("xlam", version="v1-2024-08-11")
    assert sent["max_tokens"] == 512
    text = sent["prompt"]
    for block in ("TASK INSTRUCTION", "AVAILABLE TOOLS", "FORMAT INSTRUCTION", "QUERY"):
        assert f"[BEGIN OF {block}]\n" in text
        assert f"\n[END OF {block}]\n" in text
    tools = text.partition("[BEGIN OF AVAILABLE TOOLS]\n")[2].partition("\n[END OF")[0]
    (shown,) = json.loads(tools)
    assert shown["parameters"]["kind"]["required"] is True
    assert "required" not in shown["parameters"]["size"]
    assert text.endswith("\n### Response:")


def test_an_unknown_style_is_a_users_error():
    with pytest.raises(InputError, match="unknown style"):
        body("telepathy")
    with pytest.raises(InputError, match="unknown style"):
        body("responses_fc", version="v1-2024-08-11")


def test_a_document_nested_beyond_measure_is_a_users_error():
    deep: dict = {"type": "string", "description": ""}
    for _ in range(200):
        deep = {"type": "dict", "description": "", "properties": {"a": deep}}
    function = {"name": "f", "description": "", "parameters": deep}
    with pytest.raises(InputError, match="nested too deeply"):
        body("fc", functions=[function])


JSON = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False), st.text()),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(
            st.sampled_from(
                ["type", "description", "properties", "items", "required", "enum", "default"]
            )
            | st.text(max_size=3),
            inner,
            max_size=4,
        ),
    ),
    max_leaves=12,
)


@settings(max_examples=100, deadline=None)
@given(
    st.dictionaries(st.sampled_from(["name", "description", "parameters"]), JSON, max_size=3),
    st.sampled_from(["python", "java", "javascript"]),
    st.integers(0, 25),
)
def test_whatever_a_document_holds_a_request_is_made(function, language, variation):
    turn = [{"role": "user", "content": "Hi"}]
    for style in STYLES:
        for version in ("v4", "v1"):
            name = varied(variation) if version == "v4" else "simple_0"
            if version == "v1" and style not in ("fc", "prompt", "xlam"):
                continue
            found = Question(name, "simple_python", [turn], [function], language)
            sent = asked(found, style, model_name="m", version=version).body
            assert sent["model"] == "m"
            json.dumps(sent)
