"""What the calls of a record use: numbers and words of their arguments, in all notations."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence

from actloom.core.jsonvalue import Json
from actloom.core.record import Call, Tool
from actloom.verify.abbreviations import aliases
from actloom.verify.requests import Named
from actloom.verify.said import FACTORS, UNITS
from actloom.verify.wording import numbers_in, stem, tokens_of


class Used:
    """Numbers and words in the arguments of calls.

    Args:
        calls: the agent's calls.
        tools: offered tools by name.
    """

    def __init__(self, calls: Sequence[Call], tools: Mapping[str, Tool]) -> None:
        self.numbers: set[float] = set()
        self.words: set[str] = set()
        self.texts: list[str] = []
        """Lower-case texts of arguments before their first comma, short ones."""
        self._squeezed: list[str] = []
        self._tools = [tools[name] for name in {call.name for call in calls} if name in tools]
        self._stems: set[str] | None = None
        self._tool_stems: set[str] | None = None
        self._tool_numbers: set[float] | None = None
        for call in calls:
            for value in call.arguments.values():
                self._add(value)
            if call.arguments_text:
                self._add(call.arguments_text)

    def _add(self, value: Json) -> None:
        if isinstance(value, str):
            tokens = tokens_of(value)
            self.words.update(tokens)
            self._squeezed.append("".join(tokens))
            self.numbers |= numbers_in(tokens)
            if 2 <= len(value) < 60:
                self.texts.append(value.partition(",")[0].lower())
        elif isinstance(value, dict):
            for key, item in value.items():
                self._add(key)
                self._add(item)
        elif isinstance(value, list):
            self.numbers.add(float(len(value)))
            for item in value:
                self._add(item)
        elif value is not None and not isinstance(value, bool):
            self.numbers.add(abs(float(value)))

    def number(self, one: Named, said: set[float], before: str, after: str) -> bool:
        """Tells whether a number of the query is used: itself, or what follows from it.

        Args:
            one: the number.
            said: all numbers of the query.
            before: the lower-case text before it.
            after: the lower-case text after it.
        """
        value = one.value
        if value is None or value in _SMALL or value in self.numbers:
            return True
        if value in self._of_tools() or one.words[0].replace(".", "") in "|".join(self._squeezed):
            return True
        if "pm" in self.words and value - 12 in self.numbers:
            return True
        if any(mark in after[:4] for mark in ("pm", "p.m")) and value + 12 in self.numbers:
            return True
        if before.endswith(_TODAY):
            return True
        if _BOUND.search(before) and {value + 1, value - 1} & self.numbers:
            return True
        return self._follows(value, said, after)

    def _follows(self, value: float, said: set[float], after: str) -> bool:
        """Tells whether a used number that the query does not name is made of this one."""
        fresh = self.numbers - said
        if _PERIOD.match(after) and sum(1900 <= number <= 2100 for number in self.numbers) > 1:
            return True
        if not fresh:
            return False
        if _FEET.match(after) and any(
            abs(number - 12 * value) < 12 or abs(number - 30.48 * value) < 31 for number in fresh
        ):
            return True
        if _PERIOD.match(after) and any(1900 <= number <= 2100 for number in fresh):
            return True
        if any(_is_scaled(value, number) for number in fresh):
            return True
        return any(
            abs(number - made) <= 1e-6 * (1 + number)
            for other in said
            for made in _made_of(value, other)
            for number in fresh
        )

    def _of_tools(self) -> set[float]:
        """Numbers that the called tools' own definitions name: defaults need not be given."""
        if self._tool_numbers is None:
            found: set[float] = set()
            for tool in self._tools:
                kept = vars(tool).get("numbers")
                if kept is None:
                    text = f"{tool.name} {tool.description} {bytes(tool.parameters).decode()}"
                    kept = {float(match) for match in _DIGITS.findall(text)}
                    vars(tool)["numbers"] = kept
                found |= kept
            self._tool_numbers = found
        return self._tool_numbers

    def words_of(self, words: Sequence[str]) -> bool:
        """Tells whether any of a name's words is used, or another name for it."""
        if any(word in self.words for word in words):
            return True
        if self._stems is None:
            self._stems = set(map(stem, self.words))
        stems = self._stems
        if any(stem(word) in stems for word in words):
            return True
        joined = "".join(words)
        if self._is_other_name((*words, joined)) or joined in "|".join(self._squeezed):
            return True
        initials = "".join(word[0] for word in words)
        if len(initials) > 1 and initials in self.words:
            return True
        return any(stem(word) in self._words_of_tools() for word in words)

    def _is_other_name(self, names: Iterable[str]) -> bool:
        return any(other in self.words for name in names for other in aliases(name)) or any(
            name in aliases(text) for text in self._squeezed for name in names
        )

    def _words_of_tools(self) -> set[str]:
        if self._tool_stems is None:
            found: set[str] = set()
            for tool in self._tools:
                kept = vars(tool).get("stems")
                if kept is None:
                    text = f"{tool.name} {tool.description} {bytes(tool.parameters).decode()}"
                    kept = vars(tool)["stems"] = set(map(stem, tokens_of(text)))
                found |= kept
            self._tool_stems = found
        return self._tool_stems


def _is_scaled(value: float, number: float) -> bool:
    if not value or not number:
        return False
    ratio = number / value if number > value else value / number
    return any(abs(ratio - factor) < 1e-3 * factor for factor in FACTORS) or any(
        min(abs(ratio - factor), abs(1 / ratio - factor)) < 5e-3 * factor for factor in UNITS
    )


def _made_of(value: float, other: float) -> Iterable[float]:
    yield value + other
    yield abs(value - other)
    yield value * other
    if value and other:
        yield value / other
        yield other / value


_SMALL = frozenset((0.0, 1.0, 2.0))
"""Too small to tell from figures of speech: type 2, one day, point zero."""
_DIGITS = re.compile(r"\d+(?:\.\d+)?")
_BOUND = re.compile(
    r"(?:more|less|greater|fewer|older|younger|over|under|above|below)(?: than)? \W?$"
)
_TODAY = ("today is ", "today's ", "as of ")
_FEET = re.compile(r" ?(?:'|ft|feet|foot)")
_PERIOD = re.compile(r"[ -]*(?:day|night|week|month|year)")
