"""Gold calls of a multi-turn case made wrong in one place: what a right checker must refuse.

Three kinds: a call left out, a call with another value for one argument, and a call of another
function with the same arguments. Which argument and which function follow from the call's place
and text alone, so the same mutations come every time.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence
from typing import Literal, TypeAlias

import msgspec

from actloom.core.ids import seed_of
from actloom.envs.bfcl.trial import Steps

Kind: TypeAlias = Literal["drop", "value", "function"]
KINDS: tuple[Kind, ...] = ("drop", "value", "function")


class TurnMutation(msgspec.Struct, frozen=True):
    """Calls of every turn, one step a call, wrong in one place."""

    kind: Kind
    turn: int
    index: int
    """Place of the call in its turn."""
    was: str
    now: str
    """The call instead; "" when it was left out."""
    model: list[Steps]


def turn_mutations(gold: Steps, functions: Sequence[str]) -> Iterator[TurnMutation]:
    """Yields every mutation of every gold call.

    Args:
        gold: calls of each turn, as Python text.
        functions: names of the functions the case offers.
    """
    for turn, calls in enumerate(gold):
        for index, call in enumerate(calls):
            for kind in KINDS:
                now = _mutated(call, kind, functions, place=f"{turn}.{index}")
                if now != call:
                    model = _replaced(gold, turn, index, now)
                    yield TurnMutation(kind, turn, index, was=call, now=now, model=model)


def _replaced(gold: Steps, turn: int, index: int, now: str) -> list[Steps]:
    turns = [[[call] for call in calls] for calls in gold]
    turns[turn][index : index + 1] = [[now]] if now else []
    return turns


def _mutated(call: str, kind: Kind, functions: Sequence[str], *, place: str) -> str:
    """Returns the call as it is when it cannot be mutated so."""
    if kind == "drop":
        return ""
    node = ast.parse(call, mode="eval").body
    if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Name):
        return call
    seed = seed_of(call, salt=place)
    if kind == "function":
        name = node.func.id
        others = sorted({other for other in functions if other != name})
        node.func.id = others[seed % len(others)] if others else name
        return ast.unparse(node)
    values = [*node.args, *(keyword.value for keyword in node.keywords)]
    if values:
        _change(values[seed % len(values)])
    return ast.unparse(node) if values else call


def _change(node: ast.expr) -> None:
    """Gives a value another one of its type, in place."""
    match node:
        case ast.Constant(value=bool(value)):
            node.value = not value
        case ast.Constant(value=str(value)):
            node.value = value + "x"
        case ast.Constant(value=int(value) | float(value)):
            node.value = value + 1
        case ast.UnaryOp(operand=operand):
            _change(operand)
        case ast.List(elts=items) if items:
            _change(items[0])
        case ast.List(elts=items):
            items.append(ast.Constant("x"))
        case ast.Dict(values=values) if values:
            _change(values[0])
        case ast.Dict(keys=keys, values=values):
            keys.append(ast.Constant("x"))
            values.append(ast.Constant("x"))
        case _:
            pass
