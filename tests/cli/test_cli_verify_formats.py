"""`actloom verify`: the fixed JSON, SARIF, GitHub annotations and the page, on hostile data too."""

from __future__ import annotations

import gzip
import json
import re
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from actloom.cli import main

TOOL = {
    "name": "f",
    "description": "Takes a number.",
    "parameters": {"type": "object", "properties": {"n": {"type": "integer"}}, "required": ["n"]},
}


def row(name: str = "f", arguments: object = None, query: str = "Call f with 3.") -> dict:
    call = {"name": name, "arguments": {"n": 3} if arguments is None else arguments}
    return {"query": query, "tools": [TOOL], "answers": [call]}


CLEAN = json.dumps(row())
FAULTY = json.dumps(row(name="g"))
HOSTILE = json.dumps(row(name="<script>%0A::error::x\r\n::warning file=a,b:c::y"))


def verified(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str]:
    code = main(["verify", *arguments])
    return code, capsys.readouterr().out


def write(path: Path, *lines: str) -> str:
    path.write_text("".join(line + "\n" for line in lines))
    return str(path)


def places(found: dict) -> list[tuple[str, str, int]]:
    keys = {"id", "code", "severity", "path", "file", "line"}
    assert all(keys <= finding.keys() for finding in found["findings"])
    assert all(f["severity"] in ("error", "warning", "info") for f in found["findings"])
    return [(f["code"], Path(f["file"]).name, f["line"]) for f in found["findings"]]


def test_a_clean_file_is_an_empty_list_and_0(tmp_path, capsys):
    code, out = verified(capsys, write(tmp_path / "a.jsonl", CLEAN), "--json")
    found = json.loads(out)
    assert (code, found["records"], found["findings"]) == (0, 1, [])


def test_warnings_alone_are_0(tmp_path, capsys):
    twice = row()
    twice["answers"] *= 2
    file = write(tmp_path / "a.jsonl", json.dumps(twice))
    code, out = verified(capsys, file, "--select", "CALL008", "--json")
    assert [f["severity"] for f in json.loads(out)["findings"]] == ["warning"]
    assert code == 0


def test_files_of_a_folder_and_packed_ones_are_found_at_their_lines(tmp_path, capsys):
    write(tmp_path / "a.jsonl", CLEAN, FAULTY)
    (tmp_path / "b.jsonl.gz").write_bytes(gzip.compress(f"{CLEAN}\n{CLEAN}\n{FAULTY}\n".encode()))
    out = tmp_path.parent / f"{tmp_path.name}-out"
    code, text = verified(capsys, str(tmp_path), "--out", str(out), "--json")
    found = json.loads(text)
    assert (code, found["records"]) == (1, 5)
    assert places(found) == [("CALL002", "a.jsonl", 2), ("CALL002", "b.jsonl.gz", 3)]


def test_a_damaged_line_is_a_finding_and_the_others_are_read(tmp_path, capsys):
    file = write(tmp_path / "a.jsonl", CLEAN, CLEAN[:40], CLEAN)
    code, out = verified(capsys, file, "--json")
    found = json.loads(out)
    assert (code, found["records"], found["unreadable"]) == (1, 2, 1)
    assert [(place[1], place[2]) for place in places(found)] == [("a.jsonl", 2)]


def test_an_empty_file_is_bad_input(tmp_path, capsys):
    code, out = verified(capsys, write(tmp_path / "a.jsonl"), "--json")
    assert code == 2
    assert json.loads(out)["records"] == 0


def test_a_missing_file_is_bad_input_and_prints_nothing_on_stdout(tmp_path, capsys):
    assert verified(capsys, str(tmp_path / "no.jsonl"), "--json") == (2, "")


def test_format_json_is_json(tmp_path, capsys):
    file = write(tmp_path / "a.jsonl", FAULTY)
    assert verified(capsys, file, "--json") == verified(capsys, file, "--format", "json")


