"""Two evaluations of the same cases: counts against brute force, and what is refused."""

from __future__ import annotations

import csv
import gzip
import json
import shutil
from collections import Counter
from pathlib import Path

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from actloom.core.case import Case
from actloom.core.errors import InputError
from actloom.core.record import Call, Tool, Trajectory
from actloom.core.stats import mcnemar
from actloom.dialects import dialect
from actloom.evals.compare import RIGHT, compare, compare_outcomes, reading
from actloom.evals.details import details_of
from actloom.evals.evaluate import evaluate
from actloom.evals.outcomes import (
    Outcomes,
    folder_and_model,
    outcomes_of,
    read_outcomes,
    read_score,
)
from actloom.evals.result import CaseVerdict
from actloom.llm.scripted import ScriptedModel, last_user_text
from score_folders import score_folder

TOOL = Tool("f", "Does f.", msgspec.Raw(b'{"type":"object","properties":{"x":{}}}'))


def outcomes(name: str, rows: dict[str, tuple[str, str]]) -> Outcomes:
    """Outcomes of case id -> (group, failure kind)."""
    verdicts = {
        case: CaseVerdict(case, not code, code, groups={"category": group})
        for case, (group, code) in rows.items()
    }
    return Outcomes(
        folder=name,
        model=name,
        kind="score",
        profile="p",
        data="d",
        verdicts=verdicts,
        lenient=False,
    )


rows = st.dictionaries(
    st.sampled_from([f"c{at}" for at in range(12)]),
    st.tuples(st.just("g"), st.sampled_from(["", "", "value", "name"])),
    min_size=1,
)


def grouped(found: dict[str, tuple[str, str]]) -> dict[str, tuple[str, str]]:
    """The same with a group that follows from the id, as a category does."""
    return {case: (f"g{int(case[1:]) % 3}", code) for case, (_, code) in found.items()}


@given(rows, rows)
@settings(max_examples=100, deadline=None)
def test_every_number_is_a_count_over_the_shared_cases(first: dict, second: dict) -> None:
    first, second = grouped(first), grouped(second)
    shared = first.keys() & second.keys()
    if not shared:
        with pytest.raises(InputError, match="share no case"):
            compare_outcomes(outcomes("a", first), outcomes("b", second))
        return
    found = compare_outcomes(outcomes("a", first), outcomes("b", second))
    right_a = {case for case in shared if not first[case][1]}
    right_b = {case for case in shared if not second[case][1]}
    assert {flip.id for flip in found.better} == right_a - right_b
    assert {flip.id for flip in found.worse} == right_b - right_a
    assert (found.cases, found.only_a, found.only_b) == (
        len(shared), len(first) - len(shared), len(second) - len(shared),
    )  # fmt: skip
    assert found.both_right == len(right_a & right_b)
    assert found.both_wrong == len(shared - right_a - right_b)
    assert found.exact.mean == pytest.approx((len(right_a) - len(right_b)) / len(shared))
    assert found.exact.mean == pytest.approx(found.a_exact.mean - found.b_exact.mean)
    assert found.test == mcnemar(len(right_a - right_b), len(right_b - right_a))
    changes = Counter((second[case][1] or RIGHT, first[case][1] or RIGHT) for case in shared)
    assert {(c.b, c.a): c.cases for c in found.changes} == changes
    for group in found.groups:
        inside = {case for case in shared if first[case][0] == group.group}
        assert group.a.n == group.b.n == len(inside)
        assert group.test == mcnemar(
            len(inside & right_a - right_b), len(inside & right_b - right_a)
        )
        assert group.p_corrected >= group.test.p
    assert sum(group.a.n for group in found.groups) == len(shared)


@given(rows, rows)
@settings(max_examples=50, deadline=None)
def test_the_other_way_round_everything_changes_sides(first: dict, second: dict) -> None:
    if first.keys() & second.keys():
        a, b = outcomes("a", first), outcomes("b", second)
        there, back = compare_outcomes(a, b), compare_outcomes(b, a)
        assert there.exact.mean == -back.exact.mean
        assert there.test.p == back.test.p
        assert (set(there.better), there.a_exact) == (set(back.worse), back.b_exact)
        assert {(c.a, c.b, c.cases) for c in there.changes} == {
            (c.b, c.a, c.cases) for c in back.changes
        }


