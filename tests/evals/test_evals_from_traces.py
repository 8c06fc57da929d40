"""A model beside the production model: positions, tapes, rules, votes and what both took."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from actloom.core.environment import Action
from actloom.core.errors import EmptyDataError, InputError, OutputError
from actloom.core.messages import messages_of
from actloom.core.model import Completion, Prompt
from actloom.core.record import (
    Alternative,
    Call,
    Observation,
    Parent,
    Provenance,
    Reply,
    Step,
    Tool,
    Trajectory,
    Usage,
)
from actloom.dialects import dialect
from actloom.evals.config import EvalConfig
from actloom.evals.evaluate import evaluate
from actloom.evals.from_traces.checker import TracesChecker
from actloom.evals.from_traces.comparison import (
    Compared,
    Comparison,
    Vote,
    compare_with_production,
    compared_cases,
    winner_of,
)
from actloom.evals.from_traces.config import TracesConfig
from actloom.evals.from_traces.faults import call_faults
from actloom.evals.from_traces.gold import tape_gold_model
from actloom.evals.from_traces.judging import needs_judge, vote_in, votes_of
from actloom.evals.from_traces.positions import Position, positions_of
from actloom.evals.from_traces.risk import level_of
from actloom.evals.from_traces.sides import new_side, side_of
from actloom.evals.from_traces.tape import UNRECORDED, TapeWorld
from actloom.evals.gold import gold_model
from actloom.llm.scripted import ScriptedModel

SCHEMA = msgspec.Raw(
    b'{"type":"object","properties":{"id":{"type":"integer"},"why":{"type":"string"}},'
    b'"required":["id"]}'
)
TOOLS = [Tool("look", "Looks.", SCHEMA), Tool("refund", "Pays back.", SCHEMA)]


def call(name: str, number: int = 0, **arguments: Any) -> Call:
    return Call(name, arguments, id=f"c{number}")


def turn(*calls: Call, text: str = "", results: tuple[str, ...] = (), **fields: Any) -> Step:
    observations = [Observation(r, c.id) for r, c in zip(results, calls, strict=False)]
    return Step(Reply(text, tool_calls=list(calls)), observations, **fields)


def trace(name: str, *steps: Step, query: str = "", **fields: Any) -> Trajectory:
    given = {"tools": TOOLS, "query": query or f"Question {name}", "steps": list(steps)}
    return Trajectory(**{"id": f"s/{name}", "source": "s", **given, **fields})


ORDER = trace(
    "order",
    turn(call("look", 1, id=1), results=("open",), usage=Usage("big", 100, 10, 0.01, 2.0)),
    turn(call("refund", 2, id=1), results=("done",), usage=Usage("big", 120, 10, 0.012, 3.0)),
    turn(text="Refunded.", user_input="Thanks!", usage=Usage("big", 130, 5, 0.013, 1.0)),
    turn(text="You are welcome.", usage=Usage("big", 140, 5, None, None)),
)
READER = dialect("json_list")


def text_of_calls(*calls: Call) -> str:
    return json.dumps([{"name": c.name, "arguments": c.arguments} for c in calls])


def run(
    records: list[Trajectory],
    out: Path,
    answers: Any = None,
    *,
    votes: dict[str, list[Vote]] | None = None,
    **config: Any,
) -> Comparison:
    chosen = TracesConfig(**config)
    positions = positions_of(records, chosen)
    cases = positions.case_set()
    if answers is None:
        model = (
            tape_gold_model(positions, READER) if chosen.go_on else gold_model(cases.cases, READER)
        )
    else:
        model = answers if isinstance(answers, ScriptedModel) else ScriptedModel(answers)
    checker = TracesChecker(positions, go_on=chosen.go_on)
    result = evaluate(model, cases, READER, out, config=EvalConfig(split="all"), checker=checker)
    compared = compared_cases(positions, out, votes=votes)
    usages = [usage for item in positions.items for usage in item.usages]
    sides = side_of(usages), new_side(out, model.name)
    return compare_with_production(positions, compared, result, sides=sides)


def by_case(found: Comparison) -> dict[str, Compared]:
    return {case.id: case for case in [*found.look_at, *found.better]}


def answer_by_step(*answers: str):
    """Answers by how many assistants' messages stand before."""

    def script(prompt: Prompt) -> str:
        return answers[sum(m.role == "assistant" for m in prompt.messages)]

    return script


