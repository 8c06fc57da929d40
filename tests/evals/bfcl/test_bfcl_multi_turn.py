"""Stored multi-turn and agentic outputs: decoded, replayed, and judged with the official types."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from actloom.core.jsonvalue import Json
from actloom.envs.bfcl.classes import ClassSet, official_classes
from actloom.envs.bfcl.environment import FORCE_TERMINATED, MultiTurnEnvironment
from actloom.envs.bfcl.live import LiveWorld
from actloom.envs.bfcl.room import FAILED, Room
from actloom.envs.bfcl.trial import Trial
from actloom.evals.bfcl.data.questions import QuestionSet, questions
from actloom.evals.bfcl.decoders import decoder
from actloom.evals.bfcl.decoding import Decoded
from actloom.evals.bfcl.question import Language, Question
from actloom.evals.bfcl.turns.agentic import agentic_verdict, normalised, prerequisites
from actloom.evals.bfcl.turns.multi_turn import (
    case_of,
    gold_calls,
    is_no_call,
    multi_turn_verdicts,
    setup_of,
    trial_of,
)
from actloom.evals.bfcl.turns.turn_mutations import turn_mutations
from actloom.evals.bfcl.versions.profiles import profile_of
from actloom.io.pull.bfcl import bfcl_home
from envs.bfcl.simulated_worlds import CLASSES

EMPTY = "multi_turn:empty_turn_model_response"
DIFFERENCES = ("multi_turn:instance_state_mismatch", "multi_turn:execution_response_mismatch")
DECODERS = ("default@bfcl_v4", "default_fc@bfcl_v4", "salesforce@bfcl_v4", "auto", "hermes")
MUTATIONS_THAT_AGREE = {"drop": 3, "value": 243, "function": 29}
"""Of 13,471 mutations; `python benchmarks/bfcl_multi_turn.py --list` names them."""


class Lines:
    """A decoder of our own: a text of calls, one a line; whatever else as the test says."""

    name = "lines"

    def calls(self, result: Json, language: Language) -> Decoded:
        raise NotImplementedError

    def call_texts(self, result: Json) -> Decoded:
        if isinstance(result, dict):
            return Decoded(result["value"])
        if not isinstance(result, str) or "(" not in result:
            return Decoded(error="no call")
        return Decoded(result.split("\n"))


def question(name: str = "multi_turn_base_0", truth: Json = None, **raw: Json) -> Question:
    whole = {
        "id": name,
        "involved_classes": ["Counter"],
        "initial_config": {"Counter": {"count": 0}},
        **raw,
    }
    gold: Json = [["add(1)", "add(2)"], [], ["read()"]] if truth is None else truth
    return Question(name, "multi_turn_base", [], [], truth=gold, raw=whole)


def verdict_of(result: Json, asked: Question | None = None, classes: ClassSet = CLASSES):
    asked = asked or question()
    found = list(multi_turn_verdicts([asked], {asked.id: result}, Lines(), classes=classes))
    assert [name for name, _ in found] == [asked.id]
    return found[0][1]


@pytest.mark.parametrize(
    ("result", "code"),
    [
        ([["add(1)", "add(2)", "fine"], ["ok"], ["read()", ""]], ""),
        ([["add(1)\nadd(2)"], [], ["read()"]], ""),
        ([["add(3)"], [], ["read()"]], "multi_turn:execution_response_mismatch"),
        ([["add(1)\nadd(2)"], [], ["I read it"]], EMPTY),
        ([["add(1)\nadd(2)"], ["add(1)"], ["read()"]], "multi_turn:instance_state_mismatch"),
        ([["add(1)\nadd(2)"], ["hide()"], ["read()"]], ""),
        ([["add(1)\nadd(2)"], ["read()"]], "multi_turn:force_terminated"),
        ("add(1)", "multi_turn:inference_error"),
        (None, "multi_turn:inference_error"),
        ({"0": []}, "multi_turn:inference_error"),
        (
            [[{"value": []}, {"value": [""]}, {"value": [5]}], [], []],
            EMPTY,
        ),
        ([[{"value": ["add(1)", "add(2)"]}], [], [{"value": ["read()"]}]], ""),
        ([[{"value": ["add(1)", 5]}], [], []], FAILED),
        ([["add(1)\nadd(2)"], None, []], FAILED),
        ([["add(1)\nadd(2)"], "text", ["read()"]], ""),
    ],
)
def test_a_stored_result_gets_the_official_type(result: Json, code: str) -> None:
    verdict = verdict_of(result)
    assert (verdict.code, verdict.valid) == (code, not code)


def test_a_bad_record_is_an_error_entry_and_the_others_are_judged() -> None:
    good: Json = [["add(1)\nadd(2)"], [], ["read()"]]
    asked = [
        question("multi_turn_base_0"),
        question("multi_turn_base_1", truth="none"),
        question("multi_turn_base_2", initial_config="none"),
        question("multi_turn_base_3", involved_classes=["Nobody"]),
        question("multi_turn_base_4"),
        question("multi_turn_base_5"),
    ]
    results = {q.id: good for q in asked if q.id != "multi_turn_base_4"}
    found = dict(multi_turn_verdicts(asked, results, Lines(), workers=2, classes=CLASSES))
    assert [verdict.code for verdict in found.values()] == ["", FAILED, FAILED, FAILED, ""]
    assert list(found) == [q.id for q in asked if q.id in results]


def test_the_message_says_turn_expected_and_got() -> None:
    verdict = verdict_of([["add(1)\nadd(1)"], [], []])
    assert verdict.message == "turn 0: other state: Counter.count; Counter.count is 2, expected 3"


def test_a_long_context_question_is_known_by_its_id() -> None:
    assert setup_of(question("multi_turn_long_context_7").raw).long_context
    assert not setup_of(question("multi_turn_base_7").raw).long_context


def test_a_memory_question_begins_with_what_was_left() -> None:
    raw = {"id": "memory_kv_0-shop-0", "scenario": "shop", "involved_classes": ["MemoryAPI_kv"]}
    memory = setup_of(raw, snapshot={"a": 1}).memory
    assert memory is not None
    assert (memory.scenario, memory.test_id, memory.snapshot) == ("shop", raw["id"], {"a": 1})


@given(st.recursive(st.none() | st.integers() | st.text(max_size=2), st.lists, max_leaves=4))
def test_a_step_counts_as_empty_as_in_the_official_test(value) -> None:
    def official(decoded) -> bool:
        try:
            return len(decoded) == 0 or (len(decoded) == 1 and len(decoded[0]) == 0)
        except (TypeError, KeyError):
            return True  # raised inside the runner's try: the step does not decode

    assert is_no_call(value) == official(value)


RESULTS = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.sampled_from(["add(1)", "x(", "[read()]", "", "5"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("ab"), inner),
    max_leaves=8,
)


@pytest.fixture(scope="module")
def own_room() -> Iterator[Room]:
    with Room(CLASSES) as opened:
        yield opened


@given(result=RESULTS | st.lists(RESULTS, min_size=3, max_size=3), name=st.sampled_from(DECODERS))
@settings(max_examples=100, deadline=None)
def test_no_result_of_any_shape_is_more_than_a_verdict(own_room: Room, result, name) -> None:
    asked = question()
    trial = trial_of(asked, result, decoder(name))
    if isinstance(trial, Trial):
        (found,) = own_room.judged([trial])
        assert found.code in ("", FAILED, EMPTY, *DIFFERENCES)
    else:
        assert trial.code in (FAILED, FORCE_TERMINATED, "multi_turn:inference_error")
    verdict = agentic_verdict(msgspec.structs.replace(asked, truth=["a"]), result, decoder(name))
    assert verdict.valid or verdict.code.startswith("agentic:")


# Agentic: memory and web search.


def agentic(result: Json, *accepted: str):
    asked = Question("memory_kv_0-shop-0", "memory_kv", [], [], truth=list(accepted))
    return agentic_verdict(asked, result, Lines())


@pytest.mark.parametrize(
    ("result", "code"),
    [
        ([["It is Ada."]], ""),
        ([["Ada", "put(1)"]], ""),
        ([["Ada", "It is Bob."]], "agentic:answer_not_found"),
        ([["put(1)", "It is A.d-a!"]], ""),
        ([["It is Adah."]], "agentic:answer_not_found"),
        ([[["Ada"]]], ""),
        ([[{"value": ["x(1)", "y(1)"]}]], "agentic:no_last_message"),
        ([["put(1)"]], "agentic:no_last_message"),
        ([[""]], "agentic:no_last_message"),
        ([[]], "agentic:no_last_message"),
        ([["Ada"], ["Ada"]], "agentic:inference_error"),
        ("Ada", "agentic:inference_error"),
        ([None], "agentic:inference_error"),
    ],
)
def test_an_agentic_result_gets_the_official_type(result: Json, code: str) -> None:
    verdict = agentic(result, "Ada")
    assert (verdict.code, verdict.valid) == (code, not code)


def test_any_accepted_answer_will_do_and_without_one_none_does() -> None:
    assert agentic([["Zhang-Yiming"]], "Bob", "zhangyiming").valid
    assert not agentic([["anything"]]).valid


WORDS = st.text("aB.,'- 1", min_size=1, max_size=6)


@given(WORDS, WORDS)
def test_answers_are_found_as_the_official_expression_finds_them(answer: str, text: str) -> None:
    def standard(words: str) -> str:
        return re.sub(r"[\,\.\/\-\_\*\^\(\)]", "", words).lower().replace("'", '"')

    official = re.search(rf"\b{re.escape(standard(answer))}\b", standard(text)) is not None
    assert agentic([[text]], answer).valid == official
    assert normalised(normalised(text)) == normalised(text)


# The wheel's own questions and classes.


@pytest.fixture(scope="module")
def official() -> Path:
    home = bfcl_home()
    if home is None:
        pytest.skip("BFCL's classes are not in the cache; get them: actloom pull bfcl")
    return home


@pytest.fixture(scope="module")
def asked(official: Path) -> QuestionSet:
    return questions(str(official), profile_of("v4"))


def multi_turn(asked: QuestionSet) -> list[Question]:
    return [q for name in asked if name.startswith("multi_turn") for q in asked[name]]


@pytest.mark.slow
def test_the_gold_calls_of_all_cases_pass(asked: QuestionSet) -> None:
    found = multi_turn(asked)
    results: dict[str, Json] = {q.id: q.truth for q in found}

    class Gold(Lines):
        def call_texts(self, result: Json) -> Decoded:
            return Decoded([result])

    verdicts = dict(multi_turn_verdicts(found, results, Gold(), workers=2))
    assert {name: v.message for name, v in verdicts.items() if not v.valid} == {}
    assert len(verdicts) == 800


@pytest.fixture(scope="module")
def room(official: Path) -> Iterator[Room]:
    with Room(official_classes(official), workers=2) as opened:
        yield opened


def test_a_world_played_again_says_the_same(asked: QuestionSet, room: Room) -> None:
    for found in multi_turn(asked)[::25]:
        setup, steps = setup_of(found.raw), gold_calls(found)
        assert steps is not None
        world = LiveWorld(setup, room)
        told = [text for step in steps for text in world.outputs(step)]
        at_once = room.played(setup, [[call for step in steps for call in step]])
        assert (at_once.outputs, at_once.state) == (told, world.state())


def test_held_back_functions_come_at_their_turn(asked: QuestionSet, room: Room) -> None:
    for found in asked["multi_turn_miss_func"]:
        world = MultiTurnEnvironment(case_of(found), room)
        (turn, held) = next(iter(found.raw["missed_function"].items()))
        world.restore(msgspec.json.encode((found.id, [[]] * int(turn), False, "")))
        before = [tool.name for tool in world.tools()]
        world.restore(msgspec.json.encode((found.id, [[]] * (int(turn) + 1), False, "")))
        after = [tool.name for tool in world.tools()]
        assert after == [*before, *(document["name"] for document in held)]
        assert not world.case.turns[int(turn)]


def test_memories_are_filled_before_they_are_asked(asked: QuestionSet, room: Room) -> None:
    keeping = {
        "memory_kv": "archival_memory_add(key='{}', value='x')",
        "memory_rec_sum": "memory_append('{}')",
    }
    for name, add in keeping.items():
        chains = prerequisites(asked[name], str(Path(asked.folder) / "bfcl_eval" / "data"))
        scenarios = {q.raw["scenario"] for q in asked[name]}
        assert set(chains) == scenarios
        for chain in chains.values():
            assert all(q.id.startswith(f"{name}_prereq_") and q.turns for q in chain)
            snapshot = None
            for filling in chain[:2]:
                world = LiveWorld(setup_of(filling.raw, snapshot=snapshot), room)
                key = re.sub(r"\W", "_", filling.id.lower())
                assert "error" not in world.outputs([add.format(key)])[0]
                snapshot = world.saved_memory()
            assert all(re.sub(r"\W", "_", q.id.lower()) in str(snapshot) for q in chain[:2])


@pytest.mark.slow
def test_gold_calls_wrong_in_one_place_fail_unless_worlds_truly_agree(
    asked: QuestionSet, room: Room
) -> None:
    trials, kinds = [], []
    for found in multi_turn(asked):
        case = case_of(found)
        for mutation in turn_mutations(case.gold, [str(f["name"]) for f in found.functions]):
            trials.append(Trial(case.setup, mutation.model, case.gold))
            kinds.append(mutation.kind)
    judged = list(room.judged(trials))
    passing = [i for i, found in enumerate(judged) if not found.code]
    assert Counter(kinds[i] for i in passing) == MUTATIONS_THAT_AGREE
    assert all(agree(room, trials[i]) for i in passing)


def agree(room: Room, trial: Trial) -> bool:
    """Plays both worlds apart and compares what can be seen of them after each turn."""
    model, gold = LiveWorld(trial.setup, room), LiveWorld(trial.setup, room)
    so_far: Counter[str] = Counter()
    for steps, calls in zip(trial.model, trial.gold, strict=True):
        for step in steps:
            so_far.update(model.outputs(step))
        wanted = Counter(gold.outputs(calls)) if calls else Counter()
        if calls and (model.state() != gold.state() or wanted - so_far):
            return False
    return True


def test_gold_calls_come_turn_by_turn(asked: QuestionSet) -> None:
    counts: Sequence[int] = [sum(map(len, gold_calls(q) or [])) for q in multi_turn(asked)]
    assert sum(counts) == 4625
