"""Multi-turn cases through the rollout protocol: turns, held-back functions, limits, grades."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from actloom.core.environment import Action, Environment
from actloom.core.model import Completion, Prompt
from actloom.core.record import Call, Message
from actloom.dialects import dialect
from actloom.envs.bfcl.environment import (
    FORCE_TERMINATED,
    MAX_STEPS,
    MultiTurnCase,
    MultiTurnEnvironment,
    python_call,
)
from actloom.envs.bfcl.room import FAILED, Room
from actloom.llm.scripted import ScriptedModel
from actloom.rollout.agent import Agent
from actloom.rollout.loop import Episode, play
from actloom.rollout.trace import Trace
from envs.bfcl.simulated_worlds import CLASSES, SHORT, setup

ADD, NOTE = (
    {
        "name": name,
        "description": f"The tool {name}.",
        "parameters": {
            "type": "dict",
            "properties": {argument: {"type": "any"}},
            "required": [argument],
        },
    }
    for name, argument in (("add", "amount"), ("note", "text"))
)
CASE = MultiTurnCase(
    setup(),
    [[Message(role="user", content="Add two.")], [], [Message(role="user", content="And one.")]],
    [ADD],
    {1: [NOTE]},
    [["add(amount=2)"], ["note(text='two')"], ["add(amount=1)"]],
    announcement="More tools now.",
)
ADDS, NOTES, SAYS = (
    Action(calls=[Call("add", {"amount": 2}, id="1")]),
    Action(calls=[Call("note", {"text": "two"}, id="2")]),
    Action(text="Done."),
)
ADDS_ONE = Action(calls=[Call("add", {"amount": 1})])


@pytest.fixture(scope="module")
def room() -> Iterator[Room]:
    with Room(CLASSES, limits=SHORT) as opened:
        yield opened


@pytest.fixture
def world(room: Room) -> MultiTurnEnvironment:
    made = MultiTurnEnvironment(CASE, room)
    made.reset(seed=0)
    return made


def names(world: Environment) -> list[str]:
    return [tool.name for tool in world.tools()]


def test_a_turn_ends_when_no_call_is_made_and_brings_what_was_held_back(world) -> None:
    assert world.reset(seed=1) == CASE.turns[0]
    assert names(world) == ["add"]
    (seen,) = world.step(ADDS).observations
    assert (seen.content, seen.call_id, seen.is_error) == ('{"count": 2}', "1", False)
    assert world.step(SAYS).messages == [Message(role="user", content="More tools now.")]
    assert names(world) == ["add", "note"]
    world.step(NOTES)
    assert world.step(SAYS).messages == CASE.turns[2]
    assert names(world) == ["add", "note"]
    world.step(ADDS_ONE)
    assert world.step(SAYS).done
    assert world.grade().success
    assert world.grade().reward == 1.0
    with pytest.raises(ValueError, match="has ended"):
        world.step(SAYS)


def test_errors_of_calls_are_observations(world) -> None:
    calls = [Call("nothing", {}), Call("add", {"sum": 1}), Call("add", {"amount": 1})]
    seen = world.step(Action(calls=calls)).observations
    assert [o.is_error for o in seen] == [True, True, False]
    assert "name 'nothing' is not defined" in seen[0].content
    assert "unexpected keyword argument 'sum'" in seen[1].content


def test_calls_that_cannot_be_read_end_the_turn(world) -> None:
    feedback = world.step(Action(calls=[Call("add", arguments_text="{")]))
    assert feedback.observations == []
    assert feedback.messages[0].content == "More tools now."


def test_an_action_short_of_a_turn_is_graded_by_its_fault(world) -> None:
    world.step(ADDS)
    assert world.verdict().code == FORCE_TERMINATED
    world.step(SAYS)
    world.step(SAYS)
    world.step(SAYS)
    assert world.verdict().code == "multi_turn:empty_turn_model_response"
    assert not world.grade().success


def test_a_turn_without_end_ends_the_episode_and_fails_it(world) -> None:
    for _ in range(MAX_STEPS):
        assert not world.step(Action(calls=[Call("read", {})])).done
    assert world.step(Action(calls=[Call("read", {})])).done
    assert world.verdict().code == FORCE_TERMINATED


def test_too_many_steps_in_the_last_turn_are_judged_like_any_other(room: Room) -> None:
    case = MultiTurnCase(setup(), CASE.turns[:1], [ADD], {}, [["add(amount=2)"]])
    world = MultiTurnEnvironment(case, room)
    world.reset(seed=0)
    world.step(ADDS)
    for _ in range(MAX_STEPS - 1):
        assert not world.step(Action(calls=[Call("read", {})])).done
    assert world.step(Action(calls=[Call("read", {})])).done
    assert world.grade().success


def test_a_world_that_fails_ends_its_episode_and_no_other(world, room: Room) -> None:
    feedback = world.step(Action(calls=[Call("dies", {})]))
    assert feedback.done
    assert feedback.observations[0].is_error
    assert world.verdict().code == FAILED
    assert not world.grade().success
    other = MultiTurnEnvironment(CASE, room)
    other.reset(seed=0)
    assert other.step(ADDS).observations[0].content == '{"count": 2}'


ACTIONS = st.lists(st.sampled_from([ADDS, NOTES, SAYS, ADDS_ONE]), max_size=6)


@given(before=ACTIONS, after=ACTIONS)
@settings(max_examples=25, deadline=None)
def test_a_restored_episode_goes_on_as_the_first_time(room: Room, before, after) -> None:
    def played(world: MultiTurnEnvironment, actions) -> list[object]:
        return [world.step(action) for action in actions if not world._over]

    world = MultiTurnEnvironment(CASE, room)
    world.reset(seed=0)
    played(world, before)
    state, digest = world.snapshot(), world.state_hash()
    first, grade = played(world, after), world.grade()
    other = MultiTurnEnvironment(CASE, room)
    other.reset(seed=9)
    for again in (world, other):
        again.restore(state)
        assert again.state_hash() == digest
        assert played(again, after) == first
        assert again.grade() == grade


def test_a_snapshot_of_another_case_is_refused(world, room: Room) -> None:
    other = MultiTurnEnvironment(MultiTurnCase(setup("case_1"), [], [], {}, []), room)
    with pytest.raises(ValueError, match="case_1"):
        world.restore(other.snapshot())


def test_an_agent_plays_a_case_through_the_loop(room: Room, tmp_path) -> None:
    wanted = {"Add two.": ADDS, "More tools now.": NOTES, "And one.": ADDS_ONE}

    def answers(prompt: Prompt) -> Completion:
        last = prompt.messages[-1]
        if last.role == "tool":
            return Completion("That is done.")
        calls = wanted[str(last.content)].calls
        return Completion(json.dumps([{"name": c.name, "arguments": c.arguments} for c in calls]))

    agent = Agent(ScriptedModel(answers), dialect("json_list"))
    episode = Episode("case_0", MultiTurnEnvironment(CASE, room))
    with Trace(tmp_path / "trace.jsonl", {}) as trace:
        turns = list(play([episode], agent, trace))
    outcome = turns[-1].outcome
    assert outcome is not None
    assert outcome.success
    assert [len(turn.prompt.tools) for turn in turns] == [1, 1, 2, 2, 2, 2]


def test_calls_are_written_as_the_official_runner_writes_them() -> None:
    assert python_call("f", {"a": "x'", "b": [1, None], "c": {"d": True}}) == (
        "f(a=\"x'\",b=[1, None],c={'d': True})"
    )