@pytest.mark.slow
def test_published_verdicts_give_published_differences(shared_data: Path, tmp_path: Path) -> None:
    pack = shared_data / "bfcl_v1"
    failed: dict[tuple[str, str], str] = {}
    for line in gzip.decompress((pack / "failures.jsonl.gz").read_bytes()).splitlines():
        of = json.loads(line)
        failed[of["model"], of["id"]] = of["error_type"]
    counts: dict[str, int] = Counter()
    with (pack / "expected.csv").open() as table:
        for row in csv.DictReader(table):
            counts[row["model"]] += int(row["correct"])
    ids: dict[str, str] = {}
    for path in sorted((pack / "v1_data" / "question").glob("*.jsonl.gz")):
        for line in gzip.decompress(path.read_bytes()).splitlines():
            ids[json.loads(line)["id"]] = path.name.partition(".")[0]
    ids = {case: c for case, c in ids.items() if c not in ("sql", "chatable")}
    models = {m: [(c, case, failed.get((m, case), "")) for case, c in ids.items()] for m in counts}
    folder = score_folder(tmp_path / "s", models)
    score = read_score(folder)
    first = outcomes_of(score, "gpt-4o-2024-08-06-FC")
    assert len(models) == 12
    for model in models:
        if model != first.model:
            found = compare_outcomes(first, outcomes_of(score, model))
            assert found.cases == 1700
            assert found.exact.mean * 1700 == pytest.approx(counts[first.model] - counts[model])
            assert found.test.better - found.test.worse == counts[first.model] - counts[model]
            assert found.exact.low < found.exact.mean < found.exact.high
            assert len(found.groups) == 12


ONE = {"m": [("simple", "simple_0", ""), ("simple", "simple_1", "value_error:string")]}


def test_a_folder_of_one_model_needs_no_name_and_of_several_does(tmp_path: Path) -> None:
    one = score_folder(tmp_path / "one", ONE)
    assert read_outcomes(one).model == "m"
    assert read_outcomes(f"{one}:m").verdicts["simple_1"].code == "value_error:string"
    two = score_folder(tmp_path / "two", {"gpt-4o": ONE["m"], "xlam:1b": ONE["m"]})
    assert read_outcomes(f"{two}:xlam:1b").model == "xlam:1b"
    for spec, said in ((str(two), "several models"), (f"{two}:xlam-1b", "no such model")):
        with pytest.raises(InputError, match=said) as raised:
            read_outcomes(spec)
        assert "gpt-4o, xlam:1b" in str(raised.value)
    assert f"{two}:xlam:1b" in str(raised.value)


def test_a_colon_in_a_folders_name_is_part_of_it(tmp_path: Path) -> None:
    folder = score_folder(tmp_path / "a:b", ONE)
    assert folder_and_model(str(folder)) == (folder, "")
    assert folder_and_model(f"{folder}:m") == (folder, "m")
    with pytest.raises(InputError, match="not there"):
        folder_and_model(str(tmp_path / "nowhere:m"))


def edited(folder: Path, change) -> Path:
    path = folder / "verdicts.jsonl"
    path.write_text(change(path.read_text()))
    return folder


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda text: text[:-20], "last line of the verdicts is cut"),
        (lambda text: text.replace("true", "maybe", 1), r"(?s)damaged.*:1"),
        (
            lambda text: "\udcff".encode("utf-8", "surrogateescape").decode("latin-1") + text,
            "damaged",
        ),
        (lambda text: text + text, "stands twice"),
        (lambda text: "", "no evaluation"),
    ],
)
def test_damaged_verdicts_are_refused_with_their_place(tmp_path: Path, change, said: str) -> None:
    folder = edited(score_folder(tmp_path / "s", ONE), change)
    with pytest.raises(InputError, match=said):
        read_outcomes(folder)


def test_a_folder_without_verdicts_or_with_a_damaged_score_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no evaluation"):
        read_outcomes(tmp_path)
    folder = score_folder(tmp_path / "s", ONE)
    (folder / "score.json").write_text("{")
    with pytest.raises(InputError, match=r"score\.json"):
        read_outcomes(folder)
    (folder / "score.json").unlink()
    assert read_score(folder).score is None
    other = score_folder(tmp_path / "t", ONE)
    with pytest.raises(InputError, match="different rules"):
        compare(folder, other)
    (other / "score.json").unlink()
    assert "not compared" in compare(folder, other).warnings[0]


def test_other_rules_are_refused_unless_forced_and_then_said(tmp_path: Path) -> None:
    a = score_folder(tmp_path / "a", ONE)
    b = score_folder(tmp_path / "b", ONE, profile="v2")
    with pytest.raises(InputError, match="different rules") as raised:
        compare(a, b)
    assert "v1-2024-08-11" in str(raised.value)
    assert "v2" in str(raised.value)
    forced = compare(a, b, force=True)
    assert "different rules" in forced.warnings[0]
    assert forced.profile == "v1-2024-08-11 and v2"


def test_other_data_are_refused_unless_the_shared_categories_are_the_same(tmp_path: Path) -> None:
    java = {"m": [*ONE["m"], ("java", "java_0", "")]}
    a = score_folder(tmp_path / "a", java, data="1", digests={"simple": "s", "java": "j"})
    b = score_folder(tmp_path / "b", ONE, data="2", digests={"simple": "s"})
    c = score_folder(tmp_path / "c", ONE, data="3", digests={"simple": "changed"})
    found = compare(a, b)
    assert (found.cases, found.only_a) == (2, 1)
    assert found.warnings == ["The data sets differ; the shared cases are the same in both."]
    with pytest.raises(InputError, match=r"(?s)different data.*simple_0"):
        compare(a, c)
    assert compare(a, c, force=True).warnings


