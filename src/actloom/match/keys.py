"""What makes two records the same: their user texts and calls, in one notation."""

from __future__ import annotations

import hashlib
import unicodedata

from actloom.core.jsonvalue import canonical_json
from actloom.core.record import Call, Trajectory, agent_steps, text_of

DIGEST_BYTES = 8


def digest_of(*parts: bytes) -> bytes:
    """Returns 8 bytes of BLAKE2b over parts, each preceded by its length."""
    whole = hashlib.blake2b(digest_size=DIGEST_BYTES)
    for part in parts:
        whole.update(len(part).to_bytes(8, "big"))
        whole.update(part)
    return whole.digest()


def normal_text(text: str) -> str:
    """Returns text in NFC, without case, with runs of whitespace as one space."""
    return " ".join(unicodedata.normalize("NFC", text).casefold().split())


def user_texts(record: Trajectory) -> list[str]:
    """Returns what the user says in a record, one text a turn; the first is "" without a query."""
    texts = [text_of(record.query)]
    for step in record.steps:
        if step.actor == "user" and step.reply is not None:
            texts.append(text_of(step.reply.text))
        if step.user_input is not None:
            texts.append(text_of(step.user_input))
    return texts


def query_of(record: Trajectory) -> str:
    """Returns the normalised user texts of a record, one line a turn."""
    return "\n".join(normal_text(text) for text in user_texts(record))


def calls_of(record: Trajectory) -> list[Call]:
    """Returns the agent's calls in order."""
    return [call for _, step in agent_steps(record) if step.reply for call in step.reply.tool_calls]


def duplicate_key(record: Trajectory) -> bytes:
    """Returns the digest two exact duplicates share: user texts and calls, in any order.

    A record without calls (a refusal, a plain answer) is known by its replies and the offered tools
    too: the same question over other tools is another case.
    """
    calls = sorted(
        canonical_json([c.name, c.arguments, c.arguments_text]) for c in calls_of(record)
    )
    parts = [query_of(record).encode(errors="replace"), *calls]
    if not calls:
        parts += sorted(tool.name.encode(errors="replace") for tool in record.tools)
        replies = [text_of(step.reply.text) for _, step in agent_steps(record) if step.reply]
        parts.append(normal_text("\n".join(replies)).encode(errors="replace"))
    return digest_of(*parts)
