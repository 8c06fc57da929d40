"""The text of a Java call to a call whose arguments are source text (spec 4.2).

Quirks of the official decoder that are kept:

- The first call found is the only one; only `name = value` arguments count, and of others bare
  names and class literals, together under the key None.
- A string or character literal loses its quotes and keeps its escapes, but not inside another
  value.
- `new T(...)` is rebuilt with `, ` between arguments and loses its class body; an array is
  `new T[]` and its values; other nodes are their tokens without blanks.
- Offsets are bytes and are applied to characters: after a character outside ASCII texts shift.
"""

from __future__ import annotations

from tree_sitter import Node

from actloom.evals.bfcl.decoders.syntax_tree import parsed, single

_VERBATIM = frozenset({"identifier", "class_literal", "type_identifier", "method_invocation"})
_LITERALS = frozenset({"string_literal", "character_literal"})


def java_calls(text: str) -> object:
    """Returns `[{name: {argument: source}}]`, or `{}` where the text holds no call.

    Args:
        text: the call inside a bracket at either end, which are cut off whatever they are.

    Raises:
        SyntaxError: not Java.
        ValueError: an argument given twice.
        TooLargeError, RecursionError, UnicodeEncodeError: beyond the limits.
    """
    source = text[1:-1]
    call = _first_call(parsed(source, "java"))
    return {} if call is None else [_call(call, source)]


def _first_call(root: Node) -> Node | None:
    nodes = [root]
    while nodes:
        node = nodes.pop()
        if node.type == "method_invocation":
            return node
        nodes += reversed(node.children)
    return None


def _call(node: Node, source: str) -> dict[str, dict[str | None, str]]:
    name = _slice(_field(node, "name"), source)
    owner = node.child_by_field_name("object")
    arguments: dict[str | None, list[str]] = {}
    for child in _field(node, "arguments").children:
        if child.type == "assignment_expression":
            key = _slice(child.children[0], source)
            arguments.setdefault(key, []).append(_text(child.children[2], source, nested=False))
        elif child.type in ("identifier", "class_literal"):
            arguments.setdefault(None, []).append(_text(child, source, nested=False))
    full_name = name if owner is None else f"{_slice(owner, source)}.{name}"
    return {full_name: single(arguments)}


def _field(node: Node, name: str) -> Node:
    found = node.child_by_field_name(name)
    if found is None:
        raise ValueError(f"{node.type} without {name}")
    return found


def _slice(node: Node, source: str) -> str:
    return source[node.start_byte : node.end_byte]


def _text(node: Node, source: str, *, nested: bool) -> str:
    kind = node.type
    if kind in _LITERALS:
        return _slice(node, source) if nested else _slice(node, source)[1:-1]
    if kind in _VERBATIM:
        return _slice(node, source)
    if kind == "array_creation_expression":
        of = _text(_field(node, "type"), source, nested=True)
        return f"new {of}[]{_text(_field(node, 'value'), source, nested=True)}"
    if kind == "object_creation_expression":
        return _creation(node, source)
    children = node.children
    if children:
        return "".join([_text(child, source, nested=True) for child in children])
    return _slice(node, source)


def _creation(node: Node, source: str) -> str:
    given = [
        _text(child, source, nested=True)
        for child in _field(node, "arguments").children
        if child.type not in (",", "(", ")")
    ]
    return f"new {_text(_field(node, 'type'), source, nested=True)}({', '.join(given)})"
