"""`eval cases` and `eval from-traces`: what they print, write, refuse and resume."""

from __future__ import annotations

import json
import re
import threading
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from actloom.cli import main
from killing import killed_when
from openai_server import OpenAIServer, last_user_text

TOOLS = [
    {
        "type": "function",
        "function": {
            "name": name,
            "description": "",
            "parameters": {
                "type": "object",
                "properties": {"city": {"type": "string"}, "days": {"type": "integer"}},
                "required": ["city"],
            },
        },
    }
    for name in ("forecast", "cancel_trip")
]
CITIES = ["Rome", "Oslo", "Lima", "Kyiv", "Bern", "Cairo", "Quito", "Hanoi", "Doha", "Riga"]


def arguments_of(city: str) -> dict[str, Any]:
    return {"city": city}


@pytest.fixture
def cases(tmp_path: Path) -> str:
    rows = [
        {
            "id": city,
            "query": f"Weather in {city}?",
            "tools": TOOLS,
            "expected": [
                {
                    "name": "forecast",
                    "arguments": {
                        "city": {"$ignore_case": city},
                        "days": {"$optional": {"$range": [1, 7]}},
                    },
                }
            ],
        }
        for city in CITIES
    ]
    path = tmp_path / "cases.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return str(path)


@pytest.fixture
def traces(tmp_path: Path) -> str:
    """Ten conversations as a chat server's log has them: a call, its result, an answer."""
    rows = [
        {
            "messages": [
                {"role": "user", "content": f"Weather in {city}?"},
                {
                    "role": "assistant",
                    "content": None,
                    "tool_calls": [
                        {
                            "id": f"c{at}",
                            "type": "function",
                            "function": {
                                "name": "forecast",
                                "arguments": json.dumps(arguments_of(city)),
                            },
                        }
                    ],
                },
                {"role": "tool", "tool_call_id": f"c{at}", "content": "sunny"},
                {"role": "assistant", "content": f"Sunny in {city}."},
            ],
            "tools": TOOLS,
        }
        for at, city in enumerate(CITIES)
    ]
    path = tmp_path / "traces.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return str(path)


def city_of(body: dict[str, Any]) -> str:
    return last_user_text(body)[len("Weather in ") : -1]


def right(body: dict[str, Any]) -> Any:
    if body["messages"][-1]["role"] == "tool":
        return "It will be sunny."
    return [("forecast", arguments_of(city_of(body).upper()))]


def as_production(body: dict[str, Any]) -> Any:
    if body["messages"][-1]["role"] == "tool":
        return f"Sunny in {city_of(body)}."
    return [("forecast", arguments_of(city_of(body)))]


def printed(capsys: pytest.CaptureFixture[str]) -> Any:
    return json.loads(capsys.readouterr().out)


def test_cases_are_checked_without_a_model(cases: str, capsys) -> None:
    assert main(["eval", "cases", cases, "--check", "--json"]) == 0
    found = printed(capsys)
    assert (found["cases"], found["passed"], found["problems"]) == (10, 10, [])
    with Path(cases).open("a") as file:
        file.write('{"query": "x", "expcted": []}\n')
    assert main(["eval", "cases", cases, "--check"]) == 1
    said = capsys.readouterr().err
    assert "line 11" in said
    assert "did you mean 'expected'" in said


def test_cases_are_asked_of_a_server_and_bad_ones_listed(cases, tmp_path, capsys) -> None:
    with Path(cases).open("a") as file:
        file.write("{\n")
    out = tmp_path / "e"
    with OpenAIServer(right) as server:
        arguments = ["eval", "cases", cases, "--model", f"{server.url}#m", "--out", str(out)]
        assert main([*arguments, "--json"]) == 1
        result = printed(capsys)
        assert main(arguments) == 1
        assert "line 11" in capsys.readouterr().err
        assert len(server.requests) == 10
    assert result["scores"]["exact"]["mean"] == 1
    assert result["problems"][0]["line"] == 11
    assert result == json.loads((out / "result.json").read_text())
    verdicts = [json.loads(line) for line in (out / "verdicts.jsonl").read_text().splitlines()]
    assert verdicts[0]["expected"][0]["arguments"]["city"] == {"$ignore_case": "Rome"}


