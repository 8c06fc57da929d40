"""Functions as the native tools of OpenAI-compatible servers.

Rules (specs/bfcl.md, section 3; `bfcl_eval/model_handler/utils.py` of the wheel): dots in names
become underscores; BFCL's types become those of OpenAPI; a `float` also gets a format and a
sentence; everything else stays, keys in their order.
"""

from __future__ import annotations

from collections.abc import Sequence

from actloom.core.jsonvalue import Json, JsonObject
from actloom.evals.bfcl.requests import sentences
from actloom.evals.bfcl.requests.parts import object_at, schemas_in, text_at

_OPENAPI = {
    "integer": ("integer", "byte", "short", "long", "Bigint"),
    "number": ("number", "float", "double"),
    "string": ("string", "any", "char", "Any", "String"),
    "boolean": ("boolean", "bool"),
    "array": ("array", "list", "tuple", "ArrayList", "Array", "Queue", "Stack"),
    "object": ("object", "dict", "HashMap", "Hashtable"),
}
TYPES = {name: kind for kind, names in _OPENAPI.items() for name in names}
"""BFCL's type -> OpenAPI's; any other is a string."""


def native_tools(functions: Sequence[JsonObject], *, flat: bool = False) -> list[Json]:
    """Returns functions as `tools` of a request.

    Args:
        functions: BFCL function documents; they are left as they are.
        flat: the form of the Responses API, without the inner `function`.
    """
    shown = [_tool(function) for function in functions]
    if flat:
        return [{**tool, "type": "function"} for tool in shown]
    return [{"type": "function", "function": tool} for tool in shown]


def _tool(function: JsonObject) -> JsonObject:
    parameters = object_at(function, "parameters")
    cast: JsonObject = {
        **parameters,
        "type": "object",
        "properties": _cast_all(parameters),
    }
    name = text_at(function, "name").replace(".", "_")
    return {**function, "name": name, "parameters": cast}


def _cast_all(holder: JsonObject) -> JsonObject:
    return {name: _cast(schema) for name, schema in schemas_in(holder).items()}


def _cast(schema: JsonObject) -> JsonObject:
    kind = schema.get("type")
    cast: JsonObject = dict(schema)
    if kind == "float":
        cast["format"] = "float"
        cast["description"] = text_at(schema, "description") + sentences.FLOAT
    cast["type"] = _openapi(kind)
    if cast["type"] not in ("array", "object"):
        return cast
    if "properties" in schema:
        cast["properties"] = _cast_all(schema)
    elif "items" in schema:
        cast["items"] = _cast_items(object_at(schema, "items"))
    return cast


def _cast_items(items: JsonObject) -> JsonObject:
    """Casts elements: their type, that of a second level, and the properties of objects.

    A float among elements gets neither format nor sentence, and a third level of lists stays as it
    is; so it is in the official runner.
    """
    kind = _openapi(items.get("type"))
    cast: JsonObject = {**items, "type": kind}
    if kind == "array" and "items" in items:
        inner = object_at(items, "items")
        cast["items"] = {**inner, "type": _openapi(inner.get("type"))}
    elif kind == "object" and "properties" in items:
        cast["properties"] = _cast_all(items)
    return cast


def _openapi(kind: Json) -> str:
    return TYPES.get(kind, "string") if isinstance(kind, str) else "string"
