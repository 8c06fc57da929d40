"""What is wrong with an answer, in a sentence: the place, what was expected, what came."""

from __future__ import annotations

from typing import cast

from actloom.core.jsonvalue import Json, JsonObject, json_text
from actloom.evals.bfcl.question import Expected, Question

MAX_SHOWN = 300
"""Characters of a value that a message shows."""


def message_of(fault: tuple[str, str], question: Question, value: object) -> str:
    """Returns the message for a fault.

    Args:
        fault: error type, and the argument, the number of the expected call, or the reason.
        question: the record.
        value: the decoded answer.
    """
    code, place = fault
    family, _, what = code.partition(":")
    if what in ("decoder_failed", "crashed"):
        return place
    if what in ("decoder_success", "decoder_wrong_output_format"):
        wanted = "no call" if what == "decoder_success" else "a list of calls"
        return f"expected {wanted}, got {shown(value)}"
    calls = cast("list[JsonObject]", value)
    if what == "wrong_count":
        wanted = 1 if family == "simple_function_checker" else len(question.expected)
        return f"expected {wanted} calls, got {len(calls)}"
    if what == "cannot_find_description":
        return f"no function document is named in the expected call {place!r}"
    if what == "cannot_find_match":
        return f"no call left is the expected {_shown_call(question.expected[int(place)])}"
    if what == "wrong_func_name":
        return f"expected function {_function_name(question)!r}, got {shown([*calls[0]])}"
    return _argument_message(place, question, calls[0])


def _argument_message(name: str, question: Question, call: JsonObject) -> str:
    expected = question.expected[0].arguments
    given: JsonObject = {}
    for arguments in call.values():
        if isinstance(arguments, dict) and name in arguments:
            given = arguments
    kind = _type_of(name, question)
    wanted = f"one of {shown(expected[name])}" if name in expected else "no such argument"
    got = shown(given[name]) if name in given else "nothing"
    return f"argument {name!r}{f' ({kind})' if kind else ''}: expected {wanted}, got {got}"


def _function_name(question: Question) -> object:
    """Returns the name of the only function; among several, the gold's."""
    functions = question.functions
    return functions[0]["name"] if len(functions) == 1 else question.expected[0].name


def _type_of(name: str, question: Question) -> str:
    """Returns the type the documents give an argument, "" where they do not tell."""
    for function in question.functions:
        document: Json = function
        for key in ("parameters", "properties", name):
            document = document.get(key) if isinstance(document, dict) else None
        if isinstance(document, dict):
            return str(document.get("type", ""))
    return ""


def _shown_call(expected: Expected) -> str:
    return shown({expected.name: expected.arguments})


def shown(value: object) -> str:
    """Returns a value as a message shows it: JSON where it is JSON, cut when long."""
    try:
        text = json_text(value)
    except (TypeError, ValueError, RecursionError):
        text = f"a value of type {type(value).__name__}"
    return text if len(text) <= MAX_SHOWN else text[: MAX_SHOWN - 3] + "..."
