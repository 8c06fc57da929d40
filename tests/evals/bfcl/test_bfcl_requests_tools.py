"""Functions as native tools: types of OpenAPI, names without dots, everything else untouched."""

from __future__ import annotations

import copy
import json

from hypothesis import given, settings
from hypothesis import strategies as st

from actloom.evals.bfcl.question import Question
from actloom.evals.bfcl.requests import asked, shown_functions
from actloom.evals.bfcl.requests.native_tools import TYPES, native_tools

OPENAPI = ["string", "integer", "number", "boolean", "array", "object"]
WORDS = st.text("abcé {}.,'\"", max_size=12)
SCALARS = st.sampled_from(
    ["string", "integer", "float", "boolean", "any", "tuple", "dict", "array"]
)


def schemas():
    leaf = st.builds(lambda kind, said: {"type": kind, "description": said}, SCALARS, WORDS)
    return st.recursive(
        leaf,
        lambda inner: st.one_of(
            st.builds(
                lambda said, below: {"type": "dict", "description": said, "properties": below},
                WORDS,
                st.dictionaries(st.sampled_from("abc"), inner, max_size=3),
            ),
            st.builds(
                lambda said, items: {"type": "array", "description": said, "items": items},
                WORDS,
                inner,
            ),
        ),
        max_leaves=8,
    )


def documents():
    return st.builds(
        lambda name, said, below: {
            "name": name,
            "description": said,
            "parameters": {"type": "dict", "properties": below, "required": list(below)[:1]},
        },
        st.from_regex(r"[a-z]{1,5}(\.[a-z]{1,5}){0,2}", fullmatch=True),
        WORDS,
        st.dictionaries(st.sampled_from("xyz"), schemas(), max_size=3),
    )


def function(**properties):
    return {
        "name": "geo.point",
        "description": "Makes a point.",
        "parameters": {"type": "dict", "properties": properties, "required": []},
    }


def cast(schema):
    (tool,) = native_tools([function(value=schema)])
    return tool["function"]["parameters"]["properties"]["value"]


def question(*functions, language="python", **fields):
    return Question(
        fields.pop("id", "simple_python_0"),
        "simple_python",
        [[{"role": "user", "content": "Where?"}]],
        list(functions),
        language,
        **fields,
    )


def test_dots_of_a_name_become_underscores():
    (tool,) = native_tools([{**function(), "name": "a.b.c"}])
    assert tool["function"]["name"] == "a_b_c"


def test_a_float_is_a_number_with_a_format_and_a_sentence():
    assert cast({"type": "float", "description": "Height."}) == {
        "type": "number",
        "description": "Height. This is a float type value.",
        "format": "float",
    }


def test_types_of_python_java_and_javascript_become_those_of_openapi():
    for name, wanted in {
        "dict": "object",
        "HashMap": "object",
        "tuple": "array",
        "ArrayList": "array",
        "any": "string",
        "String": "string",
        "long": "integer",
        "Bigint": "integer",
        "double": "number",
        "bool": "boolean",
        "unheard of": "string",
    }.items():
        assert cast({"type": name, "description": ""})["type"] == wanted


def test_a_parameter_without_a_type_is_a_string():
    assert cast({"description": "Something."}) == {"description": "Something.", "type": "string"}


def test_elements_get_their_type_and_nothing_else():
    shown = cast({"type": "array", "description": "", "items": {"type": "float"}})
    assert shown["items"] == {"type": "number"}


def test_elements_of_elements_and_properties_of_elements_are_cast():
    lists = {"type": "array", "items": {"type": "tuple", "items": {"type": "float"}}}
    assert cast(lists)["items"] == {"type": "array", "items": {"type": "number"}}
    below = {"type": "dict", "properties": {"x": {"type": "float", "description": "X."}}}
    shown = cast({"type": "array", "items": below})["items"]
    assert shown["type"] == "object"
    assert shown["properties"]["x"]["format"] == "float"


