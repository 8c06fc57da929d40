"""The text of a JavaScript call to a call whose arguments are source text (spec 4.2).

Quirks of the official decoder that are kept: the first call that stands as a statement is the only
one; only `name = value` arguments count, and of others bare names and `true`, together under the
key None; a value is verbatim, quotes around all of it taken off; no call at all is None.
"""

from __future__ import annotations

import re

from tree_sitter import Node

from actloom.evals.bfcl.decoders.syntax_tree import SourceTree, parsed, single

_WORDS = (
    r"(?:break|case|catch|const|continue|debugger|default|do|else|enum|export|extends"
    r"|finally|for|if|in|instanceof|return|switch|throw|try|var|while|with)"
)
_STATEMENT_WORD = re.compile(rf"(?<![\w$]){_WORDS}(?=\s*+[=,)\]])|(?<=[=(,\[]){_WORDS}(?![\w$])")
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
    tree = _tree(source)
    for statement in tree.root.children:
        if statement.type == "expression_statement":
            for node in statement.children:
                if node.type == "call_expression":
                    return [_call(node, source.encode(), tree)]
    return None


def _tree(source: str) -> SourceTree:
    """Returns the tree of a source, with the names that the grammar of 2024 takes for names."""
    try:
        tree = parsed(source, "javascript")
    except SyntaxError:
        masked = _STATEMENT_WORD.sub(lambda word: "_" * len(word[0]), source)
        if masked == source:
            raise
        tree = parsed(masked, "javascript")
    if "await" in source and _names_await(tree.root, source.encode()):
        raise SyntaxError("await is no name")
    return tree


def _names_await(root: Node, source: bytes) -> bool:
    """Tells whether `await` is a name elsewhere than at the end of the arguments."""
    nodes = [root]
    while nodes:
        node = nodes.pop()
        is_await = node.type == "identifier" and node.text == b"await"
        if is_await and source[node.end_byte : node.end_byte + 1] != b")":
            return True
        nodes += node.children
    return False


def _call(node: Node, source: bytes, tree: SourceTree) -> dict[str, dict[str | None, str]]:
    def text_of(part: Node) -> str:
        return source[tree.span(part)].decode()

    children = node.children
    arguments: dict[str | None, list[str]] = {}
    for child in children[1].children:
        if child.type == "assignment_expression":
            key, value = text_of(child.children[0]), text_of(child.children[2])
            arguments.setdefault(key, []).append(_unquoted(value))
        elif child.type in ("identifier", "true"):
            arguments.setdefault(None, []).append(text_of(child))
    return {text_of(children[0]): single(arguments)}


def _unquoted(value: str) -> str:
    for quote in ('"', "'"):
        if value.startswith(quote) and value.endswith(quote):
            return value[1:-1]
    return value
