"""`actloom eval bfcl`: a model behind a server asked, scored, killed half way and resumed."""

from __future__ import annotations

import json
import threading
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from actloom.cli import main
from actloom.io.pull.bfcl import bfcl_home
from killing import killed_when
from openai_server import OpenAIServer, failure


def key(body: dict) -> str:
    return json.dumps(body["messages"])


def command(server: OpenAIServer, shared: Path, out: Path, *more: str) -> list[str]:
    fixed = ["eval", "bfcl", "--model", f"{server.url}#org/m", "--concurrency", "3"]
    return [*fixed, "--questions", str(shared / "bfcl_v4"), "--out", str(out), *more]


def test_a_server_is_asked_scored_and_paid(shared_data, tmp_path, capsys) -> None:
    more = ["--category", "simple_python", "--category", "irrelevance", "--limit", "4"]
    with OpenAIServer(lambda body: "I cannot.") as server:
        arguments = command(server, shared_data, tmp_path, *more, "--price", "1e3/1e3")
        assert main(arguments) == 0
        said = capsys.readouterr().err
        assert main([*arguments, "--json"]) == 0
        assert len(server.requests) == 8
    cells = [line.split()[:2] for line in said.splitlines()]
    assert ["simple_python", "0/4"] in cells
    assert ["irrelevance", "4/4"] in cells
    assert "partial" in said
    assert "0.1200 USD" in said
    printed = json.loads(capsys.readouterr().out)
    assert (printed["asked"], printed["finished"], printed["unanswered"]) == (0, 8, 0)
    assert printed["spending"]["prompt_tokens"] == 80
    assert printed["scores"] == [
        {"category": "simple_python", "correct": 0, "total": 4},
        {"category": "irrelevance", "correct": 4, "total": 4},
    ]
    assert (tmp_path / "outputs" / "org_m" / "simple_python.jsonl").exists()


def test_what_it_writes_is_what_score_bfcl_reads(shared_data, tmp_path, capsys) -> None:
    with OpenAIServer(lambda body: "I cannot.") as server:
        more = ["--category", "live_irrelevance", "--limit", "3"]
        assert main(command(server, shared_data, tmp_path / "e", *more)) == 0
    verdicts = (tmp_path / "e" / "verdicts.jsonl").read_bytes()
    arguments = ["score", "bfcl", "--profile", "v4", "--questions", str(shared_data / "bfcl_v4")]
    arguments += ["--outputs", str(tmp_path / "e" / "outputs"), "--out", str(tmp_path / "s")]
    assert main([*arguments, "--dialect", "default_fc@bfcl_v4"]) == 0
    assert (tmp_path / "s" / "verdicts.jsonl").read_bytes() == verdicts
    capsys.readouterr()


def test_a_server_that_refuses_makes_entries_and_exit_1(shared_data, tmp_path, capsys) -> None:
    more = ["--category", "irrelevance", "--limit", "3"]
    with OpenAIServer(lambda body: failure(400, "no tools here")) as server:
        assert main(command(server, shared_data, tmp_path, *more)) == 1
    said = capsys.readouterr().err
    assert "nothing was answered" in said
    assert "no tools here" in said
    assert len((tmp_path / "errors.jsonl").read_text().splitlines()) == 3


@pytest.mark.parametrize(
    ("more", "said"),
    [
        (["--category", "simpel"], "simple_python"),
        (["--style", "json", "--category", "simple_python"], "prompt"),
        (["--profile", "v5"], "v4"),
        (["--price", "cheap"], "IN/OUT"),
        (["--key-env", "NO_SUCH_VARIABLE_HERE"], "NO_SUCH_VARIABLE_HERE"),
    ],
)
def test_what_it_cannot_use_exits_with_2(
    shared_data, tmp_path, capsys, more: list[str], said: str
) -> None:
    with OpenAIServer() as server:
        assert main(command(server, shared_data, tmp_path, *more)) == 2
        assert server.requests == []
    assert said in capsys.readouterr().err


class Gate:
    """Answers the first requests and holds the others until it is opened."""

    def __init__(self, answer: Callable[[dict], object], *, first: int) -> None:
        self.seen: Counter[str] = Counter()
        self.held: set[str] = set()
        self._answer = answer
        self._first = first
        self._open = threading.Event()
        self._lock = threading.Lock()

    def __call__(self, body: dict) -> object:
        with self._lock:
            self.seen[key(body)] += 1
            holds = self.seen.total() > self._first and not self._open.is_set()
            if holds:
                self.held.add(key(body))
        if holds:
            self._open.wait(60)
        return self._answer(body)

    def open(self) -> None:
        self._open.set()


def lines_in(folder: Path) -> int:
    return sum(path.read_bytes().count(b"\n") for path in folder.rglob("outputs/*/*.jsonl"))


@pytest.mark.parametrize("cached", [True, False])
def test_a_killed_run_asks_no_answered_question_again(shared_data, tmp_path, cached: bool) -> None:
    gate = Gate(lambda body: "I cannot.", first=9)
    more = ["--category", "simple_python", "--category", "irrelevance", "--limit", "10"]
    more += [] if cached else ["--no-cache"]
    with OpenAIServer(gate) as server:
        arguments = command(server, shared_data, tmp_path, *more)
        killed_when(arguments, lambda: lines_in(tmp_path) == 9 and len(gate.held) == 3)
        gate.open()
        assert main(arguments) == 0
    assert lines_in(tmp_path) == 20
    assert {gate.seen[asked] for asked in gate.held} == {2}
    assert {count for asked, count in gate.seen.items() if asked not in gate.held} == {1}
    assert len(gate.seen) == 20


def test_a_killed_run_asks_no_answered_step_of_a_running_case_again(shared_data, tmp_path) -> None:
    if bfcl_home() is None:
        pytest.skip("BFCL's classes are not in the cache; actloom pull bfcl puts them there")

    def answer(body: dict) -> object:
        last = body["messages"][-1]["role"]
        return [("pwd", {}), ("ls", {"a": True})] if last == "user" else "Done."

    gate = Gate(answer, first=8)
    more = ["--category", "multi_turn_base", "--limit", "3"]
    with OpenAIServer(gate) as server:
        arguments = command(server, shared_data, tmp_path, *more)
        killed_when(arguments, lambda: len(gate.held) == 3)
        assert lines_in(tmp_path) == 0  # every case was running
        gate.open()
        assert main(arguments) == 0
    assert lines_in(tmp_path) == 3
    assert {gate.seen[asked] for asked in gate.held} == {2}
    assert {count for asked, count in gate.seen.items() if asked not in gate.held} == {1}
