"""`actloom eval` of a model behind a server: results, money, failures, and kills half way."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from pathlib import Path

import pytest

from actloom.cli import main
from killing import killed_when
from openai_server import OpenAIServer, failure, last_user_text

CITIES = ["Rome", "Oslo", "Lima", "Kyiv", "Bern", "Cairo", "Quito", "Hanoi", "Doha", "Riga"]


@pytest.fixture
def data(tmp_path: Path) -> str:
    rows = [
        {
            "query": f"Weather in {city}?",
            "tools": [
                {
                    "name": "forecast",
                    "description": "Forecast.",
                    "parameters": {"city": {"type": "str", "description": "Where."}},
                }
            ],
            "answers": [{"name": "forecast", "arguments": {"city": city}}],
        }
        for city in CITIES
    ]
    source = tmp_path / "rows.json"
    source.write_text(json.dumps(rows))
    assert main(["unify", str(source), "--out", str(tmp_path / "u")]) == 0
    return str(tmp_path / "u")


def right(body: dict) -> list[tuple[str, object]]:
    return [("forecast", {"city": last_user_text(body)[len("Weather in ") : -1]})]


def asked_cities(server: OpenAIServer) -> Counter[str]:
    return Counter(last_user_text(body) for body in server.requests)


def command(server: OpenAIServer, data: str, out: Path, *more: str) -> list[str]:
    fixed = ["eval", "--model", f"{server.url}#m", "--data", data, "--split", "all"]
    return [*fixed, "--out", str(out), *more]


def test_native_calls_of_a_server_are_scored_and_cost_money(data, tmp_path, capsys) -> None:
    with OpenAIServer(right) as server:
        arguments = command(server, data, tmp_path / "e", "--price", "1000/2000", "--json")
        capsys.readouterr()
        assert main(arguments) == 0
    result = json.loads(capsys.readouterr().out)
    assert result["scores"]["exact"]["mean"] == 1
    assert (result["model"], result["cases"]) == ("m", len(CITIES))
    spending = result["spending"]
    assert spending["answers"] == len(CITIES)
    assert (spending["prompt_tokens"], spending["completion_tokens"]) == (100, 50)
    assert spending["cost_usd"] == pytest.approx(0.1 + 0.1)
    assert 0 < spending["latency_p50"] <= spending["latency_p95"] < 5


def test_text_in_the_dialect_is_scored_where_the_server_parses_no_calls(data, tmp_path) -> None:
    def script(body: dict) -> str:
        ((name, arguments),) = right(body)
        call = json.dumps({"name": name, "arguments": arguments})
        return f"<tool_call>\n{call}\n</tool_call>"

    with OpenAIServer(script) as server:
        assert main(command(server, data, tmp_path / "native")) == 0
        assert main(command(server, data, tmp_path / "told", "--instruct")) == 0
    for name in ("native", "told"):
        found = json.loads((tmp_path / name / "result.json").read_text())
        assert found["scores"]["exact"]["mean"] == 1
    assert ["tools" in body for body in server.requests] == [True] * 10 + [False] * 10
    assert "<tool_call>" in server.requests[-1]["messages"][0]["content"]


def test_prices_may_stand_in_a_file(data, tmp_path, capsys) -> None:
    prices = tmp_path / "prices.yaml"
    prices.write_text("m: 1000/2000\nother: 1/1\n")
    with OpenAIServer(right) as server:
        assert main(command(server, data, tmp_path / "e", "--price", str(prices))) == 0
        assert "0.2000 USD" in capsys.readouterr().err
        prices.write_text("other: 1/1\n")
        assert main(command(server, data, tmp_path / "f", "--price", str(prices))) == 2
        assert "no price of 'm'" in capsys.readouterr().err


def test_cases_the_server_fails_on_are_asked_again_by_the_next_run(data, tmp_path, capsys) -> None:
    broken = threading.Event()
    broken.set()

    def script(body: dict) -> object:
        return failure(400, "not today") if broken.is_set() and "Oslo" in str(body) else right(body)

    with OpenAIServer(script) as server:
        arguments = command(server, data, tmp_path / "e")
        assert main(arguments) == 1
        assert "not today" in capsys.readouterr().err
        broken.clear()
        assert main(arguments) == 0
        assert asked_cities(server) == Counter(
            {f"Weather in {city}?": 1 + (city == "Oslo") for city in CITIES}
        )


@pytest.mark.parametrize("cached", [True, False])
def test_a_killed_run_asks_no_answered_case_again(data, tmp_path, cached: bool) -> None:
    gate, seen = threading.Event(), Counter[str]()
    held: set[str] = set()

    def script(body: dict) -> object:
        city = last_user_text(body)
        seen[city] += 1
        if len(seen) > 5 and not gate.is_set():
            held.add(city)
            gate.wait(60)
        return right(body)

    out = tmp_path / "e"

    def half_way() -> bool:
        trace = out / "trace.jsonl"
        lines = trace.read_bytes().count(b"\n") if trace.exists() else 0
        return lines == 1 + 5 and len(held) == 3

    with OpenAIServer(script) as server:
        more = ["--concurrency", "3", *([] if cached else ["--no-cache"])]
        arguments = command(server, data, out, *more)
        killed_when(arguments, half_way)
        gate.set()
        assert main(arguments) == 0
    answered = set(seen) - held
    assert len(answered) == 7
    assert {city: seen[city] for city in answered} == dict.fromkeys(answered, 1)
    assert {seen[city] for city in held} == {2}
    result = json.loads((out / "result.json").read_text())
    assert (result["scores"]["exact"]["mean"], result["unanswered"]) == (1, 0)


def test_an_interrupted_run_does_not_wait_for_answers_under_way(data, tmp_path) -> None:
    gate = threading.Event()
    with OpenAIServer(lambda body: gate.wait(60)) as server:
        arguments = command(server, data, tmp_path / "e")
        with subprocess.Popen([sys.executable, "-m", "actloom", *arguments]) as process:
            while not server.requests:
                assert process.poll() is None
                time.sleep(0.02)
            process.send_signal(signal.SIGINT)
            assert process.wait(timeout=20) == 130
        gate.set()


def test_an_answer_that_was_paid_for_but_not_yet_traced_is_not_asked_again(data, tmp_path) -> None:
    with OpenAIServer(right) as server:
        arguments = command(server, data, tmp_path / "e")
        assert main(arguments) == 0
        (tmp_path / "e" / "trace.jsonl").unlink()  # as if killed just before each line was written
        assert main(arguments) == 0
        assert set(asked_cities(server).values()) == {1}


def test_another_temperature_in_the_same_folder_is_refused(data, tmp_path, capsys) -> None:
    with OpenAIServer(right) as server:
        arguments = command(server, data, tmp_path / "e")
        assert main([*arguments, "--temperature", "0"]) == 0
        assert main([*arguments, "--temperature", "1"]) == 2
    assert "another temperature" in capsys.readouterr().err
    assert server.requests[0]["temperature"] == 0
