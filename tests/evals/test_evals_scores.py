"""Cases, verdicts, scores and comparisons."""

from __future__ import annotations

import json
from pathlib import Path

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from actloom.core.case import Case
from actloom.core.errors import EmptyDataError, InputError, OutputError
from actloom.core.model import Completion, Prompt
from actloom.core.record import (
    Call,
    Observation,
    Provenance,
    Reply,
    Step,
    Tool,
    ToolsDelta,
    Trajectory,
)
from actloom.dialects import NAMES, dialect
from actloom.evals.cases import collect, style_of
from actloom.evals.compare import compare
from actloom.evals.config import EvalConfig
from actloom.evals.evaluate import evaluate
from actloom.evals.gold import gold_model
from actloom.evals.judge import argument_share
from actloom.evals.outcomes import read_result, read_verdicts
from actloom.evals.result import FAILURES
from actloom.llm.scripted import ScriptedModel, last_user_text
from actloom.rollout.replay import replay
from actloom.rollout.single import offered_tools

SCHEMA = msgspec.Raw(b'{"type":"object","properties":{"x":{"type":"integer"},"y":{}}}')
TOOLS = [Tool("f", "Does f.", SCHEMA), Tool("g", "Does g.", SCHEMA)]
ALL = EvalConfig(split="all")


def record(at: int, *calls: Call, split: str | None = "test", text: str = "") -> Trajectory:
    return Trajectory(
        id=f"s/{at}",
        source="s",
        tools=TOOLS,
        query=f"q{at}",
        steps=[Step(Reply(text=text, tool_calls=list(calls)))],
        provenance=Provenance(split=split),
    )


def calls_text(*calls: Call) -> str:
    return json.dumps([{"name": c.name, "arguments": c.arguments} for c in calls])


def f(**arguments: object) -> Call:
    return Call("f", arguments)


EXPECTED = {
    "right": (f(x=1),),
    "order": (f(x=1), Call("g", {"y": [1]})),
    "none": (),
    "abstain": (),
}
ANSWERS = {  # case -> (answer, failure kind)
    "right": (calls_text(f(x=1)), ""),
    "order": (calls_text(Call("g", {"y": [1]}), f(x=1)), ""),
    "none": (calls_text(f(x=1)), "called_when_none_fits"),
    "abstain": ("No tool fits.", ""),
    "silent": ("I will do it.", "no_call"),
    "parse": ('[{"name": "f", "arguments": {"x": 1', "parse"),
    "name": (calls_text(Call("g", {"x": 1})), "name"),
    "missing": (calls_text(f()), "missing_argument"),
    "extra": (calls_text(f(x=1, y=2)), "extra_argument"),
    "type": (calls_text(f(x="1")), "type"),
    "value": (calls_text(f(x=2)), "value"),
    "count": (calls_text(f(x=1), f(x=1)), "call_count"),
}
CASES = [
    Case(
        name,
        Trajectory(id=f"s/{at}", source="s", tools=TOOLS, query=f"q{at}"),
        list(EXPECTED.get(name, (f(x=1),))),
    )
    for at, name in enumerate(ANSWERS)
]


def script(prompt: Prompt) -> str:
    return list(ANSWERS.values())[int(last_user_text(prompt)[1:])][0]


@pytest.fixture
def result(tmp_path: Path):
    return evaluate(ScriptedModel(script), CASES, dialect("json_list"), tmp_path / "e")


def test_every_kind_of_failure_has_its_code_and_a_meaning(result, tmp_path: Path) -> None:
    verdicts = read_verdicts(tmp_path / "e")
    assert {name: v.code for name, v in verdicts.items()} == {n: k for n, (_, k) in ANSWERS.items()}
    assert set(result.failures) | {"model_error", "order", "text"} == set(FAILURES)
    assert result.failures == {kind: 1 for _, kind in ANSWERS.values() if kind}
    assert read_result(tmp_path / "e") == result


def test_scores_are_means_over_the_verdicts(result, tmp_path: Path) -> None:
    verdicts = list(read_verdicts(tmp_path / "e").values())
    assert result.scores.exact.mean == pytest.approx(3 / 12)
    assert result.scores.exact.n == result.cases == 12
    assert result.scores.name.mean == pytest.approx(7 / 12)  # right, order, abstain, m, e, t, v
    assert result.scores.argument.mean == pytest.approx(
        sum(v.argument for v in verdicts) / len(verdicts)
    )
    assert verdicts[8].id == "extra"
    assert verdicts[8].argument == 0.5


def test_silence_is_a_baseline_and_wins_nothing_where_a_call_is_due(tmp_path: Path) -> None:
    silent = ScriptedModel(lambda prompt: "")
    found = evaluate(silent, CASES, dialect("json_list"), tmp_path)
    assert found.scores.exact.mean == found.silent_exact.mean == pytest.approx(2 / 12)
    assert (found.call_exact.mean, found.call_exact.n) == (0, 10)


