"""Tool schemas of every origin become valid JSON Schema 2020-12; hostile ones open nothing."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator
from pathlib import Path

import jsonschema
import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from actloom.core.errors import ToolSchemaError
from actloom.core.jsonvalue import Json
from actloom.core.record import Tool
from actloom.core.schema import (
    MAX_DEPTH,
    normalise_parameters,
    normalise_tool,
    schema_of,
    tools_of,
    validator_of,
)
from actloom.core.typetext import schema_of_type_text

PLAIN = {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}
ORIGINS: dict[str, Json] = {
    "openai nested": {"type": "function", "function": {"name": "f", "parameters": PLAIN}},
    "openai flat": {"type": "function", "name": "f", "parameters": PLAIN},
    "anthropic": {"name": "f", "input_schema": PLAIN},
    "mcp": {"name": "f", "inputSchema": PLAIN},
    "gemini": {
        "functionDeclarations": [
            {
                "name": "f",
                "parameters": {
                    "type": "OBJECT",
                    "properties": {"city": {"type": "STRING"}},
                    "required": ["city"],
                },
            }
        ]
    },
    "bfcl": {
        "name": "f",
        "parameters": {
            "type": "dict",
            "properties": {"city": {"type": "string"}},
            "required": ["city"],
        },
    },
    "xlam flat": {"name": "f", "parameters": {"city": {"type": "str"}}},
    "parameter list": {
        "name": "f",
        "parameters": [{"name": "city", "type": "STRING", "required": True}],
    },
}


@pytest.mark.parametrize("origin", sorted(ORIGINS))
def test_every_origin_gives_the_same_schema(origin: str) -> None:
    (tool,) = tools_of(ORIGINS[origin])
    assert schema_of(tool) == PLAIN


def test_a_plain_openai_tool_is_unchanged_and_anything_else_keeps_its_original() -> None:
    plain = {"name": "f", "description": "d", "parameters": PLAIN}
    assert normalise_tool({"type": "function", "function": plain}).original is None
    strict = {"type": "function", "function": {**plain, "strict": True}}
    assert json.loads(normalise_tool(strict).original or "") == strict
    received = '{"name": "f",  "inputSchema": {}}'
    assert normalise_tool(json.loads(received), original=received).original == received


@pytest.mark.parametrize(
    ("text", "schema"),
    [
        ("str, optional", {"type": "string"}),
        ("List[int], optional", {"type": "array", "items": {"type": "integer"}}),
        ("Optional[float]", {"anyOf": [{"type": "number"}, {"type": "null"}]}),
        ("Union[int, str]", {"anyOf": [{"type": "integer"}, {"type": "string"}]}),
        ("int | None", {"anyOf": [{"type": "integer"}, {"type": "null"}]}),
        ("Dict[str, int]", {"type": "object"}),
        ("List[Tuple[float, float]]", {"type": "array", "items": {"type": "array"}}),
        ("Literal['a', 'b']", {"enum": ["a", "b"]}),
        ("Callable[[int], int]", {}),
        ("any", {}),
        ("[" * 600, {}),
    ],
)
def test_python_type_texts_become_schemas(text: str, schema: Json) -> None:
    assert schema_of_type_text(text) == schema


@pytest.mark.parametrize(
    ("parameters", "schema"),
    [
        (
            {"type": "object", "properties": {"n": {"type": "integer", "required": True}}},
            {"type": "object", "properties": {"n": {"type": "integer"}}, "required": ["n"]},
        ),
        (
            {
                "type": "object",
                "properties": {"n": {"type": "float", "minimum": 0, "exclusiveMinimum": True}},
            },
            {"type": "object", "properties": {"n": {"type": "number", "exclusiveMinimum": 0}}},
        ),
        (
            {"properties": {"n": {"type": "array", "items": [{"type": "int"}]}}},
            {
                "type": "object",
                "properties": {"n": {"type": "array", "prefixItems": [{"type": "integer"}]}},
            },
        ),
        (None, {"type": "object", "properties": {}}),
    ],
)
def test_old_keywords_are_rewritten(parameters: Json, schema: Json) -> None:
    assert normalise_parameters(parameters) == schema


def test_optional_and_defaulted_flat_parameters_are_not_required() -> None:
    flat = {
        "a": {"type": "str"},
        "b": {"type": "int, optional"},
        "c": {"type": "int", "default": 5},
    }
    assert normalise_parameters(flat)["required"] == ["a"]


def _definitions(value: object) -> Iterator[dict[str, Json]]:
    """Yields every object inside `value` that looks like a tool definition."""
    stack = [value]
    while stack:
        item = stack.pop()
        if isinstance(item, dict):
            if isinstance(item.get("name"), str) and (
                isinstance(item.get("parameters"), dict) or "inputSchema" in item
            ):
                yield item
            stack.extend(item.values())
        elif isinstance(item, list):
            stack.extend(item)
        elif isinstance(item, str) and item[:1] in "[{" and '"parameters"' in item:
            try:
                stack.append(json.loads(item))
            except ValueError:
                continue


def _real_definitions(folder: Path) -> Iterator[dict[str, Json]]:
    for path in sorted(folder.rglob("*.json*")):
        text = path.read_text(errors="replace")
        try:
            yield from _definitions(json.loads(text))
        except ValueError:
            for line in text.splitlines():
                try:
                    yield from _definitions(json.loads(line))
                except ValueError:
                    break


@pytest.mark.slow
def test_every_real_tool_definition_becomes_a_valid_schema(shared_data: Path) -> None:
    checked = 0
    for definition in _real_definitions(shared_data / "formats"):
        tool = normalise_tool(definition)
        jsonschema.Draft202012Validator.check_schema(json.loads(bytes(tool.parameters)))
        checked += 1
    assert checked > 1000


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda c: (
        st.lists(c, max_size=3)
        | st.dictionaries(
            st.sampled_from(["type", "properties", "items", "required", "x", "enum"]), c, max_size=4
        )
    ),
    max_leaves=12,
)


@settings(max_examples=200, deadline=None)
@given(json_values)
def test_any_json_is_normalised_or_refused_by_the_typed_error(value: Json) -> None:
    try:
        once = normalise_parameters(value)
    except ToolSchemaError:
        return
    assert isinstance(once, dict)


def test_depth_is_bounded() -> None:
    deep: dict[str, Json] = {"type": "integer"}
    for _ in range(MAX_DEPTH + 2):
        deep = {"type": "object", "properties": {"x": deep}}
    with pytest.raises(ToolSchemaError, match="nested"):
        normalise_parameters(deep)


@pytest.mark.parametrize("uri", ["file:///etc/passwd", "http://127.0.0.1:9/x.json"])
def test_references_outside_the_schema_are_never_opened(
    uri: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise AssertionError("a socket was opened")

    monkeypatch.setattr(socket.socket, "connect", fail)
    schema = {"type": "object", "properties": {"p": {"$ref": uri}}}
    with pytest.raises(ToolSchemaError, match="not a valid JSON Schema"):
        validator_of(Tool("f", "", msgspec.Raw(msgspec.json.encode(schema))))