def test_changed_expectations_in_the_same_folder_are_refused(cases, tmp_path, capsys) -> None:
    arguments = ["eval", "cases", cases, "--model", "scripted:silent", "--out", str(tmp_path / "e")]
    assert main(arguments) == 0
    text = Path(cases).read_text()
    Path(cases).write_text(text.replace("[1, 7]", "[1, 8]"))
    assert main(arguments) == 2
    assert "another data" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["missing.jsonl", "--check"], "missing.jsonl"),
        (["CASES"], "--model"),
        (["CASES", "--model", "scripted:none.json"], "none.json"),
        (["CASES", "--check", "--tools", "CASES"], "no JSON"),
    ],
)
def test_what_eval_cases_cannot_use_exits_with_2(arguments, said, cases, tmp_path, capsys) -> None:
    given = [cases if text == "CASES" else text for text in arguments]
    assert main(["eval", "cases", *given, "--out", str(tmp_path / "e")]) == 2
    assert said in capsys.readouterr().err


def test_traces_are_compared_and_one_page_written(traces, tmp_path, capsys) -> None:
    out = tmp_path / "e"
    with OpenAIServer(as_production) as server:
        arguments = ["eval", "from-traces", traces, "--model", f"{server.url}#small"]
        arguments += ["--out", str(out), "--price", "100/200"]
        assert main([*arguments, "--json"]) == 0
        found = printed(capsys)
        assert main(arguments) == 0
        assert "agrees" in capsys.readouterr().err
    assert (found["cases"], found["agreement"]["mean"]) == (20, 1)
    assert found == json.loads((out / "comparison.json").read_text())
    assert found["new"]["cost_each"] == pytest.approx(0.002)
    assert len(json.loads((out / "held_out.json").read_text())) == 10
    page = (out / "index.html").read_text()
    assert "small beside the production model" in page
    assert "100 %" in page
    assert Counter(map(city_of, server.requests)) == dict.fromkeys(CITIES, 2)


def test_going_on_gives_recorded_results_and_the_page_says_where_it_stopped(
    traces, tmp_path, capsys
) -> None:
    def elsewhere(body: dict[str, Any]) -> Any:
        return [("cancel_trip", {"city": "x"})] if city_of(body) == "Rome" else as_production(body)

    with OpenAIServer(elsewhere) as server:
        arguments = ["eval", "from-traces", traces, "--model", f"{server.url}#m", "--continue"]
        assert main([*arguments, "--out", str(tmp_path / "e"), "--json"]) == 0
    found = printed(capsys)
    assert (found["cases"], found["outcomes"]["agrees"]) == (10, 9)
    assert found["look_at"][0]["level"] == 2
    assert "hard to take back" in (tmp_path / "e" / "index.html").read_text()
    shown = next(b for b in server.requests if b["messages"][-1]["role"] == "tool")
    assert shown["messages"][-1]["content"] == "sunny"


def test_a_judge_is_asked_in_both_orders_and_advises_only(traces, tmp_path, capsys) -> None:
    judged: list[str] = []

    def script(body: dict[str, Any]) -> Any:
        if body["model"] == "judge":
            judged.append(body["messages"][-1]["content"])
            return (
                "VERDICT: A" if re.search("<answer_a_.{8}>\nIt will", judged[-1]) else "VERDICT: B"
            )
        return right(body)

    with OpenAIServer(script) as server:
        arguments = ["eval", "from-traces", traces, "--model", "small", "--url", server.url]
        arguments += ["--judge", "judge", "--out", str(tmp_path / "e"), "--json"]
        for _ in range(2):
            assert main(arguments) == 0
            found = printed(capsys)
        assert len(judged) == 40
    assert found["outcomes"]["agrees"] == 10  # votes about texts change no outcome
    assert found["judged"]["new"] == 10
    assert (tmp_path / "e" / "judge.jsonl").exists()


