"""The verbs compare and report on folders of scores, from the command line."""

from __future__ import annotations

import json
from pathlib import Path

import msgspec
import pytest

from actloom.cli import main
from actloom.evals.compare import compare
from score_folders import score_folder

CASES = range(60)


def rows(right: set[int]) -> list[tuple[str, str, str]]:
    kinds = ("type_error:nested", "value_error:string")
    return [
        ("simple" if at % 2 else "java", f"q{at}", "" if at in right else kinds[at % 2])
        for at in CASES
    ]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    models = {
        "good": rows({*range(5, 60)}),
        "poor": rows({*range(40, 60)}),
        "near": rows({*range(4, 58)}),
    }
    return score_folder(tmp_path / "s", models)


def test_two_models_of_a_folder_are_compared_in_words(folder: Path, capsys) -> None:
    assert main(["compare", f"{folder}:good", f"{folder}:poor"]) == 0
    printed = capsys.readouterr().out
    for words in (
        "A - B    +58.3 [+45", "A is better",
        "McNemar: 35 cases right in A only, 0 in B only, p < 0.001 (exact binomial)",
        "60 shared cases, 20 right in both and 5 in neither", "profile v1-2024-08-11, data 0123",
        "2 groups are 2 tests", "type_error:nested", "-> right",
        "right in A only: 35", "and 25 more",
    ):  # fmt: skip
        assert words in printed


def test_json_is_the_comparison_of_the_api_and_nothing_else(folder: Path, capsys) -> None:
    good, poor, near = (f"{folder}:{name}" for name in ("good", "poor", "near"))
    assert main(["compare", good, poor, "--json"]) == 0
    printed = json.loads(capsys.readouterr().out)
    assert printed == msgspec.to_builtins(compare(good, poor))
    assert main(["compare", good, poor, near, "--json"]) == 0
    assert json.loads(capsys.readouterr().out)[0] == printed


def test_several_are_each_compared_with_the_first(folder: Path, capsys) -> None:
    assert main(["compare", *(f"{folder}:{name}" for name in ("good", "poor", "near"))]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert "(A)" in lines[0]
    assert "A is better" in lines[1]
    assert "no difference can be told" in lines[2]
    assert "p corrected for 2 comparisons (Holm)" in lines[3]


@pytest.mark.parametrize(
    ("a", "b", "limit", "code"),
    [("poor", "good", "0", 1), ("good", "poor", "0", 0), ("near", "good", "0", 0),
     ("poor", "good", "-40", 1), ("poor", "good", "-50", 0), ("poor", "good", "-60", 0)],
)  # fmt: skip
def test_a_model_that_is_surely_worse_than_allowed_fails_the_command(
    folder: Path, a: str, b: str, limit: str, code: int, capsys
) -> None:
    assert main(["compare", f"{folder}:{a}", f"{folder}:{b}", f"--fail-below={limit}"]) == code
    assert "A - B" in capsys.readouterr().out


def test_one_of_several_that_beats_the_first_fails_the_command(folder: Path) -> None:
    specs = [f"{folder}:{name}" for name in ("near", "poor", "good")]
    assert main(["compare", *specs, "--fail-below=0"]) == 0
    assert main(["compare", f"{folder}:poor", *specs[::2], "--fail-below=0"]) == 1


def test_the_page_is_written_and_named(folder: Path, tmp_path: Path, capsys) -> None:
    page = tmp_path / "deep" / "c.html"
    assert main(["compare", f"{folder}:good", f"{folder}:poor", "--out", str(page)]) == 0
    said = capsys.readouterr()
    assert str(page) in said.err
    assert "good is better than poor: +58.3 points" in page.read_text()
    assert 'href="./../s/verdicts.jsonl"' in page.read_text()


def test_tests_made_together_are_corrected_before_one_is_believed(tmp_path: Path, capsys) -> None:
    # Alone 8 of 9 is p = 0.039; as one of three tests it is 0.117.
    other = {f"o{at}": rows({*CASES} - {8}) for at in range(3)}
    first = rows({*range(8, 60)})
    folder = score_folder(tmp_path / "t", {"a": first, **other})
    alone = ["compare", f"{folder}:a", f"{folder}:o0", "--fail-below=0"]
    assert main(alone) == 1
    assert "A is worse" in capsys.readouterr().out
    assert main([*alone, f"{folder}:o1", f"{folder}:o2"]) == 0
    assert capsys.readouterr().out.count("no difference can be told") == 3


@pytest.mark.parametrize(
    ("specs", "said"),
    [
        ([], "two evaluations"),
        (["FOLDER:good"], "two evaluations"),
        (["FOLDER", "FOLDER:poor"], "several models"),
        (["FOLDER:good", "FOLDER:goood"], "FOLDER:good"),
        (["FOLDER:good", "FOLDER:good"], "the same evaluation"),
        (["FOLDER:good", "nowhere"], "not there"),
        (["FOLDER:good", "."], "no evaluation"),
    ],
)
def test_what_cannot_be_compared_exits_with_2_and_says_why(
    folder: Path, specs: list[str], said: str, capsys, monkeypatch, tmp_path: Path
) -> None:
    (tmp_path / "empty").mkdir()
    monkeypatch.chdir(tmp_path / "empty")
    given = [spec.replace("FOLDER", str(folder)) for spec in specs]
    assert main(["compare", *given]) == 2
    printed = capsys.readouterr()
    assert said.replace("FOLDER", str(folder)) in printed.err
    assert "Traceback" not in printed.err
    assert printed.out == ""


def test_report_writes_a_page_of_all_models_and_one_of_each(folder: Path, capsys) -> None:
    assert main(["report", str(folder)]) == 0
    assert capsys.readouterr().out == f"{folder}/report.html\n"
    assert "FOLDER:MODEL" in (folder / "report.html").read_text()
    assert main(["report", f"{folder}:poor"]) == 0
    page = (folder / "report-poor.html").read_text()
    assert "20 of 60 records right (partial, no Overall)" in page
    assert main(["report", f"{folder}:pooor"]) == 2
    assert f"{folder}:poor" in capsys.readouterr().err
