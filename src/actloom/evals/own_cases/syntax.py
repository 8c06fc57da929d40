"""Reads expectations as they are written in a case; bounded, and exact about what is wrong where.

Patterns run in `jsonschema-rs`' linear engine, which knows no look-around and no back-references:
a case file may come from a stranger, and so may the text a pattern meets.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable
from typing import cast

from actloom.core.errors import ToolSchemaError
from actloom.core.jsonvalue import Json, JsonObject, pointer
from actloom.core.schema import linear_test
from actloom.evals.own_cases.expectation import (
    TYPES,
    AllOf,
    AnyOf,
    AnyOrder,
    Anything,
    Exemplified,
    Expectation,
    Fits,
    ListOf,
    Literal,
    Not,
    ObjectOf,
    Optional,
    holding,
    in_range,
    is_number,
    near,
    of_types,
    same_text,
    shown,
)

MAX_DEPTH = 32
"""Nesting of values and operators."""
MAX_OPERATORS = 1_000
"""Operators, and lists and objects around them, in one expectation."""
MAX_CHOICES = 100
"""Entries of a list below an operator."""
MAX_TEXT = 2_000
"""Characters of a pattern."""
EXAMPLE = "$example"


class BadExpectationError(Exception):
    """Something in an expectation cannot be understood.

    Args:
        message: what is wrong.
        path: JSON pointer inside the expectation.
        todo: what to write instead.
    """

    def __init__(self, message: str, *, path: str = "", todo: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.path = path
        self.todo = todo


def expectation_of(value: Json, path: str = "") -> Expectation:
    """Returns the expectation that a JSON value states.

    Args:
        value: the value as written.
        path: JSON pointer of the value in its case, for errors.

    Raises:
        BadExpectationError: an unknown or misplaced operator, a wrong operand, or too much of it.
    """
    return _Reader().read(value, path, 0)


def has_operator(value: Json) -> bool:
    """Tells whether an object with a `$` key stands anywhere in a value."""
    stack: list[Json] = [value]
    while stack:
        item = stack.pop()
        if isinstance(item, dict):
            if any(key.startswith("$") for key in item):
                return True
            stack += item.values()
        elif isinstance(item, list):
            stack += item
    return False


class _Reader:
    """Reads one expectation and counts what it holds."""

    def __init__(self) -> None:
        self._count = 0

    def read(self, value: Json, path: str, depth: int) -> Expectation:
        if depth > MAX_DEPTH:
            raise BadExpectationError(f"nested more than {MAX_DEPTH} levels deep", path=path)
        if not has_operator(value):
            self._refuse_bare_words(value, path)
            return Literal(value)
        self._count += 1
        if self._count > MAX_OPERATORS:
            raise BadExpectationError(f"more than {MAX_OPERATORS:,} operators", path=path)
        if isinstance(value, list):
            return ListOf(self.all_of(value, path, depth))
        fields = cast("JsonObject", value)
        if any(key.startswith("$") for key in fields):
            return self._operator(fields, path, depth)
        return ObjectOf(
            {key: self.read(child, path + pointer(key), depth + 1) for key, child in fields.items()}
        )

    def all_of(self, values: list[Json], path: str, depth: int) -> list[Expectation]:
        """Reads the entries of a list."""
        return [self.read(v, f"{path}/{at}", depth + 1) for at, v in enumerate(values)]

    def _refuse_bare_words(self, value: Json, path: str) -> None:
        """Looks for operators whose `$` was forgotten in a value without any."""
        stack: list[tuple[str, Json]] = [(path, value)]
        while stack:
            at, item = stack.pop()
            if isinstance(item, dict):
                if word := self._forgotten(item):
                    raise BadExpectationError(
                        f"{shown(item)} may be meant as an operator or as a value",
                        path=at,
                        todo=f'write "${word}" for the operator, or {{"$literal": {shown(item)}}}',
                    )
                stack += [(at + pointer(key), child) for key, child in item.items()]
            elif isinstance(item, list):
                stack += [(f"{at}/{i}", child) for i, child in enumerate(item)]

    def _forgotten(self, value: JsonObject) -> str:
        """Returns the operator that an object would be with a `$`, "" when it can be none."""
        if len(value) != 1:
            return ""
        ((word, operand),) = value.items()
        read = _OPERATORS.get(f"${word}")
        if read is None or has_operator(operand):
            return ""
        try:
            read(_Reader(), operand, "", 1)
        except BadExpectationError:
            return ""
        return word

    def _operator(self, fields: JsonObject, path: str, depth: int) -> Expectation:
        names = [key for key in fields if key != EXAMPLE]
        if len(names) != 1:
            raise BadExpectationError(
                f"an operator stands alone in its object, got {shown([*fields])}",
                path=path,
                todo='join several by {"$all_of": [...]}; wrap a value that has a "$" key in'
                ' {"$literal": ...}',
            )
        name = names[0]
        read = _OPERATORS.get(name)
        if read is None:
            raise _unknown(name, path)
        inner = read(self, fields[name], path + pointer(name), depth + 1)
        if EXAMPLE not in fields:
            return inner
        example = fields[EXAMPLE]
        if why := inner.why_not(example):
            raise BadExpectationError(
                f"the example does not fit: {why}", path=path + pointer(EXAMPLE)
            )
        return Exemplified(inner, example)


def _unknown(name: str, path: str) -> BadExpectationError:
    near_names = difflib.get_close_matches(name, _OPERATORS, n=1, cutoff=0.6)
    hint = f"did you mean {near_names[0]!r}? " if near_names else ""
    return BadExpectationError(
        f"unknown operator {shown(name)}",
        path=path,
        todo=f"{hint}operators: {', '.join(_OPERATORS)}; wrap a value that has a"
        ' "$" key in {"$literal": ...}',
    )


def _listed(value: Json, path: str) -> list[Json]:
    if not isinstance(value, list) or not 1 <= len(value) <= MAX_CHOICES:
        raise BadExpectationError(
            f"expected a list of 1 to {MAX_CHOICES} entries, got {shown(value)}", path=path
        )
    return value


def _texted(value: Json, path: str) -> str:
    if not isinstance(value, str) or len(value) > MAX_TEXT:
        raise BadExpectationError(
            f"expected a text of at most {MAX_TEXT:,} characters, got {shown(value)}", path=path
        )
    return value


def _any_of(reader: _Reader, value: Json, path: str, depth: int) -> Expectation:
    return AnyOf(reader.all_of(_listed(value, path), path, depth))


def _all_of(reader: _Reader, value: Json, path: str, depth: int) -> Expectation:
    return AllOf(reader.all_of(_listed(value, path), path, depth))


def _any_order(reader: _Reader, value: Json, path: str, depth: int) -> Expectation:
    entries = _listed(value, path) if value != [] else []
    return AnyOrder(reader.all_of(entries, path, depth))


def _not(reader: _Reader, value: Json, path: str, depth: int) -> Expectation:
    return Not(reader.read(value, path, depth))


def _optional(reader: _Reader, value: Json, path: str, depth: int) -> Expectation:
    return Optional(reader.read(value, path, depth))


def _literal(reader: _Reader, value: Json, path: str, depth: int) -> Expectation:
    del reader, path, depth
    return Literal(value)


def _ignore(reader: _Reader, value: Json, path: str, depth: int) -> Expectation:
    del reader, depth
    if value is not True:
        raise BadExpectationError(f"expected true, got {shown(value)}", path=path)
    return Anything()


def _range(reader: _Reader, value: Json, path: str, depth: int) -> Expectation:
    del reader, depth
    ends = value if isinstance(value, list) else []
    low, high = ends if len(ends) == 2 else (None, None)
    good = all(end is None or is_number(end) for end in (low, high))
    if not good or (low is None and high is None):
        raise BadExpectationError(
            f"expected [low, high] with numbers or one null, got {shown(value)}", path=path
        )
    bottom, top = cast("float | None", low), cast("float | None", high)
    if bottom is not None and top is not None and bottom > top:
        raise BadExpectationError(f"no number is in {shown(value)}", path=path)
    return in_range(bottom, top)


def _near(reader: _Reader, value: Json, path: str, depth: int) -> Expectation:
    del reader, depth
    if isinstance(value, list) and len(value) == 2:
        number, tolerance = value
        if is_number(number) and is_number(tolerance) and tolerance >= 0:
            return near(number, tolerance)
    raise BadExpectationError(f"expected [number, tolerance], got {shown(value)}", path=path)


def _ignore_case(reader: _Reader, value: Json, path: str, depth: int) -> Expectation:
    del reader, depth
    return same_text(_texted(value, path))


def _contains(reader: _Reader, value: Json, path: str, depth: int) -> Expectation:
    del reader, depth
    return holding(_texted(value, path))


def _type(reader: _Reader, value: Json, path: str, depth: int) -> Expectation:
    del reader, depth
    types = value if isinstance(value, list) else [value]
    if not types or any(kind not in TYPES for kind in types):
        raise BadExpectationError(
            f"expected JSON types, got {shown(value)}", path=path, todo=f"types: {', '.join(TYPES)}"
        )
    return of_types(cast("list[str]", types))


def _pattern(reader: _Reader, value: Json, path: str, depth: int) -> Expectation:
    del reader, depth
    text = _texted(value, path)
    _compiled({"pattern": text}, path)  # alone first: no bracket may close the one around it
    whole = _compiled({"type": "string", "pattern": f"^(?:{text})$"}, path)
    return Fits(f"a text that is {shown(text)}", whole, [text])


def _schema(reader: _Reader, value: Json, path: str, depth: int) -> Expectation:
    del reader, depth
    if not isinstance(value, dict):
        raise BadExpectationError(f"expected a JSON Schema, got {shown(value)}", path=path)
    return Fits(f"a value valid by {shown(value)}", _compiled(value, path), _samples(value))


def _samples(schema: JsonObject) -> list[Json]:
    """Returns values that a schema names, and the simplest ones of its types."""
    options, named = schema.get("enum"), schema.get("examples")
    found: list[Json] = [schema[key] for key in ("const", "default") if key in schema]
    found += [*(options if isinstance(options, list) else [])]
    found += [*(named if isinstance(named, list) else [])]
    found += [schema[key] for key in ("minimum", "maximum") if key in schema]
    kinds = schema.get("type")
    words = [str(kind) for kind in (kinds if isinstance(kinds, list) else [kinds])]
    known = [kind for kind in words if kind in TYPES] or list(TYPES)
    return [*found, *of_types(known).samples]


def _compiled(schema: JsonObject, path: str) -> Callable[[Json], bool]:
    try:
        return linear_test(schema)
    except ToolSchemaError as error:
        raise BadExpectationError(
            error.got,
            path=path,
            todo="patterns may not look around or refer back; schemas are JSON Schema 2020-12",
        ) from error


_OPERATORS: dict[str, Callable[[_Reader, Json, str, int], Expectation]] = {
    "$any_of": _any_of,
    "$all_of": _all_of,
    "$not": _not,
    "$range": _range,
    "$near": _near,
    "$pattern": _pattern,
    "$contains": _contains,
    "$ignore_case": _ignore_case,
    "$any_order": _any_order,
    "$type": _type,
    "$schema": _schema,
    "$optional": _optional,
    "$ignore": _ignore,
    "$literal": _literal,
}
OPERATORS = tuple(_OPERATORS)
"""Names of all operators."""
