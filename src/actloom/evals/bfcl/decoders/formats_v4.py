"""The return formats of bfcl-eval's prompts: Python, JSON, and two ways of XML.

Every one starts as the default prompt decoder does: backticks, newlines and blanks are taken off
both ends, brackets are added where there are none, then the format is searched for in that.
"""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Callable
from typing import Literal, TypeAlias, cast
from xml.etree import ElementTree

from actloom.evals.bfcl.decoders.bounds import MAX_CHARS, TooLargeError
from actloom.evals.bfcl.decoders.families_v1 import bracketed
from actloom.evals.bfcl.decoders.java_text import java_calls
from actloom.evals.bfcl.decoders.javascript_text import javascript_calls
from actloom.evals.bfcl.decoders.json_text import json_value
from actloom.evals.bfcl.decoders.python_text import calls_v4, expression
from actloom.evals.bfcl.question import Language

ReturnFormat: TypeAlias = Literal["python", "json", "verbose_xml", "concise_xml"]
MAX_TAGS = 50_000
"""XML tags that are read."""
_LIST_OF_OBJECTS = re.compile(r"\[\s*+\{")
_END_OF_LIST = re.compile(r"\}\s*+\]")


def prompted(
    text: str, language: Language, *, form: ReturnFormat = "python", tagged: bool = False
) -> object:
    """Returns the calls of a prompted model's text.

    Args:
        text: what the model wrote.
        language: of the question; only Python's form of writing differs by it.
        form: the return format that was asked for.
        tagged: whether calls were to stand between `<TOOLCALL>` and `</TOOLCALL>`.

    Raises:
        Exception: whatever stands for the official decoder's own.
    """
    text = bracketed(text.strip("`\n "))
    if tagged:
        inside = between(text, "<TOOLCALL>", "</TOOLCALL>")
        if inside is None:
            raise ValueError("a call between <TOOLCALL> and </TOOLCALL>")
        text = inside.strip()
    return _READERS[form](text) if form != "python" else read_v4(text, language)


def read_v4(text: str, language: Language) -> object:
    """Returns the calls of a text in the language of the question, as bfcl-eval decodes it.

    Raises:
        Exception: whatever stands for the official decoder's own.
    """
    if language == "java":
        return java_calls(text)
    return javascript_calls(text) if language == "javascript" else calls_v4(text)


def between(text: str, start: str, end: str) -> str | None:
    """Returns what stands between the first `start` and the next `end`, None without both."""
    at = text.find(start)
    after = text.find(end, at + len(start)) if at >= 0 else -1
    return text[at + len(start) : after] if after >= 0 else None


def _json_calls(text: str) -> object:
    start, end = text.find("["), text.rfind("]")
    if 0 <= start < end:
        text = listed_objects(text[start : end + 1])
    try:
        value = json_value(text)
    except json.JSONDecodeError:
        return []
    if not isinstance(value, list | dict | str):
        raise TypeError(f"calls, not {type(value).__name__}")
    calls = [call for call in value if isinstance(call, dict)]
    return [{cast("str", call["function"]): call["parameters"]} for call in calls]


def listed_objects(text: str) -> str:
    """Returns the first list of objects: from `[ {` to the next `} ]`; else the text itself."""
    start = _LIST_OF_OBJECTS.search(text)
    end = _END_OF_LIST.search(text, start.end()) if start else None
    return text[start.start() : end.end()] if start and end else text


def _functions(text: str) -> list[ElementTree.Element]:
    inside = between(text, "<functions>", "</functions>")
    if inside is None:
        raise ValueError("calls between <functions> and </functions>")
    if len(text) > MAX_CHARS or inside.count("<") > MAX_TAGS:
        raise TooLargeError(f"expected at most {MAX_TAGS} tags")
    # No document type can stand inside an element, so no entity can be declared and grow.
    return ElementTree.fromstring(f"<functions>{inside}</functions>").findall("function")


def _verbose_xml_calls(text: str) -> object:
    calls: list[object] = []
    for function in _functions(text):
        name = function.attrib["name"]
        held = function.find("params")
        parameters = (function if held is None else held).findall("param")
        calls.append({name: dict(map(_verbose_argument, parameters))})
    return calls


def _verbose_argument(parameter: ElementTree.Element) -> tuple[str | None, object]:
    given = parameter.attrib
    value = _typed(given.get("value", ""), given.get("type", "string"))
    return given.get("name"), value


def _concise_xml_calls(text: str) -> object:
    return [
        {function.attrib["name"]: dict(map(_concise_argument, function.findall("param")))}
        for function in _functions(text)
    ]


def _concise_argument(parameter: ElementTree.Element) -> tuple[str, object]:
    value = _typed((parameter.text or "").strip(), parameter.attrib.get("type", "string"))
    return parameter.attrib["name"], value


def _typed(text: str, kind: str) -> object:
    if kind == "integer":
        return int(text)
    if kind == "float":
        return float(text)
    if kind == "boolean":
        return text.lower() == "true"
    if kind == "null":
        return None
    if kind in ("array", "tuple", "object", "dict"):
        return ast.literal_eval(expression(text.lstrip(" \t")))
    return text


_READERS: dict[ReturnFormat, Callable[[str], object]] = {
    "json": _json_calls,
    "verbose_xml": _verbose_xml_calls,
    "concise_xml": _concise_xml_calls,
}
