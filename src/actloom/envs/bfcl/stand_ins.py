"""Stand-ins for the few packages that BFCL's classes import and that are not worth installing.

Written from what the classes need of them: `overrides.final` marks a method, `rank_bm25.BM25Plus`
ranks the keys of a memory, `bfcl_eval.utils` knows three facts about an entry's id.
"""

from __future__ import annotations

import math
import sys
from collections import Counter
from collections.abc import Sequence
from types import ModuleType
from typing import TypeVar

T = TypeVar("T")


def final(method: T) -> T:
    """Returns the method as it is."""
    return method


class BM25Plus:
    """BM25+ (Lv and Zhai 2011) over tokenised texts, with the constants rank_bm25 uses."""

    def __init__(
        self, corpus: Sequence[Sequence[str]], k1: float = 1.5, b: float = 0.75, delta: float = 1
    ) -> None:
        # An empty corpus is an error there too, and its words reach the model.
        self._mean = sum(map(len, corpus)) / len(corpus)
        self._texts = [Counter(words) for words in corpus]
        self._lengths = [len(words) for words in corpus]
        self._k1, self._b, self._delta = k1, b, delta
        holding = Counter(word for text in self._texts for word in text)
        self._weights = {w: math.log((len(corpus) + 1) / n) for w, n in holding.items()}

    def get_scores(self, query: Sequence[str]) -> list[float]:
        """Returns one score a text, in order."""
        return [self._score(query, *text) for text in zip(self._texts, self._lengths, strict=True)]

    def _score(self, query: Sequence[str], text: Counter[str], length: int) -> float:
        total = 0.0
        norm = self._k1 * (1 - self._b + self._b * length / self._mean)
        for word in query:
            count = text[word]
            gain = self._delta + count * (self._k1 + 1) / (norm + count)
            total += self._weights.get(word, 0.0) * gain
        return total


def get_directory_structure_by_id(test_id: str) -> str:
    """Returns the folder below which a memory's snapshots lie; any one will do here."""
    del test_id
    return "memory"


def is_memory_prereq(test_id: str) -> bool:
    """Tells whether an entry fills the memory."""
    return "prereq" in test_id


def is_first_memory_prereq_entry(test_id: str) -> bool:
    """Tells whether an entry is the first that fills its memory, which starts empty."""
    return is_memory_prereq(test_id) and test_id.endswith("-0")


def install() -> None:
    """Puts the stand-ins where the classes import them from."""
    contents: dict[str, tuple[object, ...]] = {
        "overrides": (final,),
        "rank_bm25": (BM25Plus,),
        "bfcl_eval.utils": (
            get_directory_structure_by_id,
            is_memory_prereq,
            is_first_memory_prereq_entry,
        ),
    }
    for name, members in contents.items():
        module = ModuleType(name)
        for member in members:
            setattr(module, getattr(member, "__name__"), member)  # noqa: B009
        sys.modules[name] = module
