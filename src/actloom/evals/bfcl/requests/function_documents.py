"""Functions as text in a system prompt: JSON, XML or Python.

Rules after `bfcl_eval/model_handler/utils.py` of the wheel `bfcl-eval` 2026.3.23, with their
quirks: attributes of XML lose every comma, values are not escaped, and only nested `properties` are
looked into, never those of elements.
"""

from __future__ import annotations

import json
from collections.abc import Sequence

from actloom.core.jsonvalue import Json, JsonObject
from actloom.evals.bfcl.requests.parts import names_at, object_at, schemas_in, text_at

_PYTHON_TYPES = {"string": "str", "number": "float", "integer": "int", "boolean": "bool"}


def function_documents(functions: Sequence[JsonObject], form: str) -> str:
    """Returns functions in the form `json`, `xml` or `python`."""
    if form == "xml":
        return "\n".join(_xml(function) for function in functions)
    if form == "python":
        return "\n\n".join(text for function in functions for text in (_python(function), "\n"))
    return json.dumps(list(functions), indent=4)


def _xml(function: JsonObject) -> str:
    parameters = object_at(function, "parameters")
    required = names_at(parameters, "required")
    inner = "".join(
        _xml_parameter(name, schema, required, depth=1)
        for name, schema in schemas_in(parameters).items()
    )
    return (
        f'<function name="{text_at(function, "name")}">\n'
        f"  <desc>{text_at(function, 'description')}</desc>\n"
        f"  <params>\n{inner}  </params>\n"
        "</function>\n"
    )


def _xml_parameter(
    name: str, schema: JsonObject, required: list[Json] | None, *, depth: int
) -> str:
    pad = "    " * depth
    attributes = [
        f'name="{name}"',
        f'type="{_xml_type(schema)}"',
        # Without a list of required parameters all of them are.
        f'required="{"true" if required is None or name in required else "false"}"',
    ]
    if "default" in schema:
        attributes.append(f'default="{schema["default"]!r}"')
    lines = [
        f"{pad}<param " + " ".join(attributes).replace(",", "") + ">\n",
        f"{pad}  <desc>{_described(schema)}</desc>\n",
    ]
    if "properties" in schema:
        below = names_at(schema, "required")
        lines.append(f"{pad}  <params>\n")
        lines += [
            _xml_parameter(child, meta, below, depth=depth + 1)
            for child, meta in schemas_in(schema).items()
        ]
        lines.append(f"{pad}  </params>\n")
    return "".join([*lines, f"{pad}</param>\n"])


def _xml_type(schema: JsonObject) -> str:
    kind = text_at(schema, "type", "string")
    items = object_at(schema, "items")
    if "type" in items:
        return f"{kind}[{text_at(items, 'type')}]"
    if "additionalProperties" in schema:
        return f"{kind}[{text_at(object_at(schema, 'additionalProperties'), 'type', 'string')}]"
    return kind


def _described(schema: JsonObject) -> str:
    words = text_at(schema, "description")
    return f"{words} Enum values: {schema['enum']}." if "enum" in schema else words


def _python(function: JsonObject) -> str:
    parameters = schemas_in(object_at(function, "parameters"))
    lines = [
        f"# Function: {text_at(function, 'name')}\n",
        '    """\n',
        f"    {text_at(function, 'description')}\n\n",
    ]
    if parameters:
        lines.append("    Args:\n")
    for name, schema in parameters.items():
        lines += _python_parameter(name, schema, depth=0)
    return "".join([*lines, '    """\n'])


def _python_parameter(name: str, schema: JsonObject, *, depth: int) -> list[str]:
    pad = " " * (8 + 4 * depth)
    default = f", default={schema['default']!r}" if "default" in schema else ""
    lines = [f"{pad}{name} ({_python_type(schema)}{default}): {_described(schema)}\n"]
    for child, meta in schemas_in(schema).items():
        lines += _python_parameter(child, meta, depth=depth + 1)
    return lines


def _python_type(schema: JsonObject) -> str:
    kind = text_at(schema, "type", "string")
    if kind in ("array", "list", "tuple") and "items" in schema:
        return f"list[{_python_type(object_at(schema, 'items'))}]"
    if kind in ("object", "dict"):
        if "additionalProperties" in schema:
            inner = _python_type(object_at(schema, "additionalProperties"))
            return f"dict[str, {inner}]"
        return "dict"
    return _PYTHON_TYPES.get(kind, kind)
