"""What had been said when a call was made: words and numbers with where they came from."""

from __future__ import annotations

import re
from collections.abc import Iterable

from actloom.verify.abbreviations import aliases
from actloom.verify.wording import MAX_TEXT, number_of, numbers_in, plain_number, stem, tokens_of

QUERY, OBSERVATION, SYSTEM = "query", "observation", "system"
PERIODS: dict[str, tuple[float, ...]] = {
    "day": (1, 24),
    "today": (1, 0),
    "tonight": (1, 0),
    "tomorrow": (1,),
    "yesterday": (1,),
    "daily": (1, 24, 365),
    "week": (7, 1),
    "weeks": (7,),
    "weekly": (7, 52, 1),
    "biweekly": (26, 14),
    "weekend": (2, 3),
    "fortnight": (14,),
    "month": (30, 31, 1, 28),
    "months": (30,),
    "monthly": (12, 1, 30),
    "quarterly": (4, 3),
    "semiannually": (2, 6),
    "bimonthly": (6, 2),
    "year": (12, 365, 1),
    "years": (12, 365),
    "yearly": (1, 12, 365),
    "annual": (1, 12, 365),
    "annually": (1, 12, 365),
    "annum": (1,),
    "decade": (10,),
    "century": (100,),
    "centuries": (100,),
    "hour": (1, 60, 3600, 24),
    "hourly": (1, 24),
    "minute": (1, 60),
    "noon": (12,),
    "midnight": (0, 24, 12),
    "pi": (3.14, 3.1416, 3.14159, 3.141592653589793, 6.2832, 6.283185307179586, 180, 360),
    "rest": (0,),
    "no": (0,),
    "none": (0,),
    "without": (0,),
    "sea": (0,),
    "ground": (0,),
    "vacuum": (0, 1, 8.854e-12, 8.85e-12),
    "freezing": (0, 32, 273.15),
    "boiling": (100, 212, 373.15),
    "alone": (1,),
    "myself": (1,),
    "me": (1,),
    "i": (1,),
    "my": (1,),
    "solo": (1,),
    "the": (1,),
}
"""Words that stand for a number without saying it."""
_CONSTANTS_TEXT = (
    "9.8 9.81 9.807 9.80665 32.2 32.17 3e8 299792458 6.674e-11 6.67e-11 6.6743e-11 8.854e-12"
    " 8.85e-12 8.8541878128e-12 1.602e-19 8.99e9 9e9 8.9875e9 6.022e23 1.38e-23 1.257e-6"
    " 1.2566e-6 1.256637e-6 1.25663706e-6 1.25663706212e-6 8.314 0.0821 101325 273.15 298.15"
    " 6.626e-34 2.71828 1.61803 1.618"
)
CONSTANTS = frozenset(map(float, _CONSTANTS_TEXT.split()))
"""Constants of nature and mathematics, and usual conditions."""
FACTORS = (100.0, 1000.0, 60.0, 3600.0, 12.0, 24.0, 7.0, 30.0, 365.0, 10.0, 52.0, 1e6, 1e9)
UNITS = (0.453592, 2.54, 0.3048, 1.609344, 28.3495, 86400.0, 1440.0, 3.6, 0.9144, 4.184, 3.78541)