def test_the_lenient_score_stands_beside_the_strict_one(tmp_path: Path) -> None:
    fenced = ScriptedModel(lambda prompt: f"```json\n{script(prompt)}\n```")
    found = evaluate(fenced, CASES[:2], dialect("json_list"), tmp_path / "e")
    assert found.scores.exact.mean == 0
    assert found.failures == {"parse": 2}
    assert found.lenient_exact.mean == 1
    verdict = read_verdicts(tmp_path / "e")["right"]
    assert verdict.repairs
    assert verdict.got == [f(x=1)]


def test_a_result_names_model_dialect_rules_data_and_version(result) -> None:
    assert (result.model, result.dialect, result.profile) == ("scripted", "json_list", "calls/1")
    assert len(result.data_digest) == 16
    assert result.actloom


def test_an_unanswered_case_counts_as_wrong_and_is_asked_again(tmp_path: Path) -> None:
    broken = ScriptedModel(lambda prompt: Completion("", "error", "timeout"))
    found = evaluate(broken, CASES[:1], dialect("json_list"), tmp_path / "e")
    assert (found.unanswered, found.failures, found.scores.exact.mean) == (1, {"model_error": 1}, 0)
    assert read_verdicts(tmp_path / "e")["right"].message == "timeout"
    found = evaluate(ScriptedModel(script), CASES[:1], dialect("json_list"), tmp_path / "e")
    assert (found.unanswered, found.scores.exact.mean) == (0, 1)


def test_a_resumed_evaluation_gives_the_same_result_and_asks_nothing_twice(tmp_path: Path) -> None:
    asked: list[str] = []

    def dying(prompt: Prompt) -> str:
        if len(asked) == 7:
            raise KeyboardInterrupt
        asked.append(last_user_text(prompt))
        return script(prompt)

    config = EvalConfig(batch=1)
    with pytest.raises(KeyboardInterrupt):
        evaluate(ScriptedModel(dying), CASES, dialect("json_list"), tmp_path / "a", config=config)
    model = ScriptedModel(lambda p: asked.append(last_user_text(p)) or script(p))
    resumed = evaluate(model, CASES, dialect("json_list"), tmp_path / "a", config=config)
    assert sorted(asked) == sorted(f"q{at}" for at in range(12))
    whole = evaluate(ScriptedModel(script), CASES, dialect("json_list"), tmp_path / "b")
    bare = [msgspec.structs.replace(r, seconds=0) for r in (resumed, whole)]
    assert bare[0] == bare[1]


def test_other_cases_in_the_same_folder_are_refused(result, tmp_path: Path) -> None:
    with pytest.raises(OutputError, match="another data"):
        evaluate(ScriptedModel(script), CASES[:3], dialect("json_list"), tmp_path / "e")


def test_no_case_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(EmptyDataError):
        evaluate(ScriptedModel(script), [], dialect("json_list"), tmp_path)


def test_the_trace_of_an_evaluation_replays(result, tmp_path: Path) -> None:
    found = replay(tmp_path / "e" / "trace.jsonl", CASES, dialect("json_list"))
    assert found.equal == found.episodes == 12


arguments = st.dictionaries(st.sampled_from("abc"), st.integers(0, 2), max_size=3)
calls = st.lists(st.builds(Call, st.sampled_from("fg"), arguments), max_size=4)


@settings(max_examples=100, deadline=None)
@given(calls, calls, st.randoms())
def test_the_argument_share_is_a_share_one_for_equal_calls_in_any_order(one, two, random) -> None:
    assert 0 <= argument_share(one, two) <= 1
    shuffled = list(one)
    random.shuffle(shuffled)
    assert argument_share(one, shuffled) == 1
    if two and not one:
        assert argument_share(one, two) == 0


@settings(max_examples=40, deadline=None)
@given(calls.filter(bool), st.randoms())
def test_the_order_of_parallel_calls_is_free_unless_the_case_says_otherwise(expected, random):
    from actloom.core.environment import Action, Feedback
    from actloom.evals.judge import judge
    from actloom.rollout.trace import TraceTurn

    shuffled = list(expected)
    random.shuffle(shuffled)
    turn = TraceTurn("c", Prompt([]), Completion(""), Action(calls=shuffled), Feedback())
    free = Case("c", CASES[0].record, expected)
    verdict = judge(free, turn)
    assert (verdict.valid, verdict.name, verdict.argument) == (True, 1, 1)
    strict = msgspec.structs.replace(free, ordered=True)
    bare = [(c.name, c.arguments) for c in shuffled]
    assert judge(strict, turn).valid == (bare == [(c.name, c.arguments) for c in expected])


def test_the_last_step_with_calls_is_asked_for_by_default() -> None:
    steps = [
        Step(Reply(tool_calls=[f(x=1)]), [Observation("1")]),
        Step(Reply(tool_calls=[f(x=2)]), [Observation("2")], tools_delta=ToolsDelta(removed=["g"])),
        Step(Reply(text="Done: 2.")),
    ]
    whole = msgspec.structs.replace(record(0), steps=steps)
    (case,) = collect([whole], ALL).cases
    assert case.id == "s/0#step:1"
    assert case.expected == [f(x=2)]
    assert [t.name for t in offered_tools(case.record)] == ["f"]
    assert case.record.steps[0] == steps[0]
    (last,) = collect([whole], EvalConfig(split="all", which="last")).cases
    assert (last.id, last.expected) == ("s/0#step:2", [])
    every = collect([whole], EvalConfig(split="all", which="every")).cases
    assert [c.id for c in every] == ["s/0#step:0", "s/0#step:1", "s/0#step:2"]


