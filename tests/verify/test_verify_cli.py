"""The verbs `verify` and `explain`: what they print, write and return."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from actloom.cli import main
from actloom.io.folder import records, rejects
from actloom.verify.demo import demo_paths
from actloom.verify.rules import RULES

FILES = {path.name: str(path) for path in demo_paths()}
CLEAN = [0, 4]
"""Lines of the support log, from 0, without a fault."""


@pytest.fixture
def clean_file(tmp_path) -> str:
    lines = Path(FILES["support_openai.jsonl"]).read_text().split("\n")
    file = tmp_path / "clean.jsonl"
    file.write_text("".join(lines[i] + "\n" for i in CLEAN))
    return str(file)


def test_a_clean_file_exits_with_0_and_prints_the_count(clean_file, capsys):
    assert main(["verify", clean_file]) == 0
    assert capsys.readouterr().out == "2 items in 1 file: 2 clean, 0 with errors, 0 unreadable\n"


def test_a_faulty_file_exits_with_1_and_names_file_line_and_place(capsys):
    assert main(["lint", FILES["support_openai.jsonl"], "--select", "CALL003"]) == 1
    out = capsys.readouterr().out
    assert "support_openai.jsonl:7: CALL003 error: refund_order has no argument" in out
    assert "at  /messages/2/tool_calls/0/function/arguments/notify_customer" in out


@pytest.mark.parametrize(
    "arguments",
    [
        ["nowhere.jsonl"],
        [],
        [FILES["weather_xlam.json"], "--select", "NOPE"],
        [FILES["weather_xlam.json"], "--from", "nope"],
        ["--demo", FILES["weather_xlam.json"]],
    ],
)
def test_bad_input_exits_with_2_and_says_what_was_expected(
    arguments, capsys, tmp_path, monkeypatch
):
    monkeypatch.chdir(tmp_path)
    assert main(["verify", *arguments]) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.startswith("actloom: ")
    assert "Traceback" not in captured.err


def test_a_file_of_which_nothing_can_be_read_exits_with_2(tmp_path, capsys):
    broken = tmp_path / "broken.jsonl"
    broken.write_bytes(b"\0\0\0\0")
    assert main(["verify", str(broken), "--json"]) == 2
    found = json.loads(capsys.readouterr().out)
    assert found["records"] == 0
    assert found["findings"][0]["file"] == str(broken)


def test_json_has_the_agreed_keys(capsys):
    assert main(["verify", FILES["weather_xlam.json"], "--json"]) == 1
    found = json.loads(capsys.readouterr().out)
    assert found["records"] == 7
    assert len(found["findings"]) == 8
    for finding in found["findings"]:
        assert {"id", "code", "severity", "path", "file", "line"} <= finding.keys()
        assert finding["file"] == FILES["weather_xlam.json"]


def test_out_holds_the_passing_rows_and_the_rejects_with_findings(tmp_path, capsys):
    out = str(tmp_path / "out")
    assert main(["verify", FILES["weather_xlam.json"], "--out", out]) == 1
    assert [r.provenance.line for r in records(out)] == [2, 7]
    assert [r.findings[0].line for r in rejects(out)] == [3, 4, 5, 6, 8]
    assert main(["verify", out]) == 0


def test_fix_writes_mended_rows_and_leaves_the_users_file_alone(tmp_path, capsys):
    before = Path(FILES["weather_xlam.json"]).read_bytes()
    out = str(tmp_path / "out")
    assert main(["verify", FILES["weather_xlam.json"], "--fix", "--out", out]) == 1
    by_line = {r.provenance.line: r for r in records(out)}
    assert sorted(by_line) == [2, 3, 5, 6, 7]
    assert by_line[3].steps[0].reply.tool_calls[0].arguments == {"city": "Riga", "days": 5}
    assert by_line[5].steps[0].reply.tool_calls[0].arguments == {"city": "Turin", "days": 3}
    assert Path(FILES["weather_xlam.json"]).read_bytes() == before


def test_fix_on_a_dataset_folder_gives_another_folder(tmp_path, capsys):
    raw, mended = str(tmp_path / "raw"), str(tmp_path / "mended")
    assert (
        main(["verify", FILES["weather_xlam.json"], "--ignore", "CALL,SCHEMA", "--out", raw]) == 0
    )
    assert len(list(records(raw))) == 7
    assert main(["verify", raw, "--fix", "--out", mended]) == 1
    assert [r.provenance.line for r in records(mended)] == [2, 3, 5, 6, 7]


def test_when_every_fault_is_mended_the_exit_code_is_0(tmp_path, capsys):
    lines = Path(FILES["support_openai.jsonl"]).read_text().split("\n")
    file = tmp_path / "fixable.jsonl"
    file.write_text("\n".join(lines[1:4]) + "\n")
    assert main(["verify", str(file), "--fix", "--out", str(tmp_path / "out")]) == 0
    assert "0 clean, 3 mended, 0 with errors" in capsys.readouterr().out


def test_diff_shows_changes_and_writes_nothing(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    before = Path(FILES["home_unified_v1.jsonl"]).read_bytes()
    assert main(["verify", FILES["home_unified_v1.jsonl"], "--fix", "--diff"]) == 1
    out = capsys.readouterr().out
    assert [line[0] for line in out.splitlines() if '"on": true' in line] == ["+"]
    assert list(tmp_path.iterdir()) == []
    assert Path(FILES["home_unified_v1.jsonl"]).read_bytes() == before


def test_hostile_text_cannot_steer_the_terminal(tmp_path, capsys):
    tool = {"name": "f", "parameters": {"type": "object", "properties": {}}}
    call = {"name": "f\x1b[2J\nfake.jsonl:1: OK", "arguments": {}}
    file = tmp_path / "hostile.json"
    file.write_text(json.dumps([{"query": "q", "tools": [tool], "answers": [call]}]))
    assert main(["verify", str(file)]) == 1
    out = capsys.readouterr().out
    assert "\x1b" not in out
    assert "\nfake.jsonl" not in out


def test_the_same_digests_with_one_worker_and_two(tmp_path, capsys):
    outs = []
    for workers in ("1", "2"):
        out = tmp_path / workers
        files = [FILES["weather_xlam.json"], FILES["home_unified_v1.jsonl"]]
        main(["verify", *files, "--fix", "--out", str(out), "--workers", workers])
        parts = sorted([*out.glob("data/*"), *out.glob("rejects/*")])
        outs.append([(p.relative_to(out), p.read_bytes()) for p in parts])
    assert outs[0] == outs[1]
    assert len(outs[0]) == 4


def test_explain_prints_the_page_of_a_rule_in_any_case(capsys):
    assert main(["explain", "call005"]) == 0
    assert capsys.readouterr().out.startswith("# CALL005 wrong-type\n")


def test_explain_without_a_code_lists_every_code_of_every_stage(capsys):
    assert main(["explain"]) == 0
    codes = [line.split()[0] for line in capsys.readouterr().out.splitlines()]
    assert set(RULES.names()) <= set(codes)
    assert {"READ001", "ROW001", "MIX001", "SYN101"} <= set(codes)
    assert len(codes) == len(set(codes))


def test_explain_knows_every_listed_code(capsys):
    main(["explain"])
    codes = [line.split()[0] for line in capsys.readouterr().out.splitlines()]
    for code in codes:
        assert main(["explain", code]) == 0
        assert capsys.readouterr().out.startswith(f"# {code}")


def test_an_unknown_code_is_answered_with_the_nearest_and_exit_2(capsys):
    assert main(["explain", "CAL05"]) == 2
    assert "did you mean 'CALL005'?" in capsys.readouterr().err
