"""`B`: Python text to calls, by the short way and by Python's parser, and arithmetic in it."""

from __future__ import annotations

import ast
import gzip
import json
import keyword
import math
import warnings
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from actloom.evals.bfcl.decoders.arithmetic import computed
from actloom.evals.bfcl.decoders.json_text import json_value
from actloom.evals.bfcl.decoders.plain_calls import plain_calls
from actloom.evals.bfcl.decoders.python_text import call_of, calls_v1, calls_v4, expression


def one(value: str) -> object:
    """Returns what `f(x=value)` gives for x."""
    (call,) = calls_v1(f"[f(x={value})]")
    assert isinstance(call, dict)
    return call["f"]["x"]


def slowly(text: str) -> object:
    """Returns the calls of a list as Python's parser alone gives them, "error" where it fails."""
    try:
        body = expression(text)
        assert isinstance(body, ast.List)
        assert all(isinstance(item, ast.Call) for item in body.elts)
        return [call_of(item) for item in body.elts if isinstance(item, ast.Call)]
    except Exception:
        return "error"


@pytest.mark.parametrize(
    ("source", "value"),
    [
        ("...", "..."),
        ("(1, 'a')", (1, "a")),
        ("name", "name"),
        ("g()", "g()"),
        ("g(1, b)", "g(1, b)"),
        ("a.b(1)", "a.b(1)"),
        ("g(y=1)", {"g": {"y": 1}}),
        ("a.b(y=h(z=2))", {"a.b": {"y": {"h": {"z": 2}}}}),
        ("a[0]", "a[0]"),
        ("a[1:2, ::3]", "a[(1:2, ::3)]"),
        ("{'k': [1, name]}", {"k": [1, "name"]}),
        ("+5", -5),
        ("-5", -5),
        ("~5", -5),
        ("not True", -1),
        ("b'x'", b"x"),
        ("'a' 'b'", "ab"),
        ("'\\_'", "\\_"),
        ("1 + 2 * 3", 7),
        ("2 ** 0.5", 2**0.5),
        ("1 / 4", 0.25),
        ("6 ^ 3", 5),
        ("'a' + 'b'", "ab"),
        ("'%s-%d' % ('a', 3)", "a-3"),
        ("[1] * 3", [1, 1, 1]),
        ("-1 + ~2", -4),
        ("{'a': 1} | {'b': 2}", {"a": 1, "b": 2}),
        ("None", None),
    ],
)
def test_a_value_is_read_without_evaluation(source: str, value: object) -> None:
    assert one(source) == value
    assert type(one(source)) is type(value)


@pytest.mark.parametrize(
    "source",
    [
        "{1, 2}",
        "f'a'",
        "a.b",
        "1 < 2",
        "a and b",
        "1 if x else 2",
        "[x for x in y]",
        "lambda: 1",
        "(y := 1)",
        "-name",
        "--5",
        "-'a'",
        "-(1 + 2)",
        "name + 1",
        "1 + g(2)",
        "abs(-1) + 1",
        "a[0] + 1",
        "1 / 0",
        "'a' + 1",
        "[*a]",
        "{**a}",
        "{[1]: 2}",
        "10 ** 10 ** 10",
        "'a' * 10 ** 9",
        "'%9999d' % 1",
        "1 << 10 ** 9",
        "1 @ 2",
    ],
)
def test_what_would_need_evaluation_is_an_error(source: str) -> None:
    with pytest.raises((ValueError, TypeError, ArithmeticError, AttributeError)):
        one(source)


def test_positional_arguments_are_dropped_and_double_stars_have_no_name() -> None:
    assert calls_v1("[f(1, 'a', x=2, **{'y': 3})]") == [{"f": {"x": 2, None: {"y": 3}}}]


def test_a_repeated_keyword_keeps_its_last_value() -> None:
    assert calls_v1("[f(x=1, x=2)]") == [{"f": {"x": 2}}]


def test_the_name_is_the_dotted_chain_and_nothing_else() -> None:
    assert calls_v1("[a.b.c(x=1)]") == [{"a.b.c": {"x": 1}}]
    assert calls_v1("['text'.join(x=1), g()(x=1)]") == [{"join": {"x": 1}}, {"": {"x": 1}}]


def test_v1_takes_a_call_without_keywords_for_text_and_v4_for_a_call() -> None:
    assert calls_v1("[f(), g(1)]") == ["f()", "g(1)"]
    assert calls_v4("[f(), g(1)]") == [{"f": {}}, {"g": {}}]


