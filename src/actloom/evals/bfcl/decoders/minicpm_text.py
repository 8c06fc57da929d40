"""MiniCPM's calls in bfcl-eval: Python statements between tags, a thought before them."""

from __future__ import annotations

import ast

from actloom.core.jsonvalue import Json
from actloom.evals.bfcl.decoders.call_text import call_text
from actloom.evals.bfcl.decoders.python_text import Call, call_of, statements
from actloom.evals.bfcl.decoders.shapes import text_of
from actloom.evals.bfcl.question import Language

_START, _END = "<|tool_call_start|>", "<|tool_call_end|>"
_THOUGHT_START, _THOUGHT_END = "<|thought_start|>", "<|thought_end|>"


def minicpm_calls(result: Json, _language: Language) -> object:
    """Returns the calls, or the words of a reply without any.

    Raises:
        TypeError: the result is no text.
        IndexError: a thought ends before it starts.
    """
    calls, words = _read(text_of(result))
    return calls or words


def minicpm_call_texts(result: Json) -> object:
    """Returns the calls as Python source.

    Raises:
        TypeError, IndexError: as `minicpm_calls`.
        ValueError: an integer is too long to be written.
    """
    calls, _ = _read(text_of(result))
    return [call_text(name, given, comma=", ") for call in calls for name, given in call.items()]


def _read(text: str) -> tuple[list[Call], str]:
    if _THOUGHT_END in text and _THOUGHT_START in text:
        thought, text = text.rsplit(_THOUGHT_END, 1)
        if _THOUGHT_START not in thought:
            raise IndexError("a thought that starts before it ends")
    if _START not in text or _END not in text:
        return [], text.strip()
    source, words = text.rsplit(_END, 1)
    source = _without_fence(source.split(_START, 1)[1].strip())
    try:
        return [_call(statement) for statement in statements(source)], words.strip()
    except Exception:  # the official decoder takes any failure for a reply in words
        return [], words.strip()


def _without_fence(source: str) -> str:
    if source.startswith("```"):
        source = source.lstrip("`").strip()
        if source.startswith("python"):
            source = source.lstrip("python").strip()
    return source.rstrip("`").strip() if source.endswith("```") else source


def _call(statement: ast.stmt) -> Call:
    value = getattr(statement, "value", None)
    if not isinstance(value, ast.Call):
        raise ValueError("a call as a statement")
    return call_of(value)
