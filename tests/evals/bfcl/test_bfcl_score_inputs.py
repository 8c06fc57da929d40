"""What score reads: layouts of questions and outputs, damage, and the words of its errors."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterable
from pathlib import Path

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from actloom.core.errors import InputError
from actloom.evals.bfcl.checker.answers import gold_calls
from actloom.evals.bfcl.checker.rules import RULES
from actloom.evals.bfcl.checker.selftest import QUARANTINE
from actloom.evals.bfcl.data import files
from actloom.evals.bfcl.data.outputs import DAMAGED, answer_in, output_files
from actloom.evals.bfcl.data.questions import questions
from actloom.evals.bfcl.scoring.baseline_scores import KINDS, KNOWN, computed
from actloom.evals.bfcl.scoring.details import details
from actloom.evals.bfcl.scoring.leaderboard import leaderboard
from actloom.evals.bfcl.scoring.score import ScoreConfig, score
from actloom.evals.bfcl.scoring.table import table
from actloom.evals.bfcl.scoring.tally import ModelScore, Score
from actloom.evals.bfcl.scoring.work import Paths, Room
from actloom.evals.bfcl.versions.profiles import PROFILES, profile_of
from actloom.evals.bfcl.versions.revisions import PUBLISHED
from actloom.evals.bfcl.versions.variations import VARIATIONS, variation_of

V1, V4 = PROFILES["v1-2024-08-11"], PROFILES["v4"]


def function(name: str) -> dict:
    parameters = {"type": "dict", "properties": {"n": {"type": "integer"}}, "required": ["n"]}
    return {"name": name, "description": "", "parameters": parameters}


def question(number: int, category: str = "simple_python") -> dict:
    return {
        "id": f"{category}_{number}",
        "question": [[{"role": "user", "content": f"Double {number}."}]],
        "function": [function("math.double")],
    }


def answer(number: int, category: str = "simple_python") -> dict:
    truth = [{"math.double": {"n": [number]}}]
    return {"id": f"{category}_{number}", "ground_truth": truth}


def output(number: int, value: int | None = None, category: str = "simple_python") -> dict:
    given = number if value is None else value
    return {"id": f"{category}_{number}", "result": f"[math.double(n={given})]"}


def write(path: Path, rows: Iterable[dict | str]) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    lines = [row if isinstance(row, str) else json.dumps(row) for row in rows]
    data = ("\n".join(lines) + "\n").encode()
    path.write_bytes(gzip.compress(data) if path.suffix == ".gz" else data)
    return path


@pytest.fixture
def asked(tmp_path: Path) -> Path:
    """Returns a folder with three questions and answers of v4."""
    name = "BFCL_v4_simple_python.json"
    write(tmp_path / "data" / name, map(question, range(3)))
    write(tmp_path / "data" / "possible_answer" / name, map(answer, range(3)))
    return tmp_path / "data"


def scored(asked: Path, outputs: Path, **changes) -> Score:
    config = ScoreConfig(
        profile="v4",
        questions=str(asked),
        outputs=str(outputs),
        dialect="default@bfcl_v4",
        underscores="no",
        **changes,
    )
    return score(config, str(asked.parent / "out"))


def only(found: Score) -> ModelScore:
    (model,) = found.models
    return model


def verdicts(asked: Path) -> list[dict]:
    data = (asked.parent / "out/verdicts.jsonl").read_bytes()
    return [json.loads(line) for line in data.splitlines()]


LAYOUTS = {
    "pack": ("v1_data/question/simple.jsonl.gz", "v1_data/possible_answer/simple.jsonl.gz"),
    "gorilla v1": (
        "data/gorilla_openfunctions_v1_test_simple.json",
        "data/possible_answer/gorilla_openfunctions_v1_test_simple.json",
    ),
    "bare": ("simple.jsonl", "possible_answer/simple.jsonl"),
    "official, compressed": (
        "BFCL_v1_simple.json.gz",
        "possible_answer/BFCL_v1_simple.json.gz",
    ),
    "wheel": (
        "bfcl_eval/data/BFCL_v1_simple.json",
        "bfcl_eval/data/possible_answer/BFCL_v1_simple.json",
    ),
}


@pytest.mark.parametrize("layout", LAYOUTS)
def test_questions_and_their_digest_are_equal_in_every_layout(
    layout: str, shared_data: Path, tmp_path: Path
) -> None:
    original = questions(str(shared_data / "bfcl_v1"), V1)
    source = shared_data / "bfcl_v1/v1_data"
    for part, name in zip(("question", "possible_answer"), LAYOUTS[layout], strict=True):
        rows = gzip.decompress((source / part / "simple.jsonl.gz").read_bytes()).decode()
        write(tmp_path / name, rows.splitlines())
    copied = questions(str(tmp_path), V1)
    assert list(copied) == ["simple"]
    assert copied["simple"] == original["simple"]
    assert copied.digest("simple") == PUBLISHED["v1-2024-08-11"]["simple"]


def test_v4_data_has_the_published_digests_and_counts(shared_data: Path) -> None:
    found = questions(str(shared_data / "bfcl_v4"), V4)
    assert {name: found.digest(name) for name in found} == PUBLISHED["v4"]
    assert {name: len(found[name]) for name in found} == {
        name: of.count for name, of in V4.categories.items()
    }


def test_memory_and_web_search_are_asked_once_a_variant_with_ids_of_their_own(
    shared_data: Path,
) -> None:
    found = questions(str(shared_data / "bfcl_v4"), V4)
    for backend in ("kv", "vector", "rec_sum"):
        first = found[f"memory_{backend}"][0]
        assert first.id == f"memory_{backend}_0-customer-0"
        assert first.raw["involved_classes"] == [f"MemoryAPI_{backend}"]
        assert first.functions
        assert first.truth == ["Michael"]
    ids = {q.id for name in ("base", "no_snippet") for q in found[f"web_search_{name}"]}
    assert len(ids) == 200


def test_a_missing_function_is_held_back_until_its_turn(shared_data: Path) -> None:
    for q in questions(str(shared_data / "bfcl_v4"), V4)["multi_turn_miss_func"]:
        held = {d["name"] for documents in q.raw["missed_function"].values() for d in documents}
        assert held
        assert held.isdisjoint(d["name"] for d in q.functions)


def test_all_right_and_all_wrong_outputs(asked: Path, tmp_path: Path) -> None:
    write(tmp_path / "o/right/simple_python.jsonl", map(output, range(3)))
    write(tmp_path / "o/wrong/simple_python.jsonl.gz", [output(n, 9) for n in range(3)])
    right, wrong = scored(asked, tmp_path / "o").models
    assert (right.model, right.correct, right.total) == ("right", 3, 3)
    assert (wrong.model, wrong.correct, wrong.total) == ("wrong", 0, 3)
    assert wrong.categories["simple_python"].errors == {"value_error:others": 3}
    assert verdicts(asked)[3] == {
        "model": "wrong",
        "category": "simple_python",
        "id": "simple_python_0",
        "valid": False,
        "error_type": "value_error:others",
    }


@pytest.mark.parametrize(
    "name",
    [
        "m/simple_python.jsonl.gz",
        "m/BFCL_v4_simple_python_result.json",
        "m/non_live/BFCL_v4_simple_python_result.json",
        "m/agentic/memory/BFCL_v3_simple_python_result.json.gz",
    ],
)
def test_outputs_are_found_in_every_layout(name: str, asked: Path, tmp_path: Path) -> None:
    write(tmp_path / "o" / name, map(output, range(3)))
    model = only(scored(asked, tmp_path / "o"))
    assert (model.model, model.correct) == ("m", 3)
    assert only(scored(asked, tmp_path / "o" / "m")).model == "m"


def test_one_file_of_several_categories_is_joined_by_id(asked: Path, tmp_path: Path) -> None:
    write(asked / "BFCL_v4_multiple.json", [question(n, "multiple") for n in range(2)])
    write(
        asked / "possible_answer/BFCL_v4_multiple.json", [answer(n, "multiple") for n in range(2)]
    )
    rows = [output(1, category="multiple"), output(0), output(0, category="multiple"), output(2)]
    path = write(tmp_path / "answers-of-mine.jsonl", rows)
    model = only(scored(asked, path))
    assert model.model == "answers-of-mine"
    assert {name: (t.correct, t.total) for name, t in model.categories.items()} == {
        "simple_python": (2, 2),
        "multiple": (2, 2),
    }
    assert only(scored(asked, path, models=["mine"])).model == "mine"


def test_order_of_lines_does_not_matter(asked: Path, tmp_path: Path) -> None:
    path = tmp_path / "o/m/simple_python.jsonl"
    write(path, map(output, range(3)))
    scored(asked, tmp_path / "o")
    before = verdicts(asked)
    write(path, map(output, (2, 0, 1)))
    scored(asked, tmp_path / "o")
    assert verdicts(asked) == before


def test_what_cannot_be_joined_is_counted_and_said(asked: Path, tmp_path: Path) -> None:
    rows = [
        output(0, 7),
        output(0),  # the later one of an id counts
        output(77),  # no such question
        '{"id": "simple_python_1", "result": "[math.dou',  # cut off; its id can be read
        "no JSON at all",
        '{"id": "simple_python_1"}',
    ]
    write(tmp_path / "o/m/simple_python.jsonl", rows)
    found = scored(asked, tmp_path / "o")
    tally = only(found).categories["simple_python"]
    assert (tally.correct, tally.total, tally.questions) == (1, 3, 3)
    assert (tally.missing, tally.unknown, tally.repeated, tally.damaged) == (1, 1, 2, 3)
    assert tally.errors == {DAMAGED: 2}
    assert [line["id"] for line in verdicts(asked)] == [
        "simple_python_0",
        "simple_python_1",
        "simple_python:line:5",
    ]
    assert only(found).overall is None
    assert len(found.notes) == 4
    text = "\n".join(table(found))
    assert "partial" in text
    assert "Overall" not in text
    assert "(2 of 3 questions)" in text


@pytest.mark.parametrize(
    ("line", "result"),
    [
        (b'{"id": "a", "result": NaN}', float("nan")),
        (b'{"id": "a", "result": "\\ud800"}', "\ud800"),
        (b'{"id": "a", "result": 1e999}', float("inf")),
        (b'{"id": "a", "result": 123456789012345678901234567890}', 123456789012345678901234567890),
        (b'{"result": [], "id": "a", "latency": NaN}', []),
        (b'\xef\xbb\xbf{"id": "a", "result": 1}', 1),
    ],
)
def test_a_line_is_read_as_python_reads_it(line: bytes, result: object) -> None:
    assert repr(answer_in(line).result) == repr(result)


@pytest.mark.parametrize(
    "line",
    [
        b"[" * 100_000,
        b'{"id": "a", "result": ' + b"[" * 100_000 + b"]" * 100_000 + b"}",
        b'{"id": "a", "result": ' + b"9" * 5_000 + b"}",
        b"\xff\xfe",
        b"[1]",
        b"null",
        b'{"id": 3, "result": ""}',
        b'{"result": ""}',
    ],
)
def test_hostile_lines_are_damage(line: bytes) -> None:
    assert answer_in(line).problem


def test_missing_categories_are_named(asked: Path, tmp_path: Path) -> None:
    write(tmp_path / "o/m/simple_python.jsonl", map(output, range(3)))
    model = only(scored(asked, tmp_path / "o"))
    assert model.overall is None
    assert set(model.not_scored) == set(V4.categories) - {"simple_python"}
    missing = model.columns["overall/Overall Acc"].missing
    assert set(missing) == set(V4.categories) - {
        "simple_python",
        "live_relevance",
        "format_sensitivity",
    }
    assert str(model.columns["non_live/Python Simple AST"]) == "100.00%"


def test_changed_data_is_said(asked: Path, tmp_path: Path) -> None:
    write(tmp_path / "o/m/simple_python.jsonl", map(output, range(3)))
    found = scored(asked, tmp_path / "o")
    assert found.data_state == "changed: simple_python"
    assert f"data {found.data_hash} (changed: simple_python)" in next(table(found))


def test_details_are_found_from_another_folder(
    asked: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(tmp_path / "o/m/simple_python.jsonl", map(output, range(3)))
    monkeypatch.chdir(tmp_path)
    scored(asked.relative_to(tmp_path), Path("o"))
    monkeypatch.chdir("/")
    assert [case.valid for case in details(tmp_path / "out", "m", ["simple_python_2"])] == [True]


def test_details_show_question_tools_expected_and_got(asked: Path, tmp_path: Path) -> None:
    write(tmp_path / "o/m/simple_python.jsonl", [output(0), output(1, 9), "{"])
    scored(asked, tmp_path / "o")
    ids = ["simple_python_1", "simple_python_0", "simple_python_2", "unheard of"]
    wrong, right = details(tmp_path / "out", "m", ids)
    assert (wrong.id, wrong.valid, wrong.code) == ("simple_python_1", False, "value_error:others")
    assert wrong.query == "Double 1."
    assert [tool.name for tool in wrong.tools] == ["math.double"]
    assert [(c.name, c.arguments) for c in wrong.expected] == [("math.double", {"n": 1})]
    assert [(c.name, c.arguments) for c in wrong.got] == [("math.double", {"n": 9})]
    assert wrong.message
    assert right.valid
    with pytest.raises(InputError, match="no model 'other'"):
        details(tmp_path / "out", "other", ids)


def test_leaderboard_rows_are_found_by_shown_name_hub_name_or_folder(tmp_path: Path) -> None:
    head = "Rank,Overall Acc,Model,Model Link"
    rows = [
        "1,90.00%,GPT-9 (FC),https://openai.com/",
        "2,80.00%,GPT-9 (Prompt),https://openai.com/",
        "3,70.00%,xLAM-2-8b-fc-r (FC),https://huggingface.co/Salesforce/Llama-xLAM-2-8b-fc-r",
        "4,60.00%,Twin,https://huggingface.co/a/twin",
        "5,50.00%,twin,https://huggingface.co/b/twin",
    ]
    (tmp_path / "data_overall.csv").write_text("\n".join([head, *rows]))
    board = leaderboard(str(tmp_path), V4)

    def total(model: str) -> str:
        row = board.row(model)
        return row.values["overall/Overall Acc"] if row else ""

    assert total("gpt-9-FC") == "90.00%"
    assert total("gpt-9") == "80.00%"
    assert total("Salesforce_Llama-xLAM-2-8b-fc-r-FC") == "70.00%"
    assert total("twin") == ""  # two rows: better none than the wrong one
    assert total("gpt-9-mini") == ""


def test_an_unknown_profile_names_the_nearest() -> None:
    with pytest.raises(InputError) as raised:
        profile_of("v1-2024-08-12")
    assert "did you mean 'v1-2024-08-11'?" in str(raised.value)


def test_an_output_file_of_another_version_is_named(asked: Path, tmp_path: Path) -> None:
    write(tmp_path / "o/m/executable_simple.jsonl", [output(0)])
    with pytest.raises(InputError, match="no outputs of models here"):
        output_files(str(tmp_path / "o"), V4)


@pytest.mark.slow
@pytest.mark.parametrize("version", sorted(KNOWN))
def test_the_known_counts_of_the_baselines_are_what_they_get(
    version: str, shared_data: Path
) -> None:
    folder = shared_data / ("bfcl_v4" if version == "v4" else "bfcl_v1")
    room = Room(Paths(version, str(folder), ""))
    counts = {name: computed(room, name) for name in KNOWN[version]}
    assert counts == KNOWN[version]
    kinds = {name for name, of in room.profile.categories.items() if of.kind in KINDS}
    assert kinds == set(counts)


def test_baselines_of_changed_data_are_computed(asked: Path, tmp_path: Path) -> None:
    write(tmp_path / "o/m/simple_python.jsonl", map(output, range(3)))
    no_op, first_tool = scored(asked, tmp_path / "o").baselines
    assert (no_op.model, no_op.correct, no_op.total) == ("no-op", 0, 3)
    assert (first_tool.model, first_tool.correct, first_tool.total) == ("first-tool", 3, 3)


def test_the_gold_of_v4_passes_the_whole_way_but_for_what_is_known(
    shared_data: Path, tmp_path: Path
) -> None:
    data = shared_data / "bfcl_v4"
    found = questions(str(data), V4)
    wanted = [name for name, of in V4.categories.items() if of.kind in ("ast", "irrelevance")]
    for name in wanted:
        write(
            tmp_path / f"o/gold/BFCL_v4_{name}_result.json",
            [{"id": q.id, "result": native(gold_calls(q, RULES["v4"]))} for q in found[name]],
        )
    config = ScoreConfig(profile="v4", questions=str(data), outputs=str(tmp_path / "o"), workers=1)
    model = only(
        score(msgspec.structs.replace(config, dialect="native", underscores="no"), str(tmp_path))
    )
    lines = [json.loads(x) for x in (tmp_path / "verdicts.jsonl").read_bytes().splitlines()]
    failed = {line["id"] for line in lines if not line["valid"]}
    assert failed == {*QUARANTINE["v4"], "parallel_multiple_12", "parallel_multiple_26"}
    assert model.total == 1_390 + 1_351 + 884
    held = sum(tally.quarantined for tally in model.categories.values())
    assert held == len(QUARANTINE["v4"])


def native(calls: list[dict]) -> list[dict]:
    return [{name: json.dumps(of)} for call in calls for name, of in call.items()]


@pytest.mark.slow
def test_format_sensitivity_is_read_in_the_form_each_record_was_asked_for(
    shared_data: Path, tmp_path: Path
) -> None:
    data = shared_data / "bfcl_v4"
    asked = questions(str(data), V4)["format_sensitivity"]
    forms = {
        "python": "[f(a=1)]",
        "json": '[{"function": "f", "parameters": {"a": 1}}]',
        "verbose_xml": (
            '<functions><function name="f"><params><param name="a" value="1" type="integer"/>'
            "</params></function></functions>"
        ),
        "concise_xml": '<functions><function name="f"><param name="a" type="integer">1</param>'
        "</function></functions>",
    }
    rows = []
    for q in asked:
        variation = variation_of(q.id)
        text = forms[variation.returns]
        tagged = f"<TOOLCALL>{text}</TOOLCALL>" if variation.tagged else text
        rows.append({"id": q.id, "result": tagged})
    write(tmp_path / "o/m/format_sensitivity.jsonl", rows)
    config = ScoreConfig(profile="v4", questions=str(data), outputs=str(tmp_path / "o"), workers=1)
    model = only(score(config, str(tmp_path / "out")))
    errors = set(model.categories["format_sensitivity"].errors)
    assert not any(error.startswith("ast_decoder") for error in errors), errors
    assert model.format_sensitivity is not None
    assert set(model.format_sensitivity.accuracies) == {str(v) for v in VARIATIONS}


@given(
    lines=st.lists(st.binary(max_size=12).map(lambda b: b.replace(b"\n", b".")), max_size=20),
    piece=st.integers(1, 9),
    packed=st.booleans(),
)
@settings(max_examples=80, deadline=None)
def test_lines_are_the_same_whatever_pieces_a_file_is_read_in(
    lines: list[bytes], piece: int, packed: bool, tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = tmp_path_factory.mktemp("lines") / "file.jsonl"
    data = b"\n".join(lines)
    path.write_bytes(gzip.compress(data) if packed else b"#" + data)
    expected = [(n, of) for n, line in enumerate(lines, 1) if (of := line.strip())]
    if not packed:  # the mark keeps drawn bytes from looking compressed
        first = b"#" + (lines[0] if lines else b"")
        expected = [(1, first.strip()), *(pair for pair in expected if pair[0] > 1)]
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(files, "_PIECE", piece)
        assert list(files.lines_of(str(path))) == expected


def test_a_line_without_end_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "MAX_LINE", 100)
    monkeypatch.setattr(files, "_PIECE", 10)
    (tmp_path / "file.jsonl").write_bytes(b"short\n" + b"x" * 200)
    with pytest.raises(InputError, match="damaged") as raised:
        list(files.lines_of(str(tmp_path / "file.jsonl")))
    assert "file.jsonl:2" in str(raised.value)
