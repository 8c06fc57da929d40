"""Observations that failed or were cut, and answers that say nothing of it."""

from __future__ import annotations

import re
from collections.abc import Sequence

import msgspec

from actloom.core.record import Observation, text_of
from actloom.verify.casts import parsed
from actloom.verify.walk import Place, PlacedStep, answer_after

_HEAD = re.compile(
    r"\s*(?:(?:[A-Za-z_.]{0,40}(?:Error|Exception)|ERROR|error)(?:\s*[:\d(-]|\s*$)|"
    r"Traceback \(most)"
)
_HINT = re.compile(r"rror|RROR|xception|Traceback|[Ff]ail|FAIL|success")
"""Quick look: without any of these in its text, nothing has failed."""
_FIELDS = ("error", "errors", "exception", "error_message")
_BAD_STATUS = frozenset({"error", "failed", "failure"})
_TROUBLE = re.compile(
    r"error|exception|fail|unable|cannot|can['’]?t\b|could ?n['’o]t|sorry|unfortunate|apolog|issue|"
    r"problem|trouble|invalid|denied|unavailable|wrong|missing|unsuccess|reject|declin|unknown|"
    r"insufficient|expired|exceed|try again|retry|different|instead|already|however|although|but\b|"
    r"\bneeds?\b|requir|\bmust\b|\btoo\b|\bonly\b|incorrect|\bfirst\b|"
    r"\bnot\b|n['’]t\b|\bno\b|\bneither\b|\bnone\b|\bplease\b|"
    r"\b(?:what|which|who|when|where|how|(?:could|can) you|should I)\b[^.!?]{0,200}\?",
    re.IGNORECASE,
)
"""Words by which an answer owns up to trouble; broad, as a false alarm costs more than a miss."""
_COURTESY = re.compile(
    r"[^.!?\n]{0,200}\b(?:any(?:thing|one)? (?:else|other|more|further)|anything I|"
    r"(?:help|assist)(?: you)?|(?:any|more|further) questions|let me know|feel free|you need)\b"
    r"[^.!?\n]{0,200}[.!?]?",
    re.IGNORECASE,
)
"""Sentences that end any answer, whatever it says."""
_TEXT_LIMIT = 100_000
"""Characters of an observation above which no failure is looked for inside it."""
_ANSWER_LIMIT = 5000
"""Characters of an answer that are looked at."""
_CLOSERS = {"{": "}", "[": "]"}


def ignored_failures(turn: Sequence[PlacedStep]) -> list[Place]:
    """Returns answers that follow a failed observation and speak of no trouble."""
    found: list[Place] = []
    for index, placed in enumerate(turn):
        if not placed.step.observations or not any(map(has_failed, placed.step.observations)):
            continue
        answer = answer_after(turn, index)
        if answer is None or answer.step.reply is None:
            continue
        text = text_of(answer.step.reply.text)
        if text.isascii() and not _TROUBLE.search(_COURTESY.sub(" ", text[:_ANSWER_LIMIT])):
            at = next(i for i, seen in enumerate(placed.step.observations) if has_failed(seen))
            message = (
                f"the answer says nothing of the failure at /messages/{placed.observation_at(at)}"
            )
            found.append((f"/messages/{answer.at}", message))
    return found


def has_failed(observation: Observation) -> bool:
    """Tells whether an observation reports that its call failed."""
    if observation.is_error:
        return True
    text = text_of(observation.content)
    if not _HINT.search(text[:_TEXT_LIMIT]):
        return False
    if _HEAD.match(text):
        return True
    if len(text) > _TEXT_LIMIT or not text.lstrip().startswith("{"):
        return False
    value = parsed(text)
    if not isinstance(value, dict):
        return False
    status = value.get("status")
    if isinstance(status, str) and status.lower() in _BAD_STATUS:
        return True
    return value.get("success") is False or any(value.get(key) for key in _FIELDS)


def cut_observations(steps: Sequence[PlacedStep]) -> list[Place]:
    """Returns observations that begin as JSON and break off."""
    return [
        (f"/messages/{placed.observation_at(index)}", "the observation is JSON that breaks off")
        for placed in steps
        for index, observation in enumerate(placed.step.observations)
        if _is_cut(text_of(observation.content))
    ]


def _is_cut(text: str) -> bool:
    closer = _CLOSERS.get(text[:1])
    if closer is None or (text.endswith(closer) and text.count(text[0]) == text.count(closer)):
        return False
    try:
        msgspec.json.decode(text[:_TEXT_LIMIT])
    except msgspec.DecodeError as error:
        return len(text) <= _TEXT_LIMIT and "truncated" in str(error)
    except (UnicodeEncodeError, RecursionError):
        return False
    return False