def test_each_action_is_asked_with_what_was_known_before_it() -> None:
    items = positions_of([ORDER], TracesConfig()).items
    assert [item.case.id for item in items] == [f"s/order#step:{n}" for n in range(4)]
    shown = [messages_of(item.case.record)[0] for item in items]
    assert [m.role for m in shown[0]] == ["user"]
    assert [m.role for m in shown[2]] == ["user", "assistant", "tool", "assistant", "tool"]
    assert shown[2][-1].content == "done"
    whole = messages_of(ORDER)[0]
    for messages in shown:
        assert messages == whole[: len(messages)]
    assert [len(item.case.expected) for item in items] == [1, 1, 0, 0]


def test_gold_agrees_everywhere_and_silence_only_where_production_was_silent(tmp_path) -> None:
    gold = run([ORDER], tmp_path / "g")
    assert (gold.agreement.mean, gold.outcomes["agrees"], gold.look_at) == (1, 4, [])
    silent = run([ORDER], tmp_path / "s", lambda _: "")
    assert (silent.agreement.mean, silent.call_agreement.mean) == (0.5, 0)
    assert silent.silent_agreement.mean == 1
    assert {case.difference for case in silent.look_at} == {"silent"}


def test_an_accepted_alternative_is_right_and_a_rejected_one_is_not(tmp_path: Path) -> None:
    other = Alternative(Reply(tool_calls=[call("look", id=2)]), "accepted")
    wrong = Alternative(Reply(tool_calls=[call("look", id=3)]), "rejected")
    record = trace("a", turn(call("look", id=1), alternatives=[other, wrong]))
    for number, outcome in ((1, "agrees"), (2, "accepted"), (3, "differs")):
        text = text_of_calls(call("look", id=number))
        found = run([record], tmp_path / str(number), lambda _, t=text: t)
        assert found.outcomes[outcome] == 1


def test_equal_prompts_are_one_case_in_which_every_action_taken_is_right(tmp_path: Path) -> None:
    records = [
        trace("a", turn(call("look", id=1)), query="Same?"),
        trace("b", turn(call("look", id=2)), query="Same?"),
        trace("c", turn(call("look", 7, id=1)), query="Same?"),  # another call id
    ]
    (item,) = positions_of(records, TracesConfig()).items
    assert [calls[0].arguments for calls in item.accepted] == [{"id": 2}]
    found = run(records, tmp_path, lambda _: text_of_calls(call("look", id=2)))
    assert (found.cases, found.positions, found.agreement.mean) == (1, 3, 1)


FAULTY = {
    "schema": trace("schema", turn(call("look", id="x"))),
    "undefined": trace("undefined", turn(call("lok", id=1))),
    "error": trace(
        "error", Step(Reply(tool_calls=[call("look", id=9)]), [Observation("E", is_error=True)])
    ),
    "repeats": trace("repeats", turn(call("look", id=1), results=("a",)), turn(call("look", id=1))),
}


@pytest.mark.parametrize("kind", FAULTY)
def test_production_calls_at_fault_by_rule_make_a_faultless_call_better(kind, tmp_path) -> None:
    record = FAULTY[kind]
    right = text_of_calls(call("refund", id=1))
    found = run([record], tmp_path / "a", lambda _: right)
    last = by_case(found)[f"{record.id}#step:{len(record.steps) - 1}"]
    assert last.outcome == "better"
    assert [fault.kind for fault in last.production_faults] == [kind]
    silent = run([record], tmp_path / "b", lambda _: "")
    assert silent.outcomes["better"] == 0
    wrong = run([record], tmp_path / "c", lambda _: text_of_calls(call("nothing")))
    assert by_case(wrong)[last.id].outcome == "both_faulty"


def test_a_call_the_schema_refuses_is_worse_and_so_is_an_answer_nobody_can_read(tmp_path) -> None:
    record = trace("a", turn(call("look", id=1)))
    for at, text in enumerate([text_of_calls(call("look", id="1")), '[{"name": "look"']):
        found = run([record], tmp_path / str(at), lambda _, t=text: t)
        assert found.outcomes["worse"] == 1
        assert found.look_at[0].model_faults


