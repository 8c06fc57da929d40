"""`B` of spec section 4.1: the text of a bracketed list of Python calls, to calls.

Python's own parser reads it, nothing is evaluated. Quirks of the official decoder that are kept:

- Keyword arguments only: positional ones are dropped; `**x` gives the key None.
- A name is the dotted chain before the bracket; what else stands there counts for nothing.
- `...` is the text "..."; a tuple stays a tuple; a bare name is its own text.
- A call without keywords is its source text, one with keywords a nested `{name: arguments}`.
- A subscript is its source text.
- A unary operator is a minus, whatever it says, on a constant and on nothing else.
- A binary operator is computed (`arithmetic`), over constants alone.
- Anything else (set, f-string, attribute, comparison, lambda, ...) is an error.
"""

from __future__ import annotations

import ast
import keyword
import re
import warnings
from typing import TypeAlias, cast

from actloom.evals.bfcl.decoders.arithmetic import computed
from actloom.evals.bfcl.decoders.bounds import check_python
from actloom.evals.bfcl.decoders.plain_calls import plain_calls

MAX_CODE = 12_000
"""Characters outside strings that are parsed; Python's parser takes 1.7 ms for 1,000 of them."""
_TWO_WORDS = re.compile(r"\[?\s*+([A-Za-z_]\w*+) +([A-Za-z_]\w*+)(?!['\"])", re.ASCII)
_NUMBER_AND_WORD = re.compile(r"\d_?(?:and|else|for|if|in|is|not|or)\b")
_LONG = 3_000
_KEYWORDS = frozenset(keyword.kwlist)

Call: TypeAlias = dict[str, dict[str | None, object]]
"""`{name: {argument: value}}`."""


def calls_v1(text: str) -> list[object]:
    """Returns the calls of a text as the leaderboard of 2024-08-11 decodes it.

    A call without keywords is its source text here too, and so no call to the checker.

    Raises:
        Exception: whatever stands for the official decoder's own (ValueError, TypeError,
            SyntaxError, RecursionError, MemoryError).
    """
    found = plain_calls(text)
    if found is not None:
        return [*found]
    return [_value(call) for call in _listed(expression(text))]


def calls_v4(text: str) -> list[Call]:
    """Returns the calls of a text as bfcl-eval decodes it: quotes around all of it are taken off,
    and one bare call is enough.

    Raises:
        Exception: as `calls_v1`.
    """
    bare = text.strip().strip("'")
    found = plain_calls(bare)
    if found is not None:
        return cast("list[Call]", found)
    body = expression(bare)
    return [call_of(call) for call in ([body] if isinstance(body, ast.Call) else _listed(body))]


def expression(text: str) -> ast.expr:
    """Returns the syntax tree of a Python expression.

    Raises:
        TooLargeError: more than MAX_CODE characters outside strings.
        SyntaxError, ValueError, RecursionError, MemoryError: as Python's parser.
    """
    words = _TWO_WORDS.match(text)
    if words is not None and words[1] not in _KEYWORDS and words[2] not in _KEYWORDS:
        raise SyntaxError("words, not calls")
    return cast("ast.Expression", _parsed(text, "eval")).body


def statements(text: str) -> list[ast.stmt]:
    """Returns the syntax trees of Python statements.

    Raises:
        TooLargeError, SyntaxError, ValueError, RecursionError, MemoryError: as `expression`.
    """
    return cast("ast.Module", _parsed(text, "exec")).body


def _parsed(text: str, mode: str) -> ast.AST:
    check_python(text, MAX_CODE)
    if not _may_warn(text):
        return ast.parse(text, mode=mode)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return ast.parse(text, mode=mode)


def _may_warn(text: str) -> bool:
    """Tells whether Python's parser may warn: of odd escapes, of numbers that run into a word."""
    return len(text) > _LONG or "\\" in text or _NUMBER_AND_WORD.search(text) is not None


def _listed(body: ast.expr) -> list[ast.Call]:
    if not isinstance(body, ast.List | ast.Tuple | ast.Set):
        raise ValueError(f"a list of calls, not {type(body).__name__}")
    calls: list[ast.Call] = []
    for item in body.elts:
        if not isinstance(item, ast.Call):
            raise ValueError(f"calls in the list, not {type(item).__name__}")
        calls.append(item)
    return calls


def call_of(node: ast.Call) -> Call:
    """Returns a call with its keyword arguments.

    Raises:
        Exception: as `calls_v1`.
    """
    parts: list[str] = []
    target = node.func
    while isinstance(target, ast.Attribute):
        parts.append(target.attr)
        target = target.value
    if isinstance(target, ast.Name):
        parts.append(target.id)
    name = ".".join(reversed(parts))
    return {name: {keyword.arg: _value(keyword.value) for keyword in node.keywords}}


def _value(node: ast.expr | None) -> object:
    match node:
        case ast.Constant(value=value):
            return "..." if value is Ellipsis else value
        case ast.UnaryOp(operand=ast.Constant(value=value)):
            return -cast("int", value)
        case ast.List(elts=items):
            return [_value(item) for item in items]
        case ast.Dict(keys=keys, values=values):
            return {_value(key): _value(value) for key, value in zip(keys, values, strict=True)}
        case ast.BinOp():
            return computed(node)
        case ast.Name(id=name):
            return name
        case ast.Call(keywords=[]):
            return ast.unparse(node)
        case ast.Call():
            return call_of(node)
        case ast.Tuple(elts=items):
            return tuple(_value(item) for item in items)
        case ast.Subscript(value=base, slice=index):
            return f"{ast.unparse(base)}[{ast.unparse(index)}]"
        case _:
            raise ValueError(f"a value that is read without evaluation, not {type(node).__name__}")
