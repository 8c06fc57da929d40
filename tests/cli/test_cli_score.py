"""`actloom score bfcl`: its interface, its table, and what it says of wrong input."""

from __future__ import annotations

import csv
import gzip
import json
from pathlib import Path

import pytest

from actloom.cli import main
from actloom.evals.bfcl.checker.selftest import QUARANTINE

V1 = "v1-2024-08-11"


@pytest.fixture
def pack(shared_data: Path, tmp_path: Path) -> Path:
    """Returns a folder like the results pack with one model, to change at will."""
    source = shared_data / "bfcl_v1"
    folder = tmp_path / "pack"
    folder.mkdir()
    for path in source.iterdir():
        if path.name != "results":
            (folder / path.name).symlink_to(path)
    results = folder / "results" / "gpt-4o-2024-08-06-FC"
    results.mkdir(parents=True)
    for path in (source / "results" / results.name).iterdir():
        (results / path.name).write_bytes(path.read_bytes())
    return folder


def run(pack: Path, *more: str) -> int:
    given = {"--profile": V1, "--data": str(pack), "--out": str(pack.parent / "out")}
    usual = [word for pair in given.items() if pair[0] not in more for word in pair]
    return main(["score", "bfcl", *usual, *more])


def test_json_on_stdout_is_the_fixed_list_and_nothing_else(
    pack: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(pack, "--json") == 0
    rows = json.loads(capsys.readouterr().out)
    with (pack / "expected.csv").open() as stream:
        official = {
            row["category"]: (int(row["correct"]), int(row["total"]))
            for row in csv.DictReader(stream)
            if row["model"] == "gpt-4o-2024-08-06-FC"
        }
    assert {row["category"]: (row["correct"], row["total"]) for row in rows} == official
    assert all(list(row) == ["model", "category", "correct", "total"] for row in rows)
    lines = (pack.parent / "out/verdicts.jsonl").read_bytes().splitlines()
    assert len(lines) == sum(row["total"] for row in rows) == 1_700
    assert {tuple(json.loads(line)) for line in lines} == {
        ("model", "category", "id", "valid", "error_type"),
        ("model", "category", "id", "valid", "error_type", "official"),
    }


def test_the_table_names_profile_data_overall_published_and_baselines(
    pack: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(pack) == 0
    shown = capsys.readouterr()
    assert shown.out == ""
    lines = shown.err.splitlines()
    assert lines[0].startswith(f"BFCL {V1} (gorilla de8307b4), data ")
    assert lines[0].endswith(" (published)")
    overall = next(line.split() for line in lines if line.startswith("  Overall"))
    assert overall[1:3] == ["1,455/1,700", "85.59%"]
    assert overall[-2:] == ["85.59%", "+0.00"]
    assert "no-op" in shown.err
    assert "first-tool" in shown.err
    assert "in quarantine" in shown.err


def test_a_part_of_the_categories_is_partial_never_overall(
    pack: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(pack, "--category", "simple", "--category", "java") == 0
    text = capsys.readouterr().err
    assert "partial" in text
    assert "Overall" not in text
    score = json.loads((pack.parent / "out/score.json").read_bytes())
    assert score["models"][0].get("overall") is None
    assert list(score["models"][0]["categories"]) == ["simple", "java"]


def test_a_dialect_goes_before_the_table_of_models(
    pack: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = ("--category", "simple", "--json")
    assert run(pack, *arguments, "--dialect", "native") == 0
    (native,) = json.loads(capsys.readouterr().out)
    assert run(pack, *arguments, "--dialect", "xlam@bfcl_v1") == 0
    (text,) = json.loads(capsys.readouterr().out)
    assert native["correct"] == 366
    assert text["correct"] == 0


def test_without_a_table_of_models_outputs_are_read_by_auto_and_that_is_said(
    pack: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (pack / "models.csv").unlink()
    assert run(pack, "--category", "simple") == 0
    text = capsys.readouterr().err
    assert "note: no models.csv names gpt-4o-2024-08-06-FC" in text
    assert "366/400" in text


def test_a_damaged_line_counts_as_wrong_and_is_said(
    pack: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = pack / "results/gpt-4o-2024-08-06-FC/simple.jsonl.gz"
    lines = gzip.decompress(path.read_bytes()).splitlines()
    lines[0] = lines[0][:30]
    path.write_bytes(gzip.compress(b"\n".join(lines)))
    assert run(pack, "--category", "simple") == 0
    text = capsys.readouterr().err
    assert "365/400" in text
    assert "1 lines cannot be read and count as wrong" in text


def test_a_wrong_name_leaves_no_folder_behind(pack: Path) -> None:
    assert run(pack, "--category", "simpel") == 2
    assert not (pack.parent / "out").exists()


def break_gzip(pack: Path) -> None:
    path = pack / "results/gpt-4o-2024-08-06-FC/simple.jsonl.gz"
    path.write_bytes(path.read_bytes()[:-40])


def break_question(pack: Path) -> None:
    (pack / "v1_data").unlink()
    question = pack / "v1_data/question/simple.jsonl"
    question.parent.mkdir(parents=True)
    question.write_text('{"id": "simple_0"}\nno JSON\n')


def break_family(pack: Path) -> None:
    rows = (pack / "models.csv").read_text().replace("OpenAIHandler", "UnheardHandler")
    (pack / "models.csv").unlink()
    (pack / "models.csv").write_text(rows)


def break_table(pack: Path) -> None:
    (pack / "models.csv").unlink()
    (pack / "models.csv").write_text("model,family\nx,y\n")


def break_nothing(pack: Path) -> None:
    """Leaves the folder whole."""


@pytest.mark.parametrize(
    ("spoil", "more", "words"),
    [
        (break_gzip, [], ["damaged", "simple.jsonl.gz:"]),
        (break_question, [], ["damaged", "simple.jsonl:2"]),
        (break_family, [], ["UnheardHandler", "OpenAIHandler"]),
        (break_table, [], ["lacks a column", "decoder_family"]),
        (break_nothing, ["--category", "simpel"], ["unknown BFCL category", "mean 'simple'?"]),
        (break_nothing, ["--model", "gpt-4o"], ["gpt-4o", "mean 'gpt-4o-2024-08-06-FC'?"]),
        (break_nothing, ["--dialect", "xlam@bfcl_v9"], ["xlam@bfcl_v9", "did you mean"]),
        (break_nothing, ["--questions", "/nowhere"], ["/nowhere", "actloom pull bfcl"]),
        (break_nothing, ["--outputs", "/nowhere"], ["/nowhere", "actloom eval bfcl"]),
        (break_nothing, ["--data", "/nowhere"], ["/nowhere"]),
        (break_nothing, ["--profile", "v5"], ["unknown BFCL profile", "v4"]),
    ],
)
def test_wrong_input_ends_with_2_and_says_what_and_where(
    spoil, more, words, pack: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    spoil(pack)
    assert run(pack, *more) == 2
    shown = capsys.readouterr()
    assert shown.out == ""
    assert "Traceback" not in shown.err
    assert all(word in shown.err for word in words), shown.err
    assert not (pack.parent / "out/verdicts.jsonl").exists()


def test_the_verb_alone_lists_its_parts(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["score"]) == 0
    assert "bfcl" in capsys.readouterr().out


def test_the_self_test_finds_known_defects_and_ends_with_1_for_a_new_one(
    pack: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(pack, "--self-test", "--json") == 0
    known = json.loads(capsys.readouterr().out)
    assert {d["id"] for d in known if not d["passable"]} == set(QUARANTINE[V1])
    (pack / "v1_data").unlink()
    name = "simple.jsonl"
    call = {"name": "f", "parameters": {"type": "dict", "properties": {"n": {"type": "integer"}}}}
    for folder, fields in (
        ("question", {"question": "?", "function": {**call, "description": ""}}),
        ("possible_answer", {"ground_truth": {"f": {"n": ["five"], "m": [1]}}}),
    ):
        path = pack / "v1_data" / folder / name
        path.parent.mkdir(parents=True)
        path.write_text(json.dumps({"id": "simple_0", **fields}))
    assert run(pack, "--self-test") == 1
    assert "simple_0" in capsys.readouterr().err
