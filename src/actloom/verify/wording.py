"""Words and numbers of a text: what a value in a call is compared with.

A text is cut once into lower-case tokens, words and numbers apart ("3rd of May, 1,200 USD" -> 3,
rd, of, may, 1200, usd), so that spelling, case and punctuation no longer matter.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

TOKEN = re.compile(
    r"\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d+(?=\.\d+\.\d)|(?<!\d\.)\d+(?:\.\d+)?(?!\.\d)|\d+|[^\W\d_]+"
)
MAX_TEXT = 200_000
"""Characters of one text that are looked at."""

_UNITS = (
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen"
    " sixteen seventeen eighteen nineteen"
)
_TENS = "twenty thirty forty fifty sixty seventy eighty ninety"
_ORDINALS = (
    "zeroth first second third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth"
    " thirteenth fourteenth fifteenth sixteenth seventeenth eighteenth nineteenth twentieth"
)
SMALL: dict[str, float] = {
    **{word: float(n) for n, word in enumerate(_UNITS.split())},
    **{word: 10.0 * n for n, word in enumerate(_TENS.split(), start=2)},
    **{word: float(n) for n, word in enumerate(_ORDINALS.split())},
    "a": 1.0,
    "an": 1.0,
    "single": 1.0,
    "once": 1.0,
    "both": 2.0,
    "couple": 2.0,
    "pair": 2.0,
    "twice": 2.0,
    "double": 2.0,
    "triple": 3.0,
    "thrice": 3.0,
    "half": 0.5,
    "quarter": 0.25,
    "dozen": 12.0,
}
"""Words that are a number by themselves."""
POWERS: dict[str, float] = {
    "hundred": 1e2,
    "thousand": 1e3,
    "k": 1e3,
    "grand": 1e3,
    "lakh": 1e5,
    "million": 1e6,
    "mn": 1e6,
    "m": 1e6,
    "crore": 1e7,
    "billion": 1e9,
    "bn": 1e9,
    "b": 1e9,
    "trillion": 1e12,
    "dozen": 12.0,
}
"""Words that multiply the number before them."""


def tokens_of(text: str) -> list[str]:
    """Returns the lower-case tokens of a text, numbers without separators and leading zeros."""
    if len(text) > MAX_TEXT:
        text = text[:MAX_TEXT]
    return [
        token if token[0] > "9" else plain_number(token) for token in TOKEN.findall(text.lower())
    ]


def plain_number(token: str) -> str:
    """Returns a number as it is compared: `1,200` -> `1200`, `07` -> `7`, `2.50` -> `2.5`."""
    if not token[0].isdigit():
        return token
    token = token.replace(",", "")
    if "." in token:
        token = token.rstrip("0").rstrip(".")
    return token.lstrip("0") or "0" if token[0] == "0" and not token.startswith("0.") else token


def number_of(token: str) -> float | None:
    """Returns the number a token writes in digits, None when it is a word."""
    try:
        return float(token) if token[0].isdigit() and len(token) < 40 else None
    except ValueError:  # digits of other scripts that are no number, as superscripts
        return None


def numbers_in(tokens: Sequence[str]) -> set[float]:
    """Returns the numbers a text names, in digits or words, with what multiplies them."""
    found: set[float] = set()
    last: float | None = None
    spelt = False
    for token in tokens:
        value = number_of(token)
        if value is not None:
            found.add(value)
            last, spelt = value, False
            continue
        small = SMALL.get(token)
        if small is not None:
            found.add(small)
            if (spelt and last is not None and small < 100 <= last) or (
                spelt and last is not None and 20 <= last < 100 and small < 10
            ):
                small += last
            found.add(small)
            last, spelt = small, True
        elif last is not None and token in POWERS:
            last *= POWERS[token]
            found.add(last)
            spelt = True
        elif token != "and":
            last = None
    return found


def stem(word: str) -> str:
    """Returns a word without its commonest English endings; equal for most inflections of one."""
    size = len(word)
    if size < 4:
        return word
    for ending, rest in _ENDINGS:
        if word.endswith(ending) and size - len(ending) + len(rest) >= 3:
            word = word[: size - len(ending)] + rest
            break
    return word[:-1] if len(word) > 3 and word[-1] in "ey" else word


_ENDINGS = (
    ("ically", "ic"),
    ("ations", ""),
    ("ation", ""),
    ("ities", ""),
    ("iness", "y"),
    ("ical", "ic"),
    ("ings", ""),
    ("ists", ""),
    ("ions", ""),
    ("ness", ""),
    ("ment", ""),
    ("ity", ""),
    ("ing", ""),
    ("ion", ""),
    ("ist", ""),
    ("ies", "y"),
    ("ian", ""),
    ("ers", ""),
    ("est", ""),
    ("sses", "ss"),
    ("ches", "ch"),
    ("shes", "sh"),
    ("ed", ""),
    ("er", ""),
    ("ly", ""),
    ("al", ""),
    ("ic", ""),
    ("es", "e"),
    ("s", ""),
)
