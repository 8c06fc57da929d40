"""Profiles: which categories a version of BFCL has, by which rules, and how they make a total.

A score is comparable only within one profile and one revision of the data, so both are printed with
every score (specs/bfcl.md, sections 1 and 7).
"""

from __future__ import annotations

from typing import Literal, TypeAlias

import msgspec

from actloom.core.errors import InputError
from actloom.evals.bfcl.question import Language

Kind: TypeAlias = Literal[
    "ast",
    "irrelevance",
    "relevance",
    "executable",
    "rest",
    "multi_turn",
    "agentic",
    "format_sensitivity",
]


class Category(msgspec.Struct, frozen=True):
    """One category of a version."""

    name: str
    kind: Kind
    count: int
    """Published number of questions."""
    language: Language = "python"


class Profile(msgspec.Struct, frozen=True, kw_only=True):
    """A version of BFCL: its rules, its categories and its way to a total."""

    name: str
    rules: str
    """Name of the checker's rules, a key of `rules.RULES`."""
    columns: str
    """Name of the table of columns, the last of which is the total."""
    categories: dict[str, Category]
    source: str
    """The revision of gorilla it follows."""

    def category(self, name: str) -> Category:
        """Returns a category by name.

        Raises:
            InputError: this version has no such category.
        """
        if name in self.categories:
            return self.categories[name]
        raise _unknown("category", name, list(self.categories), where=f"profile {self.name}")


def profile_of(name: str) -> Profile:
    """Returns a profile by name.

    Raises:
        InputError: there is none of that name.
    """
    if name in PROFILES:
        return PROFILES[name]
    raise _unknown("profile", name, list(PROFILES))


def _unknown(what: str, name: str, known: list[str], *, where: str = "") -> InputError:
    import difflib

    near = difflib.get_close_matches(name, known, n=1, cutoff=0.3)
    return InputError(
        f"unknown BFCL {what} {name!r}",
        expected=", ".join(known),
        got=name,
        where=where,
        todo=f"did you mean {near[0]!r}?" if near else f"name one of these {what}s",
    )


def _categories(*groups: list[Category]) -> dict[str, Category]:
    return {category.name: category for group in groups for category in group}


def _ast(counts: dict[str, int]) -> list[Category]:
    return [Category(name, "ast", count, _language(name)) for name, count in counts.items()]


def _language(name: str) -> Language:
    if name.endswith("javascript"):
        return "javascript"
    return "java" if name.endswith("java") else "python"


def _live(multiple: int, irrelevance: int, relevance: int) -> list[Category]:
    counts = {"simple": 258, "multiple": multiple, "parallel": 16, "parallel_multiple": 24}
    return [
        *_ast({f"live_{name}": count for name, count in counts.items()}),
        Category("live_irrelevance", "irrelevance", irrelevance),
        Category("live_relevance", "relevance", relevance),
    ]


_V1 = _categories(
    _ast(
        {
            "simple": 400,
            "multiple_function": 200,
            "parallel_function": 200,
            "parallel_multiple_function": 200,
        }
    ),
    [Category("relevance", "irrelevance", 240)],
    _ast({"java": 100, "javascript": 50}),
    [
        Category("executable_simple", "executable", 100),
        Category("executable_multiple_function", "executable", 50),
        Category("executable_parallel_function", "executable", 50),
        Category("executable_parallel_multiple_function", "executable", 40),
        Category("rest", "rest", 70),
    ],
)
_NON_LIVE = [
    *_ast(
        {
            "simple": 400,
            "multiple": 200,
            "parallel": 200,
            "parallel_multiple": 200,
            "java": 100,
            "javascript": 50,
        }
    ),
    Category("irrelevance", "irrelevance", 240),
]
_EXECUTABLE = [
    Category("exec_simple", "executable", 100),
    Category("exec_multiple", "executable", 50),
    Category("exec_parallel", "executable", 50),
    Category("exec_parallel_multiple", "executable", 40),
    Category("rest", "rest", 70),
]
_MULTI_TURN = [
    Category(f"multi_turn_{name}", "multi_turn", 200)
    for name in ("base", "miss_func", "miss_param", "long_context")
]
_V4 = [
    *_ast(
        {
            "simple_python": 400,
            "simple_java": 100,
            "simple_javascript": 50,
            "multiple": 200,
            "parallel": 200,
            "parallel_multiple": 200,
        }
    ),
    Category("irrelevance", "irrelevance", 240),
]
_AGENTIC = [
    *(Category(f"web_search_{name}", "agentic", 100) for name in ("base", "no_snippet")),
    *(Category(f"memory_{name}", "agentic", 155) for name in ("kv", "vector", "rec_sum")),
]

PROFILES: dict[str, Profile] = {
    profile.name: profile
    for profile in (
        Profile(
            name="v1-2024-08-11",
            rules="v1-2024-08-11",
            columns="v1",
            categories=_V1,
            source="gorilla de8307b4",
        ),
        Profile(
            name="v2",
            rules="v2",
            columns="v2",
            categories=_categories(_NON_LIVE, _EXECUTABLE, _live(1037, 875, 41)),
            source="gorilla 30124c43, leaderboard of 2024-09-14",
        ),
        Profile(
            name="v3-2024-09-20",
            rules="v3",
            columns="v3-2024-09-20",
            categories=_categories(_NON_LIVE, _EXECUTABLE, _live(1037, 875, 41), _MULTI_TURN),
            source="gorilla 70b6a4a2",
        ),
        Profile(
            name="v3",
            rules="v3",
            columns="v3",
            categories=_categories(_NON_LIVE, _live(1053, 882, 18), _MULTI_TURN),
            source="gorilla 4ed459c0, leaderboard of 2025-06-14",
        ),
        Profile(
            name="v4",
            rules="v4",
            columns="v4",
            categories=_categories(
                _V4,
                _live(1053, 884, 16),
                _MULTI_TURN,
                _AGENTIC,
                [Category("format_sensitivity", "format_sensitivity", 5200)],
            ),
            source="gorilla 6ea57973, bfcl-eval 2026.3.23",
        ),
    )
}
"""Profile name -> profile. The last `v3` and `v2` are what the published tables were made with."""
