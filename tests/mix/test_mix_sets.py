"""Duplicates, splits and weights over whole sets."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from actloom.core.finding import Reject
from actloom.core.record import Call, Provenance, Reply, Step, Tool, Trajectory
from actloom.core.rows import decode_row
from actloom.core.transform import Produced, ShardSpec
from actloom.match.keys import duplicate_key
from actloom.mix import MixConfig, SourceConfig, SplitConfig, transforms
from actloom.mix.keys import open_values, tool_names
from actloom.mix.mixture import split_counts
from actloom.run.executor import run_stage
from actloom.run.stages import SetStage

SCHEMA = msgspec.Raw(
    b'{"type":"object","properties":{"city":{"type":"string"},'
    b'"unit":{"type":"string","enum":["metric","imperial"]},"days":{"type":"integer"}}}'
)


def record(
    at: int | str,
    query: str,
    *calls: Call,
    source: str = "s",
    tools: Sequence[str] = ("forecast",),
    split: str | None = None,
) -> Trajectory:
    return Trajectory(
        id=f"{source}/{at}",
        source=source,
        tools=[Tool(name, "", SCHEMA) for name in tools],
        query=query,
        steps=[Step(Reply(tool_calls=list(calls)))],
        provenance=Provenance(split=split, file="a.jsonl", line=7),
    )


def city(name: str, **more: object) -> Call:
    return Call("forecast", {"city": name, **more})


def mixed(records: Sequence[Trajectory], config: MixConfig, seed: int = 0) -> list[Produced]:
    """Applies the transforms one after the other, as the runner does."""
    kept: list[Produced] = list(records)
    for transform in transforms(config):
        rejects = [item for item in kept if isinstance(item, Reject)]
        inputs = [item for item in kept if isinstance(item, Trajectory)]
        kept = [*rejects, *transform(iter(inputs), seed=seed)]
    return kept


def records_in(produced: Sequence[Produced]) -> list[Trajectory]:
    return [item for item in produced if isinstance(item, Trajectory)]


ONLY_DEDUP = MixConfig(split=None)


def test_a_duplicate_differs_only_in_space_case_and_order_of_calls_and_keys() -> None:
    first = record(1, "Weather in  Rome?", Call("f", {"a": 1, "b": 2}), Call("g", {}))
    again = record(2, " weather in\trome?", Call("g", {}, id="c9"), Call("f", {"b": 2, "a": 1}))
    other = record(3, "weather in rome?", Call("f", {"a": 1, "b": 3}), Call("g", {}))
    produced = mixed([first, again, other], ONLY_DEDUP)
    assert [r.id for r in records_in(produced)] == ["s/1", "s/3"]
    (reject,) = [item for item in produced if isinstance(item, Reject)]
    assert reject.id == "s/2"
    assert reject.findings[0].code == "MIX001"
    assert "'s/1'" in reject.findings[0].message
    assert (reject.findings[0].file, reject.findings[0].line) == ("a.jsonl", 7)
    assert decode_row(bytes(reject.row)) == again


def test_a_refusal_over_other_tools_is_no_duplicate() -> None:
    here = record(1, "Book a flight", tools=("forecast",))
    there = record(2, "Book a flight", tools=("translate",))
    assert duplicate_key(here) != duplicate_key(there)
    assert duplicate_key(here) == duplicate_key(record(3, "book a  flight", tools=("forecast",)))


def test_follow_up_turns_tell_dialogues_apart() -> None:
    base = record(1, "hello", city("Rome"))
    step = msgspec.structs.replace(base.steps[0], user_input="and tomorrow?")
    longer = msgspec.structs.replace(base, steps=[step])
    assert duplicate_key(base) != duplicate_key(longer)


words = st.sampled_from(["Rome", "Oslo", "Lima", "Kyiv", "Bern", "Cairo", "Quito", "Hanoi", "Riga"])
tool_lists = st.lists(
    st.sampled_from(["forecast", "alpha", "beta", "gamma"]), min_size=1, max_size=3, unique=True
)
sets = st.lists(
    st.tuples(words, words, st.integers(0, 400), tool_lists), min_size=1, max_size=40
).map(
    lambda rows: [
        record(
            i, f"q{i}", city(a, unit="metric"), Call("forecast", {"city": b, "days": n}), tools=t
        )
        for i, (a, b, n, t) in enumerate(rows)
    ]
)


def units(r: Trajectory, by: Sequence[str]) -> set[object]:
    found: set[object] = set()
    if "value" in by:
        found |= set(open_values(r))
    if "tool" in by:
        found |= tool_names(r)
    return found


@settings(max_examples=60, deadline=None)
@given(
    sets,
    st.sampled_from([["value"], ["tool"], ["tool", "value"]]),
    st.sampled_from([0.0, 0.2, 0.5, 1.0]),
    st.text(max_size=3),
)
def test_with_straddling_records_rejected_no_unit_of_test_is_in_train(
    rows: list[Trajectory], by: list[str], share: float, salt: str
) -> None:
    split = SplitConfig(by=by, test_share=share, straddle="reject", salt=salt)
    produced = mixed(rows, MixConfig(dedup=False, split=split))
    assert len(produced) == len(rows)
    kept = records_in(produced)
    train = [units(r, by) for r in kept if r.provenance.split == "train"]
    test = [units(r, by) for r in kept if r.provenance.split == "test"]
    assert not set().union(*train) & set().union(*test)
    straddling = [item for item in produced if isinstance(item, Reject)]
    assert all(item.findings[0].code == "MIX002" for item in straddling)


@settings(max_examples=60, deadline=None)
@given(sets, st.sampled_from([["value"], ["tool"], ["tool", "value"]]))
def test_with_straddling_records_in_test_no_held_out_unit_is_in_train(
    rows: list[Trajectory], by: list[str]
) -> None:
    config = MixConfig(dedup=False, split=SplitConfig(by=by, test_share=0.4))
    kept = records_in(mixed(rows, config))
    assert len(kept) == len(rows)
    train = set().union(*[units(r, by) for r in kept if r.provenance.split == "train"], set())
    for r in kept:
        if r.provenance.split == "test":
            assert units(r, by) - train or not units(r, by)
            assert r.provenance.applied[-1]["name"] == "mix.split"


@settings(max_examples=30, deadline=None)
@given(sets, st.randoms())
def test_the_split_of_a_record_does_not_depend_on_the_others(rows, random) -> None:
    config = MixConfig(dedup=False, split=SplitConfig(by=["tool", "value"], test_share=0.3))
    together = {r.id: r for r in records_in(mixed(rows, config))}
    random.shuffle(rows)
    for r in rows:
        (alone,) = records_in(mixed([r], config, seed=99))
        assert alone == together[r.id]


def test_enum_members_booleans_and_small_numbers_are_not_held_out() -> None:
    r = record(1, "q", Call("forecast", {"city": "ab", "unit": "metric", "days": 99, "x": True}))
    assert open_values(r) == {}
    r = record(2, "q", Call("forecast", {"city": "Rome", "days": 100, "x": [0.5, {"y": "abc"}]}))
    assert set(open_values(r)) == {b'"rome"', b"100", b"0.5", b'"abc"'}


def test_the_held_out_share_of_values_is_near_the_asked_one() -> None:
    rows = [record(i, f"q{i}", city(f"place {i}")) for i in range(3000)]
    kept = records_in(mixed(rows, MixConfig(split=SplitConfig(test_share=0.2))))
    share = sum(r.provenance.split == "test" for r in kept) / len(kept)
    assert 0.17 < share < 0.23  # four standard deviations


def test_named_splits_stay_when_kept_and_refusals_go_by_their_query() -> None:
    rows = [record(i, f"q{i}", split="test" if i % 2 else "train") for i in range(50)]
    assert records_in(mixed(rows, MixConfig(split=SplitConfig(keep=True)))) == rows
    moved = split_counts(records_in(mixed(rows, MixConfig(split=SplitConfig(test_share=0.5)))))
    assert moved["s", "test"] > 5
    assert moved["s", "train"] > 5


def test_a_split_named_by_the_source_is_not_lost_when_it_changes() -> None:
    rows = [record(1, "q", city("Rome"), split="validation")]
    (kept,) = records_in(mixed(rows, MixConfig(split=SplitConfig(test_share=0.0))))
    assert kept.provenance.split == "train"
    assert kept.provenance.applied == [{"name": "mix.split", "was": "validation"}]


def test_weights_thin_out_and_repeat_by_hash() -> None:
    rows = [record(i, f"q{i}", source=s) for s in ("half", "more", "rest") for i in range(400)]
    config = MixConfig(
        dedup=False,
        split=None,
        sources={"half": SourceConfig(weight=0.5), "more": SourceConfig(weight=2.5)},
    )
    produced = mixed(rows, config)
    counts = split_counts(records_in(produced))
    assert counts["rest", "(none)"] == 400
    assert 160 < counts["half", "(none)"] < 240
    assert 960 < counts["more", "(none)"] < 1040
    left_out = [item for item in produced if isinstance(item, Reject)]
    assert len(left_out) + counts["half", "(none)"] == 400
    assert {item.findings[0].code for item in left_out} == {"MIX003"}
    ids = [r.id for r in records_in(produced)]
    assert len(set(ids)) == len(ids)
    assert {i.partition("#")[2] for i in ids} == {"", "copy:1", "copy:2"}


def test_a_cap_keeps_exactly_so_many_training_records_and_every_test_record() -> None:
    rows = [record(i, f"q{i}", split="test" if i < 30 else "train") for i in range(200)]
    rows += [record(i, f"r{i}", source="free") for i in range(20)]
    config = MixConfig(split=SplitConfig(keep=True), sources={"s": SourceConfig(cap=50, weight=2)})
    produced = mixed(rows, config)
    kept = records_in(produced)
    counts = split_counts(kept)
    assert counts["s", "train"] == 100
    assert counts["s", "test"] == 30
    assert sum(n for (source, _), n in counts.items() if source == "free") == 20
    codes = [item.findings[0].code for item in produced if isinstance(item, Reject)]
    assert codes == ["MIX004"] * 120
    originals = [r.id for r in kept if "#" not in r.id]
    order = [r.id for r in rows]
    assert originals == sorted(originals, key=order.index)
    assert mixed(rows, config, seed=1) != produced


class Shards:
    """Writes given records in shards of `size`."""

    name, version = "shards", 1

    def __init__(self, records: Sequence[Trajectory], size: int) -> None:
        self.records, self.size = records, size

    def inputs(self) -> dict[str, str]:
        return {}

    def plan(self) -> list[ShardSpec]:
        starts = range(0, len(self.records), self.size)
        return [ShardSpec(i, start=at, end=at + self.size) for i, at in enumerate(starts)]

    def produce(self, shard: ShardSpec) -> Iterator[Produced]:
        yield from self.records[shard.start : shard.end]


def test_the_mixture_does_not_depend_on_where_its_input_was_cut(tmp_path: Path) -> None:
    rows = [record(i % 70, f"q{i % 70}", city(f"place {i % 70}")) for i in range(100)]
    config = MixConfig(sources={"s": SourceConfig(weight=1.5, cap=40)})
    digests = set()
    for size in (7, 33, 100):
        folder = str(tmp_path / f"in{size}")
        assert len(run_stage(Shards(rows, size), folder).shards) == -(-100 // size)
        mixture = run_stage(SetStage("mix", folder, transforms(config)), str(tmp_path / f"o{size}"))
        assert mixture.records > 40
        assert mixture.reasons["MIX001"] == 30
        digests.add((mixture.digest, mixture.shards[0].rejected.sha256))
    assert len(digests) == 1


@pytest.mark.parametrize("bad", [{"test_share": 1.5}, {"by": ["colour"]}, {"straddle": "drop"}])
def test_settings_out_of_range_are_refused(bad: dict[str, object]) -> None:
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert({"split": bad}, MixConfig)


def test_expectations_are_left_out_and_say_whose() -> None:
    record = Trajectory(id="a", source="s", query="q", provenance=Provenance(file="gold.json"))
    gold = msgspec.structs.replace(
        record, id="b", provenance=Provenance(file="gold.json", role="expected")
    )
    (first, *_) = transforms(MixConfig())
    kept, left_out = first(iter([record, gold]), seed=0)
    assert kept == record
    assert (left_out.id, left_out.findings[0].code) == ("b", "MIX005")
    assert "gold.json" in left_out.findings[0].message
