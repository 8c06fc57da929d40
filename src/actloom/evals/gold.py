"""The model that knows the answers: checks cases, dialect and rules before a model is asked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from actloom.core.case import Case
from actloom.core.dialect import Dialect
from actloom.core.ids import digest_bytes
from actloom.core.jsonvalue import canonical_json
from actloom.core.messages import messages_of
from actloom.core.model import Completion, Prompt
from actloom.core.record import Reply
from actloom.llm.scripted import ScriptedModel
from actloom.rollout.agent import Agent
from actloom.rollout.single import offered_tools

REFUSAL = "None of the tools fits."


def gold_model(
    cases: Sequence[Case],
    dialect: Dialect,
    *,
    instruct: bool = False,
    texts: Mapping[str, str] | None = None,
) -> ScriptedModel:
    """Returns a model that writes each case's expected calls in `dialect`; it should score 1.

    Cases with equal prompts and other answers all get the answer of the first.

    Args:
        cases: the cases it will be asked.
        dialect: how it writes calls.
        instruct: whether prompts carry the dialect's instruction, as for `Agent`.
        texts: case id -> text to write, where it is part of the answer.
    """
    agent = Agent(ScriptedModel({}), dialect, instruct=instruct)
    answers: dict[str, str] = {}
    for case in cases:
        text = (texts or {}).get(case.id, "" if case.expected else REFUSAL)
        reply = Reply(text=text, tool_calls=case.expected)
        prompt = agent.prompt(messages_of(case.record)[0], offered_tools(case.record))
        answers.setdefault(prompt_key(prompt), dialect.render(reply))
    return answering(answers)


def answering(answers: Mapping[str, str]) -> ScriptedModel:
    """Returns a model called `gold` with one answer a prompt, by `prompt_key`."""

    def answer(prompt: Prompt) -> Completion:
        text = answers.get(prompt_key(prompt))
        return Completion("", "error", "not one of the cases") if text is None else Completion(text)

    return ScriptedModel(answer, name="gold")


def prompt_key(prompt: Prompt) -> str:
    """Returns a digest that is equal for equal prompts."""
    return digest_bytes(canonical_json(prompt))
