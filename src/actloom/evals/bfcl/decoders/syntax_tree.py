"""Java and JavaScript source to syntax trees, by tree-sitter, in bounded time.

The official decoders use the grammars of early 2024 and take any text whose tree holds no ERROR
node; a token that the parser had to invent (`MISSING`, a forgotten semicolon) is no error to them.
"""

from __future__ import annotations

import functools
import time
from typing import Literal

import msgspec
from tree_sitter import Language as Grammar
from tree_sitter import Node, Parser, Point

from actloom.evals.bfcl.decoders.bounds import TooLargeError, long_strings

MAX_CODE = 8_000
"""Characters outside strings that are parsed."""
MAX_SECONDS = 0.03
"""CPU time of one parse: some texts that are no calls make the parser quadratic."""
_ALWAYS_FAST = 500
_STAND_IN = "long"


class SourceTree(msgspec.Struct, frozen=True):
    """A tree, and where its nodes stand in the source."""

    root: Node
    cuts: list[tuple[int, int]] = []
    """(offset in what was parsed, bytes cut out before it), in order; long strings are cut."""

    def span(self, node: Node) -> slice:
        """Returns where a node stands in the source, in bytes."""
        if not self.cuts:
            return slice(node.start_byte, node.end_byte)
        return slice(self._uncut(node.start_byte), self._uncut(node.end_byte))

    def _uncut(self, offset: int) -> int:
        return offset + sum(removed for at, removed in self.cuts if at <= offset)


def parsed(source: str, grammar: Literal["java", "javascript"]) -> SourceTree:
    """Returns the tree of a source.

    Raises:
        SyntaxError: the text is not in the language.
        TooLargeError: more than MAX_CODE characters outside strings, or more than MAX_SECONDS.
        UnicodeEncodeError: lone surrogates.
    """
    short, cuts = _without_long_strings(source)
    root = _root(short.encode(), _language(grammar))
    if root.has_error and _has_error_node(root):
        raise SyntaxError(f"not {grammar}")
    return SourceTree(root, cuts)


def _without_long_strings(source: str) -> tuple[str, list[tuple[int, int]]]:
    """Returns a source with long strings emptied, and what that cut; it parses to the same tree."""
    parts: list[str] = []
    cuts: list[tuple[int, int]] = []
    at = size = 0
    for start, end in long_strings(source, MAX_CODE):
        inside = source[start + 1 : end - 1]
        if "\\" in inside or "\n" in inside:
            continue
        parts += [source[at : start + 1], _STAND_IN]
        size += sum(len(part.encode()) for part in parts[-2:])
        cuts.append((size, len(inside.encode()) - len(_STAND_IN)))
        at = end - 1
    return "".join([*parts, source[at:]]), cuts


def _root(source: bytes, language: Grammar) -> Node:
    parser = Parser(language)  # its own, for other threads may run while a callback does
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
        raise TooLargeError(f"expected a text that parses in {MAX_SECONDS} s") from None


@functools.cache
def _language(grammar: str) -> Grammar:
    if grammar == "java":
        import tree_sitter_java as module
    else:
        import tree_sitter_javascript as module
    return Grammar(module.language())


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
