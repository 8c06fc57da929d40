"""A local transformers model on BFCL from end to end: asked, killed half way, resumed."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from actloom.cli import main
from killing import killed_when
from tiny_model import tiny_model

pytest.importorskip("transformers", reason="a local model needs actloom[train]")


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Returns the folder of a small untrained model."""
    return tiny_model(tmp_path_factory.mktemp("model") / "tiny")


def lines_of(path: Path) -> list[bytes]:
    return path.read_bytes().splitlines(keepends=True) if path.exists() else []


@pytest.mark.slow
@pytest.mark.parametrize("style", ["fc", "prompt", "xlam"])
def test_a_local_model_is_asked_killed_half_way_and_resumed(
    tiny, shared_data, tmp_path, capsys, style: str
) -> None:
    questions = str(shared_data / "bfcl_v4")
    arguments = ["eval", "bfcl", "--model", str(tiny), "--questions", questions, "--style", style]
    arguments += ["--dialect", "hermes", "--category", "simple_python", "--limit", "12"]
    arguments += ["--max-tokens", "4", "--batch", "2", "--out", str(tmp_path)]
    path = tmp_path / "outputs" / "tiny" / "simple_python.jsonl"
    killed_when(arguments, lambda: len(lines_of(path)) >= 4, within_s=180)
    first = [line for line in lines_of(path) if line.endswith(b"\n")]
    assert 4 <= len(first) <= 12
    capsys.readouterr()
    assert main([*arguments, "--json"]) == 0
    printed = json.loads(capsys.readouterr().out)
    assert printed["asked"] == 12 - len(first)
    assert (printed["finished"], printed["unanswered"]) == (12, 0)
    assert printed["spending"]["completion_tokens"] <= 12 * 4
    found = lines_of(path)
    assert found[: len(first)] == first
    assert [json.loads(line)["id"] for line in found] == [f"simple_python_{i}" for i in range(12)]


@pytest.mark.slow
def test_a_local_model_plays_several_turns(tiny, shared_data, tmp_path) -> None:
    from actloom.io.pull.bfcl import bfcl_home

    if bfcl_home() is None:
        pytest.skip("BFCL's classes are not in the cache; actloom pull bfcl puts them there")
    arguments = ["eval", "bfcl", "--model", str(tiny), "--limit", "1"]
    arguments += ["--questions", str(shared_data / "bfcl_v4"), "--category", "multi_turn_base"]
    assert main([*arguments, "--max-tokens", "4", "--out", str(tmp_path)]) == 0
    (line,) = lines_of(tmp_path / "outputs" / "tiny" / "multi_turn_base.jsonl")
    assert all(len(turn) == 1 for turn in json.loads(line)["result"])
    settings = json.loads((tmp_path / "runs" / "tiny.json").read_text())
    assert settings["dialect"] == "auto"
