"""Every public trace sample with calls goes through `eval from-traces`, by step and going on."""

from __future__ import annotations

import json
import threading
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from actloom.cli import main
from killing import killed_when
from openai_server import OpenAIServer
from tiny_model import tiny_model

NO_TRACES = {
    "acebench": "gold answers and questions",
    "bfcl": "gold answers and questions",
    "mcp_tool_list": "tools only",
    "raw_model_outputs": "outputs without their questions",
    "tau2_simulation": "calls are held back in the sample",
    "tau_bench_few_shot": "examples without tools",
    "toolbench_instruction": "questions only",
    "toolbench_response_example": "results only",
}
"""Sample -> why nothing in it can be compared."""
SPOKEN_ONLY = {"when2call": "choices without a call", "ollama_cassette": "its call has no question"}
"""Sample -> why no call in it can be compared."""


def compared(
    source: Path, out: Path, capsys: pytest.CaptureFixture[str], *more: str
) -> dict | None:
    capsys.readouterr()
    code = main(["eval", "from-traces", str(source), "--out", str(out), "--json", *more])
    said = capsys.readouterr()
    assert code in (0, 2), said.err
    assert "unexpected" not in said.err
    return json.loads(said.out) if code == 0 else None


@pytest.mark.slow
def test_gold_agrees_everywhere_and_silence_only_where_production_was_silent(
    shared_data: Path, tmp_path: Path, capsys
) -> None:
    samples = sorted(path for path in (shared_data / "formats").iterdir() if path.is_dir())
    assert len(samples) > 35
    seen: set[str] = set()
    for sample in samples:
        name = sample.name
        gold = compared(sample, tmp_path / name, capsys, "--model", "scripted:gold")
        if name in NO_TRACES:
            assert gold is None, name
            continue
        assert gold is not None, name
        seen.add(name)
        assert gold["agreement"]["mean"] == 1, (name, gold["look_at"][:1])
        records = tmp_path / name / "records"
        silent = compared(records, tmp_path / f"{name}.s", capsys, "--model", "scripted:silent")
        assert silent is not None
        assert silent["call_agreement"]["mean"] == 0, name
        spoken = silent["silent_agreement"]
        assert spoken["mean"] == (1 if spoken["n"] else 0), name
        assert (silent["call_agreement"]["n"] == 0) == (name in SPOKEN_ONLY), name
        assert (tmp_path / name / "index.html").stat().st_size > 5_000
    assert NO_TRACES.keys() | seen == {path.name for path in samples}


@pytest.mark.slow
def test_gold_goes_through_every_recorded_turn(shared_data: Path, tmp_path: Path, capsys) -> None:
    for sample in sorted((shared_data / "formats").iterdir()):
        if not sample.is_dir() or sample.name in NO_TRACES:
            continue
        found = compared(
            sample, tmp_path / sample.name, capsys, "--model", "scripted:gold", "--continue"
        )
        if sample.name == "ollama_cassette":
            assert found is None  # its one turn begins with the call that has no question
            continue
        assert found is not None, sample.name
        assert found["agreement"]["mean"] == 1, (sample.name, found["look_at"][:1])


def lines_of(path: Path) -> list[bytes]:
    return path.read_bytes().splitlines(keepends=True) if path.exists() else []


@pytest.mark.slow
@pytest.mark.parametrize("sample", ["sharegpt_function_call", "otel_genai_span", "api_bank"])
@pytest.mark.parametrize("kind", ["server", "local"])
def test_a_run_over_a_trace_sample_is_killed_half_way_and_asks_no_case_twice(
    sample: str, kind: str, shared_data: Path, tmp_path: Path
) -> None:
    if kind == "local":
        pytest.importorskip("transformers", reason="a local model needs actloom[train]")
    source, out = shared_data / "formats" / sample, tmp_path / "e"
    trace = out / "trace.jsonl"
    whole = 2 if sample == "otel_genai_span" else 12
    gate, asked = threading.Event(), Counter[str]()

    def script(body: dict[str, Any]) -> str:
        asked[json.dumps(body["messages"])] += 1
        if len(asked) > whole // 2 and not gate.is_set():
            gate.wait(60)
        return "I cannot help with that."

    with OpenAIServer(script) as server:
        model = f"{server.url}#m" if kind == "server" else str(tiny_model(tmp_path / "tiny"))
        arguments = ["eval", "from-traces", str(source), "--model", model, "--out", str(out)]
        arguments += ["--limit", str(whole), "--concurrency", "1", "--batch", "1", "--no-cache"]
        arguments += ["--max-tokens", "4"]
        killed_when(arguments, lambda: len(lines_of(trace)) >= 1 + whole // 2, within_s=180)
        first = [line for line in lines_of(trace) if line.endswith(b"\n")]
        assert 1 + whole // 2 <= len(first) <= 1 + whole
        gate.set()
        assert main(arguments) == 0
    assert lines_of(trace)[: len(first)] == first
    cases = [json.loads(line)["case"] for line in lines_of(trace)[1:]]
    assert len(cases) == len(set(cases)) == whole
    if kind == "server":
        assert len(first) == 1 + whole // 2
        assert sorted(asked.values())[:-1] == [1] * (whole - 1)  # the last was in flight
