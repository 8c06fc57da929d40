"""The model that does what the production model did: checks tapes and rules before one is asked."""

from __future__ import annotations

from actloom.core.dialect import Dialect
from actloom.core.model import Completion
from actloom.core.record import Reply
from actloom.evals.from_traces.positions import Positions
from actloom.evals.from_traces.tape import TapeWorld
from actloom.evals.gold import REFUSAL, answering, prompt_key
from actloom.llm.scripted import ScriptedModel
from actloom.rollout.agent import Agent, read_turn
from actloom.rollout.loop import Episode


def tape_gold_model(
    positions: Positions, dialect: Dialect, *, instruct: bool = False
) -> ScriptedModel:
    """Returns a model that goes through every tape as it was recorded; it should score 1.

    Args:
        positions: what it will be asked.
        dialect: how it writes calls.
        instruct: whether prompts carry the dialect's instruction, as for `Agent`.
    """
    agent = Agent(ScriptedModel({}), dialect, instruct=instruct)
    answers: dict[str, str] = {}
    for position in positions.items:
        world = TapeWorld(position)
        episode = Episode(position.case.id, world)
        replies = [step.reply for step in position.tape if step.reply is not None]
        for reply in [*replies, Reply(text=REFUSAL)]:
            prompt = agent.prompt(episode.messages, world.tools())
            said = "" if reply.tool_calls else REFUSAL
            text = dialect.render(Reply(said, tool_calls=reply.tool_calls))
            answers.setdefault(prompt_key(prompt), text)
            turn = read_turn(prompt, Completion(text), dialect=dialect, tools=world.tools())
            episode.apply(turn, lenient=False, seconds=0.0)
            if episode.over:
                break
    return answering(answers)