def test_what_gives_no_case_is_counted_by_reason() -> None:
    broken = record(1, Call("f", arguments_text="{"))
    chat = msgspec.structs.replace(record(4, text="Hello."), tools=[])
    found = collect(
        [record(0, f()), broken, record(2, f(), split="train"), record(3, f()), chat],
        EvalConfig(limit=1),
    )
    assert len(found.cases) == 1
    assert found.skipped == {
        "expected arguments do not parse": 1,
        "split train": 1,
        "limit": 1,
        "no tools offered and no call expected": 1,
    }


def test_a_split_without_records_names_the_splits_there_are() -> None:
    with pytest.raises(EmptyDataError, match="train: 2"):
        collect([record(0, f(), split="train"), record(1, f(), split="train")], EvalConfig())


def test_styles_are_told_by_calls_and_offered_tools() -> None:
    one = msgspec.structs.replace(record(0), tools=TOOLS[:1])
    assert style_of(one, [f()]) == "simple"
    assert style_of(one, [f(), f()]) == "parallel"
    assert style_of(record(0), [f()]) == "multiple"
    assert style_of(record(0), [f(), f()]) == "parallel_multiple"
    assert style_of(one, []) == "irrelevance"


def test_groups_come_from_extra_then_applied_then_the_calls() -> None:
    named = msgspec.structs.replace(record(0, f()), extra={"style": "odd"})
    applied = Provenance(split="test", applied=[{"phrasings": "held_out"}])
    other = msgspec.structs.replace(record(1, f()), provenance=applied)
    config = EvalConfig(groups=["style", "split", "source", "phrasings"])
    first, second = collect([named, other], config).cases
    assert first.groups == {"style": "odd", "split": "test", "source": "s"}
    assert second.groups["phrasings"] == "held_out"


def test_comparing_pairs_cases_and_names_those_that_flipped(result, tmp_path: Path) -> None:
    right = ScriptedModel(lambda p: calls_text(f(x=1)))
    evaluate(right, CASES[4:], dialect("json_list"), tmp_path / "b")
    found = compare(tmp_path / "b", tmp_path / "e")
    assert (found.cases, found.only_a, found.only_b) == (8, 0, 4)
    assert found.exact.mean == 1
    assert [flip.id for flip in found.better] == [c.id for c in CASES[4:]]
    assert [flip.code for flip in found.better] == [kind for _, kind in [*ANSWERS.values()][4:]]
    with pytest.raises(InputError, match="no evaluation"):
        compare(tmp_path, tmp_path / "e")


@pytest.mark.parametrize("name", NAMES)
def test_the_gold_answers_score_one_in_every_dialect(name: str, tmp_path: Path) -> None:
    cases = CASES[:4]
    expected = [(c.id, bool(c.expected)) for c in cases]
    assert (("right", True) in expected) and (("none", False) in expected)
    found = evaluate(gold_model(cases, dialect(name)), cases, dialect(name), tmp_path)
    assert found.scores.exact.mean == 1, read_verdicts(tmp_path)


HOSTILE = [
    "\x00" * 100,
    "[" * 20_000,
    '[{"name": "f", "arguments": {"x": 1e999}}]',
    '[{"name": "f", "arguments": {"x": NaN}}]',
    '[{"name": "\\ud800", "arguments": {"\\udfff": "\\ud800"}}]',
    "\ud800 lone",
    '[{"name": "f", "arguments": {"x": ' + "9" * 5000 + "}}]",
    "__import__('os').system('true')",
]


@pytest.mark.parametrize("text", HOSTILE)
@pytest.mark.parametrize("name", NAMES)
def test_hostile_answers_are_verdicts_and_never_crashes(text: str, name: str, tmp_path: Path):
    for at in range(2):  # the second time from the trace
        found = evaluate(ScriptedModel(lambda p: text), CASES[:1], dialect(name), tmp_path)
        assert found.scores.exact.mean == 0, at
    assert replay(tmp_path / "trace.jsonl", CASES[:1], dialect(name)).kinds == {}


def test_real_records_become_cases_whose_gold_answers_score_one(shared_data: Path, tmp_path: Path):
    from actloom.io.folder import records
    from actloom.run.executor import RunOptions, run_stage
    from actloom.unify import stage
    from actloom.unify.config import UnifyConfig

    source = shared_data / "formats" / "sharegpt_function_call" / "glaive_toolcall_en_demo.json"
    run_stage(stage([str(source)], UnifyConfig()), str(tmp_path / "u"), options=RunOptions())
    cases = collect(records(str(tmp_path / "u")), EvalConfig(split="all", limit=60))
    model = gold_model(cases.cases, dialect("hermes"))
    found = evaluate(model, cases, dialect("hermes"), tmp_path / "e")
    assert found.cases == 60
    assert found.scores.exact.mean == 1
    assert len(found.groups["style"]) > 1
