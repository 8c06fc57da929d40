"""Rows about tools: executed, free of findings, split apart, the same wherever they are made."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import msgspec
import pytest

from actloom.core.check import check_call
from actloom.core.errors import EmptyDataError, InputError, RecipeError
from actloom.core.finding import Reject
from actloom.core.jsonvalue import Json, json_text
from actloom.core.record import Trajectory
from actloom.core.rows import decode_row, encode_row
from actloom.core.transform import Produced
from actloom.run.executor import RunOptions, run_stage
from actloom.synth import SynthConfig, Written, stage, survey, write_rows, write_yield
from actloom.synth.config import STYLES
from actloom.synth.library import leaves
from actloom.synth.values import is_held_out
from actloom.synth.writer import REFUSAL
from actloom.tools.python import load_tools
from actloom.tools.sandbox import Sandbox
from actloom.tools.wire import Limits
from actloom.verify.rules import verify

MY_TOOLS = str(Path(__file__).with_name("mytools.py"))
ALL_STYLES = {"simple": 0.4, "multiple": 0.15, "parallel": 0.15, "parallel_multiple": 0.1}
ALL_STYLES |= {"irrelevance": 0.1, "drill": 0.1}
EXAMPLES = "actloom.tools.examples"

ONE = """
def twice(x: int) -> int:
    '''Double a number.

    Args:
        x: The number.
    '''
    return 2 * x
"""
ODD = """
import random, time

def good(x: int) -> int:
    '''Double.'''
    return 2 * x

def dice(x: int) -> float:
    '''Roll.'''
    return random.random() * x

def never(x: int) -> int:
    '''Fail.'''
    raise ValueError("never works")

def opens(x: int) -> int:
    '''Write.'''
    open("/tmp/of_odd_tools", "w").write("x")
    return x

def sleeps(x: int) -> int:
    '''Sleep.'''
    time.sleep(60)
    return x
"""
CODES = """
def code(currency: str) -> str:
    '''Write a currency code in lower case.

    Args:
        currency: The code.

EXAMPLES
    '''
    if currency not in "EUR USD GBP CHF JPY SEK NOK DKK".split():
        raise ValueError(currency)
    return currency.lower()
