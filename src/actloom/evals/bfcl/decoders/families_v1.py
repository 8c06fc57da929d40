"""The handlers of the leaderboard of 2024-08-11 as decoders (spec section 4, the table).

One function a rule; what a handler raises is raised here too, by `OutputDecoder` made a verdict.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import cast

from actloom.core.jsonvalue import Json, JsonObject
from actloom.evals.bfcl.decoders.call_text import call_text, call_texts, native_call_texts
from actloom.evals.bfcl.decoders.java_text import java_calls
from actloom.evals.bfcl.decoders.javascript_text import javascript_calls
from actloom.evals.bfcl.decoders.json_text import json_value
from actloom.evals.bfcl.decoders.output_decoder import OutputDecoder
from actloom.evals.bfcl.decoders.python_text import calls_v1
from actloom.evals.bfcl.decoders.shapes import each, entries, first_pair, object_of, text_of
from actloom.evals.bfcl.question import Language

_VERSION = "bfcl_v1"
_QUOTED = re.compile(r"'([^']*)'")
_FLAT_LIST = re.compile(r"\[[^\]]*\]")
_NO_FUNCTION = "No function is called"


def _read(text: str, language: Language) -> object:
    """Returns the calls of a bracketed text in the language of the question."""
    if language == "java":
        return java_calls(text)
    return javascript_calls(text) if language == "javascript" else calls_v1(text)


def bracketed(text: str, *, gap: str = "") -> str:
    """Returns a text with a bracket at either end where it has none."""
    opened = text if text.startswith("[") else f"[{gap}{text}"
    return opened if opened.endswith("]") else f"{opened}{gap}]"


def without_first_blank(text: str) -> str:
    """Returns a text without one leading blank, and bracketed.

    Raises:
        IndexError: the text is empty.
    """
    return bracketed(text[1:] if text[0] == " " else text)


def _unquoted_items(text: str) -> str:
    """Undoes a list of quoted calls, `['f(a=1)', 'g()']`, as Nemotron and Arctic write it."""
    text = bracketed(text.replace("\n", ""), gap=" ")
    if text.startswith("['"):
        text = text.replace("['", "[").replace("', '", ", ").replace("','", ", ")
    return text.replace("']", "]") if text.endswith("']") else text


def _within_brackets(text: str) -> str:
    start, end = text.find("["), text.rfind("]")
    if not 0 <= start < end:
        raise ValueError("a list in brackets somewhere in the text")
    return text[start : end + 1]


def _fenced_list(text: str) -> str:
    lists = _FLAT_LIST.search(text.split("```", 2)[1])
    if lists is None:
        raise IndexError("a list inside the first code fence")
    return lists.group()


def _text_family(name: str, reads: str, clean: Callable[[str], str]) -> OutputDecoder:
    """Returns a family that reads Python, Java or JavaScript after cleaning the text."""
    return OutputDecoder(
        name=f"{name}@{_VERSION}",
        reads=reads,
        to_calls=lambda result, language: _read(clean(text_of(result)), language),
        to_call_texts=lambda result: call_texts(calls_v1(clean(text_of(result)))),
    )


def _native_calls(result: Json, _language: Language) -> object:
    pairs = map(first_pair, entries(result))
    return [{name: json_value(text_of(value))} for name, value in pairs]


def _native_family(name: str) -> OutputDecoder:
    return OutputDecoder(
        name=f"{name}@{_VERSION}",
        reads="A list of one-key objects whose value is JSON text; a text result is an error.",
        to_calls=_native_calls,
        to_call_texts=native_call_texts,
    )


def _gemini_calls(result: Json, language: Language) -> object:
    return _native_calls(result if isinstance(result, list) else [result], language)


def _cohere_calls(result: Json, _language: Language) -> object:
    return [{name: value} for name, value in map(first_pair, entries(result))]


def _cohere_call_texts(result: Json) -> object:
    return call_texts(entries([result] if isinstance(result, dict) else result))


def _xlam_calls(result: Json, _language: Language) -> object:
    text = text_of(result)
    try:
        value = json_value(text)
    except json.JSONDecodeError:
        return text
    if not isinstance(value, list | dict):
        raise TypeError(f"calls, not {type(value).__name__}")
    return [
        {cast("str", call.get("name", "")): call.get("arguments", {})}
        for call in each(value if isinstance(value, list) else value.get("tool_calls", []))
        if isinstance(call, dict)
    ]


def _xlam_call_texts(result: Json) -> object:
    try:
        value = json_value(text_of(result))
    except Exception:  # the official decoder hands back whatever is not JSON
        return result
    given = value.get("tool_calls", []) if isinstance(value, dict) else value
    listed = isinstance(value, list | dict)
    calls = given if isinstance(given, list) else [given] if listed else []
    return [
        call_text(call.get("name", ""), call.get("arguments", {}), comma=", ")
        for call in calls
        if isinstance(call, dict)
    ]


def _mistral_text(text: str) -> str:
    return text.replace("\\_", "_")


def nexus_text(result: Json) -> str:
    """Returns calls between semicolons as a list in brackets.

    Raises:
        TypeError: the result is no text.
    """
    return f"[{text_of(result).removesuffix(';').replace(';', ',')}]"


def _nexus_calls(result: Json, language: Language) -> object:
    text = nexus_text(result)
    calls = _read(text, language)
    return "irrelevant" if "out_of_domain" in text else calls


def _databricks_calls(result: Json, language: Language) -> object:
    text = text_of(result)
    try:
        return _read(_databricks_text(text), language)
    except Exception:  # any failure is followed by a second try with the text as it is
        return _read(text, language)


def _databricks_text(text: str) -> str:
    text = bracketed(_QUOTED.sub(r"\1", text).replace("\n    ", ""))
    return text.replace("['", "[") if text.startswith("['") else text


def _databricks_call_texts(result: Json) -> object:
    return call_texts(cast("list[object]", _databricks_calls(result, "python")))


def _hermes_objects(text: str) -> list[JsonObject]:
    objects: list[JsonObject] = []
    after_tag = False
    for line in text.split("\n"):
        if after_tag and line not in ("<tool_call>", "</tool_call>"):
            objects.append(object_of(json_value(line.replace("'", '"'))))
        after_tag = line == "<tool_call>"
    return objects


def _hermes_calls(result: Json, language: Language) -> object:
    calls: list[dict[str, object]] = []
    for value in _hermes_objects(text_of(result)):
        name, arguments = cast("str", value["name"]), value["arguments"]
        calls.append({name: _as_texts(arguments) if language != "python" else arguments})
    return calls


def _as_texts(arguments: Json) -> Json:
    """Returns arguments with every value as Python writes it.

    Raises:
        TypeError: they cannot be looped over or written to.
    """
    if isinstance(arguments, dict):
        return {key: str(value) for key, value in arguments.items()}
    if each(arguments):
        raise TypeError(f"arguments by name, not {type(arguments).__name__}")
    return arguments


def _hermes_call_texts(result: Json) -> object:
    return [
        call_text(value["name"], value["arguments"]) for value in _hermes_objects(text_of(result))
    ]


def _granite_values(result: Json) -> list[Json]:
    """Returns each piece's JSON value, or the piece itself where it is no JSON."""
    pieces = [piece.strip() for piece in text_of(result).split("<function_call>")]
    return [_json_or_text(piece) for piece in pieces if piece]