def test_v4_takes_one_bare_call_and_quotes_around_all_of_it() -> None:
    assert calls_v4(" 'f(x=1)'\n") == [{"f": {"x": 1}}]
    with pytest.raises(ValueError, match="a list of calls"):
        calls_v1("f(x=1)")


def test_lists_tuples_and_sets_of_calls_are_lists() -> None:
    for text in ("[f(x=1)]", "(f(x=1),)", "{f(x=1)}", "f(x=1),"):
        assert calls_v1(text) == [{"f": {"x": 1}}]


def test_something_else_in_the_list_is_an_error() -> None:
    with pytest.raises(ValueError, match="calls in the list"):
        calls_v1("[f(x=1), 5]")


def test_warnings_of_the_parser_stay_inside() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert calls_v1("[f(x='\\d', y=[0][0])]") == [{"f": {"x": "\\d", "y": "[0][0]"}}]
        assert calls_v1("[f(x=g(1if 1else 2))]") == [{"f": {"x": "g(1 if 1 else 2)"}}]


numbers = st.integers(-99, 99) | st.floats(-9, 9, allow_nan=False).map(lambda x: round(x, 2))
operands = numbers | st.sampled_from(["'a'", "'%s'", "[1]", "(2,)", "True", "{3}", "1j", "None"])
operators = st.sampled_from(["+", "-", "*", "/", "//", "%", "**", "<<", ">>", "&", "|", "^"])
expressions = st.recursive(
    operands.map(str),
    lambda inner: (
        st.builds(lambda a, op, b: f"({a} {op} {b})", inner, operators, inner)
        | st.builds(lambda op, a: f"({op}{a})", st.sampled_from(["-", "+", "~", "not "]), inner)
    ),
    max_leaves=4,
)


def official(source: str) -> object:
    """Returns what Python computes, which is what the official decoder does; its error's class."""
    try:
        return eval(source)
    except (TypeError, ValueError, ArithmeticError) as error:
        return type(error)


@settings(max_examples=100)
@given(expressions)
def test_arithmetic_over_constants_is_pythons_own(source: str) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        tree = ast.parse(source, mode="eval").body
    try:
        ours = computed(tree)
    except (TypeError, ValueError, ArithmeticError) as error:
        if type(error).__name__ == "TooLargeError":
            return
        ours = type(error)
    theirs = official(source)
    both_nan = isinstance(ours, float) and math.isnan(ours) and theirs != theirs
    assert (type(ours), ours) == (type(theirs), theirs) or both_nan


names = st.sampled_from(["f", "a.b", "True", "class", "f1_", "print", "__debug__", "é", "a..b", ""])
keys = st.sampled_from(["x", "y_1", "in", "None", "match", "_", "1", "x y"])
words = st.text(st.sampled_from("aZ 0,=()[]{}'\"\\\n\t#é\0{}"), max_size=6)
scalars = (
    st.integers().map(str)
    | st.floats().map(str)
    | st.sampled_from(["True", "False", "None", "00", "007", "-0", "1_0", "0x1", "1.", ".5"])
    | st.sampled_from(["1e5", "-1.5e-3", "x", "- 1", "--1", "1j", "'a' 'b'", "''", '""'])
    | st.sampled_from(["'''a'''", "r'a'", "f'a'", "b'a'", "1if 1else 2", "1 .real", "..."])
    | words.map(repr)
    | words.map(lambda word: f'"{word}"')
    | words.map(lambda word: f"'{word}'")
)
gaps = st.sampled_from(["", "", "", " ", "\n", "  ", "\t", "\r", "#\n", "\x0c"])
values = st.recursive(
    scalars,
    lambda inner: (
        st.builds(
            lambda items, gap, end: "[" + gap + f",{gap}".join(items) + end + "]",
            st.lists(inner, max_size=3),
            gaps,
            st.sampled_from(["", ",", " "]),
        )
        | st.builds(
            lambda pairs, gap: "{" + f",{gap}".join(f"{k}{gap}:{gap}{v}" for k, v in pairs) + "}",
            st.lists(st.tuples(inner, inner), max_size=3),
            gaps,
        )
    ),
    max_leaves=4,
)
calls = st.builds(
    lambda name, pairs, gap, end: (
        f"{name}{gap}({gap}" + f",{gap}".join(f"{k}{gap}={gap}{v}" for k, v in pairs) + f"{end})"
    ),
    names,
    st.lists(st.tuples(keys, values), max_size=3),
    gaps,
    st.sampled_from(["", "", ",", " "]),
)
texts = st.builds(
    lambda items, gap, end: "[" + gap + f",{gap}".join(items) + end + "]",
    st.lists(calls, max_size=3),
    gaps,
    st.sampled_from(["", "", "", ",", " ", "]", "x"]),
)


