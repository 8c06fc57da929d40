"""Calls as Python text: carried out as Python would, and nothing else is."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from actloom.envs.bfcl.execution import MAX_CALL, Namespace


class Desk:
    """Methods whose outputs show what came in."""

    def show(self, a, b=2):
        return [a, b]

    def table(self, **fields):
        return fields

    def _private(self):
        return "private"


DESK = Desk()
ROOM = Namespace({"desk": DESK}, {"show": "desk", "table": "desk"})
VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(blacklist_characters="(", blacklist_categories=["Cs"]), max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.tuples(inner, inner)
        | st.dictionaries(st.text("ab", max_size=2), inner, max_size=2)
    ),
    max_leaves=6,
)
NAMES = st.sampled_from(["show", "table", "nowhere", "dict", "max", "len", "sum", "int", "sorted"])


def evaluated(text: str) -> str:
    """What Python's own evaluation gives, worded as the official runner words it."""
    import json

    try:
        value = eval(text, {"show": DESK.show, "table": DESK.table, "desk": DESK})
    except Exception as error:
        return f"Error during execution: {error}"
    if type(value) is str:
        return value
    if type(value) is dict:
        try:
            return json.dumps(value)
        except TypeError:
            pass
    return str(value)


@given(
    NAMES,
    st.lists(VALUES, max_size=3),
    st.dictionaries(st.sampled_from(["a", "b", "c", "x y"]), VALUES, max_size=3),
)
@settings(max_examples=100, deadline=None)
def test_a_call_gives_what_python_gives_errors_included(name, positional, named) -> None:
    arguments = [repr(value) for value in positional]
    arguments += [f"{key}={value!r}" for key, value in named.items()]
    text = f"{name}({', '.join(arguments)})"
    assert ROOM.output(text) == evaluated(text)


@pytest.mark.parametrize(
    "text",
    [
        "show(show(1), b=show(a=2))",
        "show",
        "5",
        "'text'",
        "  show(1)",
        "show(1)\n",
        "show(1); show(2)",
        "show(",
        "",
        "import os",
        "show(a=1, a=2)",
        "show(-1, b=+2.5)",
        "show({1}, b=b'x')",
        "show(...)",
        "show (1)",
        "nobody.show(1)",
        "desk.nothing()",
        "unknown_name",
        "show(1)(2)",
        "(show(1))",
        "show(dict(a=1, b=[2]), round(number=2.567, ndigits=1))",
        "max()",
        "tuple('ab')",
    ],
)
def test_odd_text_gives_what_python_gives(text: str) -> None:
    ours, theirs = ROOM.output(text), evaluated(text)
    if text == "desk.nothing()":  # an owner's attribute is not looked up at all
        assert ours.startswith("Error during execution:")
    elif text in ("show", "unknown_name"):
        assert ours == f"Error during execution: name {text!r} is not defined"
    else:
        assert ours == theirs


def test_a_method_name_before_a_bracket_is_rewritten_inside_strings_too() -> None:
    assert ROOM.output("show('please show (it) now')") == "['please desk.show(it) now', 2]"
    assert ROOM.output("show('about (it)')") == "['about(it)', 2]"


@pytest.mark.parametrize("name", ["kill", "exit", "quit", "remove", "unlink", "popen", "run"])
def test_forbidden_names_are_refused_in_the_benchmarks_words(name: str) -> None:
    assert (
        ROOM.output(f"{name}(1)") == f"Error during execution: Function call {name} is not allowed."
    )


def test_nothing_but_calls_is_carried_out(tmp_path: Path) -> None:
    mark = tmp_path / "mark"
    hostile = [
        f"__import__('pathlib').Path({str(mark)!r}).touch()",
        f"open({str(mark)!r}, 'w')",
        f"show(open({str(mark)!r}, 'w'))",
        f"[show(1) for x in [open({str(mark)!r}, 'w')]]",
        f"(lambda: open({str(mark)!r}, 'w'))()",
        "show(10**10**10)",
        "show('x' * 10**12)",
        "desk._private()",
        "desk.__class__.__mro__",
        "desk.show.__func__(1, 2)",
        "().__class__.__base__.__subclasses__()",
        "show(f'{open(1)}')",
        "show(*[1])",
        "show(**{'a': 1})",
        "exec('1')",
        "show(" * 5000,
        "show(" + "[" * 5000 + "]" * 5000 + ")",
        "show(" + "-" * 100_000 + "1)",
        "show(" + "1," * 100_000 + ")",
        "\x00",
        "show('\x00')",
        "x" * (MAX_CALL + 1),
    ]
    for text in hostile:
        start = time.process_time()
        output = ROOM.output(text)
        assert output.startswith("Error during execution:"), text[:60]
        assert "private" not in output
        assert time.process_time() - start < 1.0, text[:60]
    assert not mark.exists()


def test_an_output_has_no_half_surrogate_pairs() -> None:
    assert ROOM.output("show('\\ud83d')") == "['\\ud83d', 2]"
    assert ROOM.output("table(a='\\ud83d')") == '{"a": "\\ud83d"}'
    assert Namespace({}, {}).output("'\\ud83d'") == "\N{REPLACEMENT CHARACTER}"
    assert Namespace({}, {}).output("'\N{GRINNING FACE}'") == "\N{GRINNING FACE}"
