"""Executable categories by replay: recorded outputs of calls against the expected ones.

Nothing is executed. What a call returned when the official scores were made is looked up by its
text; rules after specs/bfcl.md, section 6.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import cast

import msgspec

from actloom.core.errors import InputError
from actloom.core.jsonvalue import Json, JsonObject
from actloom.core.verdict import Verdict
from actloom.evals.bfcl.data.files import files_in, rows_of
from actloom.evals.bfcl.decoding import Decoded
from actloom.evals.bfcl.question import Question
from actloom.io.urls import exists, join

REAL_TIME = 0.2
"""Share by which a real-time number may differ."""
NOT_RECORDED = "executable_checker:not_recorded"
"""Our own error type: the verdict depends on a call nobody recorded."""
_VALID = Verdict(valid=True)


class Recorded(msgspec.Struct, frozen=True):
    """What a call did when it was run."""

    status: str
    """`ok`, `error`, or `unrecorded` for a call that was never run."""
    output: Json = None


class Tape(msgspec.Struct, frozen=True):
    """Recorded outputs and expected results of a folder."""

    outputs: dict[str, Recorded]
    """Text of a call -> what it did."""
    expected: dict[str, list[Json]]
    """Id of a question -> result of each gold call."""


def tape_of(folder: str) -> Tape | None:
    """Returns the recordings of a folder, None when it has none.

    Raises:
        InputError: a file of them is damaged.
    """
    outputs = join(folder, "exec_outputs.jsonl.gz")
    expected = _expected_file(folder)
    if not exists(outputs) or not expected:
        return None
    recorded = {
        str(row.get("call")): Recorded(str(row.get("status")), row.get("output"))
        for row in rows_of(outputs)
    }
    results = {str(row.get("id")): _results(row, expected) for row in rows_of(expected)}
    return Tape(recorded, results)


def _expected_file(folder: str) -> str:
    for below in ((), ("v1_data",)):
        found = files_in(join(folder, *below)).get("exec_expected")
        if found:
            return found
    return ""


def _results(row: JsonObject, path: str) -> list[Json]:
    results = row.get("execution_result")
    if not isinstance(results, list):
        raise InputError(
            "this line holds no expected results",
            expected="execution_result: a list with one result for each gold call",
            got=repr(results)[:80],
            where=f"{path}, id {row.get('id')}",
        )
    return results


def replayed_verdict(question: Question, decoded: Decoded, tape: Tape) -> Verdict:
    """Returns the verdict of calls by what they returned when they were recorded.

    Its code is official but for `NOT_RECORDED`, which also sets `approximate`.
    """
    if decoded.error:
        return _wrong("executable_decoder:decoder_failed", decoded.error)
    calls = decoded.value
    if not isinstance(calls, list) or not calls or not _all_texts(cast("list[object]", calls)):
        return _wrong("executable_decoder:wrong_output_format", "not a list of calls")
    texts = cast("list[str]", calls)
    expected = tape.expected.get(question.id)
    if expected is None:
        return _not_recorded(f"no expected result of {question.id}")
    kinds = _kinds(question, len(expected))
    if "multiple" in question.category or "parallel" in question.category:
        return _unordered(texts, expected, kinds, tape)
    if len(texts) != 1:
        return _wrong("simple_exec_checker:wrong_count", f"1 call expected, got {len(texts)}")
    return _single(texts[0], expected[0], kinds[0], tape.outputs)


def _all_texts(values: Sequence[object]) -> bool:
    return all(isinstance(value, str) for value in values)


def _kinds(question: Question, number: int) -> list[str]:
    kinds = question.raw.get("execution_result_type")
    given = [str(kind) for kind in kinds] if isinstance(kinds, list) else [str(kinds)]
    return [*given, *["exact_match"] * (number - len(given))]


def _unordered(
    calls: Sequence[str], expected: Sequence[Json], kinds: Sequence[str], tape: Tape
) -> Verdict:
    if len(calls) != len(expected):
        message = f"{len(expected)} calls expected, got {len(calls)}"
        return _wrong("value_error:exec_result_count", message)
    free = list(calls)
    for result, kind in zip(expected, kinds):
        for place, call in enumerate(free):
            verdict = _single(call, result, kind, tape.outputs)
            if verdict.approximate:
                return verdict
            if verdict.valid:
                del free[place]
                break
        else:
            message = f"no call returned {_shown(result)}"
            return _wrong("executable_checker:cannot_find_match", message)
    return _VALID


def _single(call: str, expected: Json, kind: str, outputs: Mapping[str, Recorded]) -> Verdict:
    recorded = outputs.get(call)
    if recorded is None or recorded.status == "unrecorded":
        return _not_recorded(f"what {_shown(call)} returns is not recorded")
    if recorded.status != "ok":
        return _wrong("executable_checker:execution_error", f"{_shown(call)} fails")
    output = recorded.output
    if kind == "exact_match":
        code = "" if output == expected else "executable_checker:wrong_result"
    elif kind == "real_time_match":
        code = "" if _is_near(output, expected) else "executable_checker:wrong_result_real_time"
    else:
        code = _structure_code(output, expected)
    if not code:
        return _VALID
    return _wrong(code, f"expected {_shown(expected)}, got {_shown(output)}")


def _is_near(output: Json, expected: Json) -> bool:
    if type(output) not in (int, float) or type(expected) not in (int, float):
        return False
    got, wanted = cast("float", output), cast("float", expected)
    return wanted * (1 - REAL_TIME) <= got <= wanted * (1 + REAL_TIME)


def _structure_code(output: Json, expected: Json) -> str:
    wrong = "executable_checker:wrong_result_type"
    if type(output) is not type(expected):
        return wrong
    if isinstance(output, dict) and isinstance(expected, dict):
        if any(key not in output for key in expected):
            return f"{wrong}:dict_key_not_found"
        return f"{wrong}:dict_extra_key" if any(key not in expected for key in output) else ""
    if isinstance(output, list) and isinstance(expected, list) and len(output) != len(expected):
        return f"{wrong}:list_length"
    return ""


def _wrong(code: str, message: str) -> Verdict:
    return Verdict(valid=False, code=code, message=message)


def _not_recorded(message: str) -> Verdict:
    return Verdict(valid=False, code=NOT_RECORDED, message=message, approximate=True)


def _shown(value: Json) -> str:
    text = repr(value)
    return text if len(text) <= 80 else text[:77] + "..."
