"""Verdicts on memory and web search outputs: an accepted answer in the last message.

Rules after bfcl-eval (`eval_runner.py`, `agentic_checker.py`): of the steps of the one turn, the
last that is no call is the answer; an accepted answer must stand in it as a whole sequence of
words, both sides normalised. Memory questions are asked after conversations that fill the memory:
`prerequisites` gives these, and `envs.bfcl.live.LiveWorld` carries the memory from one to the next.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from actloom.core.jsonvalue import Json, JsonObject
from actloom.core.verdict import Verdict
from actloom.evals.bfcl.data.files import files_in, rows_of
from actloom.evals.bfcl.decoding import Decoder
from actloom.evals.bfcl.question import Question
from actloom.evals.bfcl.turns.multi_turn import MAX_STEPS, is_no_call
from actloom.io.urls import join

_DELETED = re.compile(r"[,./\-_*^()]")


def agentic_verdict(question: Question, result: Json, decoder: Decoder) -> Verdict:
    """Returns the verdict on a stored result of a memory or web search question.

    Args:
        question: `truth` is the list of accepted answers.
        result: a list of one turn, itself a list of steps.
        decoder: tells calls from messages (execution decode).
    """
    if not isinstance(result, list) or len(result) != 1:
        return Verdict(False, "agentic:inference_error", "the result is no list of one turn")
    turn = result[0]
    if not isinstance(turn, (list, str, dict)):
        return Verdict(False, "agentic:inference_error", "the turn is no list of steps")
    answer = last_message(list(turn)[-MAX_STEPS:], decoder)
    if not answer:
        return Verdict(False, "agentic:no_last_message", "every step is a call")
    accepted = question.truth if isinstance(question.truth, list) else []
    texts = [text for text in accepted if isinstance(text, str)]
    if is_answered(answer, texts):
        return Verdict(True)
    message = f"expected one of {texts!r:.500}, got {answer!r:.500}"
    return Verdict(False, "agentic:answer_not_found", message)


def last_message(steps: Sequence[Json], decoder: Decoder) -> Json:
    """Returns the last step that is no call, None when there is none."""
    for step in reversed(steps):
        decoded = decoder.call_texts(step)
        if decoded.error or is_no_call(decoded.value):
            return step
    return None


def is_answered(answer: Json, accepted: Sequence[str]) -> bool:
    """Tells whether an accepted answer stands in a message as a whole sequence of words."""
    if isinstance(answer, list):
        answer = answer[0]
    text = normalised(answer if isinstance(answer, str) else str(answer))
    return any(re.search(rf"\b{re.escape(normalised(a))}\b", text) for a in accepted)


def normalised(text: str) -> str:
    """Returns text in small letters, without `, . / - _ * ^ ( )`, single quotes as double ones."""
    return _DELETED.sub("", text).lower().replace("'", '"')


def prerequisites(questions: Sequence[Question], folder: str) -> dict[str, list[Question]]:
    """Returns scenario -> the conversations that fill its memory, in order.

    Each begins with the memory the one before left, the first with an empty one; the scenario's
    questions begin with what the last left.

    Args:
        questions: those of one memory category; their functions are offered here too.
        folder: where the questions lie (`bfcl_eval/data`).

    Raises:
        InputError: a file is damaged.
    """
    if not questions:
        return {}
    asked = questions[0]
    found = files_in(join(folder, "memory_prereq_conversation"))
    return {
        name.removeprefix("memory_"): [_prerequisite(row, asked) for row in rows_of(path)]
        for name, path in found.items()
    }


def _prerequisite(row: JsonObject, asked: Question) -> Question:
    name = str(row.get("id", "")).replace("memory", asked.category)
    classes = asked.raw.get("involved_classes", [])
    turns = row.get("question")
    return Question(
        id=name,
        category=asked.category,
        turns=[
            [message for message in turn if isinstance(message, dict)]
            for turn in (turns if isinstance(turns, list) else [])
            if isinstance(turn, list)
        ],
        functions=asked.functions,
        raw={**row, "id": name, "involved_classes": classes},
    )
