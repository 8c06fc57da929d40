"""Texts and calls as sets of short pieces: shared pieces are shared content.

Case, punctuation, width and function words do not count, and every number is the same number: what
is left of a question is what it asks about.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from itertools import pairwise

from actloom.core.jsonvalue import Json
from actloom.core.record import Call

MAX_WORDS = 4096
"""Words of a text that are looked at; what follows in a longer one is not compared."""
MIN_CONTENT = 3
"""With fewer content words than these, function words and numbers count too."""
NUMBER = "#"
"""Stands for every number."""

# A character of a script without spaces is a word.
_WORD = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]|[^\W_\u3040-\u9fff\uac00-\ud7af]+")
_DIGITS = re.compile(r"\d+")
_APOSTROPHE = re.compile(r"(?<=\w)['\u2019](?=\w)")
_NUMBERS = (
    "zero two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen"
    " sixteen seventeen eighteen nineteen twenty thirty forty fifty sixty seventy eighty ninety"
    " hundred thousand million"
)
_FUNCTION = (
    "a about all also am an and any are as at be been being but by can cant could did do does"
    " doing dont each either every few for from get getting give given gives go got had has have"
    " having he hello help her hers hey hi him his how i id if ill im in into is isnt it its ive"
    " just kindly know let lets like may me might much must my need needs no not now of off ok on"
    " one or our out over please provide shall she should show so some tell than thank thanks that"
    " thats the their them then there these they this those to too up us using very want wanted"
    " was we well were what whats when where which while who whom whose why will wish with would"
    " yes you your yours"
)
_NUMBER_WORDS = frozenset(_NUMBERS.split())
_FUNCTION_WORDS = frozenset(_FUNCTION.split())


def words(text: str) -> list[str]:
    """Returns the words of a text in order, without case and punctuation; at most `MAX_WORDS`."""
    folded = unicodedata.normalize("NFKC", text[: 16 * MAX_WORDS]).casefold()
    return _WORD.findall(_APOSTROPHE.sub("", folded))[:MAX_WORDS]


def content_words(of: Sequence[str]) -> list[str]:
    """Returns words without function words, every run of numbers as one `#`.

    When fewer than `MIN_CONTENT` words other than numbers would be left, all as they came.
    """
    content: list[str] = []
    texts = 0
    for word in of:
        if word in _FUNCTION_WORDS:
            continue
        masked = NUMBER if word in _NUMBER_WORDS else _DIGITS.sub(NUMBER, word)
        if masked != NUMBER:
            texts += 1
        elif content and content[-1] == NUMBER:
            continue
        content.append(masked)
    return content if texts >= MIN_CONTENT else list(of)


def shingles(of: Sequence[str]) -> frozenset[str]:
    """Returns the words and the pairs of neighbours."""
    return frozenset(of) | {f"{one} {other}" for one, other in pairwise(of)}


def query_shingles(texts: Iterable[str]) -> frozenset[str]:
    """Returns the shingles of what a user says, over all turns."""
    found: frozenset[str] = frozenset()
    for text in texts:
        found |= shingles(content_words(words(text)))
    return found


def call_shingles(calls: Iterable[Call]) -> frozenset[str]:
    """Returns the names of calls and each argument's value, wherever it is nested.

    Values are compared like words: `Rome` and `rome` are one, and every number is the same.
    """
    found: set[str] = set()
    for call in calls:
        found.add(f"{call.name}()")
        if call.arguments_text is not None:
            found.add(f"{call.name}({value_text(call.arguments_text)})")
        stack: list[tuple[str, Json]] = [(call.name, call.arguments)]
        while stack:
            path, value = stack.pop()
            if isinstance(value, dict):
                stack += [(f"{path}.{key}", child) for key, child in value.items()]
            elif isinstance(value, list):
                stack += [(path, child) for child in value]
            else:
                found.add(f"{path}={value_text(value)}")
    return frozenset(found)


def value_text(value: Json) -> str:
    """Returns the notation in which equal values are equal; numbers all give `#`."""
    if isinstance(value, bool) or value is None:
        return repr(value)
    if isinstance(value, (int, float)):
        return NUMBER
    return " ".join(_DIGITS.sub(NUMBER, word) for word in words(str(value)))


def has_text(calls: frozenset[str]) -> bool:
    """Tells whether call shingles hold a value that is more than a number, flag or null."""
    return any(
        not shingle.endswith(("()", "=#", "=", "=True", "=False", "=None")) for shingle in calls
    )


def jaccard(one: frozenset[int], other: frozenset[int]) -> float:
    """Returns the share of all pieces that both have, 0 when there are none."""
    shared = len(one & other)
    return shared / (len(one) + len(other) - shared) if shared else 0.0