"""


def check(record: Trajectory) -> list:
    return verify(record)


def lines(items: list[Produced]) -> list[bytes]:
    return [
        msgspec.json.encode(item) if isinstance(item, Reject) else encode_row(item)
        for item in items
    ]


@pytest.fixture(scope="module")
def train() -> Written:
    return write_rows(SynthConfig(rows=1000, styles=ALL_STYLES), checker=check)


@pytest.fixture(scope="module", params=[EXAMPLES, MY_TOOLS], ids=["examples", "mytools"])
def source(request: pytest.FixtureRequest) -> str:
    return request.param


@pytest.fixture(scope="module")
def splits(source: str) -> dict[str, Written]:
    return {
        split: write_rows(SynthConfig(tools=source, rows=400, split=split, styles=ALL_STYLES))
        for split in ("train", "held_out_values", "held_out_phrasings")
    }


def calls_of(record: Trajectory):
    reply = record.steps[0].reply
    assert reply is not None
    return reply.tool_calls


def test_as_many_rows_come_as_were_wanted_in_the_wanted_styles(train: Written) -> None:
    assert len(train.rows) == 1000
    styles = Counter(row.extra["style"] for row in train.rows)
    for style, share in ALL_STYLES.items():
        assert abs(styles[style] / 1000 - share) < 0.02
    assert train.table.shares == {s: styles[s] / 1000 for s in sorted(styles)}


def test_each_style_offers_and_calls_what_its_name_says(train: Written) -> None:
    for row in train.rows:
        offered, called = {t.name for t in row.tools}, [c.name for c in calls_of(row)]
        assert len(offered) == len(row.tools)
        match row.extra["style"]:
            case "simple" | "drill":
                assert called == list(offered)
            case "multiple":
                assert len(called) == 1 < len(offered)
            case "parallel":
                assert len(called) in (2, 3)
                assert set(called) == offered
                assert len(offered) == 1
            case "parallel_multiple":
                assert len(called) in (2, 3)
                assert len(set(called)) == 2 <= len(offered)
            case "irrelevance":
                assert called == []
                assert row.steps[0].reply is not None
                assert row.steps[0].reply.text == REFUSAL
                assert offered
        assert set(called) <= offered


def test_every_kept_row_executes_again_to_the_recorded_observations(train: Written) -> None:
    with Sandbox() as sandbox:
        targets = {t.tool.name: t.target for t in load_tools(EXAMPLES, sandbox=sandbox).tools}
        for row in train.rows:
            calls, observations = calls_of(row), row.steps[0].observations
            assert [c.id for c in calls] == [o.call_id for o in observations]
            assert [c.id for c in calls] == [f"call_{i}" for i in range(len(calls))]
            for call, observation in zip(calls, observations, strict=True):
                again = sandbox.call(targets[call.name], call.arguments)
                assert json_text(again.value) == observation.content


def test_kept_rows_have_no_errors(train: Written) -> None:
    for row in train.rows:
        tools = {tool.name: tool for tool in row.tools}
        assert [p for call in calls_of(row) for p in check_call(call, tools)] == []
        assert [finding for finding in verify(row) if finding.severity == "error"] == []


def test_rows_say_where_they_come_from_and_survive_the_disk(train: Written) -> None:
    assert len({row.id for row in train.rows}) == len(train.rows)
    for row in train.rows:
        assert (row.source, row.provenance.licence) == ("synth", "Apache-2.0")
        (applied,) = row.provenance.applied
        assert applied["writer"] == "grammar"
        assert applied["style"] == row.extra["style"]
        assert " + ".join(applied["frames"]) == row.extra["frame"]  # pyright: ignore
        assert decode_row(encode_row(row)) == row


def open_values(row: Trajectory, source: str) -> set[Json]:
    """The values a model could learn by heart: texts that are no choice, and wide numbers."""
    properties = {tool.name: json.loads(bytes(tool.parameters))["properties"] for tool in row.tools}
    found: set[Json] = set()
    for call in calls_of(row):
        for name, value in call.arguments.items():
            if "enum" not in properties[call.name][name]:
                found |= {leaf for leaf in leaves(value) if not isinstance(leaf, bool)}  # pyright: ignore
    return found


def test_held_out_values_never_occur_in_training(splits: dict[str, Written], source: str) -> None:
    seen = {
        v
        for s in ("train", "held_out_phrasings")
        for r in splits[s].rows
        for v in open_values(r, source)
    }
    held = {v for r in splits["held_out_values"].rows for v in open_values(r, source)}
    assert len(held) > 100
    assert not seen & held
    assert all(is_held_out(value) for value in held)
    assert not any(is_held_out(value) for value in seen)
    called = [r for r in splits["held_out_values"].rows if r.extra["style"] != "irrelevance"]
    assert all(open_values(row, source) for row in called)


def test_held_out_phrasings_never_occur_in_training(splits: dict[str, Written]) -> None:
    def frames(split: str) -> set[str]:
        return {f for row in splits[split].rows for f in str(row.extra["frame"]).split(" + ")}

    assert frames("train") & frames("held_out_values")
    assert not frames("held_out_phrasings") & (frames("train") | frames("held_out_values"))
    assert len(frames("held_out_phrasings")) > 50


def test_drills_stay_in_the_training_split(splits: dict[str, Written]) -> None:
    for split, written in splits.items():
        drills = [row for row in written.rows if row.extra["style"] == "drill"]
        assert bool(drills) == (split == "train")


def test_every_tool_is_asked_about_about_equally(train: Written) -> None:
    counts = Counter(c.name for row in train.rows for c in calls_of(row))
    assert len(counts) == 20
    assert max(counts.values()) < 3 * min(counts.values())


def test_equal_seeds_give_equal_rows_and_other_seeds_others() -> None:
    config = SynthConfig(rows=60, styles=ALL_STYLES)
    first, again = write_rows(config), write_rows(config)
    assert lines([*first.rows, *first.rejects]) == lines([*again.rows, *again.rejects])
    other = write_rows(msgspec.structs.replace(config, seed=1))
    assert {r.query for r in first.rows}.isdisjoint(
        {r.query for r in other.rows if r.extra["style"] == "simple"}
    )


def test_shards_join_to_the_same_rows_however_they_are_cut() -> None:
    config = SynthConfig(rows=90, styles=ALL_STYLES, writer="erring")
    whole = write_rows(config)
    cut = stage(msgspec.structs.replace(config, shard_rows=40))
    pieces = [item for shard in cut.plan() for item in cut.produce(shard)]
    assert lines([p for p in pieces if isinstance(p, Trajectory)]) == lines(list(whole.rows))
    assert lines([p for p in pieces if isinstance(p, Reject)]) == lines(list(whole.rejects))


def test_the_folder_is_the_same_for_one_worker_and_two(tmp_path: Path) -> None:
    config = SynthConfig(rows=60, styles=ALL_STYLES, shard_rows=30, writer="erring")
    expected = write_rows(config, checker=check).table
    digests = []
    for workers in (1, 2):
        out = str(tmp_path / f"w{workers}")
        options = RunOptions(workers=workers, quiet=True)
        digests.append(run_stage(stage(config, check), out, options=options).digest)
        assert write_yield(out, wanted=60) == expected
        written = json.loads((tmp_path / f"w{workers}" / "yield.json").read_text())
        assert written["accepted"] == expected.accepted
    assert digests[0] == digests[1]


def test_a_users_file_works_from_end_to_end(splits: dict[str, Written]) -> None:
    for split, written in splits.items():
        assert len(written.rows) == 400, split
        assert written.dropped == []


def test_one_function_alone_gets_every_style_that_one_tool_allows(tmp_path: Path) -> None:
    path = tmp_path / "one.py"
    path.write_text(ONE)
    written = write_rows(SynthConfig(tools=str(path), rows=100))
    styles = Counter(row.extra["style"] for row in written.rows)
    assert set(styles) == {"simple", "multiple", "parallel", "irrelevance"}
    assert written.table.unfilled == 100 - len(written.rows)
    assert 8 <= written.table.unfilled <= 12
    assert {r.findings[0].code for r in written.rejects} == {"SYN001"}
    called = {c.name for row in written.rows for c in calls_of(row)}
    assert called == {"twice"}


def test_tools_that_fail_or_roll_dice_are_left_out_with_the_reason(tmp_path: Path) -> None:
    path = tmp_path / "odd.py"
    path.write_text(ODD)
    _, dropped = survey(str(path), limits=Limits(wall_s=0.3))
    assert {d.name: d.reason for d in dropped} == {
        "dice": "not_deterministic",
        "never": "fails",
        "opens": "fails",
        "sleeps": "fails",
    }
    assert "never works" in next(d.message for d in dropped if d.name == "never")


def test_nothing_that_works_is_a_named_error(tmp_path: Path) -> None:
    path = tmp_path / "bad.py"
    path.write_text(
        "def never(x: int) -> int:\n    '''Fail.'''\n    raise ValueError('never works')\n"
    )
    with pytest.raises(EmptyDataError, match="never works"):
        write_rows(SynthConfig(tools=str(path), rows=5))


def test_documented_arguments_are_used_where_drawn_values_do_not_work(tmp_path: Path) -> None:
    path = tmp_path / "codes.py"
    codes = ("EUR", "USD", "GBP", "CHF", "JPY", "SEK", "NOK", "DKK")
    examples = "\n".join(f"    >>> code('{c}')\n    '{c.lower()}'" for c in codes)
    path.write_text(CODES.replace("EXAMPLES", examples))
    written = write_rows(SynthConfig(tools=str(path), rows=40, styles={"simple": 1}))
    assert len(written.rows) == 40


@pytest.mark.parametrize(
    ("changes", "word"),
    [
        ({"styles": {"simpel": 1.0}}, "simple"),
        ({"styles": {"simple": -1.0}}, "styles"),
        ({"styles": {}}, "styles"),
        ({"rows": 0}, "rows"),
        ({"fault_share": 2.0}, "fault_share"),
        ({"split": "held_out_values", "styles": {"drill": 1.0}}, "styles"),
    ],
)
def test_a_wrong_setting_is_a_recipe_error_that_names_it(changes: dict, word: str) -> None:
    with pytest.raises(RecipeError) as caught:
        SynthConfig(**changes)
    assert word in str(caught.value)


@pytest.mark.parametrize("name", STYLES)
def test_each_style_can_be_wanted_alone(name: str) -> None:
    written = write_rows(SynthConfig(rows=12, styles={name: 1.0}))
    assert {row.extra["style"] for row in written.rows} == {name}


def test_broken_files_are_input_errors_here_too(tmp_path: Path) -> None:
    path = tmp_path / "broken.py"
    path.write_text("def f(:\n")
    with pytest.raises(InputError, match="SyntaxError"):
        write_rows(SynthConfig(tools=str(path), rows=5))
    with pytest.raises(InputError, match="no file"):
        stage(SynthConfig(tools=str(tmp_path / "gone.py"))).inputs()
