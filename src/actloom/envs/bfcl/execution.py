"""Executes calls written as Python text: parsed and dispatched by name, never evaluated.

The official runner puts the owner's name before every known method name followed by a bracket,
wherever it stands in the text, a string included, and evaluates the rest. Here the same rewritten
text is parsed, and only calls of public methods, and of builtins that make values, with constant
arguments (or such calls) are carried out. Whatever else the text says becomes the error a name or
type of that kind would raise. Outputs, errors included, are worded as the official runner words
them.
"""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Callable, Mapping
from typing import cast

MAX_CALL = 1_000_000
"""Characters of one call."""
_FORBIDDEN = frozenset({"kill", "exit", "quit", "remove", "unlink", "popen", "Popen", "run"})
_NAME = re.compile(r"\b([a-zA-Z_]\w*)\s*(?=\()")
_MAKERS: Mapping[str, Callable[..., object]] = {
    made.__name__: made
    for made in (
        *(dict, list, tuple, set, str, int, float, bool),
        *(len, sum, min, max, abs, round, sorted),
    )
}
"""Builtins that only make values of values; a decoder may write a dictionary as `dict(a=1)`."""
_SIGNS: Mapping[type[ast.unaryop], Callable[[complex], complex]] = {
    ast.USub: lambda value: -value,
    ast.UAdd: lambda value: +value,
}


class Namespace:
    """What a call may name: methods of instances.

    Args:
        instances: name an instance goes by in rewritten text -> instance.
        owners: method -> name of the instance it belongs to.
    """

    def __init__(self, instances: Mapping[str, object], owners: Mapping[str, str]) -> None:
        self._instances = instances
        self._owners = owners

    def output(self, text: str) -> str:
        """Carries out one call and returns what the model is shown; never raises."""
        try:
            rewritten = self._rewritten(text)
            _refuse_forbidden(rewritten)
            return _writable(_shown(self._value(_parsed(rewritten))))
        except Exception as error:  # the benchmark shows the model whatever a method raises
            return _writable(f"Error during execution: {error!s}")

    def _rewritten(self, text: str) -> str:
        if len(text) > MAX_CALL:
            raise ValueError(f"the call has {len(text)} characters, limit {MAX_CALL}")

        def owned(match: re.Match[str]) -> str:
            name = match.group(1)
            return f"{self._owners[name]}.{name}" if name in self._owners else name

        return _NAME.sub(owned, text)

    def _value(self, node: ast.expr) -> object:
        match node:
            case ast.Constant(value=value):
                return value
            case ast.List(elts=items):
                return [self._value(item) for item in items]
            case ast.Tuple(elts=items):
                return tuple(self._value(item) for item in items)
            case ast.Set(elts=items):
                return {self._value(item) for item in items}
            case ast.Dict(keys=keys, values=values):
                return {self._key(k): self._value(v) for k, v in zip(keys, values, strict=True)}
            case ast.UnaryOp(op=op, operand=operand) if type(op) in _SIGNS:
                return _SIGNS[type(op)](cast("complex", self._value(operand)))
            case ast.Call():
                return self._called(node)
            case ast.Name(id=name):
                raise NameError(f"name {name!r} is not defined")
            case _:
                raise TypeError(f"{type(node).__name__} is not carried out, only calls are")

    def _key(self, node: ast.expr | None) -> object:
        if node is None:
            raise TypeError("** is not carried out")
        return self._value(node)

    def _called(self, node: ast.Call) -> object:
        method = self._method(node.func)
        positional = [self._value(argument) for argument in node.args]
        named: dict[str, object] = {}
        for keyword in node.keywords:
            if keyword.arg is None:
                raise TypeError("** is not carried out")
            if keyword.arg in named:
                raise SyntaxError(f"keyword argument repeated: {keyword.arg} (<string>, line 1)")
            named[keyword.arg] = self._value(keyword.value)
        return method(*positional, **named)

    def _method(self, node: ast.expr) -> Callable[..., object]:
        """Returns a bound public method; an owner's name is put there by the rewriting."""
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            owner, name = node.value.id, node.attr
            if owner in self._instances and name in self._owners:
                return cast("Callable[..., object]", getattr(self._instances[owner], name))
        if isinstance(node, ast.Name) and node.id in _MAKERS:
            return _MAKERS[node.id]
        while isinstance(node, ast.Attribute):
            node = node.value
        value = self._value(node)  # a name is not defined
        raise TypeError(f"{type(value).__name__!r} object is not callable")


def _refuse_forbidden(text: str) -> None:
    head = text.split("(")[0]
    name = head.split(".")[1] if "." in head else head
    if name in _FORBIDDEN:
        raise PermissionError(f"Function call {name} is not allowed.")


def _parsed(text: str) -> ast.expr:
    return ast.parse(text.lstrip(" \t"), "<string>", mode="eval").body


def _shown(value: object) -> str:
    if type(value) is str:
        return value
    if type(value) is dict:
        try:
            return json.dumps(value)
        except (TypeError, ValueError, RecursionError):
            return str(cast("object", value))
    return str(value)


def _writable(text: str) -> str:
    """Half surrogate pairs, which no frame can carry, become U+FFFD."""
    return (
        text
        if text.isascii()
        else text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    )
