"""Tool definitions of every origin, normalised to JSON Schema 2020-12, and their validators.

Understood origins: OpenAI (nested and flat), Anthropic (`input_schema`), MCP (`inputSchema`),
Gemini (`functionDeclarations`, upper-case types, `nullable`), BFCL (`dict`, `float`, `tuple`,
`any`), xLAM (flat `{name: {type: "str, optional", ...}}`), parameter lists (ToolBench, ToolAlpaca).
The definition as received stays beside the normalised one whenever normalising changed it
(specs/data-and-synthesis.md section 5).

Validators are built here and nowhere else, with a retriever that refuses every URI: jsonschema-rs
would otherwise read `file://` and fetch `http://` references of a hostile schema.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import TYPE_CHECKING, cast

import msgspec

from actloom.core.errors import ToolSchemaError
from actloom.core.jsonvalue import Json, JsonObject, json_text
from actloom.core.record import Tool
from actloom.core.typetext import JSON_TYPES, WORD_TYPES, schema_of_type_text

if TYPE_CHECKING:
    from jsonschema_rs import Draft202012Validator

MAX_DEPTH = 64
"""Nesting at which a schema is refused."""
CACHE_SIZE = 4096
"""Schemas and validators kept, by their bytes."""

EMPTY_SCHEMA: JsonObject = {"type": "object", "properties": {}}

_LISTS_OF_SCHEMAS = ("anyOf", "oneOf", "allOf", "prefixItems")
_MAPS_OF_SCHEMAS = ("properties", "patternProperties", "$defs", "definitions", "dependentSchemas")
_SCHEMAS = ("items", "additionalProperties", "not", "if", "then", "else", "contains")
_DECLARATIONS = ("functionDeclarations", "function_declarations")


def tools_of(value: Json) -> list[Tool]:
    """Returns the tools in a parsed definition: a list, one tool, or Gemini's declarations.

    Raises:
        ToolSchemaError: an entry is not a tool definition; the message says which.
    """
    entries = value if isinstance(value, list) else [value]
    tools: list[Tool] = []
    for entry in entries:
        if not isinstance(entry, dict):
            raise _refused("an object with a name", entry)
        declared = next((entry[key] for key in _DECLARATIONS if key in entry), None)
        tools += [normalise_tool(entry)] if declared is None else tools_of(declared)
    return tools


def normalise_tool(value: JsonObject, *, original: str | None = None) -> Tool:
    """Returns a tool definition in normal form.

    Args:
        value: the parsed definition, of any origin named above.
        original: its text as received; taken from `value` when None.

    Raises:
        ToolSchemaError: no name, or parameters that cannot be a schema.
    """
    inner = value.get("function")
    body = inner if isinstance(inner, dict) else value
    name = body.get("name")
    if not isinstance(name, str) or not name:
        raise _refused("an object with a non-empty string `name`", value)
    description = body.get("description")
    found = _parameters_of(body)
    parameters = normalise_parameters(found)
    changed = (
        parameters is not found
        or not isinstance(description, str)
        or not _plain_wrapper(value, body)
    )
    return Tool(
        name=name,
        description=description if isinstance(description, str) else "",
        parameters=msgspec.Raw(msgspec.json.encode(parameters)),
        original=(original or json_text(value)) if changed else None,
    )


def _plain_wrapper(value: JsonObject, body: JsonObject) -> bool:
    """Tells whether the row form holds every key of the definition."""
    if body is value or value.get("type") != "function":
        return False
    return value.keys() <= {"type", "function"} and body.keys() <= {
        "name",
        "description",
        "parameters",
    }


def _parameters_of(body: JsonObject) -> Json:
    for key in ("parameters", "input_schema", "inputSchema", "arguments"):
        if key in body:
            return body[key]
    return None


def normalise_parameters(parameters: Json) -> JsonObject:
    """Returns a parameters schema in normal form, the same object when nothing had to change.

    Raises:
        ToolSchemaError: not a schema in any known dialect, or nested over `MAX_DEPTH`.
    """
    if parameters is None or parameters == {} or parameters == []:
        return EMPTY_SCHEMA
    if isinstance(parameters, list):
        return _from_parameter_list(parameters)
    if not isinstance(parameters, dict):
        raise _refused("a JSON Schema object", parameters)
    if _is_flat(parameters):
        return _from_flat(parameters)
    schema = _normal(parameters, 0)
    if "type" not in schema and "$ref" not in schema:
        schema = {"type": "object", **schema}
    return schema


def _is_flat(parameters: JsonObject) -> bool:
    """Tells xLAM's `{argument: {type, description, ...}}` from a JSON Schema."""
    if isinstance(parameters.get("type"), str) or "$ref" in parameters:
        return False
    if any(key in parameters for key in ("anyOf", "oneOf", "allOf")):
        return False
    if not all(isinstance(value, dict) for value in parameters.values()):
        return False
    inner = parameters.get("properties")
    # An argument may itself be called `properties`; then it describes one, with a type.
    return not isinstance(inner, dict) or isinstance(inner.get("type"), str)


