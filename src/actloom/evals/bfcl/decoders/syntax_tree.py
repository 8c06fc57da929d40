"""Java and JavaScript source to syntax trees, by tree-sitter, in bounded time.

The official decoders use the grammars of early 2024 and take any text whose tree holds no ERROR
node; a token that the parser had to invent (`MISSING`, a forgotten semicolon) is no error to them.
"""

from __future__ import annotations

import functools
import time
from typing import Literal

from tree_sitter import Language as Grammar
from tree_sitter import Node, Parser, Point

from actloom.evals.bfcl.decoders.bounds import TooLargeError, check_braces

MAX_CODE = 8_000
"""Characters outside strings that are parsed."""
MAX_SECONDS = 0.05
"""CPU time of one parse: some texts that are no calls make the parser quadratic."""
_ALWAYS_FAST = 500


def parsed(source: str, grammar: Literal["java", "javascript"]) -> Node:
    """Returns the root of the tree.

    Raises:
        SyntaxError: the text is not in the language.
        TooLargeError: more than MAX_CODE characters outside strings, or more than MAX_SECONDS.
        UnicodeEncodeError: lone surrogates.
    """
    check_braces(source, MAX_CODE)
    root = _root(source.encode(), _parser(grammar))
    if root.has_error and _has_error_node(root):
        raise SyntaxError(f"not {grammar}")
    return root


def _root(source: bytes, parser: Parser) -> Node:
    if len(source) <= _ALWAYS_FAST:
        return parser.parse(source).root_node
    end = time.thread_time() + MAX_SECONDS

    def chunk(offset: int, _point: Point) -> bytes:
        return source[offset:] if offset else source

    def is_late(_offset: int, _has_error: bool) -> bool:
        return time.thread_time() > end

    try:
        return parser.parse(chunk, progress_callback=is_late).root_node
    except ValueError:
        parser.reset()
        raise TooLargeError(f"expected a text that parses in {MAX_SECONDS} s") from None


@functools.cache
def _parser(grammar: str) -> Parser:
    if grammar == "java":
        import tree_sitter_java as module
    else:
        import tree_sitter_javascript as module
    return Parser(Grammar(module.language()))


def _has_error_node(root: Node) -> bool:
    nodes = [root]
    while nodes:
        node = nodes.pop()
        if node.is_error:
            return True
        if node.has_error:
            nodes += node.children
    return False


def single(arguments: dict[str | None, list[str]]) -> dict[str | None, str]:
    """Returns arguments each of which was given once.

    Raises:
        ValueError: one was given more than once.
    """
    for name, values in arguments.items():
        if len(values) > 1:
            raise ValueError(f"argument {name!r} more than once")
    return {name: values[0] for name, values in arguments.items()}
