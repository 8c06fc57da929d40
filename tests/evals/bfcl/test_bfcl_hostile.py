"""Two hundred hostile outputs over every decoder: no code runs, nothing hangs, official verdicts.

`hostile_verdicts.json` was made with the official decoders (gorilla of 2024-08-11, bfcl-eval
2026.3.23), one process an output: a letter each, `c` calls, `o` something else, `f` a failure, `x`
code of the output ran, `-` no answer in two seconds.
"""

from __future__ import annotations

import itertools
import json
import os
import time
from pathlib import Path

import pytest

from actloom.evals.bfcl.decoders import decoder, names
from actloom.evals.bfcl.decoding import Decoded, Decoder
from actloom.evals.bfcl.question import Language
from bfcl_hostile_outputs import CANARY, LARGE, NUMBERS, OUTPUTS

OFFICIAL: dict[str, str] = json.loads(Path(__file__).with_name("hostile_verdicts.json").read_text())
LIMIT = 0.1
"""Seconds of CPU an output may take."""
REFUSED_FOR_SIZE = {
    f"[f(x={text})]"
    for text in (
        "2**100000000",
        "'%1000000000d' % 1",
        "'%*d' % (10**9, 1)",
        "'a' * 10**9",
        "[[[[0] * 1000] * 1000] * 1000] * 1000",
    )
}
"""Values of up to a gigabyte, which the official decoder makes where there is the memory."""


def seconds(decode: Decoder, output: str, language: Language) -> float:
    """Returns the CPU time of both ways of decoding, the slower one."""
    starts = [time.thread_time()]
    decode.calls(output, language)
    starts.append(time.thread_time())
    if language == "python":
        decode.call_texts(output)
        starts.append(time.thread_time())
    return max(b - a for a, b in itertools.pairwise(starts))


def languages(name: str) -> tuple[Language, ...]:
    """Returns the languages that make a difference to a decoder: families alone read them."""
    return ("python", "java", "javascript") if "@" in name else ("python",)


def letter(decoded: Decoded) -> str:
    """Returns a decoding as the letter that stands for it."""
    value = decoded.value
    if decoded.error:
        return "f"
    return "c" if type(value) is list and all(type(call) is dict for call in value) else "o"


def test_there_are_two_hundred_different_outputs() -> None:
    assert len(OUTPUTS) == len(set(OUTPUTS)) == 200


@pytest.mark.slow
@pytest.mark.parametrize("name", names())
def test_no_output_runs_code_or_takes_a_tenth_of_a_second(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    decode = decoder(name)
    slow = [
        (round(min(times), 3), language, output[:60])
        for output in OUTPUTS
        for language in languages(name)
        # three times, for another process may have been in the way
        if min(times := [seconds(decode, output, language)]) > LIMIT
        and min(times := [seconds(decode, output, language) for _ in range(3)]) > LIMIT
    ]
    assert slow == []
    assert CANARY not in os.environ
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["claude@bfcl_v1", "default@bfcl_v4", "llama3_1@bfcl_v4"])
def test_a_decoder_that_officially_evaluates_runs_nothing(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for output in OUTPUTS:
        if output not in LARGE:
            decoder(name).calls(output, "python")
            decoder(name).call_texts(output)
    assert CANARY not in os.environ
    assert list(tmp_path.iterdir()) == []
    assert OFFICIAL[name].count("x") > 0, "the official decoder runs code of none of these outputs"


@pytest.mark.parametrize("name", OFFICIAL)
def test_verdicts_are_official_where_there_is_one(name: str) -> None:
    different = []
    for output, official in zip(OUTPUTS, OFFICIAL[name], strict=True):
        ours = letter(decoder(name).calls(output, "python"))
        if official == "x" or (output in REFUSED_FOR_SIZE and ours == "f"):
            official = "f"
        if official != "-" and ours != official:
            different.append((output[:80], official, ours))
    assert different == []


def test_what_is_refused_for_its_size_would_be_enormous() -> None:
    assert set(NUMBERS) >= REFUSED_FOR_SIZE
    for output in REFUSED_FOR_SIZE:
        decoded = decoder("claude@bfcl_v1").calls(output, "python")
        assert decoded.error.startswith("TooLargeError")


def test_five_megabytes_in_one_string_are_decoded_in_every_language() -> None:
    value = "a" * 5_000_000
    text = f'[f(x="{value}", y="z")]'
    for language in ("python", "java", "javascript"):
        for name in ("claude@bfcl_v1", "default@bfcl_v4"):
            decoded = decoder(name).calls(text, language)
            assert decoded == Decoded(value=[{"f": {"x": value, "y": "z"}}])


@pytest.mark.parametrize("result", [None, 5, True, {}, {"f": "{}"}, [None], [[]], [{}], ["f"], ""])
def test_a_result_of_any_shape_is_a_decoding(result: object) -> None:
    for name in names():
        for language in ("python", "java", "javascript"):
            assert isinstance(decoder(name).calls(result, language), Decoded)
        assert isinstance(decoder(name).call_texts(result), Decoded)
