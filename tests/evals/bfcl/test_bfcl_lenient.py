"""Right answers that the leaderboard marks wrong, and silence told from unreadable answers."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from actloom.core.jsonvalue import Json, JsonObject
from actloom.evals.bfcl.checker.lenient import (
    ABSTAINED,
    UNDECODABLE,
    lenient_verdict,
    looks_like_call,
)
from actloom.evals.bfcl.checker.rules import RULES
from actloom.evals.bfcl.checker.verdicts import verdict_of
from actloom.evals.bfcl.decoding import Decoded
from actloom.evals.bfcl.question import Expected, Language, Question

V4 = RULES["v4"]


def asked(
    properties: JsonObject,
    gold: JsonObject,
    language: Language = "python",
    category: str = "simple",
) -> Question:
    parameters: JsonObject = {"type": "dict", "properties": properties, "required": []}
    function: JsonObject = {"name": "geo.find", "parameters": parameters}
    expected = [Expected("geo.find", gold)]
    return Question("x", category, [], [function], language, expected)


def codes(question: Question, arguments: JsonObject) -> tuple[str, str]:
    decoded = Decoded([{"geo.find": arguments}])
    return verdict_of(question, decoded, V4).code, lenient_verdict(question, decoded, V4).code


FLOATS: JsonObject = {"type": "array", "items": {"type": "float"}}


@pytest.mark.parametrize(
    ("document", "accepted", "given", "strict", "lenient"),
    [
        (FLOATS, [[1.0, 2.5]], [1, 2.5], "type_error:nested", ""),
        (FLOATS, [[1.0]], ["1"], "type_error:nested", "type_error:nested"),
        (FLOATS, [[1.0]], [True], "type_error:nested", "type_error:nested"),
        (FLOATS, [[1.0]], [2], "type_error:nested", "type_error:nested"),
        ({"type": "integer", "default": 7}, [1, ""], 7, "value_error:others", ""),
        ({"type": "integer", "default": 7}, [1], 7, "value_error:others", "value_error:others"),
        (
            {"type": "boolean", "default": True},
            [False, ""],
            1,
            "type_error:simple",
            "type_error:simple",
        ),
    ],
)
def test_floats_and_defaults_are_taken_as_meant(
    document: JsonObject, accepted: list[Json], given: Json, strict: str, lenient: str
) -> None:
    question = asked({"p": document}, {"p": accepted})
    assert codes(question, {"p": given}) == (strict, lenient)


def test_a_default_may_be_written_where_the_gold_is_silent_and_left_out_where_it_is_the_gold() -> (
    None
):
    properties: JsonObject = {"p": {"type": "integer"}, "q": {"type": "integer", "default": 3}}
    silent = asked(properties, {"p": [1]})
    unexpected = "simple_function_checker:unexpected_param"
    assert codes(silent, {"p": 1, "q": 3}) == (unexpected, "")
    assert codes(silent, {"p": 1, "q": 4}) == (unexpected, unexpected)
    gold = asked(properties, {"p": [1], "q": [3]})
    assert codes(gold, {"p": 1}) == ("simple_function_checker:missing_optional", "")
    other = asked(properties, {"p": [1], "q": [4]})
    assert codes(other, {"p": 1})[1] == "simple_function_checker:missing_optional"


@pytest.mark.parametrize(
    ("language", "document", "accepted", "value"),
    [
        ("java", {"type": "integer"}, [5], 5),
        ("java", {"type": "long"}, [5], "5"),
        ("java", {"type": "boolean"}, [True], True),
        ("java", {"type": "ArrayList", "items": {"type": "String"}}, [["a", "b"]], ["a", "b"]),
        ("java", {"type": "Array", "items": {"type": "String"}}, [["a", "b"]], ["a", "b"]),
        ("java", {"type": "Array", "items": {"type": "String"}}, [["-v"]], 'new String[]{"-v"}'),
        ("java", {"type": "Array", "items": {"type": "integer"}}, [[1, 2]], "[1, 2]"),
        ("java", {"type": "HashMap"}, [{"a": [1]}], {"a": 1}),
        ("javascript", {"type": "float"}, [5.0], 5),
        ("javascript", {"type": "array", "items": {"type": "String"}}, [["a"]], ["a"]),
        ("javascript", {"type": "dict"}, [{"a": ["x"]}], {"a": "x"}),
    ],
)
def test_json_values_are_taken_for_source_text(
    language: Language, document: JsonObject, accepted: list[Json], value: Json
) -> None:
    question = asked({"p": document}, {"p": accepted}, language)
    strict, lenient = codes(question, {"p": value})
    assert (bool(strict), lenient) == (True, "")
    wrong = asked({"p": document}, {"p": [["other"]]}, language)
    assert codes(wrong, {"p": value})[1] != ""


def parallel(golds: list[list[int]]) -> Question:
    properties: JsonObject = {"x": {"type": "integer"}}
    function: JsonObject = {"name": "f", "parameters": {"properties": properties, "required": []}}
    expected = [Expected("f", {"x": [*gold]}) for gold in golds]
    return Question("x", "parallel", [], [function], "python", expected)


@settings(max_examples=100, deadline=None)
@given(st.data())
def test_the_lenient_pairing_finds_one_exactly_when_there_is_one(data: st.DataObject) -> None:
    size = data.draw(st.integers(1, 5))
    values = st.integers(0, 4)
    golds = data.draw(st.lists(st.lists(values, max_size=3), min_size=size, max_size=size))
    given_values = data.draw(st.lists(values, min_size=size, max_size=size))
    question = parallel(golds)
    decoded = Decoded([{"f": {"x": value}} for value in given_values])
    pairable = any(
        all(value in gold for value, gold in zip(order, golds, strict=True))
        for order in itertools.permutations(given_values)
    )
    assert lenient_verdict(question, decoded, V4).valid is pairable
    if verdict_of(question, decoded, V4).valid:
        assert pairable


CALLS = [
    'geo.find(city="Rome")',
    "I will use geo_find({'city': 'Rome'})",
    '{"name": "geo.find", "arguments": {',
    "<function=geo.find>",
    '[{"geo.find": {',
]
WORDS = ["I cannot help with that.", "", "geo.find is not what you need", "my_geo.find(", "find()"]


@pytest.mark.parametrize("text", CALLS)
def test_an_unreadable_call_is_no_abstention(text: str) -> None:
    silent = asked({}, {}, category="irrelevance")
    wanted = asked({}, {})
    failed = Decoded(error="cannot be read")
    assert verdict_of(silent, failed, V4).valid
    assert lenient_verdict(silent, failed, V4, result=text).code == UNDECODABLE
    assert lenient_verdict(wanted, failed, V4, result=text).code == UNDECODABLE


@pytest.mark.parametrize("text", WORDS)
def test_words_are_an_abstention(text: str) -> None:
    failed = Decoded(error="cannot be read")
    silent = asked({}, {}, category="irrelevance")
    assert lenient_verdict(silent, failed, V4, result=text).valid
    for category in ("simple", "live_relevance"):
        verdict = lenient_verdict(asked({}, {}, category=category), failed, V4, result=text)
        assert verdict.code == ABSTAINED


def test_native_calls_that_cannot_be_read_look_like_calls() -> None:
    question = asked({}, {})
    assert looks_like_call([{"geo.find": "{bad"}], question)
    assert not looks_like_call([], question)
    assert not looks_like_call(None, question)


@pytest.mark.parametrize("language", ["python", "java", "javascript"])
def test_a_value_nested_without_end_is_a_wrong_value(language: Language) -> None:
    deep: Json = []
    for _ in range(20_000):
        deep = [deep]
    question = asked(
        {"p": FLOATS if language == "python" else {"type": "any"}}, {"p": [[1.0]]}, language
    )
    strict, lenient = codes(question, {"p": deep})
    assert strict.startswith("type_error:")
    assert lenient == strict
    texts = asked({"p": {"type": "any"}}, {"p": ["x"]}, language)
    assert codes(texts, {"p": "[" * 20_000})[1].startswith("value_error:")
