"""The text of a JavaScript call to a call whose arguments are source text (spec 4.2).

Quirks of the official decoder that are kept: the first call that stands as a statement is the only
one; only `name = value` arguments count, and of others bare names and `true`, together under the
key None; a value is verbatim, quotes around all of it taken off; no call at all is None.
"""

from __future__ import annotations

import re

from tree_sitter import Node

from actloom.evals.bfcl.decoders.syntax_tree import parsed, single

_STATEMENT_WORD = re.compile(
    r"(?<![\w$])(?:break|case|catch|const|continue|debugger|default|do|else|enum|export|extends"
    r"|finally|for|if|in|instanceof|return|switch|throw|try|var|while|with)(?=\s*+[=,)\]])"
)
"""Words reserved by today's grammar; that of 2024 took them for names where no statement is."""


def javascript_calls(text: str) -> object:
    """Returns `[{name: {argument: source}}]`, None where the text is no call.

    Args:
        text: the call inside a bracket at either end, which are cut off whatever they are.

    Raises:
        SyntaxError: not JavaScript.
        ValueError: an argument given twice.
        TooLargeError, UnicodeEncodeError: beyond the limits.
    """
    source = text[1:-1]
    for statement in _root(source).children:
        if statement.type == "expression_statement":
            for node in statement.children:
                if node.type == "call_expression":
                    return [_call(node, source.encode())]
    return None


def _root(source: str) -> Node:
    """Returns the tree of a source, with the names that the grammar of 2024 takes for names."""
    try:
        root = parsed(source, "javascript")
    except SyntaxError:
        masked = _STATEMENT_WORD.sub(lambda word: "_" * len(word[0]), source)
        if masked == source:
            raise
        root = parsed(masked, "javascript")
    if "await" in source and _names_await(root):
        raise SyntaxError("await is no name")
    return root


def _names_await(root: Node) -> bool:
    nodes = [root]
    while nodes:
        node = nodes.pop()
        if node.type == "identifier" and node.text == b"await":
            return True
        nodes += node.children
    return False


def _call(node: Node, source: bytes) -> dict[str, dict[str | None, str]]:
    children = node.children
    arguments: dict[str | None, list[str]] = {}
    for child in children[1].children:
        if child.type == "assignment_expression":
            key, value = _text(child.children[0], source), _text(child.children[2], source)
            arguments.setdefault(key, []).append(_unquoted(value))
        elif child.type in ("identifier", "true"):
            arguments.setdefault(None, []).append(_text(child, source))
    return {_text(children[0], source): single(arguments)}


def _text(node: Node, source: bytes) -> str:
    return source[node.start_byte : node.end_byte].decode()


def _unquoted(value: str) -> str:
    for quote in ('"', "'"):
        if value.startswith(quote) and value.endswith(quote):
            return value[1:-1]
    return value
