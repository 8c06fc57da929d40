"""The room: every trial in a fresh world, checked turn by turn, whatever the others do."""

from __future__ import annotations

import os
import random
import signal
import threading
from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from actloom.core.errors import InputError
from actloom.envs.bfcl.classes import official_classes
from actloom.envs.bfcl.live import LiveWorld
from actloom.envs.bfcl.room import FAILED, Room, WorldFailure
from actloom.envs.bfcl.trial import Trial, WorldSetup
from envs.bfcl.simulated_worlds import CLASSES, SHORT, memory_setup, setup

EMPTY = "multi_turn:empty_turn_model_response"
STATE = "multi_turn:instance_state_mismatch"
RESPONSE = "multi_turn:execution_response_mismatch"


@pytest.fixture(scope="module")
def room() -> Iterator[Room]:
    with Room(CLASSES, limits=SHORT) as opened:
        yield opened


def codes(room: Room, *trials: Trial) -> list[str]:
    return [found.code for found in room.judged(trials)]


def trial(model, gold, **options) -> Trial:
    return Trial(setup(**options), model, gold)


@pytest.mark.parametrize(
    ("model", "gold", "code"),
    [
        ([[["add(amount=2)"]]], [["add(amount=2)"]], ""),
        ([[["add(2)"]]], [["add(amount=2)"]], ""),
        ([[["add(amount=1)"], ["add(amount=1)"]]], [["add(amount=2)"]], ""),
        ([[["add(amount=1)", "read()"]]], [["add(amount=1)"]], ""),
        ([[["add(amount=3)"]]], [["add(amount=2)"]], STATE),
        ([[["add(amount=0)"]]], [["read()"]], ""),
        ([[["keep(value=1)"]]], [["keep(value=2)"]], RESPONSE),
        ([[["name()"]]], [["read()"]], RESPONSE),
        ([[]], [["read()"]], EMPTY),
        ([[[]]], [["read()"]], EMPTY),
        ([[[], []]], [["read()"]], RESPONSE),
        ([[["read()"]], []], [["read()"], []], ""),
        ([[["add(amount=1)"]], []], [["add(amount=1)"], []], ""),
        ([[], [["read()"]]], [[], ["read()"]], ""),
        ([[["add(amount=1)"]], [["read()"]]], [[], ["read()"]], STATE),
        ([[["read()"], ["keep(value=1)"]], [["add(0)"]]], [["read()"], ["keep(value=1)"]], ""),
        ([[["read()"]], [["keep(value=1)"]]], [["read()"], ["read()"]], ""),
        ([[["read()"]], [["keep(1)"]]], [["read()"], ["read()", "read()"]], RESPONSE),
        ([[["keep(2)", "keep(1)"]]], [["keep(1)", "keep(2)"]], ""),
        ([[["note('b')", "note('a')"]]], [["note('a')", "note('b')"]], STATE),
        ([[["hide()"]]], [["hide()"]], ""),
        ([[["hide()", "hide()"]]], [["hide()"]], ""),
        ([[["read()"]]], [["lazily()"]], STATE),
        ([[["lazily()"]]], [["lazily()"]], ""),
        ([[["fails()"]]], [["fails()"]], ""),
        ([[["unknown(1)"]]], [["unknown(2)"]], ""),
        ([[["unknown(1)"]]], [["other(1)"]], RESPONSE),
        ([[["draw()"]]], [["draw()"]], ""),
        ([[["draw()", "draw()"]]], [["draw()"]], ""),
        ([[["keep('read()')"]]], [["keep('read()')"]], RESPONSE),
    ],
)
def test_a_trial_is_judged_by_state_and_outputs_of_each_turn(room, model, gold, code) -> None:
    assert codes(room, trial(model, gold)) == [code]


def test_a_fault_names_turn_attribute_and_what_is_missing(room: Room) -> None:
    bad_state = trial([[["read()"]], [["add(1)"]]], [["read()"], ["add(2)"]])
    bad_output = trial([[["keep('x')"]]], [["keep('y')"]])
    state, output = room.judged([bad_state, bad_output])
    assert (state.turn, state.differences) == (1, {"Counter.count": ["1", "2"]})
    assert (output.turn, output.missing) == (0, ["y"])