def test_schemas_inferred_from_the_calls_refuse_nobody(tmp_path: Path) -> None:
    inferred = Tool("look", "", msgspec.Raw(b'{"type":"object","properties":{},"x-inferred":3}'))
    assert call_faults([call("look", id=1)], [inferred], ORDER) == []
    mixed = trace("a", turn(call("look", id=1)), tools=[TOOLS[1], inferred])
    found = run([mixed], tmp_path, lambda _: text_of_calls(call("refund", id=1)))
    assert found.outcomes["better"] == 1  # where tools were logged, a tool not among them is none
    assert found.production_faults == {"undefined": 1}


def test_a_repetition_counts_within_one_turn_of_the_user_only() -> None:
    after = trace("a", turn(call("look", id=1), text="", user_input="Again, please."))
    assert call_faults([call("look", id=1.0)], TOOLS, after) == []
    within = trace("a", turn(call("look", id=1), results=("x",)))
    assert [f.kind for f in call_faults([call("look", id=1.0)], TOOLS, within)] == ["repeats"]
    twice = call_faults([call("look", id=2), call("look", id=2)], TOOLS, within)
    assert [f.kind for f in twice] == ["repeats"]


def test_arguments_that_differ_are_named_and_counted_by_tool(tmp_path: Path) -> None:
    records = [trace(str(n), turn(call("refund", id=n, why="late"))) for n in range(4)]
    found = run(records, tmp_path, lambda _: text_of_calls(call("refund", id=0, why="broken")))
    (row,) = found.tools
    assert (row.tool, row.cases, row.agree, row.same_tool, row.level) == (
        "refund",
        4,
        0,
        4,
        "lasting",
    )
    assert row.arguments == {"why": 4, "id": 3}
    assert found.look_at[1].arguments == ["refund.id", "refund.why"]


def test_cases_are_ranked_by_harm_then_by_how_often_the_tool_is_called(tmp_path: Path) -> None:
    tools = [Tool(name, "", SCHEMA) for name in ("look", "find", "refund")]
    records = [trace(f"l{n}", turn(call("look", id=n)), tools=tools) for n in range(3)]
    records += [trace("f", turn(call("find", id=1)), tools=tools)]
    records += [trace("r", turn(call("refund", id=1)), tools=tools)]
    found = run(records, tmp_path, lambda _: text_of_calls(call("find", id=99)))
    assert [case.id[2] for case in found.look_at] == ["r", "l", "l", "l", "f"]
    assert found.tools[0].instead == {"find": 3}


def test_a_few_cases_of_each_kind_are_listed_with_the_number_of_their_kind(tmp_path) -> None:
    records = [trace(f"l{n}", turn(call("look", id=n))) for n in range(20)]
    records += [trace("r", turn(call("refund", id=1)))]
    found = run(records, tmp_path, lambda _: "")
    listed = [(case.expected[0].name, case.alike) for case in found.look_at]
    assert listed == [("refund", 1)] + [("look", 20)] * 5
    assert found.lasting == 1


@pytest.mark.parametrize(
    ("name", "level"),
    [
        ("get_order", 0),
        ("listOrders", 0),
        ("update_order", 1),
        ("createUser", 1),
        ("deleteUser", 2),
        ("orders.cancel", 2),
        ("sendEmail", 2),
        ("mcp__bank__transfer_money", 2),
        ("reset", 2),
        ("get_payments", 0),
        ("get_refund_status", 0),
        ("find_and_delete", 2),
        ("xyz", 0),
    ],
)
def test_names_tell_what_a_call_may_do(name: str, level: int) -> None:
    assert level_of(name) == level


def test_what_a_tool_says_of_itself_counts_more_than_its_name() -> None:
    def hinted(**hints: bool) -> Tool:
        return Tool("delete_all", "", SCHEMA, json.dumps({"annotations": hints}))

    assert level_of("delete_all", hinted(readOnlyHint=True)) == 0
    assert level_of("get", hinted(destructiveHint=True)) == 2
    assert level_of("delete_all", Tool("delete_all", "", SCHEMA, '{"annotations": 3}')) == 2