def _json_or_text(piece: str) -> Json:
    try:
        return json_value(piece)
    except Exception:  # the official decoder catches all there is
        return _Piece(piece)


class _Piece(str):
    """A piece that is no JSON, to be told from one that is a JSON text."""


def granite_calls(result: Json, _language: Language) -> object:
    """Returns a call for each piece that is JSON, the text of each that is not.

    Raises:
        Exception: whatever stands for the official decoder's own.
    """
    calls: list[object] = []
    for value in _granite_values(result):
        if isinstance(value, _Piece):
            calls.append(str(value))
            continue
        name, arguments = _granite_call(value)
        calls.append(_NO_FUNCTION if name == "no_function" else {name: arguments})
    return calls


def _granite_call(value: Json) -> tuple[str, Json]:
    call = object_of(value)
    return text_of(call.get("name", "")).strip(), call.get("arguments", {})


def granite_call_texts(result: Json) -> object:
    """Returns each call as Python source, the text of each piece that is no JSON.

    Raises:
        Exception: whatever stands for the official decoder's own.
    """
    texts: list[str] = []
    for value in _granite_values(result):
        if isinstance(value, _Piece):
            texts.append(str(value))
            continue
        name, arguments = _granite_call(value)
        texts.append(_NO_FUNCTION if name == "no_function" else call_text(name, arguments))
    return texts


