"""Turns of others inside the assistant's own text."""

from __future__ import annotations

import re
from collections.abc import Sequence

from actloom.core.record import Content, text_of
from actloom.verify.walk import Place, PlacedStep

_TOKENS = re.compile(
    r"<\|im_start\|>\s*user|<\|start_header_id\|>\s*user|<start_of_turn>\s*user|<\|user\|>|"
    r"<\|(?:USER|start_of_role)[^|]{0,8}\|>(?:user)?|\[INST\]|<[｜|]User[｜|]>|"
    r"<\|start\|>user<\|message\|>",
)
_LABEL = re.compile(
    r"\n[ \t]*(?:#{1,4} ?)?\*{0,2}(?:User|Human|USER|HUMAN)(?:\*{0,2}:\*{0,2}|\n)"
    r"[ \t]*\S[^\n]*(?P<rest>.*)",
    re.DOTALL,
)
_OWN_LABEL = re.compile(
    r"\n[ \t]*(?:#{1,4} ?)?\*{0,2}(?:Assistant|ASSISTANT|AI|Bot|Agent)(?:\*{0,2}:|\n)"
)
_DIALOGUE = re.compile(r"dialog|conversation|transcript|chat|script|prompt|template", re.IGNORECASE)
"""Words of users who may have asked for a dialogue."""


def role_tokens(steps: Sequence[PlacedStep], query: Content | None) -> list[Place]:
    """Returns replies in which a chat template's mark of a user turn stands as text."""
    found: list[Place] = []
    for placed in steps:
        reply = placed.step.reply
        if reply is None or placed.step.actor != "agent":
            continue
        text = text_of(reply.text)
        if "<" not in text and "[" not in text:
            continue
        mark = _TOKENS.search(text)
        if mark and mark[0] not in text_of(query):  # users may ask about templates
            message = f"the reply holds a turn of the user: {mark[0]!r} at character {mark.start()}"
            found.append((f"/messages/{placed.at}/content", message))
    return found


def role_labels(steps: Sequence[PlacedStep], query: Content | None) -> list[Place]:
    """Returns replies that go on as the user and then as themselves, or begin with neither."""
    found: list[Place] = []
    asked: str | None = None
    for placed in steps:
        reply = placed.step.reply
        if reply is None or placed.step.actor != "agent":
            continue
        text = text_of(reply.text)
        if "\n" not in text or not (mark := _LABEL.search(text)):
            continue
        if "Human" not in mark[0][:20] and not _OWN_LABEL.search(mark["rest"]):
            continue
        asked = text_of(query) if asked is None else asked
        if not _DIALOGUE.search(asked):
            message = f"the reply speaks for the user: {mark[0].strip()[:60]!r}"
            found.append((f"/messages/{placed.at}/content", message))
    return found
