"""Java and JavaScript text to calls: source text as values, with the official decoder's quirks."""

from __future__ import annotations

import pytest

from actloom.evals.bfcl.decoders.java_text import java_calls
from actloom.evals.bfcl.decoders.javascript_text import javascript_calls
from actloom.evals.bfcl.decoders.syntax_tree import TooLargeError


def java(value: str) -> object:
    """Returns what a Java call gives for a value."""
    (call,) = java_calls(f"[Clock.set(name={value}, other=1)]")
    return call["Clock.set"]["name"]


def javascript(value: str) -> object:
    """Returns what a JavaScript call gives for a value."""
    (call,) = javascript_calls(f"[clock.set(name={value}, other=1)]")
    return call["clock.set"]["name"]


@pytest.mark.parametrize(
    ("source", "value"),
    [
        ('"a b"', "a b"),
        (r'"a\"b"', r"a\"b"),
        ("'c'", "c"),
        ("5L", "5L"),
        ("-1.5f", "-1.5f"),
        ("true", "true"),
        ("null", "null"),
        ("x", "x"),
        ("Type.class", "Type.class"),
        ("a.b(1, 2)", "a.b(1, 2)"),
        ("new int[]{1, 2}", "new int[]{1,2}"),
        ('new String[]{"a", "b"}', 'new String[]{"a","b"}'),
        (
            "new ArrayList<String>(Arrays.asList(1, 2))",
            "new ArrayList<String>(Arrays.asList(1, 2))",
        ),
        ('new HashMap<String, Integer>() {{ put("a", 1); }}', "new HashMap<String,Integer>()"),
        ("a + b * 2", "a+b*2"),
        ("x -> x + 1", "x->x+1"),
    ],
)
def test_a_java_value_is_its_source(source: str, value: str) -> None:
    assert java(source) == value


@pytest.mark.parametrize(
    ("source", "value"),
    [
        ("'a b'", "a b"),
        ('"a"', "a"),
        ("`a${1}`", "`a${1}`"),
        ("[1, 'b']", "[1, 'b']"),
        ("{ k: 1 }", "{ k: 1 }"),
        ("x => x + 1", "x => x + 1"),
        ("function (a) { return a }", "function (a) { return a }"),
        ("'a' + 'b'", "a' + 'b"),
        ("null", "null"),
        ("with", "with"),
        ("default", "default"),
        ("'中' + é", "'中' + é"),
    ],
)
def test_a_javascript_value_is_its_source_without_quotes_around_it(source: str, value: str) -> None:
    assert javascript(source) == value


def test_first_and_last_character_are_cut_off_whatever_they_are() -> None:
    assert java_calls("xClock.set(a=1, b=2)y") == [{"Clock.set": {"a": "1", "b": "2"}}]
    assert javascript_calls("xset(a=1)y") == [{"set": {"a": "1"}}]


def test_the_first_call_is_the_only_one() -> None:
    assert java_calls("[A.f(x=1, y=2); B.g(z=3);]") == [{"A.f": {"x": "1", "y": "2"}}]
    assert javascript_calls("[f(x=1); g(y=2)]") == [{"f": {"x": "1"}}]


def test_positional_literals_are_dropped_and_names_stand_under_none() -> None:
    assert java_calls('[A.f("a", b, x=1);]') == [{"A.f": {None: "b", "x": "1"}}]
    assert javascript_calls("[f('a', b, x=1)]") == [{"f": {None: "b", "x": "1"}}]
    assert javascript_calls("[f(true)]") == [{"f": {None: "true"}}]


@pytest.mark.parametrize("arguments", ["x=1, x=2", "a, b"])
def test_a_repeated_name_or_two_unnamed_arguments_are_an_error(arguments: str) -> None:
    for read in (java_calls, javascript_calls):
        with pytest.raises(ValueError, match="more than once"):
            read(f"[A.f({arguments});]")


def test_no_call_is_an_empty_object_in_java_and_nothing_in_javascript() -> None:
    assert java_calls("[int x = 1;]") == {}
    assert javascript_calls("[x + 1]") is None


def test_what_is_not_the_language_is_an_error() -> None:
    for read in (java_calls, javascript_calls):
        with pytest.raises(SyntaxError):
            read("[f(x=1, ]")


def test_javascript_names_are_those_of_the_grammar_of_2024() -> None:
    assert javascript_calls("[f(in=1, default=2)]") == [{"f": {"in": "1", "default": "2"}}]
    with pytest.raises(SyntaxError):
        javascript_calls("[f(await=1, x=2)]")


def test_java_texts_shift_after_characters_outside_ascii() -> None:
    text = '[A.f(x="é", y="abc");]'
    assert java_calls(text) == [{"A.f": {"x": 'é"', "=": 'bc"'}}]


def test_long_strings_are_cut_for_the_parser_alone() -> None:
    inside = "é, x=1) " * 20_000
    assert javascript_calls(f"[f(x='{inside}', y='b')]") == [{"f": {"x": inside, "y": "b"}}]
    plain = "a, x=1) " * 20_000
    text = f'[A.f(x="{plain}", y="{plain}b", z=new T("{plain}"));]'
    expected = {"x": plain, "y": plain + "b", "z": f'new T("{plain}")'}
    assert java_calls(text) == [{"A.f": expected}]


def test_too_much_code_is_refused() -> None:
    for read in (java_calls, javascript_calls):
        with pytest.raises(TooLargeError):
            read("[f(" + "a<" * 100_000 + ")]")