def glm_calls(result: Json, _language: Language) -> object:
    """Returns a call of two lines, name and JSON; one line alone stays text.

    Raises:
        Exception: whatever stands for the official decoder's own.
    """
    lines = text_of(result).split("\n", 2)
    return [lines[0]] if len(lines) == 1 else [{lines[0]: json_value(lines[1])}]


def glm_call_texts(result: Json) -> object:
    """Returns a call of two lines as Python source; fails for one line alone.

    Raises:
        Exception: whatever stands for the official decoder's own.
    """
    lines = text_of(result).split("\n", 2)
    return native_call_texts(lines[0] if len(lines) == 1 else [{lines[0]: lines[1]}])


def _glaive_value(result: Json) -> JsonObject:
    text = text_of(result).rpartition("<functioncall>")[2].replace("'", "")
    return object_of(json_value(text))


def _glaive_calls(result: Json, language: Language) -> object:
    value = _glaive_value(result)
    name, arguments = cast("str", value["name"]), value["arguments"]
    if not isinstance(arguments, dict):
        raise TypeError(f"arguments by name, not {type(arguments).__name__}")
    return [{name: _as_texts(arguments) if language != "python" else arguments}]


def _glaive_call_texts(result: Json) -> object:
    _glaive_value(result)
    raise TypeError("the official decoder parses arguments twice and so never reads any")


_PROMPT = "Drops one leading blank, adds missing brackets, reads a list of calls; empty: an error."
_ITEMS = "Deletes newlines, adds brackets with a blank, unquotes a list of quoted calls."

