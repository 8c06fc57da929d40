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

import msgspec
from tree_sitter import Node

from actloom.evals.bfcl.decoders.syntax_tree import SourceTree, parsed, single

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
    tree = parsed(source, "java")
    call = _first_call(tree.root)
    return {} if call is None else [_JavaSource(source, tree).call(call)]


def _first_call(root: Node) -> Node | None:
    nodes = [root]
    while nodes:
        node = nodes.pop()
        if node.type == "method_invocation":
            return node
        nodes += reversed(node.children)
    return None


class _JavaSource(msgspec.Struct, frozen=True):
    source: str
    tree: SourceTree

    def call(self, node: Node) -> dict[str, dict[str | None, str]]:
        name = self._slice(_field(node, "name"))
        owner = node.child_by_field_name("object")
        arguments: dict[str | None, list[str]] = {}
        for child in _field(node, "arguments").children:
            if child.type == "assignment_expression":
                key = self._slice(child.children[0])
                arguments.setdefault(key, []).append(self._text(child.children[2], nested=False))
            elif child.type in ("identifier", "class_literal"):
                arguments.setdefault(None, []).append(self._text(child, nested=False))
        full_name = name if owner is None else f"{self._slice(owner)}.{name}"
        return {full_name: single(arguments)}

    def _slice(self, node: Node) -> str:
        return self.source[self.tree.span(node)]

    def _text(self, node: Node, *, nested: bool) -> str:
        kind = node.type
        if kind in _LITERALS:
            return self._slice(node) if nested else self._slice(node)[1:-1]
        if kind in _VERBATIM:
            return self._slice(node)
        if kind == "array_creation_expression":
            of = self._text(_field(node, "type"), nested=True)
            return f"new {of}[]{self._text(_field(node, 'value'), nested=True)}"
        if kind == "object_creation_expression":
            return self._creation(node)
        children = node.children
        if children:
            return "".join([self._text(child, nested=True) for child in children])
        return self._slice(node)

    def _creation(self, node: Node) -> str:
        given = [
            self._text(child, nested=True)
            for child in _field(node, "arguments").children
            if child.type not in (",", "(", ")")
        ]
        return f"new {self._text(_field(node, 'type'), nested=True)}({', '.join(given)})"


def _field(node: Node, name: str) -> Node:
    found = node.child_by_field_name(name)
    if found is None:
        raise ValueError(f"{node.type} without {name}")
    return found
