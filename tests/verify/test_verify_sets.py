"""Rules about whole sets, through `verify`, the linter and the stage."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import pytest

from actloom import verify
from actloom.cli import main
from actloom.core.record import Call, Provenance, Reply, Step, Trajectory
from actloom.io.folder import records
from actloom.verify.rules import selection

QUESTION = "Will it rain in the old town of Rome this weekend, and should I cancel the picnic?"
OTHER = "Book a table for two at a quiet place in Lisbon"


def record(name: str, query: str, split: str | None = None, **arguments: object) -> Trajectory:
    return Trajectory(
        id=name,
        source="s",
        query=query,
        steps=[Step(Reply(tool_calls=[Call("forecast", {"city": "Rome", **arguments})]))],
        provenance=Provenance(split=split, file="a.jsonl", line=len(name)),
    )


def codes(given: Sequence[Trajectory], select: Sequence[str] = ("SET",)) -> list[tuple[str, str]]:
    return [(finding.id, finding.code) for finding in verify(given, select=select)]


def test_rules_about_sets_speak_only_when_they_are_selected() -> None:
    found = codes([record("a", QUESTION), record("b", QUESTION)], select=())
    assert [code for _, code in found if code.startswith("SET")] == []
    assert selection().set_makers == ()


def test_an_exact_duplicate_is_not_told_twice() -> None:
    assert codes([record("a", QUESTION), record("b", QUESTION.upper())]) == [("b", "SET001")]


def test_the_finding_names_the_earlier_record_and_stands_at_the_later() -> None:
    again = record("bb", QUESTION + " Thanks!", days=3)
    (finding,) = verify([record("a", QUESTION, days=9), again], select=["SET"])
    assert (finding.id, finding.code, finding.file, finding.line) == ("bb", "SET002", "a.jsonl", 2)
    assert "'a' (a.jsonl:1)" in finding.message


def test_a_leak_stands_at_the_trained_record_in_either_order() -> None:
    train, test = record("a", QUESTION, "train"), record("b", f"Please! {QUESTION}", "test")
    assert ("a", "SET005") in codes([train, test])
    assert ("a", "SET005") in codes([test, train])
    assert all(code != "SET005" for _, code in codes([record("c", QUESTION, "dev"), test]))


def test_records_without_words_are_no_duplicates_of_each_other() -> None:
    empty = [Trajectory(id=name, source="s") for name in "abc"]
    assert codes(empty) == []


@pytest.fixture
def chats(tmp_path: Path) -> Path:
    """Returns a file of three chats, the second of which holds a benchmark's question."""
    path = tmp_path / "chats.jsonl"
    lines = [OTHER, f"Dear assistant. {QUESTION}", f"{OTHER} at 7"]
    rows = [
        {"messages": [{"role": "user", "content": q}, {"role": "assistant", "content": "Done."}]}
        for q in lines
    ]
    path.write_text("\n".join(json.dumps(row) for row in rows))
    (tmp_path / "bench.txt").write_text(f"{QUESTION}\n\nWho won in 1998?\n")
    return path


def test_the_linter_compares_with_a_plain_list_of_questions(chats: Path, capsys) -> None:
    pack = str(chats.parent / "bench.txt")
    assert main(["verify", str(chats), "--against", pack, "--json"]) == 1
    (finding,) = json.loads(capsys.readouterr().out)["findings"]
    assert (finding["code"], finding["line"]) == ("SET006", 2)


def test_the_linter_lays_set_findings_beside_the_records(chats: Path, capsys) -> None:
    assert main(["verify", str(chats), "--select", "SET", "--json"]) == 0
    shown = json.loads(capsys.readouterr().out)
    assert [(f["code"], f["line"]) for f in shown["findings"]] == [("SET002", 3)]
    assert shown["records"] == 3


@pytest.mark.parametrize("workers", ["1", "2"])
def test_leaks_are_rejected_from_the_written_folder(chats: Path, workers: str) -> None:
    out, pack = chats.parent / "out", str(chats.parent / "bench.txt")
    arguments = ["verify", str(chats), "--against", pack, "--out", str(out), "--workers", workers]
    assert main(arguments) == 1
    assert [record.provenance.line for record in records(str(out))] == [1, 3]
    (reject,) = (out / "rejects" / "00000.jsonl").read_text().splitlines()
    assert json.loads(reject)["findings"][0]["code"] == "SET006"


def test_another_pack_is_another_run(chats: Path) -> None:
    out, pack = chats.parent / "out", chats.parent / "bench.txt"
    arguments = ["verify", str(chats), "--against", str(pack), "--out", str(out)]
    assert main(arguments) == 1
    pack.write_text("Who won in 1998?\n")
    assert main(arguments) == 2
    assert main([*arguments, "--overwrite"]) == 0
    assert len(list(records(str(out)))) == 3