def _from_flat(parameters: JsonObject) -> JsonObject:
    properties: JsonObject = {}
    required: list[Json] = []
    stated = any(isinstance(p, dict) and "required" in p for p in parameters.values())
    for name, prop in parameters.items():
        body = dict(cast("JsonObject", prop))
        text = body.get("type")
        optional = isinstance(text, str) and "optional" in text.lower()
        flag = body.pop("required", None)
        properties[name] = _normal(body, 1)
        default = body.get("default")
        if flag is True or (not stated and not optional and default in (None, "")):
            required.append(name)
    return _object_schema(properties, required)


def _from_parameter_list(parameters: list[Json]) -> JsonObject:
    properties: JsonObject = {}
    required: list[Json] = []
    for entry in parameters:
        if not isinstance(entry, dict) or not isinstance(entry.get("name"), str):
            raise _refused("a parameter object with a `name`", entry)
        body = {key: value for key, value in entry.items() if key not in ("name", "required")}
        name = cast("str", entry["name"])
        properties[name] = _normal(body, 1)
        if entry.get("required") is True:
            required.append(name)
    return _object_schema(properties, required)


def _object_schema(properties: JsonObject, required: list[Json]) -> JsonObject:
    schema: JsonObject = {"type": "object", "properties": properties}
    if required:
        schema["required"] = required
    return schema


def _normal(schema: JsonObject, depth: int) -> JsonObject:
    """Returns `schema` with foreign types and keywords rewritten; itself when it is plain."""
    if depth > MAX_DEPTH:
        raise ToolSchemaError(f"a tool schema is nested more than {MAX_DEPTH} levels deep")
    changes: JsonObject = {}
    drop: set[str] = set()
    _normal_type(schema, changes, drop)
    _normal_keywords(schema, changes, drop, depth)
    for key in _MAPS_OF_SCHEMAS:
        if isinstance(inner := schema.get(key), dict):
            new = {name: _normal_child(child, depth + 1) for name, child in inner.items()}
            if any(new[name] is not child for name, child in inner.items()):
                changes[key] = new
    for key in _LISTS_OF_SCHEMAS:
        if isinstance(inner := schema.get(key), list):
            children = [_normal_child(child, depth + 1) for child in inner]
            if any(a is not b for a, b in zip(children, inner, strict=True)):
                changes[key] = children
    for key in _SCHEMAS:
        if isinstance(inner := schema.get(key), dict):
            new = _normal(inner, depth + 1)
            if new is not inner:
                changes[key] = new
    _hoist_required(schema, changes)
    if not changes and not drop:
        return schema
    kept = {k: v for k, v in schema.items() if k not in drop or k in changes}
    return {**kept, **changes}


def _normal_child(child: Json, depth: int) -> Json:
    if isinstance(child, dict):
        return _normal(child, depth)
    if isinstance(child, str):  # `{"city": "string"}`, seen in hand-written definitions
        return schema_of_type_text(child)
    return child


def _normal_type(schema: JsonObject, changes: JsonObject, drop: set[str]) -> None:
    kind = schema.get("type")
    if isinstance(kind, str) and kind not in JSON_TYPES:
        drop.add("type")
        new = schema_of_type_text(kind)
        changes.update({key: value for key, value in new.items() if key not in schema})
        if "type" in new:
            changes["type"] = new["type"]
    elif isinstance(kind, list) and any(
        not isinstance(k, str) or k not in JSON_TYPES for k in kind
    ):
        words = [WORD_TYPES.get(str(k).lower()) for k in kind]
        if None in words:
            drop.add("type")
        else:
            changes["type"] = list(dict.fromkeys(cast("list[Json]", words)))
    if schema.get("nullable") is True:
        drop.add("nullable")
        plain = changes.get("type", schema.get("type"))
        if isinstance(plain, str):
            changes["type"] = [plain, "null"]


