"""The course of a record: what is said of it, where, and what is left alone."""

from __future__ import annotations

import time

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from actloom.core.record import Call, Message, Observation, Provenance, Reply, Step, Trajectory
from actloom.core.rows import row_of
from actloom.core.schema import normalise_tool
from actloom.verify.numbers import Sources
from actloom.verify.rules import verify

LOOK = normalise_tool(
    {"name": "look", "parameters": {"type": "object", "properties": {"at": {"type": "string"}}}}
)


def calls(*ids: str, at: str = "x", results: tuple[str, ...] = ("seen",)) -> Step:
    """A step that looks once for each id and gets the results in order."""
    made = [Call("look", {"at": at}, i) if i else Call("look", {"at": at}) for i in ids]
    seen = [Observation(text, i) for i, text in zip(ids, results, strict=False)]
    return Step(reply=Reply(tool_calls=made), observations=seen)


def said(text: str, after: str | None = None) -> Step:
    return Step(reply=Reply(text), user_input=after)


def record(*steps: Step, query: str = "Look at x.", **fields) -> Trajectory:
    return Trajectory(id="t", source="t", tools=[LOOK], query=query, steps=list(steps), **fields)


def codes(*steps: Step, query: str = "Look at x.") -> list[tuple[str, str]]:
    return [(f.code, f.path) for f in verify(record(*steps, query=query), select=["TRAJ"])]


def test_a_plain_course_gives_nothing():
    assert (
        codes(calls("a"), said("It is seen.", after="And y?"), calls("b", at="y"), said("ok")) == []
    )


def test_an_observation_of_a_call_made_nowhere_is_pointed_at():
    step = msgspec.structs.replace(
        calls("a"), observations=[Observation("seen", "a"), Observation("more", "z")]
    )
    assert codes(step, said("ok")) == [("TRAJ001", "/messages/3")]


def test_a_call_answered_only_later_is_answered():
    late = Step(reply=Reply("Waiting."), observations=[Observation("seen", "a")])
    assert codes(calls("a", results=()), late, said("ok")) == []


def test_places_count_system_opening_and_examples():
    odd = Step(reply=None, observations=[Observation("seen", "z")])
    whole = record(
        odd,
        said("ok"),
        task_instruction="Be brief.",
        few_shot=[Message(role="user", content="hi")],
        opening=[Message(role="assistant", content="Hello")],
    )
    [finding] = verify(whole, select=["TRAJ001"])
    at = int(finding.path.split("/")[2])
    assert msgspec.to_builtins(row_of(whole).messages)[at]["tool_call_id"] == "z"


def test_words_of_an_environment_answer_replies_in_words():
    assert (
        codes(Step(reply=Reply("go north"), observations=[Observation("A wall.")]), said("ok"))
        == []
    )


def test_a_call_without_result_is_an_error_only_where_the_agent_goes_on():
    assert codes(calls("a", results=())) == []
    assert codes(calls("a", results=()), said("ok")) == [("TRAJ002", "/messages/1/tool_calls/0")]
    two = calls("a", "b")
    assert codes(two, said("ok")) == [("TRAJ002", "/messages/1/tool_calls/1")]


def test_gold_calls_without_any_result_are_left_alone():
    turn = msgspec.structs.replace(calls("a", results=()), user_input="And y?")
    assert codes(turn, calls("b", results=(), at="y"), calls("c", results=(), at="z")) == []


@pytest.mark.parametrize("name", ["finish", "final_answer", "transfer_to_human_agents", "submit"])
def test_a_call_that_ends_needs_no_result(name):
    end = Step(reply=Reply(tool_calls=[Call(name, {}, "e")]))
    found = verify(record(calls("a"), end, said("Bye.")), select=["TRAJ"])
    assert found == []


FAILURES = [
    '{"error": "down"}',
    "Error: no route",
    '{"status": "failed"}',
    '{"success": false}',
    "ValueError: bad",
    "Traceback (most recent call last):\n ...",
]


@pytest.mark.parametrize("text", FAILURES)
def test_a_failure_that_the_answer_hides_is_a_warning_at_the_answer(text):
    step = calls("a", results=(text,))
    assert codes(step, said("All done!")) == [("TRAJ003", "/messages/3")]
    assert codes(step, said("That failed, sorry.")) == []
    assert codes(step, said("Which x do you mean?")) == []


SOUND = ['{"error": ""}', '{"error": null, "x": 1}', "Errors are rare here.", '{"success": true}']


@pytest.mark.parametrize("text", SOUND)
def test_what_only_speaks_of_errors_has_not_failed(text):
    assert codes(calls("a", results=(text,)), said("All done!")) == []


def test_an_error_flag_is_enough():
    step = calls("a")
    seen = [msgspec.structs.replace(step.observations[0], is_error=True)]
    assert codes(msgspec.structs.replace(step, observations=seen), said("All done!")) != []


def test_a_call_again_with_the_same_result_is_a_warning_and_with_another_is_not():
    assert codes(calls("a"), calls("b"), said("ok")) == [("TRAJ004", "/messages/3/tool_calls/0")]
    assert codes(calls("a"), calls("b", results=("new",)), said("ok")) == []
    first = msgspec.structs.replace(calls("a"), user_input="Again, please.")
    assert codes(first, calls("b"), said("ok")) == []


