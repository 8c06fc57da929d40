"""Near duplicates: what is one, and that finding them depends on the records alone."""

from __future__ import annotations

import random
from array import array
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from actloom.core.record import Call, Reply, Step, Trajectory
from actloom.match.minhash import BANDS, SKETCH_BYTES, sketch
from actloom.match.near import CROWD, Near, NearIndex, features_of, likeness
from actloom.match.shingles import content_words, jaccard, shingles, words
from actloom.run.lint import source_stage


def record(query: str, *calls: Call) -> Trajectory:
    return Trajectory(
        id=query, source="s", query=query, steps=[Step(Reply(tool_calls=list(calls)))]
    )


def flight(**arguments: object) -> Call:
    return Call("find_flight", dict(arguments))


FLIGHT = record(
    "Find me a cheap flight from Oslo to Lisbon for 2 adults on 5 May.",
    flight(origin="Oslo", target="Lisbon", adults=2),
)


def is_near(other: Trajectory) -> bool:
    return likeness(features_of(FLIGHT), features_of(other)) is not None


def test_other_numbers_case_order_of_arguments_and_words_around_make_no_other_record() -> None:
    assert is_near(
        record(
            "could you find me a CHEAP flight from oslo to lisbon, for three adults on 9 May?",
            flight(adults=3, target="lisbon", origin="OSLO"),
        )
    )


def test_the_same_calls_for_another_wording_are_near() -> None:
    other = "I'd love to travel from Oslo to Lisbon on the 6th of May, 2 adults. What is cheap?"
    assert is_near(record(other, *FLIGHT.steps[0].reply.tool_calls))


def test_another_place_makes_another_record() -> None:
    assert not is_near(
        record(
            "Find me a cheap flight from Athens to Vienna for 2 adults on 5 May.",
            flight(origin="Athens", target="Vienna", adults=2),
        )
    )


def test_the_same_calls_without_text_for_another_question_are_not_near() -> None:
    one = record(
        "How many apples have I with 3 from Ann and 4 from Ben?", Call("add", {"a": 3, "b": 4})
    )
    two = record(
        "Total price of a hat and a scarf at 7 and 9 euros?", Call("add", {"a": 7, "b": 9})
    )
    assert likeness(features_of(one), features_of(two)) is None


def test_short_turns_that_say_nothing_are_like_no_other() -> None:
    with NearIndex() as index:
        for text in ("Hello", "hello!", "", ""):
            index.add(features_of(record(text)))
        assert list(index.near()) == []


def all_near(records: list[Trajectory]) -> list[Near]:
    with NearIndex() as index:
        for each in records:
            index.add(features_of(each), label=len(each.id) % 2)
        return list(index.near())


def linked(records: list[Trajectory]) -> set[str]:
    """Returns the ids of records in company."""
    return {records[n.at].id for n in all_near(records)} | {
        records[n.earlier].id for n in all_near(records) if n.earlier is not None
    }


def test_real_questions_have_the_same_company_in_any_order(shared_data: Path) -> None:
    source = source_stage([str(shared_data / "formats" / "seal_tools" / "dev.jsonl")])
    found = [r for shard in source.plan() for r in source.produce(shard)]
    records = [r for r in found if isinstance(r, Trajectory)]
    copies = [record(f"Please: {r.query}".upper()) for r in records[:40]]
    mixed = records + copies
    shuffled = random.Random(1).sample(mixed, len(mixed))
    assert linked(mixed) == linked(shuffled) >= {copy.id for copy in copies}


def test_records_of_another_label_are_named_whether_they_come_earlier_or_later() -> None:
    with NearIndex() as index:
        for label in (0, 0, 1):
            index.add(features_of(FLIGHT), label=label)
        found = list(index.near())
    assert [(n.at, n.earlier, n.across) for n in found] == [(0, None, 2), (1, 0, 2), (2, 0, 0)]


@pytest.mark.slow
def test_a_crowd_in_one_bucket_costs_no_square_of_its_size() -> None:
    words_of = random.Random(3).sample(range(10**6), 400)
    names = ["".join(chr(97 + int(digit)) for digit in str(n)) for n in words_of]
    with NearIndex() as index:
        for name in names:
            index.add(
                features_of(record(f"{name} at {name}x {name}y", Call("now", {"zone": "utc"})))
            )
        pairs = sum(1 for _ in index._candidates(array("Q", range(len(names)))))
        assert pairs <= BANDS * CROWD * len(names) * 1.01
        assert list(index.near()) == []


@settings(max_examples=50, deadline=None)
@given(st.text(max_size=200))
def test_any_text_is_like_itself(text: str) -> None:
    pieces = shingles(content_words(words(text)))
    assert len(sketch(pieces)) == SKETCH_BYTES
    assert jaccard(frozenset(map(hash, pieces)), frozenset(map(hash, pieces))) in (0.0, 1.0)


def test_sketches_share_a_band_as_often_as_the_theory_says() -> None:
    rng = random.Random(7)
    shared = 0
    for _ in range(300):
        pool = [str(rng.random()) for _ in range(50)]
        one, other = sketch(pool[:40]), sketch(pool[10:])  # 30 of 50 in common
        shared += any(one[b * 8 : b * 8 + 8] == other[b * 8 : b * 8 + 8] for b in range(BANDS))
    assert 0.83 <= shared / 300 <= 0.94  # 0.891 expected at 0.6; three standard errors
