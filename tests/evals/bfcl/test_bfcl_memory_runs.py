"""Memory categories: filled by conversations first, then asked; resumed at either."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from actloom.core.model import Completion, Prompt
from actloom.core.record import Usage
from actloom.evals.bfcl.runs.case_runs import message_with
from actloom.evals.bfcl.runs.run import RunConfig, RunReport, run
from actloom.io.pull.bfcl import bfcl_home
from actloom.llm.scripted import ScriptedModel

SCENARIOS = 5


@pytest.fixture
def folder(shared_data: Path, tmp_path: Path) -> Path:
    """Returns a folder with two short conversations of each scenario and all memory questions."""
    if bfcl_home() is None:
        pytest.skip("BFCL's classes are not in the cache; actloom pull bfcl puts them there")
    source, made = shared_data / "bfcl_v4", tmp_path / "data"
    for name in ("possible_answer", "multi_turn_func_doc"):
        shutil.copytree(source / name, made / name)
    shutil.copy(source / "BFCL_v4_memory.json.gz", made)
    for scenario in ("customer", "finance", "healthcare", "notetaker", "student"):
        path = made / "memory_prereq_conversation" / f"memory_{scenario}.json"
        path.parent.mkdir(exist_ok=True)
        path.write_text("".join(conversation(scenario, at) for at in range(2)))
    return made


def conversation(scenario: str, at: int) -> str:
    turn = [{"role": "user", "content": f"Keep {scenario} {at}."}]
    name = f"memory_prereq_{at}-{scenario}-{at}"
    row = {"id": name, "question": [turn], "involved_classes": [], "scenario": scenario}
    return json.dumps(row) + "\n"


class Keeper:
    """A model that keeps what it is told to keep, and answers questions by its system message."""

    def __init__(self) -> None:
        self.fails_at = ""
        self.asked: list[str] = []

    def __call__(self, prompt: Prompt) -> Completion:
        messages = prompt.body["messages"]
        last = messages[-1]["content"]
        self.asked.append(last)
        if self.fails_at and self.fails_at in last:
            return Completion("", "error", "boom")
        if last.startswith("Keep "):
            _, scenario, at = last.rstrip(".").split()
            given = {"key": f"{scenario}_{at}", "value": f"kept {scenario} {at}"}
            call = message_with([("core_memory_add", given)])
            return Completion("", message=call, usage=Usage(prompt_tokens=1))
        return Completion(str(messages[0]["content"]), usage=Usage(prompt_tokens=1))


def asked(keeper: Keeper, folder: Path, out: Path) -> RunReport:
    config = RunConfig(profile="v4", questions=str(folder), categories=["memory_kv"])
    return run(ScriptedModel(keeper, name="keeper"), config, out)


def answers(out: Path) -> dict[str, str]:
    lines = (out / "outputs" / "keeper" / "memory_kv.jsonl").read_text().splitlines()
    return {row["id"]: row["result"][0][0] for row in map(json.loads, lines)}


def test_questions_see_what_all_conversations_of_their_scenario_left(folder, tmp_path) -> None:
    keeper = Keeper()
    report = asked(keeper, folder, tmp_path / "out")
    assert (report.asked, report.finished, report.unanswered) == (155, 155, 0)
    assert sum("Keep " in text for text in keeper.asked) == 2 * SCENARIOS
    # Each conversation takes a call and a closing answer; each question one answer.
    assert report.spending.answers == 2 * 2 * SCENARIOS + 155
    assert report.spending.prompt_tokens == report.spending.answers
    for name, shown in answers(tmp_path / "out").items():
        scenario = name.split("-")[1]
        kept = {s: f"kept {s} 0" in shown and f"kept {s} 1" in shown for s in ("student", scenario)}
        assert kept[scenario]
        assert kept["student"] == (scenario == "student")


def test_a_memory_that_was_filled_half_way_is_filled_on(folder, tmp_path) -> None:
    keeper = Keeper()
    keeper.fails_at = "Keep student 1"
    report = asked(keeper, folder, tmp_path / "out")
    entries = [json.loads(e) for e in (tmp_path / "out/errors.jsonl").read_text().splitlines()]
    assert report.unanswered == len(entries) == 155 - report.finished > 0
    assert {entry["id"].split("-")[1] for entry in entries} == {"student"}
    assert all("boom" in entry["error"] for entry in entries)
    keeper.fails_at, keeper.asked = "", []
    report = asked(keeper, folder, tmp_path / "out")
    assert (report.asked, report.finished, report.unanswered) == (len(entries), 155, 0)
    assert [text for text in keeper.asked if "Keep " in text] == ["Keep student 1."]
    assert report.spending.answers == 2 * 2 * SCENARIOS + 155