def test_held_out_groups_hold_whole_sessions_customers_or_conversations() -> None:
    records = [
        trace(
            str(n),
            turn(call("look", id=n)),
            extra={"session_id": f"x{n % 20}", "user_id": f"u{n % 4}"},
        )
        for n in range(100)
    ]
    branch = trace("branch", turn(call("look", id=1000)), parent=Parent("s/0"), extra={})
    for by, groups in (("session", 20), ("customer", 4), ("conversation", 100)):
        every = positions_of([*records, branch], TracesConfig(by=by))
        assert len(every.held_out()) == groups
        assert "s/branch" in next(ids for ids in every.held_out().values() if "s/0" in ids)
        part = positions_of(records, TracesConfig(by=by, test_share=0.5))
        rest = {r.id for r in records} - {i for ids in part.held_out().values() for i in ids}
        mine = {
            r.extra["session_id" if by == "session" else "user_id"]
            for r in records
            if r.id not in rest
        }
        others = {
            r.extra["session_id" if by == "session" else "user_id"] for r in records if r.id in rest
        }
        if by != "conversation":
            assert not mine & others
        assert part.skipped["not held out"] == len(rest)


@pytest.mark.parametrize(
    ("extra", "kept"),
    [
        ({"timestamp": "2026-03-01T00:00:00Z"}, True),
        ({"timestamp": "2026-01-01"}, False),
        ({"metadata": {"created_at": 1_772_323_200}}, True),
        ({"start_time": 1_772_323_200_000}, True),
        ({"timestamp": "yesterday"}, None),
        ({}, None),
    ],
)
def test_since_keeps_later_conversations_and_counts_those_that_tell_no_time(extra, kept) -> None:
    known = trace("k", turn(call("look", id=1)), extra={"timestamp": "2026-12-01"})
    asked = trace("a", turn(call("look", id=2)), extra=extra)
    found = positions_of([known, asked], TracesConfig(since="2026-02-01"))
    assert len(found.items) == (2 if kept else 1)
    if kept is None:
        assert found.skipped == {"tells no time": 1}
    with pytest.raises(InputError, match="no time"):
        positions_of([asked], TracesConfig(since="soon"))


def test_samples_are_drawn_by_hash_and_keep_their_order() -> None:
    records = [
        trace(str(n), *(turn(call("look", m, id=m), results=("r",)) for m in range(5)))
        for n in range(20)
    ]
    whole = [item.case.id for item in positions_of(records, TracesConfig()).items]
    part = positions_of(records, TracesConfig(per_record=2, limit=10))
    ids = [item.case.id for item in part.items]
    assert len(ids) == 10
    assert ids == [each for each in whole if each in ids]
    assert part.skipped == {"per record": 60, "limit": 30}
    again = positions_of(records[::-1], TracesConfig(per_record=2, limit=10))
    assert {item.case.id for item in again.items} == set(ids)


def test_the_test_split_is_asked_where_there_is_one() -> None:
    records = [
        trace(name, turn(call("look", id=n)), provenance=Provenance(split=name))
        for n, name in enumerate(["train", "test"])
    ]
    assert [i.record for i in positions_of(records, TracesConfig()).items] == ["s/test"]
    assert len(positions_of(records, TracesConfig(split="all")).items) == 2


def test_what_cannot_be_asked_is_counted_by_its_reason() -> None:
    records = [
        ORDER,
        trace("gold", turn(call("look", id=1)), provenance=Provenance(role="expected")),
        trace("none", turn(call("look", id=1)), tools=[]),
        trace("chat", turn(text="Hello."), tools=[]),
        trace("cut", turn(Call("look", arguments_text="{"))),
        trace("marked", turn(call("look", id=1), trainable=False)),
        trace("empty"),
    ]
    found = positions_of(records, TracesConfig())
    assert {item.record for item in found.items} == {"s/order"}
    assert found.skipped["a gold answer, no trace"] == 1
    assert found.skipped["tools are called, but none is known"] == 1
    assert found.skipped["no tools offered and none called"] == 1
    assert found.skipped["the production model's arguments do not parse"] == 1
    assert found.skipped["a step marked as not to be learned"] == 1
    with pytest.raises(EmptyDataError, match="none is known"):
        positions_of(records[2:3], TracesConfig())


