"""Benchmark questions inside records."""

from __future__ import annotations

from actloom.core.record import Call, Reply, Step, Trajectory
from actloom.match.leaks import LeakIndex

QUESTION = "Calculate the area of a triangle with base 10 and height 5 in square metres"
LONG = (
    "Our summer camp in Ljubljana needs forty tents by the first week of July and I have no idea"
    " which of the three suppliers still delivers to schools on short notice"
)


def index() -> LeakIndex:
    made = LeakIndex()
    for name, text in {"area": QUESTION, "tents": LONG, "hi": "Who won in 1998?"}.items():
        made.add(Trajectory(id=name, source="pack", query=text))
    return made


def found(text: str) -> tuple[str, bool] | None:
    leak = index().leak([text])
    return None if leak is None else (leak.question, leak.verbatim)


def test_a_question_is_found_word_for_word_inside_a_longer_text() -> None:
    assert found(f"System: solve. {QUESTION.upper()}!! Thanks in advance.") == ("area", True)


def test_thirteen_words_of_a_long_question_are_enough() -> None:
    assert found("So: " + " ".join(LONG.split()[5:19]) + " - that is all.") == ("tents", True)


def test_twelve_words_of_it_are_not_word_for_word() -> None:
    leak = index().leak([" ".join(LONG.split()[5:17])])
    assert leak is None or not leak.verbatim


def test_other_numbers_and_a_word_or_two_are_an_edited_copy() -> None:
    text = "Please compute the area of a triangle with a base of 12 and height 7 in square metres."
    assert found(text) == ("area", False)


def test_a_short_question_counts_only_as_the_whole_turn() -> None:
    assert found("who won in 1998") == ("hi", True)
    assert found("Tell me the story of who won in 1998 and then book a table for us") is None


def test_another_question_on_the_same_topic_is_no_leak() -> None:
    assert found("What is the area of a circle with radius 10, in square feet?") is None


def test_no_pack_and_no_text_give_no_leak() -> None:
    assert LeakIndex().leak([QUESTION]) is None
    assert found("") is None


def test_calls_of_an_answer_are_known_whatever_their_order_and_numbers() -> None:
    call = Call("area", {"base": 1, "shape": "Triangle"})
    pack = LeakIndex()
    pack.add(Trajectory(id="a", source="p", query="q", steps=[Step(Reply(tool_calls=[call]))]))
    same = Call("area", {"shape": "triangle", "base": 9})
    asked = Trajectory(id="r", source="s", query="other", steps=[Step(Reply(tool_calls=[same]))])
    assert pack.same_calls(asked) == "a"