def test_long_context_reaches_the_classes(room: Room) -> None:
    short, long = setup(), setup(long_context=True)
    assert room.played(short, [["add(2)"]]).outputs == ['{"count": 2}']
    assert room.played(long, [["add(2)"]]).outputs == ['{"count": 20}']


def test_of_two_methods_of_one_name_the_later_class_has_it(room: Room) -> None:
    other = WorldSetup("case_0", ["Namer", "Counter"], {"Counter": {"count": 0}})
    assert room.played(setup(), [["name()"]]).outputs == ["namer"]
    assert room.played(other, [["name()"]]).outputs == ["counter"]


def test_outputs_are_text_as_the_benchmark_writes_them(room: Room) -> None:
    calls = ["keep('a')", "keep(1.0)", "keep({'a': None})", "bad_dict()", "keep([1])", "fails()"]
    calls += ["static()", "half()", "_load_scenario({})", "keep()", "keep(2, 3)"]
    assert room.played(setup(), [calls]).outputs == [
        "a",
        "1.0",
        '{"a": null}',
        "{'set': {1}}",
        "[1]",
        "Error during execution: 'gone'",
        "Error during execution: name 'static' is not defined",
        "\N{REPLACEMENT CHARACTER}",
        "Error during execution: name '_load_scenario' is not defined",
        "Error during execution: Counter.keep() missing 1 required positional argument: 'value'",
        "Error during execution: Counter.keep() takes 2 positional arguments but 3 were given",
    ]


def test_neither_instances_nor_modules_nor_configurations_are_shared(room: Room) -> None:
    spoil = trial([[["spoil()"]]], [["spoil()"]])
    first = room.played(setup(count=5), [["spoil()", "read()"]])
    for _ in range(3):
        assert room.played(setup(count=5), [["spoil()", "read()"]]) == first
    assert first.outputs[0] == "1"
    # Gold and model share modules within a trial, as in the official runner: it sees two entries.
    assert codes(room, spoil, spoil) == [RESPONSE, RESPONSE]


def sane(number: int) -> Trial:
    return trial([[[f"add({number})"]]], [[f"add({number})"]], name=f"sane_{number}")


def wrong(number: int) -> Trial:
    return trial([[[f"add({number + 1})"]]], [[f"add({number})"]], name=f"wrong_{number}")


@pytest.mark.parametrize("call", ["hangs()", "dies()", "connects()", "long(size=10**3)"])
def test_a_trial_that_hangs_crashes_or_breaks_a_rule_disturbs_no_other(call: str) -> None:
    bad = trial([[[call]]], [["read()"]], name="bad")
    trials = [sane(1), wrong(2), bad, sane(3), wrong(4), sane(5)]
    with Room(CLASSES, workers=2, limits=SHORT) as room:
        got = codes(room, *trials)
        replaced = room.sandbox.replaced
    expected = RESPONSE if call.startswith("long") else FAILED
    assert got == ["", STATE, expected, "", STATE, ""]
    # One that dies is tried twice.
    assert replaced == {"long(size=10**3)": 0, "dies()": 2}.get(call, 1)


def test_a_broken_setup_is_that_trials_failure_alone(room: Room) -> None:
    nobody = Trial(WorldSetup("x", ["Nobody"]), [[["read()"]]], [["read()"]])
    unconfigured = Trial(WorldSetup("x", ["Counter"]), [[["read()"]]], [["read()"]])
    first, second, third = room.judged([nobody, unconfigured, sane(1)])
    assert (first.code, second.code, third.code) == (FAILED, FAILED, "")
    assert "Nobody" in first.message
    assert "count" in second.message


def test_writing_outside_the_scratch_folder_is_refused(room: Room, tmp_path) -> None:
    mark = tmp_path / "mark"
    assert codes(room, trial([[[f"writes({str(mark)!r})"]]], [["read()"]])) == [FAILED]
    assert not mark.exists()


