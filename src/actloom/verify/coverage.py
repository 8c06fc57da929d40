"""Family COVER: what the user asked for and no call does.

Looked at are records in which a user asks once and the agent calls tools: what stands in the query
then belongs into a call. In a longer talk much is said that no tool needs.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import lru_cache

from actloom.core.finding import Finding
from actloom.core.record import text_of
from actloom.core.schema import schema_of
from actloom.verify.abbreviations import aliases
from actloom.verify.requests import (
    MAX_QUERY,
    Named,
    names_named,
    numbers_named,
    quotes_named,
)
from actloom.verify.rule import PlacedReply, Rule, Subject
from actloom.verify.used import Used
from actloom.verify.wording import stem, tokens_of


def check_coverage(subject: Subject) -> list[Finding]:
    """Returns what the query names and no call takes up, each kind at most once a place."""
    record = subject.record
    query = text_of(record.query)
    if not query or len(query) > MAX_QUERY or record.opening or not record.tools:
        return []
    if any(step.user_input is not None for step in record.steps):
        return []
    replies = [reply for reply in subject.replies if reply.actor == "agent"]
    if not replies:
        return []
    asked = _Asked(query, replies)
    place = f"/messages/{replies[0].message}/tool_calls"
    return [subject.finding(rule, place, message) for rule, message in asked.findings()]


class _Asked:
    """What a query names that no call uses, and what else speaks for a call left out.

    Args:
        query: the user's only turn.
        replies: the agent's replies with calls.
    """

    def __init__(self, query: str, replies: Sequence[PlacedReply]) -> None:
        self._query = query
        self._calls = [call for reply in replies for call in reply.calls]
        self._tools = replies[-1].tools
        self._used = used = Used(self._calls, self._tools)
        self._named = numbers_named(query)
        said = {one.value for one in self._named if one.value is not None}
        self._numbers = [
            one for one in self._named if not used.number(one, said, *_around(query, one))
        ]
        self._quotes = [
            one
            for one in quotes_named(query)
            if not one.words[0].isdigit() and not used.words_of(one.words)
        ]

    def findings(self) -> Iterator[tuple[Rule, str]]:
        """Yields rules and messages; an error only where two signs agree."""
        item = _unlisted(self._query, self._used)
        if item:
            yield COVER003, item
        idle, fits = self._idle_tool()
        names: list[Named] = []
        if idle and not (self._numbers or self._quotes):
            names = [one for one in names_named(self._query) if not self._used.words_of(one.words)]
        missed = [*self._numbers, *self._quotes, *names]
        if fits and (missed or item):
            yield COVER004, f"the query speaks of what {idle!r} does, and it is not called"
        elif len(names) > 1:
            shown = ", ".join(repr(one.text) for one in names[:3])
            yield COVER005, f"no call uses {shown} of the query, and {idle!r} is not called"
        for rule, sure, found in (
            (COVER001, bool(idle) or self._has_twin(), self._numbers),
            (COVER002, bool(idle), self._quotes),
        ):
            if found:
                text = found[0].text.strip("\"'“”")
                yield (rule if sure else COVER006), f"no call uses {text!r}, which the query names"

    def _has_twin(self) -> bool:
        """Tells whether an unused number has a like that is used, or an option left open for it."""
        if not self._numbers:
            return False
        used = [one for one in self._named if one.value in self._used.numbers]
        for one in self._numbers:
            if any(_are_alike(self._query, one, other) for other in used):
                return True
        return self._leaves_number_out()

    def _leaves_number_out(self) -> bool:
        """Tells whether a called tool has an optional number that no call of it gives."""
        for call in self._calls:
            tool = self._tools.get(call.name)
            properties = schema_of(tool).get("properties") if tool is not None else None
            for name, prop in properties.items() if isinstance(properties, dict) else ():
                if name in call.arguments or not isinstance(prop, dict):
                    continue
                if prop.get("type") in ("integer", "number"):
                    return True
        return False

    def _idle_tool(self) -> tuple[str, bool]:
        """Returns an offered tool that the query speaks of and no call calls, and how fully.

        The tool is "" when there is none, and the second True when all of its name is spoken.
        """
        if len(self._tools) < 2:
            return "", False
        called = {call.name for call in self._calls}
        stems: set[str] | None = None
        found = ""
        for name in self._tools:
            words = name_words(name)
            # A prompt that lists the functions by name speaks of them all.
            if name in called or not words or name in self._query:
                continue
            if stems is None:
                stems = set(map(stem, tokens_of(self._query)))
            shared = len(words & stems)
            if shared == len(words) > 1:
                return name, True
            if not found and 2 * shared >= len(words) and shared:
                found = name
        return found, False


def _are_alike(query: str, one: Named, other: Named) -> bool:
    """Tells whether two numbers stand in the same surroundings or side by side in a list."""
    first, second = (one, other) if one.start < other.start else (other, one)
    if query[first.end : second.start].strip(" ,") in ("", "and", "or", "to", "x", "by", "-"):
        return True
    after = tokens_of(query[one.end : one.end + 20])[:1]
    if (
        after
        and after[0] not in _JOINTS
        and after == tokens_of(query[other.end : other.end + 20])[:1]
    ):
        return True
    before = tokens_of(query[max(one.start - 20, 0) : one.start])[-1:]
    return bool(
        before
        and before[0] not in _JOINTS
        and before == tokens_of(query[max(other.start - 20, 0) : other.start])[-1:]
    )


_JOINTS = frozenset(
    ("and", "or", "in", "to", "the", "for", "of", "is", "a", "with", "at", "on", "by", "from")
)


def _around(query: str, one: Named) -> tuple[str, str]:
    before = query[max(one.start - 14, 0) : one.start]
    return before.lower(), query[one.end : one.end + 14].lower()


def _unlisted(query: str, used: Used) -> str:
    """Says what stands in a list beside an argument's value and is used nowhere; "" if nothing."""
    lower = query.lower()
    for text in used.texts:
        at = lower.find(text)
        if at < 0 or text[:1].isdigit():  # a word beside a date or a number is not its like
            continue
        for match in (
            _NEXT.match(lower, at + len(text)),
            _BEFORE.search(lower, max(at - 40, 0), at),
        ):
            if match is None:
                continue
            words = tuple(tokens_of(match.group(1)))
            if _is_item(words) and not used.words_of(words):
                return f"the query lists {match.group(1)!r} beside {text!r}, and no call uses it"
    return ""


