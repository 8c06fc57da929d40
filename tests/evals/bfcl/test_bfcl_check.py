"""`actloom.check`: the public door to the checker."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import actloom
from actloom.core.jsonvalue import Json, JsonObject, json_text
from actloom.evals.bfcl.checker.answers import gold_calls
from actloom.evals.bfcl.checker.mutations import mutations
from actloom.evals.bfcl.checker.rules import RULES
from actloom.evals.bfcl.checker.verdicts import CRASHED, verdict_of
from actloom.evals.bfcl.data.questions import questions
from actloom.evals.bfcl.decoding import Decoded
from actloom.evals.bfcl.versions.profiles import profile_of

WEATHER: JsonObject = {
    "name": "weather.get",
    "parameters": {
        "type": "object",
        "properties": {
            "city": {"type": "string"},
            "days": {"type": "number"},
            "unit": {"type": "string", "enum": ["C", "F"]},
            "tags": {"type": "array"},
            "where": {"type": "object", "properties": {"lat": {"type": "number"}}},
            "zones": {"type": "list", "items": {"type": "object"}},
            "level": {"type": ["integer", "null"]},
            "anything": {},
        },
        "required": ["city"],
    },
}
FORMS: list[JsonObject] = [
    WEATHER,
    {"type": "function", "function": WEATHER},
    {"name": "weather.get", "input_schema": WEATHER["parameters"]},
    {"name": "weather.get", "inputSchema": WEATHER["parameters"]},
]
GOLD: JsonObject = {
    "city": ["Rome"],
    "days": [3, 3.5, ""],
    "tags": [["a", 1], ""],
    "where": [{"lat": [41.9, 42]}, {"names": ["x", "y"]}, ""],
    "zones": [[{"id": 1}], ""],
    "level": [None, 2, ""],
    "anything": [{"deep": [{"er": "Yes"}]}, ""],
}


@pytest.mark.parametrize("function", FORMS)
@pytest.mark.parametrize(
    "call",
    [
        {"weather.get": {"city": "rome"}},
        actloom.Call("weather.get", {"city": "Rome"}),
        {"name": "weather.get", "arguments": {"city": "Rome"}},
        {"name": "weather.get", "arguments": '{"city": "Rome"}'},
        {
            "id": "1",
            "type": "function",
            "function": {"name": "weather.get", "arguments": '{"city":"Rome"}'},
        },
    ],
)
def test_functions_and_calls_may_have_any_usual_form(function: JsonObject, call: object) -> None:
    for calls in (call, [call], (call,)):
        for gold in ([{"weather.get": GOLD}], {"weather.get": GOLD}, {"weather.get_1": GOLD}):
            assert actloom.check(function, calls, gold).valid
            assert actloom.check([function], calls, gold).valid


@pytest.mark.parametrize(
    ("argument", "value", "code"),
    [
        ("days", 3, ""),
        ("days", 3.0, ""),
        ("days", 4, "value_error:others"),
        ("days", "3", "type_error:simple"),
        ("days", True, "type_error:simple"),
        ("tags", ["A", 1.0], ""),
        ("tags", [1, "a"], "value_error:list/tuple"),
        ("tags", "a", "type_error:simple"),
        ("where", {"lat": 42.0}, ""),
        ("where", {"lat": 43}, "value_error:dict_value"),
        ("where", {"names": ["X", "y"]}, ""),
        ("where", {"lat": 42, "lon": 1}, "value_error:dict_value"),
        ("zones", [{"id": 1}], ""),
        ("zones", [1], "type_error:nested"),
        ("level", None, ""),
        ("level", 2, ""),
        ("level", "2", "type_error:simple"),
        ("anything", {"deep": [{"er": "yes"}]}, ""),
        ("unit", "C", "simple_function_checker:unexpected_param"),
    ],
)
def test_arguments_of_json_schema_types_are_judged(argument: str, value: Json, code: str) -> None:
    call: JsonObject = {"weather.get": {"city": "Rome", argument: value}}
    verdict = actloom.check(WEATHER, call, [{"weather.get": GOLD}])
    assert (verdict.valid, verdict.code) == (not code, code)
    assert bool(verdict.message) is bool(code)


@pytest.mark.parametrize(
    ("kind", "accepted", "text", "language"),
    [
        ("number", 1.5, "1.5", "java"),
        ("array", [1, 2], "new ArrayList<>(Arrays.asList(1, 2))", "java"),
        ("object", {"a": [1]}, 'new HashMap<String, Object>() {{ put("a", 1); }}', "java"),
        ("string", "a", "a", "java"),
        ("number", 1.5, "1.5", "javascript"),
        ("array", [1, "b"], '[1, "b"]', "javascript"),
        ("object", {"a": [1]}, "{a: 1}", "javascript"),
        ("boolean", True, "true", "javascript"),
    ],
)
def test_json_schema_types_are_read_from_source_text_too(
    kind: str, accepted: Json, text: str, language: str
) -> None:
    function: JsonObject = {"name": "f", "parameters": {"properties": {"p": {"type": kind}}}}
    gold: JsonObject = {"f": {"p": [accepted]}}
    assert actloom.check(function, {"f": {"p": text}}, gold, language).valid  # type: ignore[arg-type]
    assert not actloom.check(function, {"f": {"p": "x1"}}, gold, language).valid  # type: ignore[arg-type]


def test_several_calls_match_in_any_order_and_none_where_no_gold_is() -> None:
    two: list[JsonObject] = [{"weather.get": {"city": [name]}} for name in ("Rome", "Oslo")]
    calls: list[JsonObject] = [{"weather.get": {"city": name}} for name in ("Oslo", "Rome")]
    assert actloom.check(WEATHER, calls, two).valid
    assert actloom.check(WEATHER, calls[:1], two).code.endswith("wrong_count")
    assert actloom.check(WEATHER, [], []).valid
    assert actloom.check(WEATHER, calls, []).code == "irrelevance_error:decoder_success"


def test_unreadable_calls_are_verdicts() -> None:
    gold = [{"weather.get": {"city": ["Rome"]}}]
    text = {"name": "weather.get", "arguments": "{bad"}
    assert actloom.check(WEATHER, text, gold).code == "ast_decoder:decoder_failed"
    broken = actloom.Call("weather.get", arguments_text="{bad")
    assert actloom.check(WEATHER, broken, gold).code == "ast_decoder:decoder_failed"
    wrong = "ast_decoder:decoder_wrong_output_format"
    assert actloom.check(WEATHER, "weather.get()", gold).code == wrong
    assert actloom.check(WEATHER, {"name": "weather.get", "arguments": [1]}, gold).code == wrong


@pytest.mark.parametrize(
    ("functions", "gold", "where"),
    [
        (WEATHER, [{"weather.get": {"city": "Rome"}}], "gold[0].weather.get.city"),
        (WEATHER, {"weather.get": ["Rome"]}, "gold.weather.get"),
        (WEATHER, [{"weather.get": {}}, "x"], "gold[1]"),
        (WEATHER, [{"weather.get": {}, "other": {}}], "gold[0]"),
        (WEATHER, [{"other": {}}], "gold[0].other"),
        ([WEATHER, 5], [], "functions[1]"),
        ([{"parameters": {}}], [], "functions[0]"),
        ([{"name": "f", "parameters": [1]}], [], "functions[0].parameters"),
        ([{"name": "f", "parameters": {"required": "x"}}], [], "functions[0].parameters"),
        (
            [{"name": "f", "parameters": {"properties": {"a": "string"}}}],
            [],
            "functions[0].parameters.properties.a",
        ),
    ],
)
def test_bad_functions_and_bad_gold_are_user_errors_that_say_where(
    functions: JsonObject, gold: list[JsonObject], where: str
) -> None:
    with pytest.raises(actloom.ActloomError) as caught:
        actloom.check(functions, [], gold)
    assert caught.value.where == where


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3)
    ),
    max_leaves=8,
)
KINDS = st.sampled_from(
    ["string", "number", "object", "list", "array", "dict", "tuple", "", "any", "x"]
)


@settings(max_examples=100, deadline=None)
@given(JSON, JSON, JSON, st.sampled_from(["python", "java", "javascript"]))
def test_nothing_but_user_errors_comes_out_whatever_goes_in(
    functions: Json, calls: Json, gold: Json, language: str
) -> None:
    try:
        verdict = actloom.check(functions, calls, gold, language)  # type: ignore[arg-type]
    except actloom.ActloomError as error:
        assert error.where
    else:
        assert verdict.valid is not bool(verdict.code)


@settings(max_examples=100, deadline=None)
@given(KINDS, JSON, st.lists(JSON, max_size=3), JSON)
def test_no_schema_makes_the_checker_raise(
    kind: str, items: Json, accepted: list[Json], value: Json
) -> None:
    properties: JsonObject = {"p": {"type": kind, "items": items}}
    function: JsonObject = {"name": "f", "parameters": {"properties": properties}}
    verdict = actloom.check(function, {"f": {"p": value}}, {"f": {"p": accepted}})
    assert verdict.code != CRASHED or kind in ("dict", "array", "tuple")
    if value in accepted and value != "" and kind in ("", "x"):
        assert verdict.valid


def test_on_bfcls_own_data_the_door_leads_to_the_same_verdict(shared_data: Path) -> None:
    rules, profile = RULES["v4"], profile_of("v4")
    found = questions(str(shared_data / "bfcl_v4"), profile)
    for category in ("simple_python", "parallel_multiple", "simple_java", "simple_javascript"):
        for question in found[category][:60]:
            gold: list[JsonObject] = [{e.name: e.arguments} for e in question.expected]
            wrong = [m.calls for m in mutations(question, rules)][::7]
            for calls in (gold_calls(question, rules), *wrong):
                verdict = actloom.check(question.functions, calls, gold, question.language)
                assert verdict.code == verdict_of(question, Decoded([*calls]), rules).code, (
                    json_text(calls)
                )


def test_importing_it_loads_nothing_heavy() -> None:
    program = (
        "import sys; from actloom import check; "
        "check({'name': 'f'}, {'f': {}}, {'f': {}}).valid or sys.exit('wrong'); "
        "print(' '.join({name.partition('.')[0] for name in sys.modules}))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    loaded = set(done.stdout.split())
    heavy = {"rich", "cyclopts", "httpx", "httpx2", "torch", "transformers", "fsspec", "pyarrow"}
    assert (
        loaded & (heavy | {"jsonschema_rs", "tree_sitter", "ruamel", "numpy", "asyncio"}) == set()
    )
    assert "msgspec" in loaded
