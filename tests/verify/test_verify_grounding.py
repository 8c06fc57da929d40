"""Where values of calls come from, and which of them come from nowhere."""

from __future__ import annotations

import time

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from actloom.core.record import Call, Observation, Reply, Step, Trajectory
from actloom.core.schema import normalise_tool
from actloom.verify.origins import sources
from actloom.verify.rules import verify
from actloom.verify.said import CONSTANTS

BOOK = normalise_tool(
    {
        "name": "book",
        "description": "Books a room.",
        "parameters": {
            "type": "object",
            "properties": {
                "place": {"type": "string"},
                "guests": {"type": "integer"},
                "rate": {"type": "number"},
                "date": {"type": "string"},
                "board": {"type": "string", "enum": ["half", "full"]},
                "style": {"type": "string", "default": "plain"},
                "extras": {"type": "array", "items": {"type": "string"}},
                "quiet": {"type": "boolean"},
                "who": {"type": "object", "properties": {"first": {"type": "string"}}},
            },
            "required": ["place", "guests", "rate", "date"],
        },
    }
)


def record(query: str, *calls: dict, observations=(), **fields) -> Trajectory:
    """One call a step; observations follow the first."""
    steps = [Step(reply=Reply(tool_calls=[Call("book", given)])) for given in calls]
    if observations:
        seen = [Observation(content=text) for text in observations]
        steps[0] = Step(reply=steps[0].reply, observations=seen)
    return Trajectory(id="g", source="g", tools=[BOOK], query=query, steps=steps, **fields)


def codes(query: str, *calls: dict, **fields) -> list[str]:
    return [f.code for f in verify(record(query, *calls, **fields), select=["GROUND"])]


@pytest.mark.parametrize(
    ("query", "arguments"),
    [
        ("A room in Rome for three guests", {"place": "Rome", "guests": 3}),
        ("A room for twenty five guests", {"guests": 25}),
        ("A room for two hundred and ten guests", {"guests": 210}),
        ("Rooms for a dozen of us", {"guests": 12}),
        ("Lend it to me at 7%", {"rate": 0.07}),
        ("Lend it to me at a rate of 0.07", {"rate": 7}),
        ("Lend me 7 euros at 7%", {"rate": 7}),
        ("A stay of 2 hours, please", {"guests": 120}),
        ("From the 3rd of May 2026 on", {"date": "2026-05-03"}),
        ("On 03/05/2026, please", {"date": "2026-05-03"}),
        ("A table tomorrow, please", {"date": "2026-05-03"}),
        ("A table on May 3, 2026 at 8 pm", {"date": "2026-05-03T20:00:00"}),
        ("A room in Chicago, Illinois", {"place": "Chicago, IL"}),
        ("A room in New York City", {"place": "NYC"}),
        ("A room in Paris for me", {"place": "Paris, France"}),
        ("Pay the room in euros", {"place": "EUR"}),
        ("A room near the museums", {"place": "museum"}),
        ("A room near the Universty", {"place": "university"}),
        ("With 2 adults and 3 children", {"guests": 5}),
        ("Ask for Ada Lovelace there", {"who": {"first": "Ada"}}),
        ("A room with breakfast and a sauna", {"extras": ["breakfast", "sauna"]}),
        ("A room, and all meals", {"board": "full"}),
        ("A room as usual", {"style": "plain"}),
        ("A room as usual", {"quiet": True}),
        ("我想在上海订一个房间", {"place": "Shanghai"}),
    ],
)
def test_a_value_that_follows_from_what_was_said_is_no_finding(query, arguments):
    assert codes(query, arguments) == []


@pytest.mark.parametrize(
    ("query", "arguments", "expected"),
    [
        ("A room in Rome for three guests", {"guests": 4}, ["GROUND001"]),
        ("A room in Rome for 17 guests", {"guests": 18}, ["GROUND001"]),
        ("A room in Rome for 17 guests", {"place": "Oslo"}, ["GROUND002"]),
        ("On the 3rd of May 2026", {"date": "2026-05-04"}, ["GROUND002"]),
        ("My booking is AB-1234", {"place": "AB-1235"}, ["GROUND002"]),
        ("A room in Rome for me", {"style": "baroque"}, ["GROUND004"]),
        ("A room in Rome for me", {"place": "seaside"}, ["GROUND002"]),
        ("A room in Rome for me", {"place": "some place by the sea"}, ["GROUND003"]),
        ("A loan at 7%, please", {"rate": 7}, ["GROUND005"]),
        ("A room with a sauna, please", {"extras": ["sauna", "Jacuzzi"]}, ["GROUND002"]),
    ],
)
def test_a_value_from_nowhere_is_found(query, arguments, expected):
    assert codes(query, arguments) == expected


def test_a_finding_points_at_the_value_inside_its_argument():
    [finding] = verify(record("A room for me", {"who": {"first": "Ada"}}), select=["GROUND"])
    assert finding.path == "/messages/1/tool_calls/0/function/arguments/who/first"


def test_only_what_stood_before_a_call_is_a_source():
    seen = ['{"id": 90210, "name": "Hotel Adler"}']
    first, second = {"place": "Rome"}, {"place": "Hotel Adler", "guests": 90210}
    assert codes("A room in Rome", first, second, observations=seen) == []
    assert codes("A room in Rome", second, first, observations=seen) == ["GROUND002", "GROUND001"]


def test_each_value_has_its_source_recorded():
    arguments = {
        "place": "Rome",
        "guests": 90210,
        "rate": 0.07,
        "board": "full",
        "style": "plain",
        "quiet": True,
        "extras": ["Jacuzzi"],
    }
    seen = ["room 90210"]
    whole = record("Rome at 7 percent", {"place": "Rome"}, arguments, observations=seen)
    found = {origin.argument: origin.source for origin in sources(whole)}
    assert found == {
        "place": "query",
        "guests": "query",
        "rate": "derived:unit",
        "board": "enum",
        "style": "default",
        "quiet": "flag",
        "extras": "none",
    }


def test_a_query_of_one_word_is_no_text_to_look_in():
    assert codes("Go", {"place": "Oslo", "guests": 44}) == []


def test_system_text_is_a_source():
    assert codes("A room for me", {"place": "Oslo"}, task_instruction="You work for Oslo.") == []


NUMBERS = st.integers(min_value=200, max_value=10**9)


@settings(max_examples=60)
@given(NUMBERS, st.sampled_from(["Book for {} guests", "I have {}, no more", "Room {}?"]))
def test_a_number_of_the_query_is_never_from_nowhere(number, form):
    assert codes(form.format(number), {"guests": number}) == []
    assert codes(form.format(f"{number:,}"), {"guests": number}) == []


@settings(max_examples=60)
@given(NUMBERS)
def test_an_off_by_one_number_is_always_from_nowhere(number):
    assume(number + 1 not in CONSTANTS)
    assert codes(f"Book for {number} guests", {"guests": number + 1}) == ["GROUND001"]


@settings(max_examples=60, deadline=None)
@given(st.text(max_size=200), st.text(max_size=60), st.floats(allow_nan=False))
def test_any_text_and_value_is_judged_without_a_crash(query, text, number):
    codes(query, {"place": text, "rate": number, "extras": [text], "who": {"first": text}})


@pytest.mark.slow
def test_long_texts_with_many_numbers_are_judged_in_bounded_time():
    noise = " ".join(f"{n}.5 word{n} Name{n}" for n in range(20_000))
    arguments = {"extras": [f"Other{n} thing" for n in range(50)], "guests": 123456789}
    start = time.process_time()
    codes("A room, " + noise, arguments, observations=[noise])
    assert time.process_time() - start < 5
