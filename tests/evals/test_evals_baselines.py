"""Baselines that know nothing: what they copy, and that they are models like any other."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from actloom.cli import main
from actloom.core.case import Case
from actloom.core.errors import InputError
from actloom.core.model import Prompt
from actloom.core.record import Call, Message, Provenance, Reply, Step, Tool, Trajectory
from actloom.dialects import dialect
from actloom.evals.baselines import BASELINES, baseline_model, baseline_results, first_tool_exact_of
from actloom.evals.bfcl.question import Question
from actloom.evals.cases import collect
from actloom.evals.config import EvalConfig
from actloom.evals.copying import copied_arguments
from actloom.evals.evaluate import evaluate


def schema(required: list[str] | None = None, **types: object) -> dict[str, object]:
    properties = {n: {"type": t} if isinstance(t, str) else t for n, t in types.items()}
    names = list(properties) if required is None else required
    return {"type": "dict", "properties": properties, "required": names}


@pytest.mark.parametrize(
    ("asked", "wanted", "copied"),
    [
        ("sides 3, 4.5 and 1,200", {"a": "integer", "b": "float", "c": "integer"},
         {"a": 3, "b": 4.5, "c": 1200}),
        ("from 4.5 to 7", {"a": "integer", "b": "integer"}, {"a": 7, "b": 0}),
        ("at -3.2 degrees, 60% and 5m", {"a": "number", "b": "int", "c": "long"},
         {"a": -3.2, "b": 60, "c": 5}),
        ("Weather in New York on Monday?", {"city": "string", "day": "String"},
         {"city": "New York", "day": "Monday"}),
        ("Tell Ann that 'it works' and I'm in", {"text": "str", "to": "string"},
         {"text": "it works", "to": "Ann"}),
        ("I want it", {"name": "string", "flag": "boolean"}, {"name": "", "flag": True}),
        ("in Celsius, please",
         {"unit": {"type": "string", "enum": ["fahrenheit", "celsius"]}}, {"unit": "celsius"}),
        ("the third of 4", {"n": {"type": "integer", "enum": ["", 2, 3, 4]}}, {"n": 4}),
        ("as you like",
         {"unit": {"type": "string", "enum": ["k", "c"], "default": "c"}}, {"unit": "c"}),
        ("add 1, 2 and 3", {"numbers": {"type": "array", "items": {"type": "float"}}},
         {"numbers": [1.0, 2.0, 3.0]}),
        ("of Ann and Bob", {"who": {"type": "array", "items": {"type": "string"}}},
         {"who": ["Ann", "Bob"]}),
        ("at 5 and 6", {"place": schema(x="integer", y="float")}, {"place": {"x": 5, "y": 6.0}}),
        ("none here", {"n": {"type": ["null", "integer"], "default": 7}}, {"n": 7}),
    ],
)  # fmt: skip
def test_required_values_are_copied_by_type_in_the_order_of_the_text(
    asked: str, wanted: dict[str, object], copied: dict[str, object]
) -> None:
    found = copied_arguments(schema(**wanted), asked)
    assert found == copied
    assert [type(value) for value in found.values()] == [type(v) for v in copied.values()]


def test_optional_parameters_are_left_out() -> None:
    assert copied_arguments(schema(["a"], a="integer", b="integer"), "1 and 2") == {"a": 1}
    assert copied_arguments({"type": "object", "properties": {"a": {}}}, "1") == {}


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(["type", "properties", "required", "items", "enum", "default", "a"]),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)


@settings(max_examples=100, deadline=None)
@given(st.dictionaries(st.sampled_from(["properties", "required", "type"]), json_values), st.text())
def test_any_schema_and_any_text_give_json_and_the_same_twice(
    wild: dict[str, object], text: str
) -> None:
    found = copied_arguments(wild, text)
    assert json.loads(json.dumps(found)) == found
    assert copied_arguments(wild, text) == found


@pytest.mark.parametrize(
    "text", ["9" * 10**6, "A " * 10**6, "'" * 10**6, "1," * 10**6, "`a" * 10**6]
)
def test_a_request_of_megabytes_is_read_at_once(text: str) -> None:
    found = copied_arguments(schema(a="string", b="integer", c={"type": "array"}), text)
    assert len(json.dumps(found)) < 50_000


TOOL = Tool("forecast", "", msgspec.Raw(json.dumps(schema(city="string")).encode()))
OTHER = Tool("other", "", msgspec.Raw(b'{"type":"object","properties":{}}'))


def record(at: int, *calls: Call, query: str = "Weather in Rome?") -> Trajectory:
    steps = [Step(Reply(tool_calls=list(calls)))]
    tools = [TOOL, OTHER]
    return Trajectory(f"s/{at}", "s", tools, query, steps, provenance=Provenance(split="test"))


def test_as_models_they_score_what_the_result_of_any_other_model_says_of_them(
    tmp_path: Path,
) -> None:
    rows = [
        record(0, Call("forecast", {"city": "Rome"})),
        record(1, Call("forecast", {"city": "Oslo"})),
        record(2, Call("other")),
        record(3),
    ]
    cases = collect(rows, EvalConfig())
    first = evaluate(baseline_model("first-tool"), cases, dialect("hermes"), tmp_path / "f")
    none = evaluate(baseline_model("baseline:no-op"), cases, dialect("hermes"), tmp_path / "n")
    assert first.scores.exact == none.first_tool_exact == first.first_tool_exact
    assert first.scores.exact.mean == 1 / 4
    assert none.scores.exact == first.silent_exact
    assert (first.model, none.model) == ("baseline:first-tool", "baseline:no-op")


def test_the_last_request_of_a_conversation_is_the_one_that_is_copied() -> None:
    talk = record(0, Call("forecast", {"city": "Rome"}))
    talk = msgspec.structs.replace(
        talk, steps=[Step(Reply(text="Yes?"), user_input="And in Oslo?")]
    )
    case = Case("c", talk, [Call("forecast", {"city": "Oslo"})])
    assert first_tool_exact_of([case]).mean == 1
    asked = Prompt([Message("user", "Rome?"), Message("user", "And in Oslo?")], [TOOL])
    (answer,) = baseline_model("first-tool").complete([asked], max_tokens=1)
    assert answer.reply is not None
    assert answer.reply.tool_calls == case.expected


def test_requests_that_stand_whole_in_a_body_are_read_there() -> None:
    body = {
        "messages": [{"role": "user", "content": "Weather in Oslo?"}],
        "tools": [
            {"type": "function", "function": {"name": "f", "parameters": schema(a="string")}}
        ],
    }
    empty = {"messages": "none", "tools": [1]}
    model = baseline_model("first-tool")
    answers = model.complete([Prompt([], body=body), Prompt([], body=empty)], max_tokens=1)
    assert [answer.reply for answer in answers] == [
        Reply(tool_calls=[Call("f", {"a": "Oslo"})]),
        Reply(),
    ]


def test_a_tools_result_is_answered_with_silence() -> None:
    talk = [Message("user", "Weather in Oslo?"), Message("tool", "rain")]
    (answer,) = baseline_model("first-tool").complete([Prompt(talk, [TOOL])], max_tokens=1)
    assert answer.reply == Reply()


def test_bfcl_scores_it_as_a_model_as_it_does_as_a_baseline(tmp_path: Path) -> None:
    questions = Path(__file__).parents[1] / "docs_files" / "bfcl_questions"
    command = ["eval", "bfcl", "--questions", str(questions), "--out", str(tmp_path / "o")]
    assert main([*command, "--model", "baseline:first-tool"]) == 0
    found = json.loads((tmp_path / "o" / "score.json").read_text())
    model, baseline = found["models"][0], found["baselines"][1]
    assert baseline["model"] == "first-tool"
    scored = [each["categories"]["simple_python"] for each in (model, baseline)]
    assert [(tally["correct"], tally["total"]) for tally in scored] == [(3, 3), (3, 3)]
    (line,) = {*map(str, (tmp_path / "o" / "outputs").glob("*/*.jsonl"))}
    assert "rail_distance" in Path(line).read_text()
    assert main([*command, "--model", "baseline:no-op", "--style", "prompt"]) == 2


@pytest.mark.parametrize("name", ["baseline:none", "first_tool", ""])
def test_an_unknown_baseline_is_refused_with_the_known_ones(name: str) -> None:
    with pytest.raises(InputError, match="baseline:first-tool"):
        baseline_model(name)


def test_a_baseline_that_would_see_no_tools_is_refused() -> None:
    with pytest.raises(InputError, match="--instruct"):
        baseline_model("first-tool", instruct=True)


def question(function: dict[str, object], asked: str, **more: object) -> Question:
    turns = [[{"role": "user", "content": asked}]]
    return msgspec.structs.replace(Question("q", "simple", turns, [function]), **more)


def test_results_for_bfcl_are_native_calls_with_json_text() -> None:
    asked = question({"name": "a.b", "parameters": schema(n="integer")}, "What is 5!")
    assert baseline_results(asked) == {"no-op": [], "first-tool": [{"a.b": '{"n":5}'}]}
    assert list(baseline_results(asked)) == list(BASELINES)


@pytest.mark.parametrize(
    ("language", "kind", "text"),
    [("java", "long", "5L"), ("java", "float", "5.0f"), ("java", "double", "5.0"),
     ("java", "integer", "5"), ("javascript", "float", "5.0"), ("java", "boolean", "true"),
     ("java", "String", "Ann"), ("javascript", "array", '["Ann"]')],
)  # fmt: skip
def test_values_for_java_and_javascript_are_source_text(language, kind: str, text: str) -> None:
    asked = question(
        {"name": "f", "parameters": schema(x=kind)}, "Add 5 for 'Ann'.", language=language
    )
    (call,) = baseline_results(asked)["first-tool"]
    assert json.loads(call["f"]) == {"x": text}


def test_conversations_with_state_get_a_step_a_turn() -> None:
    turns = [[{"role": "user", "content": "Take 1"}], [{"role": "user", "content": "Take 2"}]]
    function = {"name": "take", "parameters": schema(n="integer")}
    asked = question(function, "", turns=turns, raw={"involved_classes": ["X"]})
    assert baseline_results(asked) == {
        "no-op": [[[]], [[]]],
        "first-tool": [[[{"take": '{"n":1}'}]], [[{"take": '{"n":2}'}]]],
    }


def test_a_question_without_a_usable_function_gets_no_call() -> None:
    for function in ({}, {"name": "f"}, {"name": 1, "parameters": {}}):
        assert baseline_results(question(function, "Take 1"))["first-tool"] == []
    empty = Question("q", "simple", [], [])
    assert baseline_results(empty) == {"no-op": [], "first-tool": []}


def test_on_the_published_simple_questions_it_often_calls_with_typed_values(
    shared_data: Path,
) -> None:
    folder = shared_data / "bfcl_v1" / "v1_data" / "question"
    lines = gzip.decompress((folder / "simple.jsonl.gz").read_bytes()).splitlines()
    for line in lines:
        found = json.loads(line)
        asked = question(found["function"], found["question"])
        (call,) = baseline_results(asked)["first-tool"]
        ((name, text),) = call.items()
        parameters = found["function"]["parameters"]
        assert name == found["function"]["name"]
        assert set(json.loads(text)) == set(parameters["required"])