FAMILIES = (
    OutputDecoder(
        name="xlam@bfcl_v1",
        reads="JSON: a list, or an object's `tool_calls`; what is not JSON stays text.",
        to_calls=_xlam_calls,
        to_call_texts=_xlam_call_texts,
    ),
    *map(_native_family, ("openai_fc", "claude_fc", "functionary", "firework", "yi", "mistral_fc")),
    OutputDecoder(
        name="gemini@bfcl_v1",
        reads="As openai_fc@bfcl_v1; a result that is no list counts as a list of one.",
        to_calls=_gemini_calls,
        to_call_texts=native_call_texts,
    ),
    OutputDecoder(
        name="cohere_fc@bfcl_v1",
        reads="A list of one-key objects whose value is the arguments object.",
        to_calls=_cohere_calls,
        to_call_texts=_cohere_call_texts,
    ),
    _text_family("openai", "A list of calls, as it is.", lambda text: text),
    _text_family("claude", _PROMPT, without_first_blank),
    OutputDecoder(
        name="oss@bfcl_v1",
        reads=f"{_PROMPT} Execution gets the raw text.",
        to_calls=lambda result, language: _read(without_first_blank(text_of(result)), language),
        to_call_texts=lambda result: result,
    ),
    _text_family("cohere", "Adds missing brackets, reads a list of calls.", bracketed),
    OutputDecoder(
        name="mistral@bfcl_v1",
        reads="Turns `\\_` into `_`, then as cohere@bfcl_v1; execution adds no brackets.",
        to_calls=lambda result, language: _read(
            bracketed(_mistral_text(text_of(result))), language
        ),
        to_call_texts=lambda result: call_texts(calls_v1(_mistral_text(text_of(result)))),
    ),
    _text_family(
        "llama",
        "Deletes newlines, adds missing brackets.",
        lambda text: bracketed(text.replace("\n", "")),
    ),
    _text_family("gorilla", "Adds brackets whether missing or not.", lambda text: f"[{text}]"),
    OutputDecoder(
        name="nexus@bfcl_v1",
        reads="Calls between semicolons; one that names out_of_domain is the text irrelevant.",
        to_calls=_nexus_calls,
        to_call_texts=lambda result: call_texts(calls_v1(nexus_text(result))),
    ),
    _text_family("gemma", "From the first `[` to the last `]`.", _within_brackets),
    _text_family("deepseek", "The first flat list inside the first code fence.", _fenced_list),
    OutputDecoder(
        name="databricks@bfcl_v1",
        reads="Deletes single quotes and newlines with indent, brackets; else the text as it is.",
        to_calls=_databricks_calls,
        to_call_texts=_databricks_call_texts,
    ),
    _text_family("arctic", _ITEMS, _unquoted_items),
    _text_family("nvidia", _ITEMS, _unquoted_items),
    OutputDecoder(
        name="hermes@bfcl_v1",
        reads="The line after `<tool_call>`, `'` as `\"`, as JSON; values of Java/JS as text.",
        to_calls=_hermes_calls,
        to_call_texts=_hermes_call_texts,
    ),
    OutputDecoder(
        name="granite@bfcl_v1",
        reads="JSON after `<function_call>`; what is not JSON stays text, no_function too.",
        to_calls=granite_calls,
        to_call_texts=granite_call_texts,
    ),
    OutputDecoder(
        name="glm@bfcl_v1",
        reads="A line with the name and one with JSON; one line alone stays text.",
        to_calls=glm_calls,
        to_call_texts=glm_call_texts,
    ),
    OutputDecoder(
        name="glaive@bfcl_v1",
        reads="JSON after the last `<functioncall>` without `'`; execution always fails.",
        to_calls=_glaive_calls,
        to_call_texts=_glaive_call_texts,
    ),
)
"""All of them, in the order of the spec's table."""

_BY_MODE = {
    "OpenAIHandler": ("openai", "openai_fc"),
    "ClaudeFCHandler": ("openai", "claude_fc"),
    "ClaudePromptingHandler": ("claude", "claude"),
    "FunctionaryHandler": ("openai", "functionary"),
    "FireworkAIHandler": ("firework", "firework"),
    "YiHandler": ("yi", "yi"),
    "MistralHandler": ("mistral", "mistral_fc"),
    "CohereHandler": ("cohere", "cohere_fc"),
}
_BY_CLASS = {
    "xLAMHandler": "xlam",
    "GeminiHandler": "gemini",
    "OSSHandler": "oss",
    "LlamaHandler": "llama",
    "GorillaHandler": "gorilla",
    "NexusHandler": "nexus",
    "GemmaHandler": "gemma",
    "DeepseekHandler": "deepseek",
    "DatabricksHandler": "databricks",
    "ArcticHandler": "arctic",
    "NvidiaHandler": "nvidia",
    "HermesHandler": "hermes",
    "GraniteHandler": "granite",
    "GLMHandler": "glm",
    "GlaiveHandler": "glaive",
}
HANDLERS: dict[str, tuple[str, str]] = {
    handler: (f"{prompt}@{_VERSION}", f"{native}@{_VERSION}")
    for handler, (prompt, native) in {
        **_BY_MODE,
        **{handler: (name, name) for handler, name in _BY_CLASS.items()},
    }.items()
}
"""Handler class -> (decoder of a prompted model, decoder of one whose name contains FC)."""
