"""The law of writing: what a reader makes of a written record is what the writer said it would."""

import json

import pytest
from hypothesis import given, settings
from msgspec.structs import replace

from actloom.core.record import (
    Alternative,
    Call,
    Message,
    Observation,
    Outcome,
    Parent,
    Reply,
    Score,
    Step,
    ToolsDelta,
    Trajectory,
    Usage,
)
from actloom.core.schema import normalise_tool
from actloom.export.difference import differences, same_but_for_origin
from actloom.export.registry import WRITERS
from actloom.export.writer import lost
from actloom.io.foreign_json import decode_json
from actloom.unify import FORMATS, UnifyStage
from actloom.unify.reader import Context
from strategies import trajectories, usual_trajectories

READERS = {
    "atif": "atif",
    "axolotl": "openai_chat",
    "bfcl": "bfcl",
    "hermes": "hermes",
    "ms_swift": "ms_swift",
    "openai_chat": "openai_chat",
    "sharegpt": "sharegpt",
    "trl": "openai_chat",
    "unified_v1": "unified_v1",
    "unified_v2": "unified_v2",
    "xlam": "xlam",
}
"""Writer -> the reader of its format."""


def read_again(name: str, value) -> Trajectory:
    """Returns the record of one written item, taken through JSON."""
    found = decode_json(json.dumps(value))
    (record,) = FORMATS.get(READERS[name]).read(found.value, Context(source="s", file="f"))
    assert isinstance(record, Trajectory), record
    return record


def check(name: str, record: Trajectory) -> None:
    """Asserts the law for one record."""
    writer = WRITERS.get(name)
    if writer.refusal(record):
        return
    item, *_ = writer.items(record)
    again = read_again(name, item.value)
    reduced = writer.reduced(record)
    assert same_but_for_origin(again, reduced), differences(again, reduced, {})
    own = {key: value for key, value in reduced.extra.items() if key in record.extra}
    whole = same_but_for_origin(record, replace(reduced, extra=own))
    received = any(tool.original for tool in record.tools)
    assert (not lost(writer, record)) == whole or (whole and received)


@pytest.mark.parametrize("name", sorted(READERS))
@settings(max_examples=60, deadline=None)
@given(record=trajectories)
def test_reading_what_was_written_gives_the_reduced_record(name, record):
    check(name, record)


@pytest.mark.parametrize("name", sorted(READERS))
@settings(max_examples=60, deadline=None)
@given(record=usual_trajectories)
def test_reading_what_was_written_of_usual_records_gives_the_reduced_record(name, record):
    check(name, record)


@pytest.fixture(scope="module")
def real_records(shared_data):
    """Returns the records of every file of real data that is read today."""
    stage = UnifyStage([str(shared_data / "formats")])
    found = [made for shard in stage.plan() for made in stage.produce(shard)]
    return [made for made in found if isinstance(made, Trajectory)]


@pytest.mark.slow
@pytest.mark.parametrize("name", sorted(READERS))
def test_the_law_holds_on_all_real_records(name, real_records):
    writable = [record for record in real_records if not WRITERS.get(name).refusal(record)]
    assert len(writable) > 1000
    for record in writable:
        check(name, record)


def test_usual_records_are_carried_whole_by_the_trainers_formats():
    call = Call("f", {"a": 1}, "call_0_0")
    steps = [Step(Reply(tool_calls=[call]), [Observation("r", "call_0_0")]), Step(Reply(text="a"))]
    tool = {"name": "f", "description": "d", "parameters": {"type": "object", "properties": {}}}
    tools = [normalise_tool({"type": "function", "function": tool})]
    record = Trajectory("s/1", "s", tools, "q", steps, "system")
    for name in READERS.keys() - {"xlam", "bfcl"}:
        assert lost(WRITERS.get(name), record) == []


def test_every_field_of_a_record_is_compared():
    record = Trajectory("s/1", "s", query="q", steps=[Step(Reply(text="a"))])
    changed = {
        "/outcome": {"outcome": Outcome(success=True)},
        "/scores": {"scores": [Score("s", 1.0)]},
        "/parent": {"parent": Parent("p")},
        "/extra": {"extra": {"k": 1}},
        "/few_shot": {"few_shot": [Message("user", "x")]},
        "/task_instruction": {"task_instruction": "x"},
        "/tools": {"tools": [normalise_tool({"name": "f"})]},
        "/schema_version": {"schema_version": 2},
        "/steps/*/usage": {"steps": [Step(Reply(text="a"), usage=Usage(model="m"))]},
        "/steps/*/trainable": {"steps": [Step(Reply(text="a"), trainable=False)]},
        "/steps/*/reply/thought": {"steps": [Step(Reply(text="a", thought="t"))]},
        "/steps/*/alternatives": {
            "steps": [Step(Reply(text="a"), alternatives=[Alternative(Reply("b"))])]
        },
        "/steps/*/tools_delta": {
            "steps": [Step(Reply(text="a"), tools_delta=ToolsDelta(removed=["f"]))]
        },
    }
    for field, change in changed.items():
        other = replace(record, **change)
        assert field in [loss.field for loss in differences(other, record, {})], field
    fields = {"id", "source", "provenance", "opening", "query", "format_instruction"}
    assert set(Trajectory.__struct_fields__) == fields | {f.split("/")[1] for f in changed}
