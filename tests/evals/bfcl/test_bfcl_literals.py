"""Java and JavaScript source text as the leaderboard reads it, quirks included."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from actloom.core.jsonvalue import Json, JsonObject
from actloom.evals.bfcl.checker.answers import source_text
from actloom.evals.bfcl.checker.java import JAVA_TYPES, java_value
from actloom.evals.bfcl.checker.javascript import JAVASCRIPT_TYPES, javascript_value
from actloom.evals.bfcl.checker.rules import RULES
from actloom.evals.bfcl.checker.verdicts import CRASHED, verdict_of
from actloom.evals.bfcl.decoding import Decoded
from actloom.evals.bfcl.question import Expected, Language, Question

JAVA: list[tuple[str, str, str | None, object]] = [
    ("5", "integer", None, 5),
    ("300", "byte", None, 300),
    ("5L", "integer", None, "5L"),
    ("5L", "long", None, 5),
    ("5", "long", None, "5"),
    ("1.5f", "float", None, 1.5),
    ("1.5", "float", None, "1.5"),
    ("1e3", "double", None, 1000.0),
    ("1.5f", "double", None, "1.5f"),
    ("true", "boolean", None, True),
    ("True", "boolean", None, "True"),
    ("'a'", "char", None, "'a'"),
    ("new int[]{1, 2}", "Array", "integer", [1, 2]),
    ("new int[]{}", "Array", "integer", []),
    ("new long[]{1L, 2}", "Array", "long", [1, "2"]),
    # The right text keeps its quotes, the wrong one is what the gold says.
    ('new String[]{"-v"}', "Array", "String", ['"-v"']),
    ("new String[]{-v}", "Array", "String", ["-v"]),
    ('new ArrayList<>(Arrays.asList("a", "b"))', "ArrayList", "String", ["a", "b"]),
    ("new ArrayList<>(Arrays.asList(abc))", "ArrayList", "String", ["b"]),
    ("new ArrayList<Integer>() {{ add(1); add(2); }}", "ArrayList", "integer", [1, 2]),
    ("new ArrayList<>()", "ArrayList", "integer", []),
    ("Arrays.asList(1, 2)", "ArrayList", "integer", "Arrays.asList(1, 2)"),
    ("List.of(1)", "ArrayList", "integer", "List.of(1)"),
    ("[1, 2]", "Array", "integer", "[1, 2]"),
    (
        'new HashMap<String, Integer>() {{ put("a", 1); put("b", "x"); }}',
        "HashMap",
        None,
        {"a": 1, "b": "x"},
    ),
    ("new HashMap<>()", "HashMap", None, {}),
    ("Map.of()", "HashMap", None, "Map.of()"),
]
JAVASCRIPT: list[tuple[str, str, str | None, object]] = [
    ('"a"', "String", None, "a"),
    ("'a'", "String", None, "a"),
    ("a", "String", None, "a"),
    ("5", "integer", None, 5),
    ("5.0", "integer", None, "5.0"),
    ("5", "float", None, 5.0),
    ("1e3", "float", None, "1e3"),
    ("5n", "Bigint", None, 5),
    ("true", "Boolean", None, True),
    ("[1, 2]", "array", "integer", [1, 2]),
    ("[\"a\", 'b']", "array", "String", ["a", "b"]),
    ('["a, b"]', "array", "String", ['"a', 'b"']),
    ("new Array(1, 2)", "array", "float", [1.0, 2.0]),
    ("[[1, 2], [3]]", "array", "array", [[1, 2], [3]]),
    ("[[]]", "array", None, [[""]]),
    ("[1, [2]]", "array", "integer", [1, "[2"]),
    ("{}", "dict", None, {}),
    ('{"a": 1, b: "x"}', "dict", None, {"a": 1, "b": "x"}),
    ('{a: ["x", "y"], b: true}', "dict", None, {"a": ["x", "y"], "b": True}),
    ('{a: "5"}', "dict", None, {"a": 5}),
    ("{a: {b: 1}}", "dict", None, {"a": "{b: 1"}),
    ("x => x", "dict", None, "x => x"),
]


@pytest.mark.parametrize(("text", "kind", "items", "value"), JAVA)
def test_java_text_is_read_as_the_leaderboard_reads_it(
    text: str, kind: str, items: str | None, value: object
) -> None:
    assert repr(java_value(text, kind, items)) == repr(value)


@pytest.mark.parametrize(("text", "kind", "items", "value"), JAVASCRIPT)
def test_javascript_text_is_read_as_the_leaderboard_reads_it(
    text: str, kind: str, items: str | None, value: object
) -> None:
    assert repr(javascript_value(text, kind, items)) == repr(value)


@pytest.mark.parametrize("kind", ["Set", "Hashtable", "Queue", "Stack"])
def test_java_types_the_leaderboard_cannot_convert_raise(kind: str) -> None:
    with pytest.raises(NotImplementedError):
        java_value("x", kind)


HOSTILE = [
    "new ArrayList<>(Arrays.asList(" * 2000,
    "new ArrayList<>() {{ add(" * 2000 + "}}",
    "new int[]{" * 5000 + "\n}",
    "new HashMap<>() {{ " + 'put("' * 8000 + "}}",
    "new HashMap<>() {{ " + 'put("a", ' * 5000 + "}}",
    "new HashMap<" * 5000,
    "new HashMap<\n" * 5000 + ">()",
    "new " * 10_000,
    "new" + " " * 50_000,
    "[[" + "1],[" * 20_000,
    "[[1]" + ",[1]" * 20_000,
    "[" * 50_000 + "]" * 50_000,
    "new Array([" + "],[" * 20_000,
    "{" + "a:" * 20_000 + "}",
    "{" + "a:b," * 20_000 + "}",
    "{a:" + "," * 50_000 + "}",
    "[" + "," * 90_000 + "]",
    "9" * 90_000,
]


@pytest.mark.parametrize("text", HOSTILE, ids=lambda text: repr(text[:12]))
def test_hostile_source_text_is_read_in_no_time(text: str) -> None:
    readers: list[tuple[Callable[[str, str, str | None], object], dict[str, type]]] = [
        (java_value, JAVA_TYPES),
        (javascript_value, JAVASCRIPT_TYPES),
    ]
    for read, types in readers:
        for kind in types:
            start = time.process_time()
            with contextlib.suppress(ValueError, NotImplementedError):
                read(text, kind, "String")
            # A quadratic scan takes seconds here, a linear one milliseconds.
            assert time.process_time() - start < 0.5, kind


def asked(language: Language, kind: str, accepted: list[Json]) -> Question:
    properties: JsonObject = {"p": {"type": kind, "items": {"type": "String"}}}
    function: JsonObject = {"name": "f", "parameters": {"properties": properties, "required": []}}
    return Question("x", "simple", [], [function], language, [Expected("f", {"p": accepted})])


@pytest.mark.parametrize(
    ("language", "code"), [("java", "type_error:java"), ("javascript", "type_error:js")]
)
def test_arguments_that_are_no_source_text_have_their_own_error_type(
    language: Language, code: str
) -> None:
    question = asked(language, "integer", [5])
    for value, expected in (
        (5, code),
        ("5", ""),
        ("5.5", "type_error:simple"),
        ("6", "value_error:others"),
    ):
        found = verdict_of(question, Decoded([{"f": {"p": value}}]), RULES["v4"])
        assert found.code == expected


def test_text_of_five_megabytes_stays_a_text_and_is_not_read() -> None:
    question = asked("java", "Array", [["a"]])
    start = time.process_time()
    found = verdict_of(
        question, Decoded([{"f": {"p": "new String[]{" + "a," * 2_500_000}}]), RULES["v4"]
    )
    assert found.code == "type_error:simple"
    assert time.process_time() - start < 1


def test_a_type_without_converter_is_an_error_entry_of_its_record() -> None:
    question = asked("java", "Queue", [["a"]])
    verdict = verdict_of(question, Decoded([{"f": {"p": "x"}}]), RULES["v4"])
    assert verdict.code == CRASHED


NUMBERS = st.integers(-(10**9), 10**9)
WORDS = st.text("abcxyz", min_size=1, max_size=8)
SIMPLE = st.one_of(NUMBERS, WORDS, st.booleans())


@settings(max_examples=60, deadline=None)
@given(st.lists(NUMBERS, max_size=5), st.lists(WORDS, max_size=5), st.dictionaries(WORDS, SIMPLE))
def test_source_text_made_of_a_value_is_read_back_as_that_value(
    numbers: list[int], words: list[str], table: dict[str, Json]
) -> None:
    for language, read, array, mapping in (
        ("java", java_value, "ArrayList", "HashMap"),
        ("javascript", javascript_value, "array", "dict"),
    ):
        for value, items in ((numbers, "integer"), (words, "String")):
            text = source_text([*value], {"type": array, "items": {"type": items}}, language)
            assert read(str(text), array, items) == value
        text = source_text({**table}, {"type": mapping}, language)
        assert read(str(text), mapping, None) == table
