"""What a query names and no call uses."""

from __future__ import annotations

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from actloom.core.record import Call, Reply, Step, Trajectory
from actloom.core.schema import normalise_tool
from actloom.verify.requests import names_named, numbers_named, quotes_named
from actloom.verify.rules import verify


def tool(name: str, **properties: str):
    given = {key: {"type": kind} for key, kind in properties.items()}
    schema = {"type": "object", "properties": given, "required": list(given)[:1]}
    return normalise_tool({"name": name, "description": "", "parameters": schema})


TIDE = tool("tide_height", harbour="string", hour="integer")
RENT = tool("rent_boat", boat="string", days="integer")
TOOLS = [TIDE, RENT]


def codes(query: str, *calls: tuple[str, dict], tools=TOOLS, **fields) -> list[str]:
    made = [Call(name, arguments) for name, arguments in calls]
    step = Step(reply=Reply(tool_calls=made), **fields)
    record = Trajectory(id="c", source="c", tools=tools, query=query, steps=[step])
    return [finding.code for finding in verify(record, select=["COVER"])]


def tide(harbour: str, hour: int) -> tuple[str, dict]:
    return "tide_height", {"harbour": harbour, "hour": hour}


@pytest.mark.parametrize(
    ("query", "calls", "expected"),
    [
        (
            "Tide in Dover at 7 hours and in Calais at 9 hours?",
            [tide("Dover", 7)],
            ["COVER001"],
        ),
        (
            "Tide in 'Dover' at 7, and rent the boat 'Gull'",
            [tide("Dover", 7)],
            ["COVER004", "COVER002"],
        ),
        ("tide in dover and calais, now", [("tide_height", {"harbour": "dover"})], ["COVER003"]),
        ("I have 45 euros. Tide in Dover at 7?", [tide("Dover", 7)], ["COVER006"]),
    ],
)
def test_what_no_call_uses_is_found(query, calls, expected):
    assert codes(query, *calls) == expected


@pytest.mark.parametrize(
    ("query", "calls"),
    [
        ("Tide in Dover at 7 and in Calais at 9?", [tide("Dover", 7), tide("Calais", 9)]),
        ("Tide in Dover at 7 pm?", [tide("Dover", 19)]),
        ("Tide in Dover after more than 5 hours?", [tide("Dover", 6)]),
        ("1. Tide in Dover at 7.\n2. Thank you.", [tide("Dover", 7)]),
        ("A boat 'Gull' for 3 weeks", [("rent_boat", {"boat": "Gull", "days": 21})]),
        ("A boat Gull, 5% off, for 8 days", [("rent_boat", {"boat": "Gull 0.05", "days": 8})]),
    ],
)
def test_what_calls_use_in_another_notation_is_no_finding(query, calls):
    assert codes(query, *calls) == []


def test_a_talk_of_several_turns_is_not_looked_at():
    query = "Tide in Dover at 7 hours and in Calais at 9 hours?"
    assert codes(query, tide("Dover", 7), user_input="Dover only, please") == []


def test_a_record_without_calls_or_tools_is_not_looked_at():
    assert codes("Tide in Dover at 7 and 9?") == []
    assert codes("Tide in Dover at 7 and 9?", tide("Dover", 7), tools=[]) == []


def test_numbers_names_and_quotes_stand_where_they_are_said_to():
    query = "In Dover, 'the Gull' costs $1,200 for 3 days (5 m^2), says Ada Lovelace."
    for one in (*numbers_named(query), *names_named(query), *quotes_named(query)):
        assert query[one.start : one.end].strip("'\"$") in one.text or one.text in query
    assert [one.value for one in numbers_named(query)] == [1200.0, 3.0, 5.0]
    assert [one.words for one in names_named(query)][-1] == ("ada", "lovelace")
    assert [one.text for one in quotes_named(query)] == ["'the Gull'"]


@settings(max_examples=60)
@given(st.lists(st.integers(min_value=50, max_value=1800), min_size=2, max_size=5, unique=True))
def test_an_item_without_its_call_is_found_and_all_calls_are_silent(days):
    query = "A boat Gull for " + " and ".join(f"{n} days" for n in days)
    calls = [("rent_boat", {"boat": "Gull", "days": n}) for n in days]
    assert codes(query, *calls, tools=[RENT]) == []
    assert "COVER001" in codes(query, *calls[:-1], tools=[RENT]) or _follows(days)


def _follows(days: list[int]) -> bool:
    """Whether the number left out may count as used, being made of the others."""
    *used, left = days
    return any(left % n == 0 or n % left == 0 for n in used)


@settings(max_examples=60, deadline=None)
@given(st.text(max_size=300), st.text(max_size=40))
def test_any_query_and_value_is_judged_without_a_crash(query, text):
    codes(query, ("rent_boat", {"boat": text, "days": 3}))


@pytest.mark.parametrize("part", ["A ", "'a' ", "1 ", "Aa of ", '"', "a,b and ", "12,345,"])
def test_a_hostile_query_costs_little(part):
    start = time.process_time()
    codes(part * 1200, ("rent_boat", {"boat": "x", "days": 3}))
    assert time.process_time() - start < 2
