"""Executables by replay: the rules of equality, nearness, structure and unordered matching."""

from __future__ import annotations

import json
from itertools import permutations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from actloom.core.errors import InputError
from actloom.core.verdict import Verdict
from actloom.evals.bfcl.decoding import Decoded
from actloom.evals.bfcl.question import Question
from actloom.evals.bfcl.scoring.executable import (
    NOT_RECORDED,
    Recorded,
    Tape,
    replayed_verdict,
    tape_of,
)

WRONG = "executable_checker:wrong_result"


def verdict(calls, outputs, expected, kinds, category="executable_simple") -> Verdict:
    tape = Tape(
        {call: of if isinstance(of, Recorded) else Recorded("ok", of) for call, of in outputs},
        {"q": expected},
    )
    question = Question("q", category, [], [], raw={"execution_result_type": kinds})
    return replayed_verdict(question, Decoded(calls), tape)


def single(output, expected, kind) -> str:
    return verdict(["f()"], [("f()", output)], [expected], [kind]).code


@pytest.mark.parametrize(
    ("output", "expected", "kind", "code"),
    [
        (5.0, 5, "exact_match", ""),
        (True, 1, "exact_match", ""),
        ("5", 5, "exact_match", "executable_checker:wrong_result"),
        ([1, 2], [2, 1], "exact_match", "executable_checker:wrong_result"),
        (120, 100.0, "real_time_match", ""),
        (80.0, 100, "real_time_match", ""),
        (120.1, 100, "real_time_match", "executable_checker:wrong_result_real_time"),
        ("100", 100, "real_time_match", "executable_checker:wrong_result_real_time"),
        (True, 1, "real_time_match", "executable_checker:wrong_result_real_time"),
        (-100, -100, "real_time_match", "executable_checker:wrong_result_real_time"),
        ({"a": 1}, {"a": 9}, "structural_match", ""),
        ({}, {"a": 9}, "structural_match", f"{WRONG}_type:dict_key_not_found"),
        ({"a": 1, "b": 1}, {"a": 9}, "structural_match", f"{WRONG}_type:dict_extra_key"),
        ([1, 2], [3], "structural_match", "executable_checker:wrong_result_type:list_length"),
        ([{"x": 1}], [3], "structural_match", ""),
        (1, 1.5, "structural_match", "executable_checker:wrong_result_type"),
        ("a", "b", "structural_match", ""),
        (Recorded("error"), 1, "exact_match", "executable_checker:execution_error"),
        (Recorded("unrecorded"), 1, "exact_match", NOT_RECORDED),
    ],
)  # fmt: skip
def test_an_output_is_judged_by_its_kind_of_match(output, expected, kind, code) -> None:
    assert single(output, expected, kind) == code


def test_a_negative_number_is_never_near_as_the_official_bounds_cross() -> None:
    assert single(-100.0, -100.0, "real_time_match").endswith("real_time")
    assert single(0, 0, "real_time_match") == ""


@pytest.mark.parametrize(
    ("decoded", "code"),
    [
        (Decoded(error="no call"), "executable_decoder:decoder_failed"),
        (Decoded("f()"), "executable_decoder:wrong_output_format"),
        (Decoded([]), "executable_decoder:wrong_output_format"),
        (Decoded(["f()", 3]), "executable_decoder:wrong_output_format"),
        (Decoded(["f()", "f()"]), "simple_exec_checker:wrong_count"),
    ],
)
def test_what_is_no_list_of_calls_fails_as_officially(decoded: Decoded, code: str) -> None:
    question = Question("q", "executable_simple", [], [], raw={"execution_result_type": ["x"]})
    assert replayed_verdict(question, decoded, Tape({}, {"q": [1]})).code == code


@given(st.permutations(range(4)))
@settings(max_examples=24)
def test_several_calls_are_right_in_any_order(order: list[int]) -> None:
    calls = [f"f({n})" for n in order]
    outputs = [(f"f({n})", n) for n in range(4)]
    kinds = ["exact_match"] * 4
    assert verdict(calls, outputs, [0, 1, 2, 3], kinds, "executable_parallel_function").valid
    assert not verdict(calls, outputs, [0, 1, 2, 9], kinds, "executable_parallel_function").valid
    short = verdict(calls[:3], outputs, [0, 1, 2, 3], kinds, "executable_parallel_function")
    assert short.code == "value_error:exec_result_count"


def test_matching_is_greedy_as_officially() -> None:
    """The first expected result takes the first call it accepts, though the second needs it."""
    outputs = [("a()", {"x": 1}), ("b()", {"x": 2})]
    kinds = ["structural_match", "exact_match"]
    for calls in permutations(["a()", "b()"]):
        found = verdict(
            list(calls), outputs, [{"x": 0}, {"x": 1}], kinds, "executable_multiple_function"
        )
        assert found.valid == (calls == ("b()", "a()"))


def test_a_call_nobody_recorded_makes_the_verdict_approximate() -> None:
    found = verdict(["f()"], [], [1], ["exact_match"])
    assert (found.code, found.approximate) == (NOT_RECORDED, True)


def test_recordings_are_read_from_a_folder(tmp_path) -> None:
    assert tape_of(str(tmp_path)) is None
    (tmp_path / "exec_outputs.jsonl.gz").write_text(
        json.dumps({"call": "f()", "status": "ok", "output": [1]}) + "\n"
    )
    expected = tmp_path / "exec_expected.jsonl"
    expected.write_text(json.dumps({"id": "q", "execution_result": [[1]]}) + "\n")
    tape = tape_of(str(tmp_path))
    assert tape == Tape({"f()": Recorded("ok", [1])}, {"q": [[1]]})
    expected.write_text(json.dumps({"id": "q", "execution_result": 1}) + "\n")
    with pytest.raises(InputError, match="expected results"):
        tape_of(str(tmp_path))