def _normal_keywords(schema: JsonObject, changes: JsonObject, drop: set[str], depth: int) -> None:
    """Rewrites draft-4 exclusive bounds, array-valued `items` and a boolean `required`."""
    for bound, exclusive in (("minimum", "exclusiveMinimum"), ("maximum", "exclusiveMaximum")):
        flag = schema.get(exclusive)
        if isinstance(flag, bool):
            drop.add(exclusive)
            if flag and bound in schema:
                changes[exclusive] = schema[bound]
                drop.add(bound)
    if isinstance(items := schema.get("items"), list):
        changes["prefixItems"] = [_normal_child(child, depth + 1) for child in items]
        drop.add("items")
    if isinstance(schema.get("required"), (bool, str)):
        drop.add("required")


def _hoist_required(schema: JsonObject, changes: JsonObject) -> None:
    """Moves `required: true` written inside a property to its object, where it means something."""
    properties = schema.get("properties")
    if not isinstance(properties, dict):
        return
    flagged: list[Json] = [
        name
        for name, child in properties.items()
        if isinstance(child, dict) and child.get("required") is True
    ]
    if flagged:
        stated = schema.get("required")
        names = stated if isinstance(stated, list) else []
        changes["required"] = list(dict.fromkeys([*names, *flagged]))


def _refused(expected: str, got: Json) -> ToolSchemaError:
    return ToolSchemaError(
        "a tool definition cannot be read", expected=expected, got=json_text(got)[:200]
    )


@lru_cache(maxsize=CACHE_SIZE)
def _decoded(parameters: bytes) -> JsonObject:
    return cast("JsonObject", msgspec.json.decode(parameters))


def schema_of(tool: Tool) -> JsonObject:
    """Returns the parsed parameters schema; shared by equal tools, so do not change it."""
    return _decoded(bytes(tool.parameters))


class SchemaProblem(msgspec.Struct, frozen=True):
    """One disagreement between a value and a schema."""

    keyword: str
    """JSON Schema keyword that failed."""
    path: list[str | int]
    """Where in the value."""
    message: str
    expected: Json
    """The keyword's value in the schema, None when it cannot be shown."""


Validator = Callable[[Json], list[SchemaProblem]]


def _refuse_reference(uri: str, /) -> JsonObject:
    raise ValueError(f"references are not opened: {uri}")


def _built(schema: JsonObject) -> Draft202012Validator:
    """Returns the compiled schema of a tool."""
    import jsonschema_rs

    return jsonschema_rs.Draft202012Validator(
        schema, retriever=_refuse_reference, validate_formats=True
    )


def compiled_test(schema: JsonObject, *, closed: bool) -> Callable[[Json], bool] | None:
    """Returns a fast yes-or-no test, with undeclared properties refused when `closed`.

    Returns None when the schema is invalid.
    """
    try:
        built = _built({**schema, "additionalProperties": False} if closed else schema)
    except ValueError:
        return None
    return built.is_valid


PATTERN_BYTES = 1 << 20
"""Most bytes a pattern of `linear_test` may take when compiled."""


def linear_test(schema: JsonObject) -> Callable[[Json], bool]:
    """Returns a yes-or-no test whose patterns run in linear time, whatever text they meet.

    The engine knows no look-around and no back-references; the patterns of tools (`validator_of`)
    may have both, within a limit of steps.

    Raises:
        ToolSchemaError: the schema is invalid, or a pattern needs what the engine lacks.
    """
    import jsonschema_rs

    options = jsonschema_rs.RegexOptions(size_limit=PATTERN_BYTES, dfa_size_limit=PATTERN_BYTES)
    try:
        built = jsonschema_rs.Draft202012Validator(
            schema, retriever=_refuse_reference, validate_formats=True, pattern_options=options
        )
    except ValueError as error:
        reason = str(error).split("\n", 1)[0]
        raise ToolSchemaError("this is not a usable JSON Schema 2020-12", got=reason) from error
    return built.is_valid


@lru_cache(maxsize=CACHE_SIZE)
def _validator(parameters: bytes) -> Validator | str:
    try:
        built = _built(_decoded(parameters))
    except ValueError as error:
        return str(error).split("\n", 1)[0]

    def problems(value: Json) -> list[SchemaProblem]:
        return [
            SchemaProblem(
                keyword=error.kind.name,
                path=list(error.instance_path),
                message=error.message,
                expected=None,
            )
            for error in built.iter_errors(value)
        ]

    return problems


def validator_of(tool: Tool) -> Validator:
    """Returns the compiled validator of the tool's arguments object.

    Raises:
        ToolSchemaError: the schema is invalid, or refers to something outside itself.
    """
    built = _validator(bytes(tool.parameters))
    if isinstance(built, str):
        raise ToolSchemaError(
            f"the parameters of tool {tool.name!r} are not a valid JSON Schema 2020-12",
            got=built,
        )
    return built