def test_properties_go_before_elements_where_a_schema_has_both():
    both = {
        "type": "dict",
        "properties": {"a": {"type": "any", "description": ""}},
        "items": {"type": "dict"},
    }
    shown = cast(both)
    assert shown["properties"]["a"]["type"] == "string"
    assert shown["items"] == {"type": "dict"}


def test_the_responses_api_gets_tools_without_the_inner_object():
    (tool,) = native_tools([function()], flat=True)
    assert tool["type"] == "function"
    assert tool["name"] == "geo_point"
    assert "function" not in tool


@settings(max_examples=100)
@given(documents())
def test_only_types_of_openapi_are_left_down_to_where_the_runner_looks(document):
    (tool,) = native_tools([document])

    def check(schema):
        assert schema["type"] in OPENAPI
        if "properties" in schema:
            for inner in schema["properties"].values():
                check(inner)
        elif "items" in schema:
            assert schema["items"]["type"] in OPENAPI

    assert tool["function"]["parameters"]["type"] == "object"
    for schema in tool["function"]["parameters"]["properties"].values():
        check(schema)


@settings(max_examples=100)
@given(documents())
def test_a_document_is_left_as_it_is_and_keys_keep_their_order(document):
    before = json.dumps(document)
    (tool,) = native_tools([document])
    assert json.dumps(document) == before
    for name, schema in document["parameters"]["properties"].items():
        shown = tool["function"]["parameters"]["properties"][name]
        assert list(shown)[: len(schema)] == list(schema)


@settings(max_examples=100)
@given(documents())
def test_a_cast_document_without_floats_is_its_own_cast(document):
    once = [tool["function"] for tool in native_tools([document])]
    if '"number"' not in json.dumps(once):
        assert [tool["function"] for tool in native_tools(once)] == once


def test_every_type_is_mapped_to_one_of_openapi():
    assert sorted(set(TYPES.values())) == sorted(OPENAPI)


def test_the_hint_about_the_language_ends_a_functions_description():
    (shown,) = shown_functions(question(function()))
    assert shown["description"] == (
        "Makes a point. Note that the provided function is in Python 3 syntax."
    )
    (java,) = shown_functions(question(function(), language="java"))
    assert java["description"].endswith(" Note that the provided function is in Java 8 SDK syntax.")


def test_java_parameters_are_wanted_as_source_text():
    (shown,) = shown_functions(
        question(
            function(
                a={"type": "any", "description": "A."},
                n={"type": "long", "description": "N."},
                s={"type": "ArrayList", "description": "S.", "items": {"type": "String"}},
            ),
            language="java",
        )
    )
    assert shown["parameters"]["properties"] == {
        "a": {
            "type": "string",
            "description": "A. This parameter can be of any type of Java object in string"
            " representation.",
        },
        "n": {
            "type": "string",
            "description": "N. This is Java long type parameter in string representation.",
        },
        "s": {
            "type": "string",
            "description": "S. This is Java ArrayList type parameter in string representation."
            " The list elements are of type String; they are not in string representation.",
        },
    }


def test_a_javascript_dictionary_tells_its_entries_in_words():
    entries = {"k": {"type": "integer"}}
    (shown,) = shown_functions(
        question(
            function(d={"type": "dict", "description": "D.", "properties": entries}),
            language="javascript",
        )
    )
    told = shown["parameters"]["properties"]["d"]
    assert list(told) == ["type", "description"]
    assert told["description"].endswith('string representation. {"k": {"type": "integer"}}')


def test_a_java_dictionary_keeps_its_properties():
    entries = {"k": {"type": "integer"}}
    (shown,) = shown_functions(
        question(
            function(d={"type": "HashMap", "description": "D.", "properties": entries}),
            language="java",
        )
    )
    assert shown["parameters"]["properties"]["d"]["properties"] == entries


def test_a_question_is_left_as_it_is():
    asked_about = question(
        function(x={"type": "array", "description": "X.", "items": {"type": "String"}}),
        language="javascript",
    )
    before = copy.deepcopy(asked_about)
    for style in ("fc", "prompt", "responses_fc", "xlam_qwen"):
        asked(asked_about, style, model_name="m")
    assert asked_about == before