def _is_item(words: Sequence[str]) -> bool:
    """Tells whether words may be an item of a list; a state or country after a city is none."""
    if not words or words[0][0].isdigit() or words[0].endswith("ly") or aliases(words[0]):
        return False
    return words[0] not in _NO_ITEM


_NEXT = re.compile(
    r"['\"]?(?:,| and| or|, and| &| versus| vs\.?) ['\"]?(\w[\w-]*)['\"]?"
    r"(?=[,.?!]| and | in | for | with | as | on |$)"
)
_BEFORE = re.compile(
    r"(?:,|\b(?:of|for|in|between|and|like|from)) ['\"]?([\w-]+)['\"]?(?:,| and|, and) ['\"]?$"
)
_NO_ITEM_TEXT = (
    "the a an both it also then i my me please each so this that these those you we they he "
    "she is are was not can how what when where which who why if but or and to from now today "
    "there usa us uk france"
)
_NO_ITEM = frozenset(_NO_ITEM_TEXT.split())


@lru_cache(maxsize=4096)
def name_words(name: str) -> frozenset[str]:
    """Returns the stems of the words of a tool's name that say what it is about."""
    spaced = _HUMP.sub(r"\1 \2", name)
    return frozenset(stem(word) for word in tokens_of(spaced) if word not in _VERBS)


_HUMP = re.compile(r"([a-z])([A-Z])")
_VERBS_TEXT = (
    "get find search calculate compute calc fetch retrieve of by the in for and api info a to "
    "from with"
)
_VERBS = frozenset(_VERBS_TEXT.split())

COVER001 = Rule(
    code="COVER001",
    name="number-not-used",
    severity="error",
    summary="the query names a number that no call uses",
    check=check_coverage,
)
COVER002 = Rule(
    code="COVER002",
    name="quote-not-used",
    severity="error",
    summary="the query quotes a text that no call uses",
    check=check_coverage,
)
COVER003 = Rule(
    code="COVER003",
    name="listed-item-not-used",
    severity="warning",
    summary="the query lists an item beside one that a call uses, and no call uses it",
    check=check_coverage,
)
COVER004 = Rule(
    code="COVER004",
    name="tool-not-called",
    severity="error",
    summary="the query speaks of all that an offered tool's name says, and it is not called",
    check=check_coverage,
)
COVER005 = Rule(
    code="COVER005",
    name="names-not-used",
    severity="error",
    summary="no call uses several names of the query, and an offered tool it speaks of is idle",
    check=check_coverage,
)
COVER006 = Rule(
    code="COVER006",
    name="detail-not-used",
    severity="warning",
    summary="the query names a number or quotes a text that no call uses",
    check=check_coverage,
)
