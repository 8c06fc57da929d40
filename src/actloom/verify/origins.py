"""Where each argument of a call comes from: what was said before, the schema, or nowhere."""

from __future__ import annotations

import re
from collections.abc import Iterator
from difflib import get_close_matches
from typing import Literal, TypeAlias

import msgspec

from actloom.core.jsonvalue import Json, JsonObject, pointer
from actloom.core.record import Call, Tool, Trajectory, text_of
from actloom.core.schema import schema_of
from actloom.verify.abbreviations import aliases
from actloom.verify.rule import PlacedReply, Subject
from actloom.verify.said import OBSERVATION, QUERY, SYSTEM, Said
from actloom.verify.wording import SMALL, number_of, tokens_of

Lack: TypeAlias = Literal["", "number", "percent", "id", "name", "words", "unsure"]
"""What kind of value comes from nowhere; "" when it has a source. `percent` is the number of a
percentage where a fraction is due; `unsure` a text that may be the agent's own wording, a code, or
a date nobody spoke of."""


class Origin(msgspec.Struct, frozen=True):
    """Where one value inside a call's arguments comes from."""

    path: str
    """Row pointer of the value."""
    argument: str
    """Name of the argument it belongs to."""
    value: Json
    """The value: text, number, boolean or null."""
    source: str
    """`query`, `observation`, `system`, `default`, `enum`, `schema`, `empty`, `flag` (a boolean),
    `derived:<how>`, `partial` (at least half of its words were said) or `none`."""
    lack: Lack = ""
    """Kind of a value without a source."""
    required: bool = False
    """Whether the tool demands the argument."""


def sources(record: Trajectory) -> list[Origin]:
    """Returns where every value in the agent's calls comes from, in order.

    Sources are what stood before the call: system text, user turns, observations, and the tool's
    own schema. The agent's words are none: what it made up there is no better here.
    """
    return list(origins(Subject(record)))


def origins(subject: Subject) -> Iterator[Origin]:
    """Yields the origins of a record under examination."""
    record = subject.record
    replies = {id(reply.step): reply for reply in subject.replies if reply.step is not None}
    if not replies:
        return
    said = Said()
    said.add(record.task_instruction, SYSTEM)
    said.add(record.format_instruction, SYSTEM)
    for message in record.opening:
        if message.role != "assistant":
            said.add(text_of(message.content), SYSTEM if message.role == "system" else QUERY)
    said.add(text_of(record.query), QUERY)
    for step in record.steps:
        reply = replies.get(id(step))
        if reply is not None and reply.actor == "agent":
            yield from _of_reply(reply, said)
        for observation in step.observations:
            said.add(text_of(observation.content), OBSERVATION)
        said.add(text_of(step.user_input), QUERY)


def _of_reply(reply: PlacedReply, said: Said) -> Iterator[Origin]:
    for index, call in enumerate(reply.calls):
        tool = reply.tools.get(call.name)
        if tool is not None and call.arguments:
            yield from _of_call(call, tool, said, reply.base(index) + "/arguments")


def _of_call(call: Call, tool: Tool, said: Said, base: str) -> Iterator[Origin]:
    schema = schema_of(tool)
    properties, required = schema.get("properties"), schema.get("required")
    needed = required if isinstance(required, list) else []
    for name, value in call.arguments.items():
        prop = properties.get(name) if isinstance(properties, dict) else None
        if not isinstance(prop, dict):
            continue  # an argument the tool does not have is another rule's finding
        judged = _Argument(name, prop, tool, said)
        place = base + pointer(name)
        for path, leaf in _leaves(value, place):
            source, lack = judged.source(leaf)
            yield Origin(path, name, leaf, source, lack, name in needed)


def _leaves(value: Json, path: str) -> Iterator[tuple[str, Json]]:
    if isinstance(value, dict):
        for key, item in value.items():
            yield from _leaves(item, path + pointer(key))
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from _leaves(item, f"{path}/{index}")
    else:
        yield path, value


