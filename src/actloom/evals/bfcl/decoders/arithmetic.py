"""Arithmetic over constants, as Python's own would compute it, without evaluation and with limits.

The official decoder hands binary expressions to `eval` (spec 4.1). Over constants the result here
is the same; a name, a call or an attribute, which `eval` would look up or run, is an error.
"""

from __future__ import annotations

import ast
import operator
import re
from collections.abc import Sequence, Set
from typing import cast

from actloom.evals.bfcl.decoders.bounds import TooLargeError

MAX_SIZE = 200_000
"""Bits, characters and items that the results of one expression may have together."""
MAX_DEPTH = 330
"""Operators inside each other; `ast.unparse` gives up at about as many in the official decoder."""
_FORMAT_DIGITS = re.compile(r"\d{4}|\*")

_BINARY: dict[type[ast.operator], str] = {
    ast.Add: "add",
    ast.Sub: "sub",
    ast.Mult: "mul",
    ast.Div: "truediv",
    ast.FloorDiv: "floordiv",
    ast.Mod: "mod",
    ast.Pow: "pow",
    ast.LShift: "lshift",
    ast.RShift: "rshift",
    ast.BitAnd: "and_",
    ast.BitOr: "or_",
    ast.BitXor: "xor",
}
_UNARY: dict[type[ast.unaryop], str] = {
    ast.UAdd: "pos",
    ast.USub: "neg",
    ast.Invert: "invert",
    ast.Not: "not_",
}
"""What `operator` calls them."""


def computed(node: ast.expr) -> object:
    """Returns the value of an expression over constants.

    Raises:
        ValueError: a name, a call or another expression that is no constant.
        TooLargeError: an operand or result beyond MAX_SIZE.
        ArithmeticError, TypeError: as Python's own.
    """
    return _Computation().value(node, 0)


class _Computation:
    """One expression and what its results have cost so far."""

    def __init__(self) -> None:
        self._cost = 0

    def value(self, node: ast.expr, depth: int) -> object:
        if depth > MAX_DEPTH:
            raise TooLargeError(f"expected at most {MAX_DEPTH} operators inside each other")
        if isinstance(node, ast.Constant):
            return node.value
        if isinstance(node, ast.BinOp):
            return self._binary(node, depth)
        if isinstance(node, ast.UnaryOp):
            return getattr(operator, _UNARY[type(node.op)])(self.value(node.operand, depth + 1))
        if isinstance(node, ast.List | ast.Tuple | ast.Set):
            return _collected(node, [self.value(item, depth + 1) for item in node.elts])
        if isinstance(node, ast.Dict) and None not in node.keys:
            keys = [self.value(cast("ast.expr", key), depth + 1) for key in node.keys]
            return dict(zip(keys, (self.value(item, depth + 1) for item in node.values)))
        raise ValueError(f"arithmetic over constants, not over {type(node).__name__}")

    def _binary(self, node: ast.BinOp, depth: int) -> object:
        name = _BINARY.get(type(node.op))
        if name is None:
            raise ValueError("arithmetic over constants, without matrices")
        left, right = self.value(node.left, depth + 1), self.value(node.right, depth + 1)
        self._cost += _size_of_result(node.op, left, right)
        if self._cost > MAX_SIZE:
            raise TooLargeError(f"expected results of at most {MAX_SIZE} bits, characters or items")
        return getattr(operator, name)(left, right)


def _collected(node: ast.List | ast.Tuple | ast.Set, items: list[object]) -> object:
    if isinstance(node, ast.List):
        return items
    return tuple(items) if isinstance(node, ast.Tuple) else set(items)


def _size_of_result(op: ast.operator, left: object, right: object) -> int:
    """Returns an upper bound of the size of `left op right`."""
    if isinstance(op, ast.Mult):
        return _size_of_product(left, right)
    if isinstance(op, ast.Pow | ast.LShift) and isinstance(left, int) and isinstance(right, int):
        return _size_of_power(op, left, right)
    if isinstance(op, ast.Mod) and isinstance(left, str | bytes):
        return _size_of_formatted(left, right)
    return _size(left) + _size(right)


def _size_of_product(left: object, right: object) -> int:
    for items, times in ((left, right), (right, left)):
        if isinstance(items, Sequence) and isinstance(times, int):
            return _size(cast("Sequence[object]", items)) * max(times, 1)
    return _size(left) + _size(right)


def _size_of_power(op: ast.operator, left: int, right: int) -> int:
    if right < 0 or (left in (0, 1, -1) and isinstance(op, ast.Pow)):
        return _size(left)
    return _size(left) + right if isinstance(op, ast.LShift) else _size(left) * right


def _size_of_formatted(template: str | bytes, values: object) -> int:
    text = template if isinstance(template, str) else template.decode("latin-1")
    if _FORMAT_DIGITS.search(text):
        raise TooLargeError("expected formats at most 999 wide")
    return len(text) + 999 * text.count("%") + 8 * _size(values)


def _size(value: object) -> int:
    """Returns bits, characters or items, those inside each other counted wherever they stand."""
    if isinstance(value, int):
        return value.bit_length() + 1
    if isinstance(value, str | bytes):
        return len(value) + 1
    if isinstance(value, dict):
        pairs = cast("dict[object, object]", value)
        return 1 + sum(map(_size, pairs)) + sum(map(_size, pairs.values()))
    if isinstance(value, Sequence | Set):
        return 1 + sum(map(_size, cast("Sequence[object]", value)))
    return 64
