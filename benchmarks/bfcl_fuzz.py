"""Random answers to BFCL questions: near the gold, far from it, and malformed."""

from __future__ import annotations

import copy
import random

_JAVA_PIECES = (
    "new ",
    "ArrayList",
    "HashMap",
    "String",
    "int",
    "<",
    ">",
    "<>",
    "<String>",
    "<String, Object>",
    "(",
    ")",
    "()",
    "{",
    "}",
    "{{",
    "}}",
    "[",
    "]",
    "[]",
    "Arrays.asList(",
    "add(",
    "put(",
    'put("k"',
    '"',
    "'",
    '"a"',
    '"b", ',
    ",",
    ", ",
    ";",
    " ",
    "\n",
    "1",
    "-2",
    "3L",
    "4.5",
    "6f",
    "7e3",
    "true",
    "false",
    "x",
    "new int[]{",
    "new ArrayList<>(Arrays.asList(",
    "new ArrayList<Integer>() {{ ",
    "new HashMap<String, Integer>() {{ ",
    'put("a", 1); ',
    "add(1); ",
    "null",
    "é",
    "\t",
)
_JAVASCRIPT_PIECES = (
    "[",
    "]",
    "[[",
    "]]",
    "{",
    "}",
    "(",
    ")",
    "new Array(",
    "new  Array( [",
    ",",
    ", ",
    ":",
    ": ",
    '"',
    "'",
    '"a"',
    "'b'",
    '"k": ',
    "k: ",
    "1",
    "-2",
    "3n",
    "4.5",
    "7e3",
    "true",
    "false",
    "x",
    " ",
    "\n",
    "[1, 2], ",
    "[[1, 2], [3]]",
    '{"a": 1}',
    '"a,b"',
    "null",
    "é",
    "()",
    "=>",
)
_SHAPES = {
    "java": (
        "{0}",
        '"{0}"',
        "new int[]{{{0}, {1}}}",
        'new String[]{{"{0}", "{1}"}}',
        "{0}L",
        "{0}f",
        "new ArrayList<>(Arrays.asList({0}, {1}))",
        'new ArrayList<String>() {{{{ add("{0}"); add({1}); }}}}',
        'new HashMap<String, Object>() {{{{ put("{0}", {1}); put("b", "{0}"); }}}}',
        "new HashMap<>()",
        "new ArrayList<>()",
        "List.of({0}, {1})",
    ),
    "javascript": (
        "{0}",
        '"{0}"',
        "'{0}'",
        "[{0}, {1}]",
        "[\"{0}\", '{1}']",
        "[[{0}, {1}], [{1}]]",
        "{0}n",
        "new Array({0}, {1})",
        "new Array([{0}], [{1}, 2])",
        '{{"a": {0}, b: "{1}"}}',
        "{{}}",
        '{{a: [{0}, {1}], "b": {{c: 1}}}}',
        "[]",
        '{{"a": ["{0}"], b: {1}, c: \'x, y\'}}',
    ),
}
_ATOMS = ("1", "-5", "2.5", "abc", "true", "", " x ", "1e3", "nan", "a b", "3L", "9f", "0", "a:b")
_VALUES = (
    0,
    1,
    -3,
    7.0,
    2.5,
    True,
    False,
    None,
    "",
    "-",
    "abc",
    "New York",
    "5",
    [],
    [1],
    [1.5, 2],
    ["a"],
    [None],
    [[1]],
    [{}],
    [{"a": 1}],
    {},
    {"a": 1},
    {"a": ["b"]},
    [""],
    10**400,
    "x" * 300,
)


def fuzzed_literal(language: str, dice: random.Random) -> str:
    """Returns source text of an argument: a shape filled, pieces joined, or a shape damaged."""
    if dice.random() < 0.4:
        pieces = _JAVA_PIECES if language == "java" else _JAVASCRIPT_PIECES
        return "".join(dice.choices(pieces, k=dice.randint(0, 14)))
    shape = dice.choice(_SHAPES[language])
    text = shape.format(dice.choice(_ATOMS), dice.choice(_ATOMS))
    return _damaged(text, dice) if dice.random() < 0.4 else text


