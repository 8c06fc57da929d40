"""What a value should be: a literal, or an object with one `$` key that says more.

| written | fits |
| --- | --- |
| any JSON value without `$` keys | that value; 1 and 1.0 are equal, 1 and true are not |
| `{"$any_of": [...]}` | what fits one of them |
| `{"$all_of": [...]}`, `{"$not": x}` | what fits all of them; what does not fit x |
| `{"$range": [low, high]}` | numbers from low to high; null leaves an end open |
| `{"$near": [number, tolerance]}` | numbers at most so far away |
| `{"$pattern": "..."}` | texts the pattern matches as a whole, in linear time |
| `{"$contains": "..."}` | texts that hold this one, in any case |
| `{"$ignore_case": "..."}` | this text in any case |
| `{"$any_order": [...]}` | lists with exactly these items, in any order |
| `{"$type": "integer"}` | values of a JSON type, or of one of several |
| `{"$schema": {...}}` | values valid by a JSON Schema 2020-12 |
| `{"$optional": x}` | what fits x; the argument may be left out |
| `{"$ignore": true}` | anything; the argument may be left out |
| `{"$literal": x}` | x itself, whatever keys it has |

`"$example"` may stand beside any of them: a value that fits, for the self-test.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from typing import Protocol, TypeGuard

import msgspec

from actloom.core.check import has_type, same_value
from actloom.core.jsonvalue import Json, JsonObject, json_text
from actloom.core.pairing import best_pairs


class Expectation(Protocol):
    """What a value should be."""

    @property
    def may_be_absent(self) -> bool:
        """True when the argument, or the key of an object, may be left out."""
        ...

    def why_not(self, value: Json) -> str:
        """Returns what is wrong with a value, "" when it fits."""
        ...

    def examples(self) -> Iterator[Json]:
        """Yields values that should fit, the likeliest first; none when none is known."""
        ...


def shown(value: Json) -> str:
    """Returns a value as short JSON text."""
    text = json_text(value)
    return text if len(text) <= 80 else text[:77] + "..."


def is_number(value: Json) -> TypeGuard[int | float]:
    """Tells numbers from everything else; true and false are none."""
    return isinstance(value, (int, float)) and not isinstance(value, bool)


class Literal(msgspec.Struct, frozen=True):
    """Exactly this value."""

    value: Json
    may_be_absent: bool = False

    def why_not(self, value: Json) -> str:
        """Compares as `core.check.same_value` does."""
        if same_value(self.value, value):
            return ""
        return f"expected {shown(self.value)}, got {shown(value)}"

    def examples(self) -> Iterator[Json]:
        """Yields the value."""
        yield self.value


class ListOf(msgspec.Struct, frozen=True):
    """A list, item by item."""

    items: list[Expectation]
    may_be_absent: bool = False

    def why_not(self, value: Json) -> str:
        """Names the first item that does not fit."""
        if not isinstance(value, list) or len(value) != len(self.items):
            return f"expected a list of {len(self.items)} items, got {shown(value)}"
        for at, (want, have) in enumerate(zip(self.items, value, strict=True)):
            if why := want.why_not(have):
                return f"item {at}: {why}"
        return ""

    def examples(self) -> Iterator[Json]:
        """Yields the list of the items' first examples."""
        firsts = [next(item.examples(), _NONE) for item in self.items]
        if _NONE not in firsts:
            yield [*firsts]  # pyright: ignore[reportReturnType]


class ObjectOf(msgspec.Struct, frozen=True):
    """An object, key by key; no other key may stand in it."""

    fields: dict[str, Expectation]
    may_be_absent: bool = False

    def why_not(self, value: Json) -> str:
        """Names the first key that is missing, unexpected, or does not fit."""
        if not isinstance(value, dict):
            return f"expected an object, got {shown(value)}"
        for key, want in self.fields.items():
            if key not in value:
                if not want.may_be_absent:
                    return f"key {key!r} is missing"
            elif why := want.why_not(value[key]):
                return f"key {key!r}: {why}"
        extra = next((key for key in value if key not in self.fields), None)
        return "" if extra is None else f"key {extra!r} is not expected"

    def examples(self) -> Iterator[Json]:
        """Yields the object of the keys' first examples, without those that may be absent."""
        found: JsonObject = {}
        for key, want in self.fields.items():
            if want.may_be_absent:
                continue
            example = next(want.examples(), _NONE)
            if isinstance(example, _Nothing):
                return
            found[key] = example
        yield found


class _Nothing:
    """Stands for no example."""


_NONE = _Nothing()


class AnyOf(msgspec.Struct, frozen=True):
    """What fits one of several."""

    choices: list[Expectation]

    @property
    def may_be_absent(self) -> bool:
        """True when one of them may be."""
        return any(choice.may_be_absent for choice in self.choices)

    def why_not(self, value: Json) -> str:
        """Says how many were tried, and the one reason where there was one."""
        reasons = [why for choice in self.choices if (why := choice.why_not(value))]
        if len(reasons) < len(self.choices):
            return ""
        tried = ", ".join(shown(c.value) for c in self.choices if isinstance(c, Literal))
        if len(self.choices) == 1:
            return reasons[0]
        return f"expected one of {tried or len(self.choices)}, got {shown(value)}"

    def examples(self) -> Iterator[Json]:
        """Yields those of each."""
        for choice in self.choices:
            yield from choice.examples()


