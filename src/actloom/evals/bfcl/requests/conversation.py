"""A question asked turn by turn: each request made from the answers and results so far.

    conversation = Conversation(question, "fc", model_name="gpt-4o-mini")
    prompt = conversation.next_turn()
    while prompt is not None:
        completion = ...                            # what the model answers
        conversation.add_reply(completion)
        if calls_were_made:
            prompt = conversation.add_results(results, calls=texts)
        else:
            prompt = conversation.next_turn()       # None after the last turn

Rules after `bfcl_eval/model_handler/base_handler.py` and `bfcl_eval/utils.py` of the wheel: a turn
goes on as long as answers hold calls that can be read, up to `MAX_STEPS` of them; functions held
back come with a user message of their own, as tools (native) or as text (else).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

from actloom.core.errors import InputError
from actloom.core.jsonvalue import Json, JsonObject
from actloom.core.model import Completion, Prompt
from actloom.evals.bfcl.question import Question
from actloom.evals.bfcl.requests import sentences
from actloom.evals.bfcl.requests.languages import as_source, hint, hinted
from actloom.evals.bfcl.requests.parts import is_deeper, object_at, text_at
from actloom.evals.bfcl.requests.style import TEMPERATURE, Settings, Turns
from actloom.evals.bfcl.requests.styles import style_of
from actloom.evals.bfcl.requests.system_prompts import memory_prompt, with_system
from actloom.evals.bfcl.versions.variations import Variation, variation_of

MAX_STEPS = 20
"""Answers with calls that a turn may have; one more and the case is given up, and fails."""
MAX_DEPTH = 100
"""Levels of a function document; the deepest published one has nine."""


class Conversation:
    """The requests of one case, in order.

    Args:
        question: as `questions(...)` reads it: `functions` without those held back, and in `raw`
            `missed_function` with documents, `scenario` and the rest.
        style: one of `styles.STYLES`.
        model_name: the model's name on the server.
        version: name of the profile, which decides how v1 is asked.
        memory: what the memory shows of itself at the start (memory categories only).
        settings: temperature and limit of tokens; None for the official ones.

    Raises:
        InputError: no such style, or a function document of more than `MAX_DEPTH` levels.
    """

    def __init__(
        self,
        question: Question,
        style: str,
        *,
        model_name: str,
        version: str = "v4",
        memory: str = "",
        settings: Settings | None = None,
    ) -> None:
        self.question = question
        self.settings = settings or Settings(model=model_name, temperature=TEMPERATURE)
        self.style = style_of(style, model=model_name, version=version)
        if is_deeper([*question.functions, question.raw.get("missed_function")], MAX_DEPTH):
            raise InputError(
                "a function document is nested too deeply",
                expected=f"at most {MAX_DEPTH} levels",
                where=f"question {question.id!r}",
            )
        self.functions = shown_functions(question, version)
        self._held = object_at(question.raw, "missed_function")
        self._turns = self.style.opened(
            _turns(question, version, memory),
            self.functions,
            variation_of(question.id) or Variation(),
        )
        self._history: list[JsonObject] = []
        self._last = Completion("")
        self.turn = -1
        """Number of the running turn, from 0; -1 before the first."""

    def next_turn(self) -> Prompt | None:
        """Begins the next turn and returns its first request, None when there is no turn left."""
        if self.turn + 1 >= len(self._turns):
            return None
        self.turn += 1
        self._history += self._opening(str(self.turn))
        return self._prompt()

    def add_reply(self, completion: Completion) -> None:
        """Adds an answer to the history."""
        self._last = completion
        self._history += self.style.spoken(completion)

    def add_results(self, results: Sequence[str], *, calls: Sequence[str]) -> Prompt:
        """Adds what the calls of the last answer gave, and returns the turn's next request.

        Args:
            results: a text for each call, in order.
            calls: the calls as Python source (`name(a=1)`), in order; native styles need none.
        """
        self._history += self.style.told(results, calls, self._last)
        return self._prompt()

    def _prompt(self) -> Prompt:
        return Prompt([], body=self.style.body(self._history, self.functions, self.settings))

    def _opening(self, turn: str) -> list[JsonObject]:
        if turn not in self._held:
            return self._turns[self.turn]
        documents = self._held[turn]
        words = sentences.MORE_FUNCTIONS
        if self.style.native:
            found = documents if isinstance(documents, list) else []
            self.functions = [*self.functions, *(d for d in found if isinstance(d, dict))]
        else:
            words = f"{documents}\n{words}"
        return [{"role": "user", "content": words}]


def asked(
    question: Question,
    style: str,
    *,
    model_name: str,
    version: str = "v4",
    settings: Settings | None = None,
) -> Prompt:
    """Returns the request of a single-turn question.

    The request stands whole in the prompt's `body`.

    Raises:
        InputError: as for `Conversation`.
        ValueError: the question has no turn.
    """
    conversation = Conversation(
        question, style, model_name=model_name, version=version, settings=settings
    )
    prompt = conversation.next_turn()
    if prompt is None:
        raise ValueError(f"question {question.id!r} has no turn")
    return prompt


def shown_functions(question: Question, version: str = "v4") -> list[JsonObject]:
    """Returns the functions as they are shown, before a style gives them their form."""
    if version.split("-")[0] == "v1":
        return as_source(question.functions, question.language)
    functions = hinted(question.functions, question.language)
    # The official loader hints once when it loads the category, once as format sensitivity.
    return functions if variation_of(question.id) is None else hinted(functions, "python")


def _turns(question: Question, version: str, memory: str) -> Turns:
    """Returns the turns with what the loader adds: v1's suffix, the system messages of v4."""
    turns = [list(turn) for turn in question.turns]
    if not turns:
        return turns
    if version.split("-")[0] == "v1":
        suffix = f"\n{hint(question.language)}"
        return [[_suffixed(message, suffix) for message in turns[0]], *turns[1:]]
    name = question.id
    is_memory = "memory" in name
    if (is_memory or "web_search" in name) and "prereq" not in name:
        own: JsonObject = {"role": "system", "content": sentences.ANSWER_FORMAT}
        turns[0] = [own, *turns[0]]
    if is_memory:
        words = memory_prompt(text_at(question.raw, "scenario"), _backend(name), memory)
        turns[0] = with_system(turns[0], words)
    return turns


def _backend(name: str) -> str:
    return "rec_sum" if "rec_sum" in name else "kv"


def _suffixed(message: JsonObject, suffix: str) -> JsonObject:
    if message.get("role") != "user":
        return message
    return {**message, "content": text_at(message, "content") + suffix}


def recorded(completion: Completion, *, native: bool) -> Json:
    """Returns an answer as result files hold it: `[{name: arguments as text}]`, or its text.

    Args:
        completion: the answer; native calls are read from its message as the server sent it.
        native: whether the style asked for native calls.
    """
    chat, items = completion.message.get("tool_calls"), completion.message.get("output")
    if native and isinstance(chat, list):
        calls = [object_at(call, "function") for call in chat if isinstance(call, dict)]
        return [{text_at(call, "name"): text_at(call, "arguments")} for call in calls]
    if native and isinstance(items, list):
        calls = [item for item in items if isinstance(item, dict) and _is_call(item)]
        # Without calls it is the text that is kept, unlike the empty list of chat completions.
        named = [{text_at(call, "name"): text_at(call, "arguments")} for call in calls]
        return cast("list[Json]", named) or completion.text
    return completion.text


def _is_call(item: JsonObject) -> bool:
    return item.get("type") == "function_call"
