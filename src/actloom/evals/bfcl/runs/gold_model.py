"""The model that knows the answers: checks requests, decoder and checker before a model is asked.

It answers in the form the way of asking wants: native calls, a Python list, or JSON; Java and
JavaScript values as source text. What no answer made of the gold can pass, it does not pass either.
"""

from __future__ import annotations

import ast
from collections.abc import Mapping, Sequence
from typing import cast

import msgspec

from actloom.core.ids import digest_bytes
from actloom.core.jsonvalue import Json, JsonObject, canonical_json, json_text
from actloom.core.model import Completion, Prompt
from actloom.core.record import Call, Reply
from actloom.dialects import dialect
from actloom.evals.bfcl.checker.answers import gold_calls, parameters_of
from actloom.evals.bfcl.checker.rules import Rules
from actloom.evals.bfcl.checker.selftest import gold_defect
from actloom.evals.bfcl.decoders.call_text import call_text
from actloom.evals.bfcl.decoders.python_text import expression
from actloom.evals.bfcl.question import Question
from actloom.evals.bfcl.requests.parts import object_at
from actloom.evals.bfcl.requests.styles import BY_DIALECT
from actloom.evals.bfcl.runs.case_runs import CaseRun, OutputLine, TurnsRun, message_with
from actloom.evals.bfcl.turns.multi_turn import gold_calls as gold_turns

SILENCE = "None of the functions fits."
SPOKEN = "Done."


class GoldModel:
    """Answers as it was told a moment before, by the runs it is asked in."""

    name = "gold"

    def __init__(self) -> None:
        self._answers: dict[str, list[Completion]] = {}

    def expect(self, prompt: Prompt, answer: Completion) -> None:
        """Remembers the answer to a prompt; equal prompts get theirs in the order of asking."""
        self._answers.setdefault(_key(prompt), []).append(answer)

    def complete(self, prompts: Sequence[Prompt], *, max_tokens: int) -> list[Completion]:
        """Returns the expected answers; an error for a prompt nobody told it of."""
        del max_tokens
        return [self._answer(_key(prompt)) for prompt in prompts]

    def _answer(self, key: str) -> Completion:
        expected = self._answers.get(key, [])
        answer = expected.pop(0) if expected else Completion("", "error", "not a question")
        if not expected:
            self._answers.pop(key, None)
        return answer


def _key(prompt: Prompt) -> str:
    return digest_bytes(canonical_json(prompt))


class GoldRun:
    """A run that tells the gold model the answer to each of its prompts.

    Args:
        run: the run.
        model: who is told.
        style: way of asking.
        rules: how the gold's names are read.
    """

    def __init__(self, run: CaseRun, model: GoldModel, *, style: str, rules: Rules) -> None:
        self._run = run
        self._model = model
        self._style = style
        self._rules = rules
        self.question: Question = run.question

    @property
    def error(self) -> str:
        """Why there is no answer."""
        return self._run.error

    @property
    def over(self) -> bool:
        """Whether there is nothing left to ask."""
        return self._run.over

    def take(self, completion: Completion) -> None:
        """Goes on with an answer."""
        self._run.take(completion)

    def line(self) -> OutputLine:
        """Returns what is kept."""
        return self._run.line()

    def prompt(self) -> Prompt:
        """Returns what the model is asked, after it was told the answer."""
        prompt = self._run.prompt()
        self._model.expect(prompt, answer_of(self._calls(), self.question, self._style))
        return prompt

    def _calls(self) -> list[JsonObject]:
        if not isinstance(self._run, TurnsRun):
            return single_turn_calls(self.question, self._rules)
        turns = gold_turns(self.question) or []
        at, steps = self._run.place
        texts = turns[at] if at < len(turns) and steps == 0 else []
        return _calls_in(texts, self.question)


def single_turn_calls(question: Question, rules: Rules) -> list[JsonObject]:
    """Returns the right calls of a question without turns; any call where any is right."""
    if question.expected:
        return gold_calls(question, rules, easiest=gold_defect(question, rules) is not None)
    if "execution_result_type" in question.raw:
        return _calls_in([str(text) for text in _listed(question.truth)], question)
    if question.category.endswith("live_relevance") and question.functions:
        return [{str(question.functions[0].get("name", "")): {}}]
    return []


def _listed(truth: Json) -> list[Json]:
    return truth if isinstance(truth, list) else []


def _calls_in(texts: Sequence[str], question: Question) -> list[JsonObject]:
    return [call for text in texts if (call := _call_in(text, question)) is not None]


def _call_in(text: str, question: Question) -> JsonObject | None:
    """Returns a gold call written as Python text, positional arguments by the document's order."""
    try:
        node = expression(text)
        if not isinstance(node, ast.Call):
            return None
        name = ast.unparse(node.func)
        named = {k.arg: cast("Json", ast.literal_eval(k.value)) for k in node.keywords if k.arg}
        placed = [cast("Json", ast.literal_eval(value)) for value in node.args]
    except (ValueError, SyntaxError, RecursionError, MemoryError):
        return None
    order = list(_parameters(question, name))
    return {name: dict(zip(order, placed, strict=False)) | named}


def _parameters(question: Question, name: str) -> Mapping[str, JsonObject]:
    """Returns the parameters of a function, also of one that is held back at first."""
    held = object_at(question.raw, "missed_function").values()
    documents = [d for found in held if isinstance(found, list) for d in found]
    functions = [*question.functions, *(d for d in documents if isinstance(d, dict))]
    return parameters_of(msgspec.structs.replace(question, functions=functions), name)


def answer_of(calls: Sequence[JsonObject], question: Question, style: str) -> Completion:
    """Returns calls as a model asked in that way writes them."""
    if not calls:
        return Completion(_words(question))
    pairs = [(name, cast("JsonObject", given)) for c in calls for name, given in c.items()]
    if style.endswith("fc"):
        named = [(name.replace(".", "_"), given) for name, given in pairs]
        reply = Reply(tool_calls=[Call(name, given) for name, given in named])
        return Completion("", reply=reply, message=message_with(named))
    if style.startswith(BY_DIALECT):
        reply = Reply(tool_calls=[Call(name, given) for name, given in pairs])
        return Completion(dialect(style.removeprefix(BY_DIALECT)).render(reply))
    if style.startswith("xlam"):
        listed: list[Json] = [{"name": name, "arguments": given} for name, given in pairs]
        return Completion(json_text(listed))
    texts = [_source(name, given, question) for name, given in pairs]
    return Completion(f"[{', '.join(texts)}]")


def _words(question: Question) -> str:
    """Returns what is said without a call: an accepted answer where one is asked for."""
    if not question.truth:
        return SILENCE
    accepted = question.truth[0] if isinstance(question.truth, list) else None
    return accepted if isinstance(accepted, str) else SPOKEN


def _source(name: str, given: JsonObject, question: Question) -> str:
    if question.language == "python":
        return call_text(name, given)
    documents = parameters_of(question, name)
    written = [f"{key}={_literal(value, documents.get(key, {}))}" for key, value in given.items()]
    return f"{name}({', '.join(written)})"


def _literal(value: Json, document: JsonObject) -> str:
    text = str(value)
    is_text = document.get("type") in ("String", "any", "char")
    return json_text(text) if is_text and not text.startswith('"') else text
