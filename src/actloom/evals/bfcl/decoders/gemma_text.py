"""FunctionGemma's calls in bfcl-eval: `<start_function_call>call:f{a:<escape>text<escape>}`.

The official reader keeps a stack and is never at a loss. Kept of it: bare words are numbers,
`true`, `false`, `null` or text; keys are values that stand before a colon, so `null` is no key and
`true` is the key "True"; brackets that do not match close whatever is open.
"""

from __future__ import annotations

import re
from typing import cast

from actloom.core.jsonvalue import Json
from actloom.evals.bfcl.decoders.bounds import TooLargeError
from actloom.evals.bfcl.decoders.call_text import call_text
from actloom.evals.bfcl.decoders.shapes import tag_contents, text_of
from actloom.evals.bfcl.question import Language

MAX_TOKENS = 50_000
MAX_DEPTH = 200
_START, _END, _ESCAPE = "<start_function_call>", "<end_function_call>", "<escape>"
_TOKEN = re.compile(r"(?s:<escape>|[{}\[\]:,]|(?:(?!<escape>)[^{}\[\]:,])+)")
_WORDS: dict[str, object] = {"null": None, "true": True, "false": False}


def gemma_calls(result: Json, _language: Language) -> object:
    """Returns the calls between tags.

    Raises:
        TypeError: the result is no text.
        TooLargeError: too many tokens, or too deep.
    """
    return [{name: given} for name, given in _read(text_of(result))]


def gemma_call_texts(result: Json) -> object:
    """Returns the calls as Python source.

    Raises:
        TypeError, TooLargeError: as `gemma_calls`.
        ValueError: an integer is too long to be written.
    """
    return [call_text(name, given, comma=", ") for name, given in _read(text_of(result))]


def _read(text: str) -> list[tuple[str, object]]:
    found: list[tuple[str, object]] = []
    for part in map(str.strip, tag_contents(text, _START, _END)):
        if part.startswith("call:"):
            name, brace, rest = part[len("call:") :].partition("{")
            found.append((name.strip(), _Reader().read(brace + rest) if brace else {}))
    return found


class _Reader:
    """The stack of open containers, the keys that wait for values, and a value before a colon."""

    def __init__(self) -> None:
        self._root: list[object] = []
        self._open: list[object] = [self._root]
        self._keys: list[str | None] = []
        self._before_colon: object = None

    def read(self, text: str) -> object:
        """Returns the first container of a text if it is an object, else an empty one."""
        at = count = 0
        while token := _TOKEN.match(text, at):
            count += 1
            if count > MAX_TOKENS or len(self._open) > MAX_DEPTH:
                raise TooLargeError("expected fewer tokens and less nesting")
            at = self._take(token[0], text, token.end())
        first = self._root[0] if self._root else None
        return cast("object", first) if isinstance(first, dict) else {}

    def _take(self, token: str, text: str, at: int) -> int:
        """Takes in a token that ends at `at`; returns where the next one starts."""
        if token == _ESCAPE:
            end = text.find(_ESCAPE, at)
            self._add(text[at - len(_ESCAPE) :] if end < 0 else text[at:end])
            return len(text) if end < 0 else end + len(_ESCAPE)
        if token in "{[":
            self._enter({} if token == "{" else [], keyed=token == "{")
        elif token in "}]":
            self._leave(keyed=token == "}")
        elif token == ":":
            self._name_key()
        elif token == ",":
            self._before_colon = None
        elif bare := token.strip():
            self._add(_primitive(bare))
        return at

    def _enter(self, container: object, *, keyed: bool) -> None:
        self._add(container)
        self._open.append(container)
        if keyed:
            self._keys.append(None)
        self._before_colon = None

    def _leave(self, *, keyed: bool) -> None:
        if len(self._open) > 1:
            self._open.pop()
            if keyed and self._keys:
                self._keys.pop()
        self._before_colon = None

    def _name_key(self) -> None:
        value, self._before_colon = self._before_colon, None
        if value is not None and isinstance(self._open[-1], dict) and self._keys:
            self._keys[-1] = str(value)

    def _add(self, value: object) -> None:
        container = self._open[-1]
        if isinstance(container, list):
            cast("list[object]", container).append(value)
        elif self._keys and (key := self._keys[-1]) is not None:
            cast("dict[str, object]", container)[key] = value
            self._keys[-1] = None
        else:
            self._before_colon = value


def _primitive(text: str) -> object:
    if text in _WORDS:
        return _WORDS[text]
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            continue
    return text
