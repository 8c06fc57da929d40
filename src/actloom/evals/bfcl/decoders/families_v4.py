"""The handlers of bfcl-eval 2026.3.23 as decoders.

Most models share two: `default_fc@bfcl_v4` for native calls and `default@bfcl_v4` for prompted
text; the rest are those with a format or a fault of their own.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from typing import cast, get_args

from actloom.core.jsonvalue import Json, JsonObject
from actloom.evals.bfcl.decoders.arithmetic import computed
from actloom.evals.bfcl.decoders.call_text import call_text, nested_call_texts
from actloom.evals.bfcl.decoders.families_v1 import (
    glm_call_texts,
    glm_calls,
    granite_call_texts,
    granite_calls,
    nexus_text,
)
from actloom.evals.bfcl.decoders.formats_v4 import ReturnFormat, between, prompted, read_v4
from actloom.evals.bfcl.decoders.gemma_text import gemma_call_texts, gemma_calls
from actloom.evals.bfcl.decoders.json_text import json_value
from actloom.evals.bfcl.decoders.minicpm_text import minicpm_call_texts, minicpm_calls
from actloom.evals.bfcl.decoders.output_decoder import OutputDecoder
from actloom.evals.bfcl.decoders.python_text import expression
from actloom.evals.bfcl.decoders.shapes import each, entries, first_pair, tag_contents, text_of
from actloom.evals.bfcl.question import Language

_VERSION = "bfcl_v4"
_AS_LIST = "Calls as they are in the list; a text result is an error."


def _prompt_texts(text: str) -> list[str]:
    calls = cast("Sequence[Mapping[str, Mapping[str, object]]]", prompted(text, "python"))
    return nested_call_texts(calls)


def _prompt_family(name: str, reads: str, clean: Callable[[str], str]) -> OutputDecoder:
    return OutputDecoder(
        name=f"{name}@{_VERSION}",
        reads=reads,
        to_calls=lambda result, language: prompted(clean(text_of(result)), language),
        to_call_texts=lambda result: _prompt_texts(clean(text_of(result))),
    )


def format_name(form: ReturnFormat, *, tagged: bool) -> str:
    """Returns the name of the decoder of a return format of the format-sensitivity prompts."""
    start = "default" if form == "python" else f"default_{form}"
    return f"{start}{'_tag' if tagged else ''}@{_VERSION}"


def _format_family(form: ReturnFormat, *, tagged: bool) -> OutputDecoder:
    words = {
        "python": "A list of calls, or one call; backticks and blanks around it come off.",
        "json": "From `[{` to `}]` as JSON with function and parameters; not JSON: an empty list.",
        "verbose_xml": "`<functions>` with name, type and value of parameters as attributes.",
        "concise_xml": "`<functions>` with the values of parameters as text.",
    }[form]
    where = " All of it between `<TOOLCALL>` tags." if tagged else ""
    return OutputDecoder(
        name=format_name(form, tagged=tagged),
        reads=f"{words}{where} Execution reads Python.",
        to_calls=lambda result, language: prompted(
            text_of(result), language, form=form, tagged=tagged
        ),
        to_call_texts=lambda result: _prompt_texts(text_of(result)),
    )


def _native_calls(result: Json, _language: Language) -> object:
    pairs = map(first_pair, entries(result))
    return [{name: json_value(text_of(value))} for name, value in pairs]


def _native_call_texts(result: Json) -> object:
    return [
        call_text(name, json_value(given) if isinstance(given, str) else given)
        for call in entries([result] if isinstance(result, dict) else result)
        for name, given in call.items()
    ]


def _as_list(result: Json) -> list[Json]:
    if not isinstance(result, list):
        raise TypeError(f"a list of calls, not {type(result).__name__}")
    return result


def _as_objects(result: Json) -> list[JsonObject]:
    return entries(_as_list(result))


def _cohere_calls(result: Json, _language: Language) -> object:
    return [_keyed(call) for call in result] if isinstance(result, list) else []


def _keyed(call: Json) -> dict[str, object]:
    given = entries([call])[0]
    return {cast("str", given["tool_name"]): given["parameters"]}


def _cohere_call_texts(result: Json) -> object:
    calls = entries(result) if isinstance(result, list) else []
    return [call_text(call["tool_name"], call["parameters"]) for call in calls]


def _gemini_call_texts(result: Json) -> object:
    return [call_text(name, given) for call in entries(result) for name, given in call.items()]


def _nexus_calls(result: Json, language: Language) -> object:
    text = nexus_text(result)
    calls = read_v4(text, language)
    return "irrelevant" if "out_of_domain" in text else calls


def _never(result: Json) -> object:
    raise NotImplementedError(f"the official decoder never executes a {type(result).__name__}")


def _nemotron_calls(result: Json, language: Language) -> object:
    inside = between(text_of(result), "<TOOLCALL>", "</TOOLCALL>")
    return [] if inside is None else prompted(inside, language)


def _nemotron_call_texts(result: Json) -> object:
    inside = between(text_of(result), "<TOOLCALL>", "</TOOLCALL>")
    return [] if inside is None else _prompt_texts(inside)


def _named(values: Sequence[Json], arguments: str = "arguments") -> list[tuple[str, Json]]:
    """Returns name and arguments of objects.

    Raises:
        TypeError: something is no object.
        KeyError: an object lacks either.
    """
    return [(cast("str", call["name"]), call[arguments]) for call in entries([*values])]


def _named_family(
    name: str,
    reads: str,
    values: Callable[[str], Sequence[Json]],
    *,
    arguments: str = "arguments",
) -> OutputDecoder:
    """Returns a family whose texts hold objects with a name and arguments."""

    def calls(result: Json, _language: Language) -> object:
        return [{key: given} for key, given in _named(values(text_of(result)), arguments)]

    def texts(result: Json) -> object:
        return [call_text(*pair) for pair in _named(values(text_of(result)), arguments)]

    return _family(name, reads, calls, texts)


def _one_or_more(value: Json) -> list[Json]:
    return value if isinstance(value, list) else [value]


def _salesforce(text: str) -> list[Json]:
    try:
        return _one_or_more(json_value(text))
    except json.JSONDecodeError:
        return [json_value(part.strip()) for part in text.split(";")]


def _falcon(text: str) -> list[Json]:
    start, tag, rest = text.partition("<tool_call>")
    if not tag:
        raise ValueError(f"a tag <tool_call> in {len(start)} characters")
    inside = rest.partition("<tool_call>")[0].partition("</tool_call>")[0].strip()
    if inside.startswith("```") and inside.endswith("```"):
        inside = inside.strip("`").strip()
        inside = inside[4:].strip() if inside.startswith("json") else inside
    return _one_or_more(json_value(inside))


def _llama(text: str) -> list[Json]:
    text = text.replace("<|python_tag|>", "")
    if ";" in text:
        return [json_value(part) for part in text.split(";")]
    value = cast("Json", computed(expression(text.lstrip(" \t"))))
    if isinstance(value, tuple | set):
        return [*cast("Sequence[Json]", value)]
    return [value] if isinstance(value, dict) else each(value)


def _qwen_pairs(result: Json) -> list[tuple[str, Json]]:
    values: list[Json] = []
    for part in tag_contents(text_of(result), "<tool_call>\n", "\n</tool_call>"):
        try:
            values.append(json_value(part))
        except Exception:  # the official decoder passes over whatever fails
            continue
    return _named(values)


def _qwen_calls(result: Json, _language: Language) -> object:
    calls: list[object] = []
    for name, given in _qwen_pairs(result):
        if not isinstance(given, dict):
            raise TypeError(f"arguments by name, not {type(given).__name__}")
        calls.append({name: given})
    return calls


def _qwen_call_texts(result: Json) -> object:
    return _native_call_texts([{name: given} for name, given in _qwen_pairs(result)])


def _hammer_value(result: Json) -> Json:
    try:
        return json_value(text_of(result).replace("```", ""))
    except (ValueError, RecursionError):
        return []


def _hammer_calls(result: Json, _language: Language) -> object:
    return [{name: given} for name, given in _named(each(_hammer_value(result)))]


def _hammer_call_texts(result: Json) -> object:
    value = _hammer_value(result)
    given = value.get("tool_calls", []) if isinstance(value, dict) else value
    listed = isinstance(value, list | dict)
    return _loose_texts(_one_or_more(given) if listed else [])


def _loose_texts(calls: Sequence[Json]) -> list[str]:
    return [
        call_text(call.get("name", ""), call.get("arguments", {}), comma=", ")
        for call in calls
        if isinstance(call, dict)
    ]


def _phi_text(text: str) -> str:
    return text.removeprefix("```json").removeprefix("```python")


def _think_agent_values(result: Json) -> list[Json]:
    text = text_of(result).strip().replace("'", '"').partition("</think>")
    return each(json_value(text[2].strip() if text[1] else "[]"))


def _think_agent_calls(result: Json, _language: Language) -> object:
    return [{name: given} for name, given in _named(_think_agent_values(result))]


def _think_agent_call_texts(result: Json) -> object:
    if _named(_think_agent_values(result)):
        raise TypeError("the official decoder loops over texts as if they were calls")
    return []


def _mining_calls(result: Json, _language: Language) -> object:
    return [{name: given} for name, given in _named(each(result))]


def _family(
    name: str,
    reads: str,
    to_calls: Callable[[Json, Language], object],
    to_call_texts: Callable[[Json], object],
) -> OutputDecoder:
    return OutputDecoder(
        name=f"{name}@{_VERSION}", reads=reads, to_calls=to_calls, to_call_texts=to_call_texts
    )


FAMILIES = (
    *(
        _format_family(form, tagged=tagged)
        for form in get_args(ReturnFormat)
        for tagged in (False, True)
    ),
    _family(
        "default_fc",
        "A list of one-key objects whose value is JSON text; a text result is an error.",
        _native_calls,
        _native_call_texts,
    ),
    _prompt_family(
        "gemini",
        "As default@bfcl_v4 without a fence that begins with tool_code.",
        lambda text: text.replace("```tool_code\n", "").replace("\n```", ""),
    ),
    _family(
        "gemini_fc",
        "Calls as they are; a result that is no list counts as a list of one.",
        lambda result, _language: result if isinstance(result, list) else [result],
        _gemini_call_texts,
    ),
    _family(
        "cohere_fc",
        "A list of objects with tool_name and parameters; a text result is no call.",
        _cohere_calls,
        _cohere_call_texts,
    ),
    _family(
        "list_fc",
        f"{_AS_LIST} Nova, Mistral served locally.",
        lambda result, _language: _as_list(result),
        lambda result: _native_call_texts(_as_list(result)),
    ),
    _family(
        "objects_fc",
        f"{_AS_LIST} So is an item that is no object. Arch, Granite 3, Phi.",
        lambda result, _language: _as_objects(result),
        lambda result: _native_call_texts(cast("Json", _as_objects(result))),
    ),
    _family(
        "gorilla",
        "Adds brackets whether missing or not; execution always fails.",
        lambda result, language: read_v4(f"[{text_of(result)}]", language),
        _never,
    ),
    _family(
        "nexus",
        "Calls between semicolons; one that names out_of_domain is a text; execution always fails.",
        _nexus_calls,
        _never,
    ),
    _family(
        "nemotron",
        "As default@bfcl_v4 between `<TOOLCALL>` tags; none without them.",
        _nemotron_calls,
        _nemotron_call_texts,
    ),
    _family(
        "phi",
        "As default@bfcl_v4 without a fence that says json or python, which begins the text.",
        lambda result, language: prompted(_phi_text(text_of(result).strip()), language),
        lambda result: _prompt_texts(_phi_text(text_of(result))),
    ),
    _named_family(
        "bitagent",
        "JSON: one object or a list of them.",
        lambda text: _one_or_more(json_value(text)),
    ),
    _named_family(
        "salesforce",
        "JSON: one object or a list of them; else JSON objects between semicolons. xLAM-2.",
        _salesforce,
    ),
    _named_family(
        "falcon3_fc", "JSON after the first `<tool_call>`, with or without a fence.", _falcon
    ),
    _named_family(
        "llama3_1",
        "A Python literal or, where a semicolon stands, JSON between semicolons.",
        _llama,
        arguments="parameters",
    ),
    _family(
        "qwen_fc",
        "JSON on lines between `<tool_call>` and `</tool_call>`; what is not JSON is passed over.",
        _qwen_calls,
        _qwen_call_texts,
    ),
    _family(
        "hammer",
        "JSON list without backticks; not JSON: no calls.",
        _hammer_calls,
        _hammer_call_texts,
    ),
    _family(
        "minicpm_fc",
        "Python statements between tool_call_start and tool_call_end tags; else the text.",
        minicpm_calls,
        minicpm_call_texts,
    ),
    _family(
        "functiongemma",
        "Values in `<escape>` or bare, between `<start_function_call>` and its end.",
        gemma_calls,
        gemma_call_texts,
    ),
    _family(
        "think_agent",
        "JSON list after `</think>`, `'` as `\"`; none without it; execution always fails.",
        _think_agent_calls,
        _think_agent_call_texts,
    ),
    _family(
        "mining",
        "A list of objects with name and arguments.",
        _mining_calls,
        lambda result: _loose_texts(each(result)),
    ),
    _family(
        "granite",
        "As granite@bfcl_v1.",
        granite_calls,
        granite_call_texts,
    ),
    _family("glm", "As glm@bfcl_v1.", glm_calls, glm_call_texts),
)
"""All of them; the two that most models share come first."""
