"""The results pack: every verdict, error type, count and leaderboard column as published."""

from __future__ import annotations

import csv
import gzip
import json
from collections import Counter
from pathlib import Path

import pytest

from actloom.evals.bfcl.scoring.score import ScoreConfig, score
from actloom.evals.bfcl.scoring.tally import Score
from actloom.evals.bfcl.versions.aggregation import percent
from actloom.evals.bfcl.versions.profiles import PROFILES

PROFILE = "v1-2024-08-11"


@pytest.fixture(scope="module")
def pack(shared_data: Path) -> Path:
    return shared_data / "bfcl_v1"


@pytest.fixture(scope="module")
def scored(pack: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Score, list[dict]]:
    out = tmp_path_factory.mktemp("score")
    found = score(ScoreConfig(profile=PROFILE, data=str(pack), workers=1), str(out))
    return found, lines_in(out / "verdicts.jsonl")


@pytest.fixture(scope="module")
def failures(pack: Path) -> dict[tuple[str, str], str]:
    rows = lines_in(pack / "failures.jsonl.gz")
    return {(row["model"], row["id"]): row["error_type"] for row in rows}


def lines_in(path: Path) -> list[dict]:
    data = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
    return [json.loads(line) for line in data.splitlines()]


def kinds(name: str) -> set[str]:
    return {c.name for c in PROFILES[PROFILE].categories.values() if c.kind == name}


def test_every_record_has_the_official_verdict_and_error_type(scored, failures) -> None:
    _, lines = scored
    differences = [
        (line["model"], line["id"], official, line["error_type"])
        for line in lines
        if (official := failures.get((line["model"], line["id"]))) != line["error_type"]
    ]
    assert len(lines) == 20_400
    assert differences == []
    assert all(line["valid"] == (line["error_type"] is None) for line in lines)


def test_ast_and_relevance_records_are_all_judged_here(scored) -> None:
    _, lines = scored
    judged = Counter(line["category"] for line in lines if not line.get("official"))
    names = kinds("ast") | kinds("irrelevance")
    assert sum(judged[name] for name in names) == 16_680
    assert {line["category"] for line in lines if line.get("official")}.isdisjoint(names)


def test_executables_are_replayed_but_for_the_listed_ones(scored, pack: Path) -> None:
    _, lines = scored
    with (pack / "exec_not_replayable.csv").open() as stream:
        listed = {(row["model"], row["id"]) for row in csv.DictReader(stream)}
    executed = [line for line in lines if line["category"] in kinds("executable")]
    official = {(line["model"], line["id"]) for line in executed if line.get("official")}
    assert official == listed
    assert len(executed) - len(official) == 2_816
    rest = [line for line in lines if line["category"] == "rest"]
    assert len(rest) == 840
    assert all(line["official"] for line in rest)


def test_counts_equal_the_official_score_files(scored, pack: Path) -> None:
    found, _ = scored
    ours = {
        (model.model, name): (tally.correct, tally.total)
        for model in found.models
        for name, tally in model.categories.items()
    }
    with (pack / "expected.csv").open() as stream:
        official = {
            (row["model"], row["category"]): (int(row["correct"]), int(row["total"]))
            for row in csv.DictReader(stream)
        }
    assert ours == official


def test_all_columns_of_all_leaderboard_rows_are_equal_as_printed(scored, pack: Path) -> None:
    found, _ = scored
    columns = {model.model: model.columns for model in found.models}
    with (pack / "leaderboard_2024-08-14.csv").open() as stream:
        rows = list(csv.DictReader(stream))
    assert len(rows) == len(columns) == 12
    for row in rows:
        ours = {name.partition("/")[2]: str(of) for name, of in columns[row["model"]].items()}
        assert ours == {name: row[name] for name in ours}
    assert all(len(of) == 17 for of in columns.values())


def test_the_published_row_stands_beside_ours(scored) -> None:
    found, _ = scored
    for model in found.models:
        assert model.overall is not None
        assert model.official["overall/Overall Acc"] == percent(model.overall)


def test_the_data_is_recognised_as_published(scored) -> None:
    found, _ = scored
    assert found.data_state == "published"
    assert found.notes == []


@pytest.fixture
def stripped(pack: Path, tmp_path: Path) -> Path:
    """Returns the pack without anything that gives verdicts away."""
    for name in ("v1_data", "results", "models.csv", "exec_outputs.jsonl.gz"):
        (tmp_path / name).symlink_to(pack / name)
    (tmp_path / "exec_not_replayable.csv").symlink_to(pack / "exec_not_replayable.csv")
    with (pack / "exec_not_replayable.csv").open() as stream:
        listed = {(row["model"], row["id"]) for row in csv.DictReader(stream)}
    kept = [
        json.dumps(row).encode() + b"\n"
        for row in lines_in(pack / "failures.jsonl.gz")
        if row["category"] == "rest" or (row["model"], row["id"]) in listed
    ]
    with gzip.open(tmp_path / "failures.jsonl.gz", "wb") as stream:
        stream.writelines(kept)
    return tmp_path


@pytest.mark.slow
def test_nothing_else_of_the_published_verdicts_is_read(
    stripped: Path, scored, tmp_path: Path
) -> None:
    _, lines = scored
    score(ScoreConfig(profile=PROFILE, data=str(stripped), workers=1), str(tmp_path / "out"))
    assert lines_in(tmp_path / "out/verdicts.jsonl") == lines


@pytest.mark.slow
def test_two_processes_write_the_same_bytes(pack: Path, tmp_path: Path) -> None:
    models = ["gpt-4o*", "command-r*"]
    for workers in (1, 2):
        config = ScoreConfig(profile=PROFILE, data=str(pack), models=models, workers=workers)
        score(config, str(tmp_path / str(workers)))
    for name in ("verdicts.jsonl", "score.json"):
        one, two = ((tmp_path / str(n) / name).read_bytes() for n in (1, 2))
        assert one == two


def test_without_published_verdicts_rest_is_not_scored_and_the_total_is_partial(
    stripped: Path, tmp_path: Path
) -> None:
    (stripped / "failures.jsonl.gz").unlink()
    config = ScoreConfig(profile=PROFILE, data=str(stripped), models=["gpt-4o*"], workers=1)
    (model,) = score(config, str(tmp_path / "out")).models
    assert list(model.not_scored) == ["rest"]
    assert model.overall is None
    assert "rest" in model.columns["overall/Overall Acc"].missing
    assert str(model.columns["overall/AST Summary"]) == "87.55%"
    not_recorded = sum(tally.not_recorded for tally in model.categories.values())
    assert not_recorded == 4
