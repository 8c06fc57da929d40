"""Right answers, made of the gold: each accepted value's first alternative, as calls."""

from __future__ import annotations

from collections.abc import Mapping
from typing import cast

from actloom.core.jsonvalue import Json, JsonObject, json_text
from actloom.evals.bfcl.checker.rules import Rules, kind_of
from actloom.evals.bfcl.question import Expected, Language, Question

DICTS = frozenset({"dict", "HashMap"})
"""Types of parameters whose gold is a dictionary of accepted values."""


def gold_calls(question: Question, rules: Rules, *, easiest: bool = False) -> list[JsonObject]:
    """Returns the gold's first alternatives as calls in BFCL's form.

    Args:
        easiest: whether to answer as the checker likes it best: by the name in the document where
            the gold has another, and without the arguments that may be left out.

    Java and JavaScript arguments are source text that the leaderboard's converter reads as the gold
    wants it, even where a compiler would not: texts in a Java array stand without quotes.
    """
    calls = typed_calls(question, rules, easiest=easiest)
    return [in_source(call, question) for call in calls]


def typed_calls(question: Question, rules: Rules, *, easiest: bool = False) -> list[JsonObject]:
    """Returns the gold's first alternatives as calls, arguments as JSON in every language."""
    return [
        {name: _arguments(expected, parameters_of(question, name), easiest=easiest)}
        for expected in question.expected
        for name in [_name(expected, question, rules, easiest)]
    ]


def in_source(call: JsonObject, question: Question) -> JsonObject:
    """Returns a call with its arguments written in the language of the question."""
    if question.language == "python":
        return call
    written: JsonObject = {}
    for name, arguments in cast("dict[str, JsonObject]", call).items():
        documents = parameters_of(question, name)
        written[name] = {
            argument: source_text(value, documents.get(argument, {}), question.language)
            for argument, value in arguments.items()
        }
    return written


def call_name(expected: Expected, question: Question, rules: Rules) -> str:
    """Returns the name a call must have; in v1 the gold's may carry a suffix."""
    for function in question.functions:
        name = str(function["name"])
        if name == expected.name or (rules.suffixed_names and name in expected.name):
            return name
    return expected.name


def _name(expected: Expected, question: Question, rules: Rules, easiest: bool) -> str:
    if easiest and kind_of(question.category, question.id, rules) == "single":
        return str(question.functions[0]["name"])
    return call_name(expected, question, rules)


def parameters_of(question: Question, name: str) -> Mapping[str, JsonObject]:
    """Returns parameter -> document of a function, empty for an unknown one."""
    for function in question.functions:
        if function["name"] == name:
            parameters = cast("JsonObject", function["parameters"])
            return cast("dict[str, JsonObject]", parameters["properties"])
    return {}


def _arguments(
    expected: Expected, documents: Mapping[str, JsonObject], *, easiest: bool
) -> JsonObject:
    arguments: JsonObject = {}
    for name, accepted in expected.arguments.items():
        values = cast("list[Json]", accepted)
        wanted = [value for value in values if value != ""]
        if wanted and not (easiest and "" in values):
            arguments[name] = _alternative(wanted[0], documents.get(name, {}))
    return arguments


def _alternative(accepted: Json, document: JsonObject) -> Json:
    if isinstance(accepted, dict) and document.get("type") in DICTS:
        return _dictionary(accepted)
    items = document.get("items")
    if isinstance(accepted, list) and isinstance(items, dict) and items.get("type") in DICTS:
        return [_dictionary(item) if isinstance(item, dict) else item for item in accepted]
    return accepted


def _dictionary(accepted: JsonObject) -> JsonObject:
    """Returns the first alternative of each key that needs one."""
    chosen: JsonObject = {}
    for key, values in accepted.items():
        if isinstance(values, dict):
            chosen[key] = _dictionary(values)
        elif isinstance(values, list) and any(value != "" for value in values):
            chosen[key] = next(value for value in values if value != "")
        elif not isinstance(values, list):
            chosen[key] = values
    return chosen


def source_text(value: Json, document: JsonObject, language: Language) -> Json:
    """Returns source text that is read as `value` for a parameter of this document."""
    kind = str(document.get("type", "any"))
    if isinstance(value, str):
        return f'"{value}"' if language == "javascript" and kind == "String" else value
    if language == "javascript":
        return f"{value}n" if kind == "Bigint" else _plain(value)
    items = document.get("items")
    return _java_text(value, kind, str(items.get("type")) if isinstance(items, dict) else "any")


def _java_text(value: Json, kind: str, item_kind: str) -> str:
    if isinstance(value, list):
        parts = ", ".join(_java_item(item, kind, item_kind) for item in value)
        if kind == "ArrayList":
            return f"new ArrayList<>(Arrays.asList({parts}))" if value else "new ArrayList<>()"
        return f"new {item_kind}[]{{{parts}}}"
    if isinstance(value, dict):
        puts = " ".join(f'put("{key}", {_plain(item)});' for key, item in value.items())
        return f"new HashMap<String, Object>() {{{{ {puts} }}}}"
    if kind == "float":
        return f"{value}f"
    return f"{value}L" if kind == "long" else _plain(value)


def _java_item(item: Json, kind: str, item_kind: str) -> str:
    if isinstance(item, str):
        return f'"{item}"' if kind == "ArrayList" and item_kind == "String" else item
    return _java_text(item, item_kind, "any")


def _plain(value: Json) -> str:
    return json_text(value)