class AllOf(msgspec.Struct, frozen=True):
    """What fits every one of several."""

    parts: list[Expectation]

    @property
    def may_be_absent(self) -> bool:
        """True when all of them may be."""
        return all(part.may_be_absent for part in self.parts)

    def why_not(self, value: Json) -> str:
        """Returns the first reason."""
        return next((why for part in self.parts if (why := part.why_not(value))), "")

    def examples(self) -> Iterator[Json]:
        """Yields those of each, and all texts in one."""
        firsts = [next(part.examples(), _NONE) for part in self.parts]
        yield " ".join(text for text in firsts if isinstance(text, str))
        for part in self.parts:
            yield from part.examples()


class Not(msgspec.Struct, frozen=True):
    """What does not fit."""

    inner: Expectation
    may_be_absent: bool = False

    def why_not(self, value: Json) -> str:
        """Says which value was not wanted."""
        return "" if self.inner.why_not(value) else f"{shown(value)} is what it must not be"

    def examples(self) -> Iterator[Json]:
        """Yields a few simple values; the caller tries them."""
        yield from ("ok", "", 0, 1, None, True, [], {})


class Fits(msgspec.Struct, frozen=True):
    """What a plain test accepts; all other operators are made of it."""

    words: str
    """What is expected, in words."""
    test: Callable[[Json], bool]
    samples: list[Json] = []
    may_be_absent: bool = False

    def why_not(self, value: Json) -> str:
        """Says in words what was expected."""
        return "" if self.test(value) else f"expected {self.words}, got {shown(value)}"

    def examples(self) -> Iterator[Json]:
        """Yields the samples."""
        yield from self.samples


class Anything(msgspec.Struct, frozen=True):
    """Any value, or none."""

    may_be_absent: bool = True

    def why_not(self, value: Json) -> str:
        """Nothing is wrong."""
        del value
        return ""

    def examples(self) -> Iterator[Json]:
        """Yields null; the argument is best left out."""
        yield None


class Optional(msgspec.Struct, frozen=True):
    """What may be left out, and fits when it is there."""

    inner: Expectation
    may_be_absent: bool = True

    def why_not(self, value: Json) -> str:
        """As what is inside."""
        return self.inner.why_not(value)

    def examples(self) -> Iterator[Json]:
        """As what is inside."""
        return self.inner.examples()


class AnyOrder(msgspec.Struct, frozen=True):
    """A list with exactly these items, in any order."""

    items: list[Expectation]
    may_be_absent: bool = False

    def why_not(self, value: Json) -> str:
        """Pairs items best first, so that no greedy choice spoils a right list."""
        if not isinstance(value, list) or len(value) != len(self.items):
            return f"expected {len(self.items)} items in any order, got {shown(value)}"
        fits = [[float(not want.why_not(have)) for have in value] for want in self.items]
        chosen = best_pairs(fits)
        for at, want in enumerate(self.items):
            if not fits[at][chosen[at]]:
                return f"no item left for {at}: {want.why_not(value[chosen[at]])}"
        return ""

    def examples(self) -> Iterator[Json]:
        """Yields the items' first examples in the order written."""
        return ListOf(self.items).examples()


class Exemplified(msgspec.Struct, frozen=True):
    """An expectation with an example the user gave."""

    inner: Expectation
    example: Json

    @property
    def may_be_absent(self) -> bool:
        """As what is inside."""
        return self.inner.may_be_absent

    def why_not(self, value: Json) -> str:
        """As what is inside."""
        return self.inner.why_not(value)

    def examples(self) -> Iterator[Json]:
        """Yields the user's."""
        yield self.example


def in_range(low: float | None, high: float | None) -> Fits:
    """Returns what numbers from `low` to `high` fit; None leaves an end open."""
    ends = [shown(end) for end in (low, high) if end is not None]
    words = f"a number from {ends[0]} to {ends[-1]}" if len(ends) == 2 else ""
    if not words:
        words = f"a number of at {'least' if high is None else 'most'} {ends[0]}"
    bottom, top = (-math.inf if low is None else low), (math.inf if high is None else high)
    samples: list[Json] = [end for end in (low, high) if end is not None]
    return Fits(words, lambda value: is_number(value) and bottom <= value <= top, samples)


def near(number: float, tolerance: float) -> Fits:
    """Returns what numbers at most `tolerance` away from `number` fit."""
    words = f"a number within {shown(tolerance)} of {shown(number)}"

    def test(value: Json) -> bool:
        try:
            return is_number(value) and abs(value - number) <= tolerance * (1 + 1e-12)
        except OverflowError:  # an integer that no float can hold
            return False

    return Fits(words, test, [number])


def same_text(text: str) -> Fits:
    """Returns what `text` in any case fits."""
    folded = text.casefold()
    return Fits(
        f"{shown(text)} in any case",
        lambda value: isinstance(value, str) and value.casefold() == folded,
        [text],
    )


def holding(text: str) -> Fits:
    """Returns what texts that hold `text`, in any case, fit."""
    folded = text.casefold()
    return Fits(
        f"a text with {shown(text)} in it",
        lambda value: isinstance(value, str) and folded in value.casefold(),
        [text],
    )


_SAMPLES: dict[str, list[Json]] = {
    "string": ["text", ""],
    "integer": [1, 0],
    "number": [1.5, 0],
    "boolean": [True],
    "null": [None],
    "array": [[]],
    "object": [{}],
}
TYPES = tuple(_SAMPLES)
"""Names of the JSON types."""


def of_types(types: list[str]) -> Fits:
    """Returns what values of one of these JSON types fit."""
    return Fits(
        f"a value of type {' or '.join(types)}",
        lambda value: any(has_type(value, kind) for kind in types),
        [sample for kind in types for sample in _SAMPLES[kind]],
    )