def test_verdicts_do_not_depend_on_order_or_workers() -> None:
    trials = [make(number) for number in range(40) for make in (sane, wrong)]
    order = list(range(len(trials)))
    random.Random(5).shuffle(order)
    with Room(CLASSES, limits=SHORT) as one, Room(CLASSES, workers=2, limits=SHORT) as two:
        straight = codes(one, *trials)
        mixed = codes(two, *(trials[i] for i in order))
    assert straight == ["", STATE] * 40
    assert [straight[i] for i in order] == mixed


def test_a_killed_worker_costs_a_live_world_nothing() -> None:
    with Room(CLASSES, limits=SHORT) as room:
        world = LiveWorld(setup(), room)
        (pid,) = world.outputs(["pid()"])
        world.outputs(["add(3)", "draw()"])
        before = world.state()
        os.kill(int(pid), signal.SIGKILL)
        assert world.outputs(["read()"]) == ['{"count": 3}']
        assert world.state() == before


def test_a_worker_killed_in_the_middle_of_a_trial_costs_no_verdict() -> None:
    with Room(CLASSES, limits=SHORT) as room:
        (pid,) = room.played(setup(), [["pid()"]]).outputs
        killer = threading.Timer(0.3, os.kill, (int(pid), signal.SIGKILL))
        killer.start()
        napping = trial([[["naps()", "add(1)"]]], [["add(1)"]])
        got = codes(room, sane(1), napping, wrong(2), sane(3))
        killer.join()
        assert room.sandbox.replaced == 1
    assert got == ["", "", STATE, ""]


def test_a_step_that_fails_is_not_kept(room: Room) -> None:
    world = LiveWorld(setup(), room)
    world.outputs(["add(1)"])
    with pytest.raises(WorldFailure, match="timeout"):
        world.outputs(["add(1)", "hangs()"])
    assert world.outputs(["read()"]) == ['{"count": 1}']


CALLS = st.sampled_from(["add(1)", "add(2)", "note('x')", "draw()", "hide()", "read()", "fails()"])
STEPS = st.lists(st.lists(CALLS, min_size=1, max_size=3), max_size=4)


@given(before=STEPS, after=STEPS, other=STEPS)
@settings(max_examples=25, deadline=None)
def test_a_restored_world_goes_on_as_the_first_time(room: Room, before, after, other) -> None:
    world = LiveWorld(setup(), room)
    for step in before:
        world.outputs(step)
    state, kept = world.state(), list(world.steps)
    first = [world.outputs(step) for step in after]
    end = world.state()
    for step in other:
        world.outputs(step)
    world.restore(kept)
    assert world.state() == state
    assert [world.outputs(step) for step in after] == first
    assert world.state() == end


def test_equal_states_have_equal_digests_and_others_do_not(room: Room) -> None:
    def state(*calls: str) -> str:
        return room.played(setup(), [list(calls)]).state

    assert state("add(2)") == state("add(1)", "add(1)")
    assert state("hide()") == state("read()")
    assert state("note(1)") == state("note(1.0)") == state("note(True)")
    assert len({state(), state("add(1)"), state("note('1')"), state("note(1)")}) == 4


def test_a_memory_goes_from_one_conversation_to_the_next(room: Room) -> None:
    first = LiveWorld(memory_setup("own_prereq_0-shop-0"), room)
    assert first.memory_text() == "{}"
    first.outputs(["put(key='first_name', value='Ada')", "put(key='town', value='London')"])
    kept = first.saved_memory()
    second = LiveWorld(memory_setup("own_0-shop-1", kept), room)
    assert second.memory_text() == '{"first_name": "Ada", "town": "London"}'
    assert second.outputs(["best(query='name')"]) == ["first_name"]
    assert second.saved_memory() == kept
    assert LiveWorld(memory_setup("own_prereq_0-shop-0", kept), room).memory_text() == "{}"


def test_half_surrogate_pairs_pass_through_as_replacement_characters(room: Room) -> None:
    played = room.played(setup("case_\ud800"), [["keep('\ud800')"]])
    assert played.outputs == ["\N{REPLACEMENT CHARACTER}"]


def test_classes_that_were_not_pulled_are_named(tmp_path) -> None:
    with pytest.raises(InputError, match="actloom pull bfcl"):
        official_classes(tmp_path)