def tape_of(record: Trajectory) -> Position:
    return positions_of([record], TracesConfig(go_on=True)).items[0]


def test_a_tape_gives_recorded_results_in_any_order_and_ends_at_the_first_other_call() -> None:
    world = TapeWorld(tape_of(ORDER))
    world.reset(seed=0)
    first = world.step(Action(calls=[Call("refund", {"id": 1.0}, id="z")]))
    assert (first.done, first.observations) == (False, [Observation("done", "z")])
    state = world.snapshot()
    world.step(Action(calls=[Call("look", {"id": 1})]))
    assert world.step(Action(text="Refunded.")).done
    assert world.grade().success
    world.restore(state)
    again = world.step(Action(calls=[Call("refund", {"id": 1})]))
    assert again.done
    assert again.observations == [Observation(UNRECORDED, is_error=True)]
    assert (world.grade().reward, world.grade().success) == (0.5, False)


def test_equal_prompts_have_several_tapes_and_one_of_them_is_to_be_followed(tmp_path) -> None:
    look, pay = call("look", 1, id=1), call("refund", 2, id=1)
    records = [
        trace("a", turn(look, results=("open",)), turn(pay, results=("paid",)), query="Same?"),
        trace("b", turn(look, results=("shut",)), turn(text="Sorry."), query="Same?"),
    ]
    (item,) = positions_of(records, TracesConfig(go_on=True)).items
    for calls, share, success in (
        ([look], 1.0, True),
        ([look, pay], 1.0, True),
        ([pay], 0.5, False),
    ):
        world = TapeWorld(item)
        world.reset(seed=0)
        for each in calls:
            assert not world.step(Action(calls=[each])).done
        assert world.step(Action(text="Well.")).done
        assert (world.grade().reward, world.grade().success) == (share, success)
    assert world.tools() == TOOLS
    shut = answer_by_step(text_of_calls(look), "It is shut.")
    assert run(records, tmp_path / "b", shut, go_on=True).outcomes["accepted"] == 1
    assert run(records, tmp_path / "a", go_on=True).outcomes["agrees"] == 1


def test_going_on_asks_turn_by_turn_and_gold_goes_through_every_tape(tmp_path: Path) -> None:
    found = run([ORDER], tmp_path / "g", go_on=True)
    assert (found.cases, found.agreement.mean, found.profile) == (2, 1, "own-traces-turn/1")
    stops = answer_by_step(text_of_calls(call("look", id=1)), "It is open.", "", "", "")
    found = run([ORDER], tmp_path / "s", stops, go_on=True)
    (case,) = found.look_at
    assert [c.name for c in case.got] == ["look"]
    assert (case.outcome, case.difference) == ("differs", "count")


calls_drawn = st.lists(
    st.builds(lambda n, a: call(n, id=a), st.sampled_from(["look", "refund"]), st.integers(0, 2)),
    max_size=3,
)


@settings(max_examples=60, deadline=None)
@given(st.lists(calls_drawn, min_size=1, max_size=4))
def test_gold_agrees_on_every_conversation_step_by_step_and_going_on(
    tmp_path_factory, drawn
) -> None:
    steps = [
        turn(
            *[msgspec.structs.replace(c, id=f"{at}.{n}") for n, c in enumerate(calls)],
            text="" if calls else "Well.",
            results=tuple("r" for _ in calls),
            user_input=None if calls else "And?",
        )
        for at, calls in enumerate(drawn)
    ]
    for go_on in (False, True):
        found = run([trace("x", *steps)], tmp_path_factory.mktemp("t"), go_on=go_on)
        assert found.agreement.mean == 1


def test_the_judge_is_asked_only_where_no_rule_decides(tmp_path: Path) -> None:
    def needs(**fields: Any) -> bool:
        given = {"id": "i", "record": "r", "outcome": "agrees", **fields}
        return needs_judge(Compared(**given))

    assert needs(outcome="differs", expected=[call("look")])
    assert needs(expected_text="Hello", got_text="Hi")
    assert not needs(expected_text="Hello", got_text=" Hello\n")
    assert not needs(expected=[call("look")], got=[call("look")], expected_text="a", got_text="b")
    for outcome in ("better", "worse", "both_faulty", "unanswered"):
        assert not needs(outcome=outcome, expected_text="a", got_text="b")


