"""What a model is told about a function's language, and how Java and JavaScript parameters change.

Rules (specs/bfcl.md, section 3; `bfcl_eval/utils.py` of the wheel): v4 adds the hint to each
function's description, v1 to the question. In Java and JavaScript every argument is wanted as
source text, so each parameter becomes a `string` whose description says what it really is.
"""

from __future__ import annotations

import json
from collections.abc import Sequence

from actloom.core.jsonvalue import JsonObject
from actloom.evals.bfcl.question import Language
from actloom.evals.bfcl.requests import sentences
from actloom.evals.bfcl.requests.parts import object_at, schemas_in, text_at

_SHOWN = {"java": "Java", "javascript": "JavaScript"}
_LISTS = {"java": ("ArrayList", "Array"), "javascript": ("array",)}


def hint(language: Language) -> str:
    """Returns the sentence about the syntax, with the blank before it."""
    return f" {sentences.HINTS[language]}"


def hinted(functions: Sequence[JsonObject], language: Language) -> list[JsonObject]:
    """Returns functions as v4 shows them: with the hint, Java and JavaScript as source text."""
    return [
        {**function, "description": text_at(function, "description") + hint(language)}
        for function in as_source(functions, language)
    ]


def as_source(functions: Sequence[JsonObject], language: Language) -> list[JsonObject]:
    """Returns functions whose Java or JavaScript parameters are strings of source text.

    Parameters of Python functions stay as they are.
    """
    if language == "python":
        return list(functions)
    return [_with_source_parameters(function, language) for function in functions]


def _with_source_parameters(function: JsonObject, language: Language) -> JsonObject:
    parameters = object_at(function, "parameters")
    properties: JsonObject = {
        name: _source_parameter(schema, language) for name, schema in schemas_in(parameters).items()
    }
    return {**function, "parameters": {**parameters, "properties": properties}}


def _source_parameter(schema: JsonObject, language: Language) -> JsonObject:
    kind = text_at(schema, "type")
    said = sentences.ANY_TYPE if kind == "any" else sentences.OTHER_TYPE
    changed = dict(schema)
    words = text_at(schema, "description") + said.format(language=_SHOWN[language], type=kind)
    if kind in _LISTS[language]:
        element = text_at(object_at(schema, "items"), "type")
        words += sentences.ELEMENTS.format(type=element)
        changed.pop("items", None)
    if language == "javascript" and kind == "dict" and "properties" in schema:
        words += sentences.ENTRIES + json.dumps(changed.pop("properties"))
    return {**changed, "type": "string", "description": words}