def test_secrets_are_replaced_before_anything_is_asked_or_shown(traces, tmp_path) -> None:
    text = Path(traces).read_text().replace("Weather in Rome?", "I am anna.berg@example.org. Hi?")
    Path(traces).write_text(text)
    out = tmp_path / "e"
    with OpenAIServer(lambda body: "Hello.") as server:
        arguments = ["eval", "from-traces", traces, "--model", f"{server.url}#m", "--scrub"]
        for _ in range(2):
            assert main([*arguments, "--out", str(out), "--no-cache"]) == 0
        assert len(server.requests) == 20
    assert "anna.berg" not in json.dumps(server.requests)
    written = [path for path in out.rglob("*") if path.is_file()]
    assert {"index.html", "comparison.json", "trace.jsonl"} <= {path.name for path in written}
    assert [path for path in written if b"anna.berg" in path.read_bytes()] == []


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["missing.jsonl"], "missing.jsonl"),
        (["TRACES", "--since", "soon"], "no time"),
        (["TRACES", "--since", "2026-01-01"], "tells no time"),
        (["TRACES", "--split", "test"], "not of split test"),
    ],
)
def test_what_from_traces_cannot_use_exits_with_2(
    arguments, said, traces, tmp_path, capsys
) -> None:
    given = [traces if text == "TRACES" else text for text in arguments]
    command = ["eval", "from-traces", *given, "--model", "scripted:silent"]
    assert main([*command, "--out", str(tmp_path / "e")]) == 2
    assert said in capsys.readouterr().err


@pytest.mark.parametrize("part", ["cases", "from-traces"])
def test_a_killed_run_asks_no_answered_case_again(part, cases, traces, tmp_path) -> None:
    gate, seen = threading.Event(), Counter[str]()
    held: set[str] = set()

    def key(body: dict[str, Any]) -> str:
        return f"{city_of(body)} {body['messages'][-1]['role']}"

    def script(body: dict[str, Any]) -> Any:
        seen[key(body)] += 1
        if len(seen) > 5 and not gate.is_set():
            held.add(key(body))
            gate.wait(60)
        return right(body)

    out = tmp_path / "e"

    def half_way() -> bool:
        trace = out / "trace.jsonl"
        lines = trace.read_bytes().count(b"\n") if trace.exists() else 0
        return lines == 1 + 5 and len(held) == 3

    with OpenAIServer(script) as server:
        source = cases if part == "cases" else traces
        arguments = ["eval", part, source, "--model", f"{server.url}#m", "--out", str(out)]
        arguments += ["--concurrency", "3", "--no-cache"]
        killed_when(arguments, half_way)
        gate.set()
        assert main(arguments) == 0
    assert {seen[each] for each in set(seen) - held} == {1}
    assert {seen[each] for each in held} == {2}  # was never answered
    assert len(seen) == (10 if part == "cases" else 20)


@pytest.mark.slow
@pytest.mark.parametrize("part", ["cases", "from-traces"])
def test_a_local_model_is_asked_killed_half_way_and_resumed(part, cases, traces, tmp_path) -> None:
    pytest.importorskip("transformers", reason="a local model needs actloom[train]")
    from tiny_model import tiny_model

    model, out = tiny_model(tmp_path / "tiny"), tmp_path / "e"
    source = cases if part == "cases" else traces
    arguments = ["eval", part, source, "--model", str(model), "--out", str(out), "--batch", "2"]
    arguments += ["--max-tokens", "4", "--concurrency", "1"]
    path = out / "trace.jsonl"

    def lines() -> list[bytes]:
        return path.read_bytes().splitlines(keepends=True) if path.exists() else []

    killed_when(arguments, lambda: len(lines()) >= 1 + 4, within_s=180)
    first = [line for line in lines() if line.endswith(b"\n")]
    assert main(arguments) == 0
    assert lines()[: len(first)] == first
    asked = [json.loads(line)["case"] for line in lines()[1:]]
    assert len(asked) == len(set(asked)) == (10 if part == "cases" else 20)
