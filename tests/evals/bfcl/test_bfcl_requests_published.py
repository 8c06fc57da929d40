"""Requests for every published question: those of v4 are the bodies bfcl-eval itself made."""

from __future__ import annotations

import hashlib
import json

import pytest

from actloom.core.jsonvalue import canonical_json
from actloom.evals.bfcl.data.questions import questions
from actloom.evals.bfcl.requests import Conversation, asked
from actloom.evals.bfcl.versions.profiles import profile_of

pytestmark = pytest.mark.slow

OFFICIAL = {
    "fc": (3641, "01b3944b2f028a928f47a814d45f534e"),
    "prompt": (8841, "efb7664347062783a04fc4a65fe1bb25"),
    "responses_fc": (3641, "a53ab1db11e2f02782ab55e3e8cc35d1"),
    "responses_prompt": (8841, "56471c756dad0231103d91c71e38687f"),
    "xlam_llama": (3641, "d9bff5bc81fc2383495984e8544d3708"),
    "xlam_qwen": (3641, "3ca2795f2900e34d0e2e87b2ec83ff7b"),
}
"""Style -> number and digest of the bodies that the handlers of bfcl-eval 2026.3.23 handed to their
client, model name `m`, for all single-turn questions (prompt mode: with format sensitivity)."""

SINGLE_TURN = ("ast", "irrelevance", "relevance", "format_sensitivity")


@pytest.fixture(scope="module")
def v4(shared_data):
    return questions(str(shared_data / "bfcl_v4"), profile_of("v4"))


def single_turn_questions(data):
    for name, category in data.profile.categories.items():
        if category.kind in SINGLE_TURN:
            yield from ((category.kind, question) for question in data[name])


@pytest.mark.parametrize("style", OFFICIAL)
def test_bodies_are_those_bfcl_eval_made(v4, style):
    bodies = [
        canonical_json([question.id, asked(question, style, model_name="m").body])
        for kind, question in single_turn_questions(v4)
        if kind != "format_sensitivity" or style.endswith("prompt")
    ]
    digest = hashlib.blake2b(digest_size=16)
    for body in sorted(bodies):
        digest.update(body + b"\n")
    assert (len(bodies), digest.hexdigest()) == OFFICIAL[style]


@pytest.mark.parametrize("style", OFFICIAL)
def test_every_conversation_can_begin(v4, style):
    begun = 0
    for name, category in v4.profile.categories.items():
        if category.kind in ("multi_turn", "agentic"):
            for question in v4[name]:
                first = Conversation(question, style, model_name="m", memory="{}").next_turn()
                assert first is not None
                json.dumps(first.body)
                begun += 1
    assert begun == 4 * 200 + 2 * 100 + 3 * 155


@pytest.mark.parametrize("style", ["fc", "prompt", "xlam"])
def test_every_question_of_v1_can_be_asked(shared_data, style):
    data = questions(str(shared_data / "bfcl_v1"), profile_of("v1-2024-08-11"))
    bodies = [
        asked(question, style, model_name="m", version="v1-2024-08-11").body
        for name in data
        for question in data[name]
    ]
    assert len(bodies) == 1700
    assert all(body["top_p"] == 1 for body in bodies)