class Said:
    """Words and numbers of a conversation, growing with it. The first place counts."""

    def __init__(self) -> None:
        self.words: dict[str, str] = {}
        self.numbers: set[float] = set()
        self._percentages: tuple[set[float], set[float]] = set(), set()
        self._texts: list[str] = []
        self._stems: set[str] | None = None
        self._squeezed: str | None = None

    def add(self, text: str, source: str) -> None:
        """Adds a text that stands in `source`."""
        if not text:
            return
        tokens = tokens_of(text)
        words = self.words
        for token in tokens:
            if token not in words:
                words[token] = source
        self.numbers |= numbers_in(tokens)
        for group in _GROUPED.findall(text[:MAX_TEXT]) if "," in text else ():
            self.numbers.update(map(float, group.split(",")))  # [200,300] is two numbers, too
        if "%" in text or "percent" in text:
            _split_percentages(text, *self._percentages)
        self._texts.append("".join(tokens))
        self._stems = self._squeezed = None

    @property
    def percentages(self) -> set[float]:
        """Numbers that were said as percentages only."""
        said, plain = self._percentages
        return said - plain

    @property
    def stems(self) -> set[str]:
        """Stems of all words."""
        if self._stems is None:
            self._stems = set(map(stem, self.words))
        return self._stems

    @property
    def squeezed(self) -> str:
        """All texts without blanks and punctuation, a bar between two."""
        if self._squeezed is None:
            self._squeezed = "|".join(self._texts)
        return self._squeezed

    def is_foreign(self) -> bool:
        """Tells whether most of what was said is written in another script than Latin."""
        foreign = sum(len(word) for word in self.words if word[0] > "\u024f")
        return 2 * foreign > sum(map(len, self.words))

    def has_year(self) -> bool:
        """Tells whether a year was mentioned."""
        return any(1000 <= number <= 2100 for number in self.numbers)

    def knows(self, word: str) -> bool:
        """Tells whether a word, an inflection or another name of it was said."""
        if word in self.words or stem(word) in self.stems:
            return True
        return any(other in self.words for other in aliases(word))

    def number(self, value: float) -> str:
        """Returns how a number follows from what was said; "" when it does not."""
        said = self.numbers
        if value in said:
            return QUERY
        size = abs(value)
        if size in said:
            return "derived:sign"
        if 12 < size < 24 and size - 12 in said and not _AFTERNOON.isdisjoint(self.words):
            return "derived:time"
        if 1 <= size <= 12 and any(other in self.words for other in aliases(f"{size:g}")):
            return "derived:month"
        if size in CONSTANTS:
            return "derived:constant"
        if any(value in meant for word, meant in PERIODS.items() if word in self.words):
            return "derived:words"
        if _by_factor(size, said):
            return "derived:unit"
        return "derived:arithmetic" if _by_arithmetic(size, said) else ""


def _split_percentages(text: str, percentages: set[float], plain: set[float]) -> None:
    """Adds the numbers of a text that has percentages to one set or the other."""
    for match in _PERCENT.finditer(text[:MAX_TEXT]):
        value = number_of(plain_number(match.group(1)))
        if value is not None:
            (percentages if match.group(2) else plain).add(value)


_GROUPED = re.compile(r"(?<![\d,])[0-9]{1,3}(?:,[0-9]{3})+(?![\d,])")
_AFTERNOON = frozenset(("pm", "evening", "afternoon", "night", "tonight"))
_PERCENT = re.compile(r"(?<![\d.,])(\d+(?:\.\d+)?)(?![\d.,]\d)( ?%| ?percent)?")


def _by_factor(value: float, said: Iterable[float]) -> bool:
    for given in said:
        if not given:
            continue
        ratio = value / given if value > given else given / value if value else 0.0
        if any(abs(ratio - factor) < 1e-6 * factor for factor in FACTORS):
            return True
        if any(
            abs(ratio - factor) < 5e-3 * factor or abs(ratio * factor - 1) < 5e-3
            for factor in UNITS
        ):
            return True
    return False


def _by_arithmetic(value: float, said: set[float]) -> bool:
    """Tells whether two mentioned numbers, neither of them 0 or 1, make the value."""
    given = [number for number in said if number > 1]
    if len(given) > MAX_OPERANDS:
        return False
    near = 1e-6 * max(value, 1e-9)
    for index, a in enumerate(given):
        for b in given[index + 1 :]:
            low, high = (a, b) if a < b else (b, a)
            made = (low + high, high - low, low * high, high / low, low / high)
            feet = (12 * low + high, 12 * high + low)
            if any(abs(number - value) <= near for number in (*made, *feet)):
                return True
    return False


MAX_OPERANDS = 24
"""Numbers above which nearly every value would be a sum of two."""