def assert_is_sarif(log: dict) -> None:
    """The properties SARIF 2.1.0 requires of the objects we write, and the kinds of their values.

    Stated after the published schema: sarifLog needs version and runs; run needs tool; tool needs
    driver; toolComponent needs name; reportingDescriptor needs id; result needs message; message
    needs text or id; physicalLocation needs artifactLocation or address; startLine is at least 1.
    """
    assert log["version"] == "2.1.0"
    assert urlsplit(log["$schema"]).scheme == "https"
    for run in log["runs"]:
        driver = run["tool"]["driver"]
        assert isinstance(driver["name"], str)
        ids = [rule["id"] for rule in driver["rules"]]
        assert len(ids) == len(set(ids))
        assert all(isinstance(rule["shortDescription"]["text"], str) for rule in driver["rules"])
        for result in run["results"]:
            assert result["message"]["text"]
            assert result["level"] in ("none", "note", "warning", "error")
            assert result["ruleId"] in ids
            assert all(isinstance(v, str) for v in result["partialFingerprints"].values())
            for location in result["locations"]:
                physical = location["physicalLocation"]
                assert physical["region"]["startLine"] >= 1
                assert re.fullmatch(
                    r"[A-Za-z0-9%/._~:-]+", physical["artifactLocation"]["uri"], re.ASCII
                )


def test_sarif_has_what_its_schema_requires(tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    write(tmp_path / "täglich 1.jsonl", CLEAN, FAULTY, HOSTILE, CLEAN[:40])
    code, out = verified(capsys, "täglich 1.jsonl", "--format", "sarif")
    log = json.loads(out)
    assert_is_sarif(log)
    where = [r["locations"][0]["physicalLocation"] for r in log["runs"][0]["results"]]
    assert {w["artifactLocation"]["uri"] for w in where} == {"t%C3%A4glich%201.jsonl"}
    assert [w["region"]["startLine"] for w in where] == [2, 3, 4]
    assert code == 1


def test_sarif_of_a_clean_file_has_no_results(tmp_path, capsys):
    code, out = verified(capsys, write(tmp_path / "a.jsonl", CLEAN), "--format", "sarif")
    log = json.loads(out)
    assert_is_sarif(log)
    assert (code, log["runs"][0]["results"]) == (0, [])


def test_annotations_name_file_and_line_and_data_cannot_forge_one(tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    write(tmp_path / "a,b:c.jsonl", FAULTY, HOSTILE)
    code, out = verified(capsys, "a,b:c.jsonl", "--format", "github")
    *commands, total = out.splitlines()
    assert code == 1
    assert [line.split(",title")[0] for line in commands] == [
        "::error file=a%2Cb%3Ac.jsonl,line=1",
        "::error file=a%2Cb%3Ac.jsonl,line=2",
    ]
    # The runner takes a line for a command when it starts with ::, and undoes %0A in its text.
    assert "%0D%0A" not in commands[1]
    assert "%250A" in commands[1]
    assert not total.startswith("::")


class _Tags(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.seen: list[tuple[str, dict]] = []
        self.text = ""

    def handle_starttag(self, tag, attrs):
        self.seen.append((tag, dict(attrs)))

    def handle_data(self, data):
        self.text += data


def test_the_page_stands_alone_and_shows_hostile_text_as_text(tmp_path, capsys):
    file = write(tmp_path / "a.jsonl", FAULTY, HOSTILE)
    code, out = verified(capsys, file, "--format", "html")
    tags = _Tags()
    tags.feed(out)
    assert code == 1
    assert {"script", "link", "img", "iframe"}.isdisjoint(name for name, _ in tags.seen)
    assert not any({"src", "onclick"} & attributes.keys() for _, attributes in tags.seen)
    assert "<script>" in tags.text
    assert f"{file}:2" in tags.text
    assert "CALL002" in tags.text


def test_an_unknown_format_is_bad_usage(tmp_path, capsys):
    assert verified(capsys, write(tmp_path / "a.jsonl", CLEAN), "--format", "xml")[0] == 2
