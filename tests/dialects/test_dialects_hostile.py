"""Hostile texts: every dialect answers, in time that grows with the text and no faster."""

from __future__ import annotations

import gc
import json
import time

import pytest

from actloom.core.record import Call, Reply
from actloom.dialects import NAMES, dialect
from actloom.dialects.literal import MAX_DIGITS
from dialect_traits import TEXT_VALUES, with_own_ids

ALL = pytest.mark.parametrize("name", NAMES)
DEEP = 100_000
CALL = '{"name": "f", "arguments": {"a": '

HOSTILE = {
    "open lists": "[",
    "open objects": '{"a":',
    "open calls": CALL,
    "open tags": "<tool_call>",
    "tags with open strings": '<tool_call>{"name": "f\\" ',
    "close tags": "</tool_call>",
    "cut blocks": "<tool_call>{'name': 'f', 'arguments': {'a': '</tool_call>",
    "think tags": "<think></think><think>",
    "quotes": '"',
    "single quotes": "{'",
    "triple quotes": "[f(a='''",
    "spaces after brackets": "[ " + " " * 50,
    "spaces": " ",
    "spaces after quotes": '["' + " " * 40 + "x",
    "backslashes": '["\\',
    "escapes": '["\\ud83d',
    "digits": "1",
    "words": "[f(a=b ",
    "open pythonic": "[f(",
    "nested pythonic": "[f(a=",
    "stars": "[f(**",
    "names": "a.",
    "commas": "[,",
    "closers": "[)]}",
    "react words": "\nAction: f\nAction Input: ",
    "thoughts": "\nThought: ",
    "fences": "\n```json\n",
    "nul": "\0",
    "surrogates": "\ud800[",
    "end tokens": "<|im_end|>",
    "marks": '{"name": "',
    "starred words": "** \t",
    "calls in a row": "f(a=1); ",
}


@pytest.mark.slow
@ALL
@pytest.mark.parametrize("kind", HOSTILE)
def test_time_grows_no_faster_than_the_text(name: str, kind: str):
    piece = HOSTILE[kind]
    small = _seconds(name, piece * (6_000 // len(piece)))
    large = _seconds(name, piece * (48_000 // len(piece)))
    # 8 times the text: a quadratic reader takes 64 times as long, a noisy machine not 24 times.
    assert large < 24 * small + 0.05


def _seconds(name: str, text: str) -> float:
    """Returns the least CPU seconds of three rounds, without pauses of the garbage collector."""
    gc.disable()
    try:
        return min(_round_seconds(name, text) for _ in range(3))
    finally:
        gc.enable()


def _round_seconds(name: str, text: str) -> float:
    start = time.process_time()
    for prefix in ("", "[", '[{"name": "f", "arguments": {"a": '):
        dialect(name).parse(prefix + text, lenient=True)
    return time.process_time() - start


@ALL
@pytest.mark.parametrize(
    "text",
    [
        "[" * DEEP,
        '{"tool_calls": ' + "[" * DEEP + "]" * DEEP + "}",
        '<tool_call>{"name": "f", "arguments": ' + '{"a":' * DEEP,
        "[f(a=" + "(" * DEEP + ")" * DEEP + ")]",
        "Action: f\nAction Input: " + "[" * DEEP,
        "[f(a=" + "-" * DEEP + "1)]",
        "[" + "f(" * DEEP,
    ],
)
def test_deep_nesting_is_an_error_and_not_a_crash(name: str, text: str):
    for lenient in (False, True):
        parsed = dialect(name).parse(text, lenient=lenient)
        assert parsed.error or parsed.reply.text == text


@pytest.mark.slow
@ALL
def test_five_megabytes_of_calls_are_read(name: str):
    d = dialect(name)
    words = "x" * 1000
    calls = Reply(tool_calls=[Call(name="f", arguments={"a": words})] * 5000)
    reply = with_own_ids(name, calls)
    text = d.render(reply)
    assert len(text) > 5_000_000
    assert d.parse(text).reply == reply


@ALL
@pytest.mark.parametrize(
    "number", ["NaN", "Infinity", "-Infinity", "1e999", "9" * (MAX_DIGITS + 1)]
)
def test_numbers_json_cannot_hold_are_refused(name: str, number: str):
    d = dialect(name)
    text = d.render(Reply(tool_calls=[Call(name="f", arguments={"a": 77777})]))
    parsed = d.parse(text.replace("77777", number))
    if name == "openai_json":
        assert parsed.reply.tool_calls[0].arguments_text == f'{{"a": {number}}}'
        return
    if name in {*TEXT_VALUES, "xml", "deepseek_v32"} or (name == "yaml" and number[-1] in "Ny"):
        assert parsed.reply.tool_calls[0].arguments == {"a": number}
        return
    assert parsed.error and parsed.reply.tool_calls == []
    mended = d.parse(text.replace("77777", number), lenient=True)
    assert mended.repairs
    json.dumps(mended.reply.tool_calls[0].arguments, allow_nan=False)


@ALL
def test_long_whole_numbers_keep_every_digit(name: str):
    d = dialect(name)
    calls = [Call(name="f", arguments={"a": 10 ** (MAX_DIGITS - 1) + 7})]
    reply = with_own_ids(name, Reply(tool_calls=calls))
    assert d.lost(reply) == []
    assert d.parse(d.render(reply)).reply == reply


@ALL
def test_what_no_text_can_hold_is_listed_as_lost_and_not_rendered(name: str):
    d = dialect(name)
    deep: list = []
    for _ in range(5000):
        deep = [deep]
    for value in (float("nan"), float("-inf"), 10 ** (MAX_DIGITS + 1), deep):
        reply = Reply(tool_calls=[Call(name="f", arguments={"a": [value]})])
        assert [loss.field for loss in d.lost(reply)] != []
        with pytest.raises(ValueError, match=r".+"):
            d.render(reply)


@ALL
def test_repeated_keys_are_refused_strictly_and_named_leniently_the_last_winning(name: str):
    d = dialect(name)
    text = d.render(Reply(tool_calls=[Call(name="f", arguments={"aa": 1, "bb": 2})]))
    text = text.replace("bb", "aa")
    if name == "openai_json":
        assert d.parse(text).reply.tool_calls[0].arguments_text == '{"aa": 1, "aa": 2}'
        return
    assert d.parse(text).error
    mended = d.parse(text, lenient=True)
    assert [(c.name, c.arguments) for c in mended.reply.tool_calls] == [("f", {"aa": 2})]
    assert mended.repairs == ["duplicate_keys"]