def fuzzed_calls(question, gold: list, dice: random.Random) -> object:
    """Returns a decoded answer, usually a list of calls near the gold's."""
    if dice.random() < 0.05:
        return dice.choice((None, "text", [], [{}], [1], {}, [[]], [{"a": 1, "b": 2}], ["f(x)"]))
    calls = copy.deepcopy(gold) if gold else [_invented(question, dice)]
    if dice.random() < 0.1:
        calls.append(_invented(question, dice))
    if dice.random() < 0.05:
        calls.pop()
    dice.shuffle(calls)
    return [_changed(call, question, dice) for call in calls]


def _changed(call: dict, question, dice: random.Random) -> dict:
    name, arguments = next(iter(call.items()))
    if dice.random() < 0.05:
        name = name.replace(".", "_") if dice.random() < 0.7 else _invented_name(question, dice)
    if not isinstance(arguments, dict) or dice.random() < 0.02:
        return {name: dice.choice((arguments, None, [], "x", {}))}
    changed = {}
    for key, value in arguments.items():
        luck = dice.random()
        if luck < 0.08:
            continue
        changed[key] = _value(value, question, dice) if luck < 0.5 else value
    for key in _known_arguments(question, name):
        if key not in changed and dice.random() < 0.1:
            changed[key] = _value(None, question, dice)
    if dice.random() < 0.03:
        changed["zzz"] = 1
    items = list(changed.items())
    dice.shuffle(items)
    return {name: dict(items)}


def _value(value: object, question, dice: random.Random) -> object:
    if question.language != "python":
        return (
            dice.choice(_VALUES) if dice.random() < 0.1 else fuzzed_literal(question.language, dice)
        )
    if isinstance(value, str) and dice.random() < 0.6:
        return _damaged(value, dice) if dice.random() < 0.3 else dice.choice(_spellings(value))
    if isinstance(value, list) and value and dice.random() < 0.7:
        at = dice.randrange(len(value))
        return dice.choice(
            (
                value[::-1],
                value[:-1],
                [*value, value[0]],
                [str(item) for item in value],
                [*value[:at], dice.choice(_VALUES), *value[at + 1 :]],
                [*value[:at], _value(value[at], question, dice), *value[at + 1 :]],
            )
        )
    if isinstance(value, dict) and value and dice.random() < 0.7:
        key = dice.choice([*value])
        without = {other: item for other, item in value.items() if other != key}
        return dice.choice(
            (without, {**value, "q": 1}, {**value, key: _value(value[key], question, dice)})
        )
    if isinstance(value, (int, float)) and abs(value) < 1e9 and dice.random() < 0.6:
        return dice.choice(
            (float(value), int(value), value + 1, str(value), [value], bool(value), -value)
        )
    return dice.choice(_VALUES)


def _spellings(text: str) -> tuple[str, ...]:
    return (
        text.upper(),
        f" {text}.",
        text.replace(" ", "_"),
        text.replace("'", '"'),
        text + "s",
        "'" + text,
    )


def _damaged(text: str, dice: random.Random) -> str:
    at = dice.randrange(len(text) + 1)
    return dice.choice(
        (
            text[:at] + text[at + 1 :],
            text[:at],
            text[:at] + dice.choice("{}[](),:;\"' \nx-_.Σ") + text[at:],
            text + "\n",
            f" {text} ",
        )
    )


def _invented(question, dice: random.Random) -> dict:
    name = _invented_name(question, dice)
    known = _known_arguments(question, name)
    return {name: {key: _value(None, question, dice) for key in known if dice.random() < 0.7}}


def _invented_name(question, dice: random.Random) -> str:
    return dice.choice([*(function["name"] for function in question.functions), "other"])


def _known_arguments(question, name: str) -> list[str]:
    for function in question.functions:
        if function["name"] == name:
            return [*function["parameters"]["properties"]]
    return []