def test_a_cycle_of_two_calls_three_times_is_a_loop_and_twice_is_not():
    def round_of(number: int) -> list[Step]:
        return [calls(f"{number}{at}", at=at, results=(f"{number}",)) for at in ("x", "y")]

    twice = [*round_of(1), *round_of(2), said("ok")]
    thrice = [*round_of(1), *round_of(2), *round_of(3), said("ok")]
    assert codes(*twice) == []
    assert codes(*thrice) == [("TRAJ005", "/messages/1/tool_calls/0")]


def test_four_equal_calls_in_one_step_are_no_loop():
    assert codes(calls(*"abcd", results=("1", "2", "3", "4")), said("ok")) == []


@given(st.lists(st.sampled_from("xyz"), min_size=4, max_size=24))
@settings(max_examples=100, deadline=None)
def test_a_loop_is_reported_exactly_when_some_cycle_comes_round_often_enough(letters):
    steps = [calls(str(i), at=at, results=(str(i),)) for i, at in enumerate(letters)]
    text = "".join(letters)

    def goes_round(start: int, length: int) -> bool:
        times = 4 if length == 1 else 3
        return text.startswith(text[start : start + length] * times, start)

    expected = any(
        goes_round(start, length)
        for length in range(1, 7)
        for start in range(len(text) - (4 if length == 1 else 3 * length) + 1)
    )
    found = verify(record(*steps, said("ok")), select=["TRAJ005"])
    assert bool(found) == expected


NUMBERS = [
    ("412.50", True),
    ("412.5", True),
    ("$412.50", True),
    ("421.50", False),
    ("825", True),  # twice 412.5
    ("about 410", True),
    ("413", True),  # rounded
    ("41,250 cents", True),
    ("2019", True),
    ("7", True),
    ("417.77", False),
]


@pytest.mark.parametrize(("number", "has_source"), NUMBERS)
def test_a_number_of_the_answer_needs_a_source(number, has_source):
    step = calls("a", results=('{"balance": 412.5}',))
    found = codes(step, said(f"The balance is {number}."))
    assert found == ([] if has_source else [("TRAJ006", "/messages/3/content")])


def test_numbers_are_only_looked_at_where_something_was_looked_up():
    assert codes(said("Mont Blanc is 4806 metres high.")) == []


@given(st.integers(100, 9999), st.integers(100, 9999))
@settings(max_examples=60, deadline=None)
def test_sums_and_differences_of_two_numbers_have_a_source(a, b):
    sources = Sources([f"first {a}", f"then {b}"], [])
    for value in (a, b, a + b, abs(a - b)):
        assert sources.give(str(value), float(value), 0)


def test_a_record_that_ends_at_an_observation_is_spoken_of_when_asked_for():
    short = record(calls("a"))
    assert "TRAJ007" not in {finding.code for finding in verify(short)}
    assert [f.path for f in verify(short, select=["TRAJ007"])] == ["/messages/2"]
    gold = msgspec.structs.replace(short, provenance=Provenance(role="expected"))
    assert verify(gold, select=["TRAJ007"]) == []


def test_marks_of_a_user_turn_are_an_error_unless_the_user_speaks_of_them():
    text = "Done.<|im_end|>\n<|im_start|>user\nThanks"
    assert codes(said(text)) == [("TRAJ008", "/messages/1/content")]
    assert codes(said(text), query="What does <|im_start|>user mean?") == []


LABELS = [
    ("Done.\n\nUser: Thanks!\nAssistant: Welcome.", True),
    ("Done.\n\nHuman: And now?", True),
    ("Done.\nUser: anna\nHost: x", False),
    ("User: anna", False),
]


@pytest.mark.parametrize(("text", "speaks"), LABELS)
def test_a_reply_that_goes_on_as_the_user_is_a_warning(text, speaks):
    assert codes(said(text)) == ([("TRAJ009", "/messages/1/content")] if speaks else [])
    assert codes(said(text), query="Write a dialogue.") == []


CUT = [
    ('{"a": [1, 2', True),
    ('[{"a": "x", "b": {}}, {"a"', True),
    ('{"a": 1}', False),
    ("{'a': 1", False),
    ("[INFO] started {", False),
    ("", False),
]


@pytest.mark.parametrize(("text", "is_cut"), CUT)
def test_an_observation_that_breaks_off_is_a_warning(text, is_cut):
    found = codes(calls("a", results=(text,)), said("ok"))
    assert found == ([("TRAJ010", "/messages/2")] if is_cut else [])


HOSTILE = [
    "\nUser:" * 20_000,
    "\\(" * 50_000,
    "```" * 30_000,
    "1 2 33 444 5,555 " * 8_000,
    "error " + "x" * 200_000,
    "{" * 100_000,
    "help" * 50_000,
]


@pytest.mark.parametrize("text", HOSTILE, ids=[text[:6].strip() for text in HOSTILE])
def test_hostile_texts_take_no_time(text):
    step = calls("a", results=(text + '"error"',))
    started = time.process_time()
    verify(record(step, said(text)), select=["TRAJ"])
    assert time.process_time() - started < 1.0


def test_a_record_of_thousands_of_steps_takes_no_time():
    steps = [calls(str(i), at=str(i % 7), results=(str(i),)) for i in range(3000)]
    started = time.process_time()
    verify(record(*steps, said("ok 12345")), select=["TRAJ"])
    assert time.process_time() - started < 2.0