def test_votes_are_swapped_stored_and_not_asked_for_twice(tmp_path: Path) -> None:
    asked: list[str] = []

    def first_wins(prompt: Prompt) -> str:
        asked.append(str(prompt.messages[-1].content))
        return "The first is better.\nVERDICT: A"

    records = [trace(str(n), turn(call("look", id=n))) for n in range(3)]
    answers = {f"Question {n}": text_of_calls(call("look", id=n + 7)) for n in range(3)}
    run(records, tmp_path, ScriptedModel(answers))
    positions = positions_of(records, TracesConfig())
    cases = compared_cases(positions, tmp_path)
    judge = ScriptedModel(first_wins, name="judge")
    votes = votes_of(positions, cases, judge, tmp_path, data="d")
    assert len(asked) == 6
    assert {winner_of(both) for both in votes.values()} == {
        "tie"
    }  # the order decided, not the answer
    assert "refund: Pays back." in asked[0]
    assert "[user] Question 0" in asked[0]
    assert asked[0].index('"id":7') < asked[0].index('"id":0')
    assert asked[1].index('"id":0') < asked[1].index('"id":7')
    assert votes_of(positions, cases, judge, tmp_path, data="d") == votes
    assert len(asked) == 6
    with pytest.raises(OutputError, match="another data"):
        votes_of(positions, cases, judge, tmp_path, data="e")


def test_votes_change_no_outcome(tmp_path: Path) -> None:
    record = trace("a", turn(call("look", id=1)))
    votes = {"s/a#step:0": [Vote(True, "new"), Vote(False, "new")]}
    found = run([record], tmp_path, lambda _: text_of_calls(call("look", id=2)), votes=votes)
    assert found.outcomes["differs"] == 1
    assert found.judged == {"new": 1}
    assert [case.id for case in found.preferred["new"]] == ["s/a#step:0"]
    assert found.preferred["production"] == []


@pytest.mark.parametrize(
    ("text", "new_first", "winner"),
    [
        ("VERDICT: A", True, "new"),
        ("VERDICT: A", False, "production"),
        ("VERDICT: B\nno, VERDICT: **TIE**", True, "tie"),
        ("verdict: b.", True, "production"),
        ("A is better", True, "unread"),
        ("VERDICT: AB", True, "unread"),
        ("", False, "unread"),
    ],
)
def test_the_last_verdict_of_a_judge_counts(text: str, new_first: bool, winner: str) -> None:
    assert vote_in(text, new_first).winner == winner


def test_votes_that_disagree_are_a_tie() -> None:
    assert winner_of([Vote(True, "new"), Vote(False, "production")]) == "tie"
    assert winner_of([Vote(True, "new"), Vote(False, "tie")]) == "tie"
    assert winner_of([Vote(True, "new"), Vote(False, "unread")]) == "unread"
    assert winner_of([Vote(True, "new"), Vote(False, "new")]) == "new"


def test_cost_and_time_of_both_models_are_those_of_the_answers(tmp_path: Path) -> None:
    def script(prompt: Prompt) -> Completion:
        return Completion("", usage=Usage("small", 50, 5, 0.001, 0.25))

    found = run([ORDER], tmp_path, script)
    old, new = found.production, found.new
    assert (old.models, old.priced, old.timed) == ({"big": 4}, 3, 3)
    assert old.cost_each == pytest.approx(0.035 / 3)
    assert (old.spending.latency_p50, old.spending.latency_p95) == (2.0, 3.0)
    assert (new.models, new.cost_each, new.spending.latency_p95) == ({"small": 4}, 0.001, 0.25)
    assert not new.shares


def test_no_answer_is_no_agreement_and_is_asked_again(tmp_path: Path) -> None:
    broken = ScriptedModel(lambda _: Completion("", "error", "overloaded"))
    found = run([ORDER], tmp_path, broken)
    assert (found.outcomes["unanswered"], found.agreement.mean) == (4, 0)
    assert run([ORDER], tmp_path, ScriptedModel(lambda _: "")).outcomes["unanswered"] == 0
