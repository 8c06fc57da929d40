"""Verdicts on multi-turn outputs: decoded, replayed on the simulated classes, compared by turn.

Error types and their order are bfcl-eval's (`eval_runner.py`, `multi_turn_checker.py`): a result
that is no list, then another number of turns than the gold has, then turn by turn what
`envs.bfcl.trials` finds. A step that does not decode, or to nothing, is left out of its turn.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import cast

from actloom.core.jsonvalue import Json, JsonObject
from actloom.core.record import Message
from actloom.core.verdict import Verdict
from actloom.envs.bfcl.classes import ClassSet, official_classes
from actloom.envs.bfcl.environment import FORCE_TERMINATED, MultiTurnCase, verdict_of
from actloom.envs.bfcl.room import FAILED, Room
from actloom.envs.bfcl.trial import Memory, Steps, Trial, WorldSetup
from actloom.evals.bfcl.decoding import Decoder
from actloom.evals.bfcl.question import Question
from actloom.evals.bfcl.requests.sentences import MORE_FUNCTIONS

MAX_STEPS = 10_000
"""Steps of a turn that are looked at; a force-terminated model has made 21."""
_BATCH = 64


def multi_turn_verdicts(
    questions: Sequence[Question],
    results: Mapping[str, Json],
    decoder: Decoder,
    *,
    workers: int = 1,
    classes: ClassSet | None = None,
) -> Iterator[tuple[str, Verdict]]:
    """Yields (id, verdict) of every question that has a result, in the questions' order.

    A record that cannot be judged (broken setup, a call that hangs or kills its process) gets the
    verdict `multi_turn:world_failed` and disturbs no other.

    Args:
        questions: multi-turn questions with `raw` and `truth`.
        results: id -> stored result, a list of turns of steps.
        decoder: reads each step (execution decode).
        workers: sandboxed processes.
        classes: the simulated classes; those of the pinned wheel by default.

    Raises:
        InputError: the classes have not been pulled.
    """
    found = iter([q for q in questions if q.id in results])
    with Room(classes or official_classes(), workers=workers) as room:
        while batch := list(islice(found, _BATCH * workers)):
            trials = [trial_of(q, results[q.id], decoder) for q in batch]
            judged = room.judged(t for t in trials if isinstance(t, Trial))
            for question, trial in zip(batch, trials, strict=True):
                verdict = verdict_of(next(judged)) if isinstance(trial, Trial) else trial
                yield question.id, verdict


def trial_of(question: Question, result: Json, decoder: Decoder) -> Trial | Verdict:
    """Returns a stored result as a trial, or the verdict when there is nothing to play."""
    gold = gold_calls(question)
    if gold is None:
        return Verdict(False, FAILED, "the question has no gold calls")
    if not isinstance(result, list):
        return Verdict(False, "multi_turn:inference_error", "the result is no list of turns")
    if len(result) != len(gold):
        message = f"{len(result)} turns where {len(gold)} are asked"
        return Verdict(False, FORCE_TERMINATED, message)
    try:
        return Trial(setup_of(question.raw), [decoded_turn(t, decoder) for t in result], gold)
    except (TypeError, KeyError, ValueError) as error:
        return Verdict(False, FAILED, f"cannot be replayed: {type(error).__name__}: {error}")


def gold_calls(question: Question) -> Steps | None:
    """Returns the gold calls of each turn; None where the truth is not of that form."""
    truth = question.truth
    if not isinstance(truth, list) or not all(isinstance(turn, list) for turn in truth):
        return None
    turns = cast("list[list[Json]]", truth)
    return [[str(call) for call in turn] for turn in turns]


def setup_of(raw: JsonObject, *, snapshot: JsonObject | None = None) -> WorldSetup:
    """Returns how a question's world begins.

    Args:
        raw: the question as published, `involved_classes` as its category has them.
        snapshot: memory categories: what the conversation before this one left.

    Raises:
        KeyError: a field is missing.
        TypeError: a field has another form than published.
    """
    name, involved = raw["id"], raw["involved_classes"]
    if not isinstance(name, str) or not isinstance(involved, list):
        raise TypeError("id or involved_classes has another form")
    classes = [str(item) for item in involved]
    if any(item.startswith("MemoryAPI") for item in classes):
        memory = Memory(str(raw["scenario"]), name, snapshot)
        return WorldSetup(name, classes, memory=memory)
    config = raw["initial_config"]
    if not isinstance(config, dict):
        raise TypeError("initial_config has another form")
    category = name.rpartition("_")[0]
    long = "long_context" in category or "composite" in category
    return WorldSetup(name, classes, config, long_context=long)


def case_of(question: Question) -> MultiTurnCase:
    """Returns a question as `envs.bfcl.environment` plays it.

    Raises:
        KeyError: a field of the question is missing.
        TypeError: a field has another form than published.
    """
    held = question.raw.get("missed_function", {})
    turns = held.items() if isinstance(held, dict) else ()
    return MultiTurnCase(
        setup_of(question.raw),
        [[_message(message) for message in turn] for turn in question.turns],
        question.functions,
        {int(turn): _documents(documents) for turn, documents in turns},
        gold_calls(question) or [],
        announcement=MORE_FUNCTIONS,
    )


def _message(message: JsonObject) -> Message:
    return Message(role=str(message["role"]), content=str(message["content"]))


def _documents(value: Json) -> list[JsonObject]:
    documents = value if isinstance(value, list) else []
    return [document for document in documents if isinstance(document, dict)]


def decoded_turn(turn: Json, decoder: Decoder) -> Steps:
    """Returns the calls of a turn's steps; steps without any are left out.

    Raises:
        TypeError: the turn, or what a step decodes to, is nothing that can be gone through.
    """
    if not isinstance(turn, (list, str, dict)):
        raise TypeError(f"a turn is a {type(turn).__name__}")
    decoded = (calls_of_step(step, decoder) for step in islice(turn, MAX_STEPS))
    return [calls for calls in decoded if calls]


def calls_of_step(step: Json, decoder: Decoder) -> list[str]:
    """Returns a step's calls as text; none when it does not decode, or to nothing.

    A decoder that lets plain text through gives its characters, as the official loop over it does.

    Raises:
        TypeError: a decoded call is no text.
    """
    decoded = decoder.call_texts(step)
    if decoded.error or is_no_call(decoded.value):
        return []
    calls = list(islice(cast("Iterable[object]", decoded.value), MAX_STEPS))
    if not all(isinstance(call, str) for call in calls):
        raise TypeError("a decoded call is no text")
    return cast("list[str]", calls)


def is_no_call(decoded: object) -> bool:
    """Tells whether a decoded step counts as one without a call.

    That is nothing at all, or one thing that is empty; the official test raises on one thing
    without a length, which counts as a step that does not decode.
    """
    if not isinstance(decoded, (list, tuple, str, dict)):
        return True
    items = list(cast("Iterable[object]", decoded))
    if len(items) != 1:
        return not items
    (only,) = items
    return isinstance(decoded, dict) or not (isinstance(only, (list, tuple, str, dict)) and only)
