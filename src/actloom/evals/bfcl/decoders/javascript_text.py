"""The text of a JavaScript call to a call whose arguments are source text (spec 4.2).

Quirks of the official decoder that are kept: the first call that stands as a statement is the only
one; only `name = value` arguments count, and of others bare names and `true`, together under the
key None; a value is verbatim, quotes around all of it taken off; no call at all is None.
"""

from __future__ import annotations

from tree_sitter import Node

from actloom.evals.bfcl.decoders.syntax_tree import parsed, single


def javascript_calls(text: str) -> object:
    """Returns `[{name: {argument: source}}]`, None where the text is no call.

    Args:
        text: the call inside a bracket at either end, which are cut off whatever they are.

    Raises:
        SyntaxError: not JavaScript.
        ValueError: an argument given twice.
        TooLargeError, UnicodeEncodeError: beyond the limits.
    """
    root = parsed(text[1:-1], "javascript")
    for statement in root.children:
        if statement.type == "expression_statement":
            for node in statement.children:
                if node.type == "call_expression":
                    return [_call(node)]
    return None


def _call(node: Node) -> dict[str, dict[str | None, str]]:
    children = node.children
    arguments: dict[str | None, list[str]] = {}
    for child in children[1].children:
        if child.type == "assignment_expression":
            key, value = _text(child.children[0]), _text(child.children[2])
            arguments.setdefault(key, []).append(_unquoted(value))
        elif child.type in ("identifier", "true"):
            arguments.setdefault(None, []).append(_text(child))
    return {_text(children[0]): single(arguments)}


def _text(node: Node) -> str:
    return (node.text or b"").decode()


def _unquoted(value: str) -> str:
    for quote in ('"', "'"):
        if value.startswith(quote) and value.endswith(quote):
            return value[1:-1]
    return value