class _Argument:
    """Judges the values of one argument."""

    def __init__(self, name: str, prop: JsonObject, tool: Tool, said: Said) -> None:
        self._name, self._prop, self._tool, self._said = name, prop, tool, said

    def source(self, value: Json) -> tuple[str, Lack]:
        """Returns the source of a value inside the argument, and its kind when there is none."""
        if isinstance(value, bool):
            return "flag", ""
        if value is None or value == "":
            return "empty", ""
        if isinstance(value, str) and value.lower() in _FLAGS:
            return "flag", ""
        prop = self._prop
        if "default" in prop and prop["default"] == value:
            return "default", ""
        if isinstance(value, (int, float)):
            if self._is_whole_percent(value):
                return "query", "percent"
            return self._number(float(value))
        if isinstance(value, str):
            options = prop.get("enum")
            if isinstance(options, list) and value in options:
                return "enum", ""
            return self._text(value)
        return "empty", ""

    def _is_whole_percent(self, value: float) -> bool:
        """Tells whether 7 is given for 7 %, said as that only, where the type asks for 0.07.

        A tool that wants percentages says so, or asks for integers.
        """
        if value < 1 or value not in self._said.percentages:
            return False
        prop = self._prop
        if prop.get("type") != "number" or "percent" in self._name.lower():
            return False
        return not any("percent" in text.lower() or "%" in text for text in _texts(prop))

    def _number(self, value: float) -> tuple[str, Lack]:
        source = self._said.number(value)
        if source:
            return source, ""
        if 1000 <= value <= 2100 and "year" in self._name.lower() and not self._said.has_year():
            return "derived:knowledge", ""
        if value in (0, 1, -1) or value in self._schema().numbers:
            return "schema", ""
        return "none", "number"

    def _text(self, value: str) -> tuple[str, Lack]:
        said = self._said
        words = said.words
        tokens = tokens_of(value)
        if not tokens:
            return "empty", ""
        if all(token in words for token in tokens):
            return _joint([words[token] for token in tokens]), ""
        return self._derived(value, tokens)

    def _derived(self, value: str, tokens: list[str]) -> tuple[str, Lack]:
        said = self._said
        telling = [token for token in tokens if token not in FUNCTION_WORDS] or tokens
        unknown = [token for token in telling if not _is_known(token, said)]
        if not unknown:
            return "derived:wording", ""
        joined = "".join(tokens)
        if _PLACEHOLDER.search(value):
            return "derived:placeholder", ""
        if (len(joined) > 2 or not joined.isascii()) and joined in said.squeezed:
            return "derived:spacing", ""
        if _is_other_name(value, joined, said):
            return "derived:abbreviation", ""
        if joined.isascii() and said.is_foreign():
            return "derived:translation", ""
        schema = self._schema()
        unknown = [token for token in unknown if token not in schema.words]
        if not unknown:
            return "schema", ""
        if self._is_place(joined):
            return "derived:knowledge", ""
        if _is_acronym(joined, said) or _is_ticker(value, said):
            return "derived:acronym", ""
        return _judged(value, telling, unknown, said)

    def _is_place(self, joined: str) -> bool:
        """Tells whether an argument that a place or a text implies gets a known value."""
        return bool(aliases(joined)) and any(part in self._name.lower() for part in _IMPLIED)

    def _schema(self) -> Said:
        """Words and numbers of what the tool says about the argument; kept with the tool."""
        kept: dict[str, Said] = vars(self._tool).setdefault("schema_words", {})
        found = kept.get(self._name)
        if found is None:
            tool = self._tool
            found = kept[self._name] = Said()
            parts = (tool.name, tool.description, self._name, *_texts(self._prop))
            found.add(" ".join(parts)[:MAX_SCHEMA], "schema")
        return found


def _joint(found: list[str]) -> str:
    return OBSERVATION if OBSERVATION in found else SYSTEM if SYSTEM in found else QUERY


def _texts(value: Json) -> Iterator[str]:
    """Yields every text and number of a schema, keys too."""
    if isinstance(value, dict):
        for key, item in value.items():
            yield key
            yield from _texts(item)
    elif isinstance(value, list):
        for item in value:
            yield from _texts(item)
    elif value is not None:
        yield str(value)


def _is_known(token: str, said: Said) -> bool:
    if said.knows(token):
        return True
    number = number_of(token)
    if number is None:
        number = SMALL.get(token)
    if number is None:
        return False
    if {number, number + 12} & said.numbers or (12 < number < 24 and number - 12 in said.numbers):
        return True
    return "1" <= token <= "9" and bool(said.words.keys() & aliases(token))


def _is_acronym(joined: str, said: Said) -> bool:
    """Tells whether a short word is made of the first letters of words that were said."""
    if not 2 <= len(joined) <= 6 or not joined.isalpha():
        return False
    return joined in "".join(word[0] for word in said.words)