@settings(max_examples=100)
@given(texts)
def test_the_short_way_reads_what_pythons_parser_reads(text: str) -> None:
    found = plain_calls(text)
    if found is not None:
        assert repr(found) == repr(slowly(text))


PLAIN = ["[f(x=1)]", "[f(x='a', y=\"b\", z=-1.5)]", "[a.b(x=[1, {'k': None}],), g(y=True)]"]
PLAIN += ["[\n]", "[\n f(x=name),\n g(y=[a, b])\n]"]
NOT_PLAIN = ["[f()]", "[f(1)]", "[f(x=not y)]", "[f(x=y.z)]", "[True(x=1)]", "[f(in=1)]", "f(x=1)"]


@pytest.mark.parametrize("text", PLAIN)
def test_the_short_way_is_taken(text: str) -> None:
    assert plain_calls(text) == slowly(text)
    assert plain_calls(text) is not None


@pytest.mark.parametrize("text", NOT_PLAIN)
def test_what_is_not_plain_is_left_to_pythons_parser(text: str) -> None:
    assert plain_calls(text) is None


texts_of_words = st.lists(
    st.sampled_from([*keyword.kwlist, "a", "match", "type", "_", "é", "if_", "'a'", "1", "("]),
    max_size=5,
)


@settings(max_examples=100)
@given(texts_of_words, st.sampled_from(["", "[", "[ "]), st.sampled_from(["", "]", " in a]"]))
def test_what_is_taken_for_words_is_no_python(words: list[str], start: str, end: str) -> None:
    text = start + " ".join(words) + end
    try:
        expression(text)
    except SyntaxError as error:
        if "words, not calls" in str(error):
            with pytest.raises(SyntaxError):
                ast.parse(text, mode="eval")


json_parts = st.recursive(
    st.sampled_from(["1", "-0", "1.5e3", "1e400", "NaN", "Infinity", "true", "null", "01", "1."])
    | st.integers().map(str)
    | st.floats().map(json.dumps)
    | st.text(max_size=4).map(json.dumps)
    | st.text(st.sampled_from('a\\"\n\0\ud800\u2028/'), max_size=4).map(lambda word: f'"{word}"'),
    lambda inner: (
        st.lists(inner, max_size=3).map(lambda items: f"[{', '.join(items)}]")
        | st.lists(st.tuples(st.sampled_from(['"a"', '"b"', "a"]), inner), max_size=3).map(
            lambda pairs: "{" + ",".join(f"{key}: {item}" for key, item in pairs) + "}"
        )
    ),
    max_leaves=5,
)


def parsed(parse: object, text: str) -> object:
    """Returns a JSON value as text that tells 1 from 1.0, or the class of the error."""
    try:
        return repr(parse(text))
    except (ValueError, RecursionError) as error:
        return type(error)


@settings(max_examples=100)
@given(st.sampled_from(["", "\n", "\ufeff"]), json_parts, st.sampled_from(["", " ", "x"]))
def test_json_is_read_as_the_standard_library_reads_it(start: str, text: str, end: str) -> None:
    assert parsed(json_value, start + text + end) == parsed(json.loads, start + text + end)


@pytest.mark.parametrize("text", ["9" * 5000, "[" * 5000, "1" * 400, '{"a": 1, "a": 2}'])
def test_json_at_the_limits_is_read_as_the_standard_library_reads_it(text: str) -> None:
    assert parsed(json_value, text) == parsed(json.loads, text)


def test_the_short_way_reads_real_outputs_as_pythons_parser(shared_data: Path) -> None:
    taken = 0
    for path in sorted((shared_data / "bfcl_v1" / "results").glob("*/*_function.jsonl.gz")):
        with gzip.open(path, "rt") as lines:
            results = [json.loads(line)["result"] for line in lines]
        for result in results:
            text = f"[{result}]" if str(result)[:1] != "[" else result
            found = plain_calls(text) if isinstance(text, str) else None
            if found is not None:
                taken += 1
                assert found == slowly(text)
    assert taken > 1_000