def test_the_same_evaluation_twice_is_refused(tmp_path: Path) -> None:
    folder = score_folder(tmp_path / "a", ONE)
    for other in (str(folder), f"{folder}:m", f"{tmp_path}/../{tmp_path.name}/a"):
        with pytest.raises(InputError, match="the same evaluation"):
            compare(folder, other)
    copy = shutil.copytree(folder, tmp_path / "copy")
    found = compare(folder, copy)
    assert (found.exact.low, found.exact.high, found.test.p) == (0, 0, 1)
    assert found.a != found.b


@pytest.mark.parametrize(
    ("better", "worse", "same", "said"),
    [(3, 0, 0, "unclear"), (5, 0, 5, "unclear"), (6, 0, 4, "better"), (0, 6, 90, "worse"),
     (9, 2, 50, "unclear"), (30, 10, 60, "better"), (0, 0, 9, "unclear")],
)  # fmt: skip
def test_a_model_is_called_better_only_where_interval_and_test_agree(
    better: int, worse: int, same: int, said: str
) -> None:
    codes = [("", "x")] * better + [("x", "")] * worse + [("", "")] * same
    a, b = (
        outcomes(str(side), {f"c{at}": ("g", pair[side]) for at, pair in enumerate(codes)})
        for side in (0, 1)
    )
    found = compare_outcomes(a, b)
    assert reading(found) == said
    assert any("too narrow" in words for words in found.warnings) == (0 < better + worse < 10)


CASES = [
    Case(f"c{at}", Trajectory(f"s/{at}", "s", [TOOL], f"q{at}"), [Call("f", {"x": at})])
    for at in range(4)
]


def answering(right: set[int]) -> ScriptedModel:
    def script(prompt) -> str:
        at = int(last_user_text(prompt)[1:])
        value = at if at in right else -1
        return json.dumps([{"name": "f", "arguments": {"x": value}}])

    return ScriptedModel(script)


def test_evaluations_compare_functions_and_arguments_too(tmp_path: Path) -> None:
    reader = dialect("json_list")
    evaluate(answering({0, 1, 2}), CASES, reader, tmp_path / "a")
    evaluate(answering({2, 3}), CASES[1:], reader, tmp_path / "b")
    found = compare(tmp_path / "a", tmp_path / "b")
    assert found.warnings[0] == "The data sets differ; the shared cases are the same in both."
    assert [flip.id for flip in found.better] == ["c1"]
    assert [flip.id for flip in found.worse] == ["c3"]
    assert found.name is not None
    assert found.argument is not None
    assert found.name.mean == found.argument.mean == 0
    changed = [msgspec.structs.replace(case, expected=[Call("f", {"x": 9})]) for case in CASES]
    evaluate(answering({2}), changed, reader, tmp_path / "c")
    with pytest.raises(InputError, match=r"(?s)different data.*c0"):
        compare(tmp_path / "a", tmp_path / "c")


def test_of_a_run_its_evaluation_is_meant(tmp_path: Path) -> None:
    evaluate(answering({0}), CASES, dialect("json_list"), tmp_path / "run" / "eval")
    found = read_outcomes(tmp_path / "run")
    assert found.folder == str(tmp_path / "run" / "eval")
    assert [case for case, verdict in found.verdicts.items() if verdict.valid] == ["c0"]


def test_a_score_and_an_evaluation_share_no_rules(tmp_path: Path) -> None:
    evaluate(answering({0}), CASES, dialect("json_list"), tmp_path / "e")
    rows = [("simple", case.id, "") for case in CASES]
    with pytest.raises(InputError, match="different rules"):
        compare(tmp_path / "e", score_folder(tmp_path / "s", {"m": rows}))


def test_details_of_an_evaluation_have_the_tools_that_were_offered(tmp_path: Path) -> None:
    evaluate(answering({0}), CASES, dialect("json_list"), tmp_path / "e")
    found = details_of(read_outcomes(tmp_path / "e"), ["c1", "unknown"])
    assert [*found.cases] == ["c1"]
    assert found.cases["c1"].tools == [TOOL]
    assert found.cases["c1"].query == "q1"
    (tmp_path / "e" / "trace.jsonl").unlink()
    assert details_of(read_outcomes(tmp_path / "e"), ["c1"]).cases["c1"].tools == []


def test_details_of_a_score_whose_data_moved_are_bare_and_say_so(tmp_path: Path) -> None:
    found = details_of(read_outcomes(score_folder(tmp_path / "s", ONE)), ["simple_1"])
    assert found.cases["simple_1"].code == "value_error:string"
    assert found.problem.startswith("Questions and answers are not shown: ")