def _is_other_name(value: str, joined: str, said: Said) -> bool:
    """Tells whether the text, or what stands before its comma, has another name that was said."""
    first = "".join(tokens_of(value.partition(",")[0]))
    return any(
        other in said.words or (len(other) > 3 and other in said.squeezed)
        for name in {joined, first}
        for other in aliases(name)
    )


def _is_ticker(value: str, said: Said) -> bool:
    """Tells whether a short code in capitals is made of letters of one word, in their order."""
    if not 2 <= len(value) <= 5 or not value.isalpha() or not value.isupper():
        return False
    code = value.lower()
    return any(word[0] == code[0] and _is_inside(code, word) for word in said.words)


def _is_inside(code: str, word: str) -> bool:
    letters = iter(word)
    # A code may double a letter to be unlike another: AAPL.
    plain = [letter for at, letter in enumerate(code) if at == 0 or code[at - 1] != letter]
    return all(letter in letters for letter in plain)


def _judged(value: str, telling: list[str], unknown: list[str], said: Said) -> tuple[str, Lack]:
    """Returns the verdict about a text with tokens that come from nowhere."""
    digits = [token for token in unknown if token[0].isdigit() and not _is_filler(token, value)]
    if digits:
        if not _DATE.search(value):
            return "none", "id"
        if _RELATIVE & said.words.keys():
            return "derived:relative date", ""
        return "none", "id" if _MONTHS & said.words.keys() or said.has_year() else "unsure"
    words = [token for token in unknown if not token[0].isdigit()]
    if not words:
        return "derived:year", ""
    if any(_shares_start(word, said) for word in words):
        return "derived:inflection", ""
    if any(get_close_matches(word, said.words, n=1, cutoff=0.8) for word in words if len(word) > 4):
        return "derived:spelling", ""
    if 2 * len(words) <= len(telling):
        return "partial", ""
    if len(telling) > MAX_NAME:
        return "none", "unsure"
    if len(value) <= 3 and value.isupper():
        return "none", "unsure"  # a code: which one stands for what was said, nobody here knows
    if any(char.isupper() for char in value):
        return "none", "name"
    return "none", "words" if len(telling) <= MAX_WORDS else "unsure"


def _is_filler(token: str, value: str) -> bool:
    """Tells whether digits only complete a date or time: zeros, or the year."""
    if token in ("0", "1", "59", "23"):
        return _DATE.search(value) is not None
    return len(token) == 4 and token.isdigit() and "1990" <= token <= "2030"


def _shares_start(word: str, said: Said) -> bool:
    return len(word) > 3 and any(
        len(other) > 3 and (other.startswith(word) or word.startswith(other))
        for other in said.words
    )


_FLAGS = frozenset(
    ("true", "false", "yes", "no", "none", "null", "am", "pm", "any", "all", "dontcare", "other")
) | {"default", "unknown", "n/a"}
_IMPLIED = ("state", "country", "region", "province", "language", "lang", "currency", "zone")
"""Parts of argument names whose values follow from a city, a text or a market."""
FUNCTION_WORDS_TEXT = "the a an of in on at to for and or with by from s de la is it as"
FUNCTION_WORDS = frozenset(FUNCTION_WORDS_TEXT.split())
_DATE = re.compile(r"\d:\d\d|\d{4}-\d\d?-\d\d?|\d/\d+/\d|\d-\d\d?-\d{4}")
_RELATIVE_TEXT = (
    "now noon midnight morning afternoon evening current today tomorrow yesterday tonight next"
    " last this coming upcoming ago later past week weekend month monday tuesday wednesday"
    " thursday friday saturday sunday nights night days day"
)
_RELATIVE = frozenset(_RELATIVE_TEXT.split())
_MONTHS = frozenset(
    ("january", "february", "march", "april", "may", "june", "july", "august", "september")
) | {"october", "november", "december", "jan", "feb", "mar", "apr", "jun", "jul", "aug", "sep"}
_PLACEHOLDER = re.compile(r"^\W?[{<$].*[}>]")
"""A value left open for an earlier call's result: `${id from search}`, `<token>`."""
MAX_NAME = 4
"""Words above which a text is no name but something the agent wrote."""
MAX_WORDS = 2
"""Words without capitals above which a text may be another wording of what was said."""
MAX_SCHEMA = 20_000
"""Characters of what a tool says about an argument that are looked at."""
