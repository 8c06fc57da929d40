"""Fixes in the user's own files: wrong values change, every other byte stays."""

from __future__ import annotations

import gzip
import json
import shutil
import stat
import subprocess
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from actloom.cli import main
from actloom.core.errors import OutputError
from actloom.io.json_places import Edit, Text, scanned
from actloom.run.in_place import fixes_of, write_fixes
from actloom.run.lint import source_stage
from actloom.verify.config import VerifyConfig
from actloom.verify.demo import demo_paths
from actloom.verify.policy import Policy

TOOL = {
    "name": "f",
    "description": "Takes things.",
    "parameters": {
        "type": "object",
        "properties": {
            "n": {"type": "integer"},
            "s": {"type": "string"},
            "deep": {"type": "object", "properties": {"on": {"type": "boolean"}}},
        },
        "required": ["n"],
    },
}
POLICY = Policy(VerifyConfig(select=["CALL", "SCHEMA"]))


def fixed(path: Path) -> list:
    """Fixes a file and returns what was done."""
    done = list(fixes_of(source_stage([str(path)]), POLICY))
    for fixes in done:
        write_fixes(fixes)
    return done


def xlam(query: str, arguments: dict, name: str = "f") -> dict:
    return {"query": query, "tools": [TOOL], "answers": [{"name": name, "arguments": arguments}]}


def chat(arguments: str, name: str = "f") -> dict:
    call = {"id": "c1", "type": "function", "function": {"name": name, "arguments": arguments}}
    return {
        "messages": [
            {"role": "user", "content": "Do ü."},
            {"role": "assistant", "content": None, "tool_calls": [call]},
            {"role": "tool", "tool_call_id": "c1", "content": "ok"},
            {"role": "assistant", "content": "Done."},
        ],
        "tools": [{"type": "function", "function": TOOL}],
    }


def test_only_the_wrong_value_changes(tmp_path):
    odd = ' { "extra" : [1.50 , 1e3,\t"\\u00e4"], "tools": %s, "query":"q\\/q",  "answers": %s }  '
    good = odd % (json.dumps([TOOL]), '[{"name":"f", "arguments": {"s" : "x" , "n":  3}}]')
    bad = good.replace('"n":  3', '"n":  "3"')
    file = tmp_path / "a.jsonl"
    file.write_bytes(f"{good}\n\n{bad}\r\n{good}".encode())
    [done] = fixed(file)
    assert (done.fixed, done.refusals) == (1, [])
    assert file.read_bytes() == f"{good}\n\n{good}\r\n{good}".encode()


@pytest.mark.parametrize("indent", [None, 1, 4, "\t"])
@pytest.mark.parametrize("ascii_only", [True, False])
def test_arrays_keep_their_layout_and_key_order(indent, ascii_only, tmp_path):
    def text(value: object, **name: str) -> str:
        rows = [
            xlam("Grüße 1", {"n": 1}),
            xlam("Grüße 2", {"s": "ü", "n": value, "deep": {}}, **name),
        ]
        return json.dumps(rows, indent=indent, ensure_ascii=ascii_only) + "\n\n"

    file = tmp_path / "a.json"
    file.write_text(text("7", name="F"), encoding="utf-8")
    fixed(file)
    assert file.read_text(encoding="utf-8") == text(7, name="f")


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ('{"n": "3", "s": "a\\"\\u00fc\\n"}', '{"n": 3, "s": "a\\"\\u00fc\\n"}'),
        ('{"deep": {"on": "true"}, "n": 1}', '{"deep": {"on": true}, "n": 1}'),
        ('{"N":1}', '{"n":1}'),
        ('"{\\"n\\": 5}"', '{"n": 5}'),
    ],
)
def test_arguments_that_are_text_are_changed_inside_the_text(before, after, tmp_path):
    file = tmp_path / "a.jsonl"
    file.write_text(json.dumps(chat(before)) + "\n")
    fixed(file)
    assert file.read_text() == json.dumps(chat(after)) + "\n"


def test_calls_in_tags_of_a_reply_are_found(tmp_path):
    def text(value: object) -> str:
        call = json.dumps({"name": "f", "arguments": {"n": value}})
        system = f"<tools>\n{json.dumps({'type': 'function', 'function': TOOL})}\n</tools>"
        turns = [
            {"from": "system", "value": f"You call functions.\n{system}"},
            {"from": "human", "value": "Take 3."},
            {"from": "gpt", "value": f"Sure.\n<tool_call>\n{call}\n</tool_call>"},
        ]
        return json.dumps([{"conversations": turns}], indent=2)

    file = tmp_path / "a.json"
    file.write_text(text("3"))
    [done] = fixed(file)
    assert (done.fixed, file.read_text()) == (1, text(3))


def test_the_same_fault_twice_is_fixed_twice(tmp_path):
    rows = [xlam("q", {"n": "3"})] * 2
    rows[0]["answers"] = rows[0]["answers"] + [{"name": "f", "arguments": {"n": "3", "s": "x"}}]
    file = tmp_path / "a.json"
    file.write_text(json.dumps(rows))
    fixed(file)
    assert file.read_text() == json.dumps(rows).replace('"3"', "3")


def test_a_call_that_stands_in_more_places_than_one_is_left_alone(tmp_path):
    row = xlam("q", {"n": "3"})
    text = json.dumps(row | {"copy": row["answers"]}) + "\n"
    file = tmp_path / "a.jsonl"
    file.write_text(text)
    [done] = fixed(file)
    assert [(r.line, r.reason) for r in done.refusals] == [
        (1, "the place of the values to change is not certain")
    ]
    assert file.read_text() == text


def demo_copies(folder: Path) -> list[Path]:
    files = [folder / path.name for path in demo_paths()]
    for source, file in zip(demo_paths(), files, strict=True):
        shutil.copy(str(source), file)
    return files


def test_fixing_the_demo_again_changes_nothing_and_nothing_new_is_found(tmp_path):
    files = demo_copies(tmp_path)

    def findings() -> list[tuple]:
        stage = source_stage([str(tmp_path)])
        records = [r for shard in stage.plan() for r in stage.produce(shard)]
        found = [f for r in records if hasattr(r, "steps") for f in POLICY.findings(r)]
        return [(f.code, Path(f.file).name, f.line, f.path) for f in found]

    before = findings()
    done = [fixes for file in files for fixes in fixed(file)]
    after = findings()
    texts = [file.read_bytes() for file in files]
    # A fix may bring up a fault that has a fix itself.
    assert sum(fixes.fixed for fixes in done) >= len(before) - len(after) > 10
    assert set(after) < set(before)
    again = [fixes for file in files for fixes in fixed(file)]
    assert [fixes.changes for fixes in again] == [[]] * len(files)
    assert [file.read_bytes() for file in files] == texts


@pytest.mark.skipif(shutil.which("patch") is None, reason="patch is not installed")
def test_the_diff_applied_by_patch_is_the_fix(tmp_path, monkeypatch, capsys):
    shown, mended = tmp_path / "shown", tmp_path / "mended"
    shown.mkdir()
    demo_copies(shown)
    (shown / "last.jsonl").write_text(json.dumps(xlam("no newline", {"n": "3"})))
    shutil.copytree(shown, mended)
    before = {file.name: file.read_bytes() for file in shown.iterdir()}
    monkeypatch.chdir(shown)
    assert main(["verify", ".", "--select", "CALL", "--diff"]) == 1
    diff = capsys.readouterr().out
    assert {file.name: file.read_bytes() for file in shown.iterdir()} == before
    subprocess.run(["patch", "-p0", "-s"], input=diff.encode(), cwd=shown, check=True)
    monkeypatch.chdir(mended)
    main(["verify", ".", "--select", "CALL", "--fix"])
    for file in mended.iterdir():
        assert (shown / file.name).read_bytes() == file.read_bytes()
    assert {file.name: file.read_bytes() for file in mended.iterdir()} != before


def test_fix_reports_what_is_left_and_exits_by_it(tmp_path, capsys):
    file = tmp_path / "a.jsonl"
    file.write_text("".join(json.dumps(xlam(f"Take {n}.", {"n": str(n)})) + "\n" for n in (1, 2)))
    assert main(["verify", str(file), "--fix", "--json"]) == 0
    said = capsys.readouterr()
    assert json.loads(said.out)["findings"] == []
    assert "fixed 2, in 2 of its items" in said.err
    file.write_text(
        json.dumps(xlam("q", {"n": "3"})) + "\n" + json.dumps(xlam("q", {"s": "x"})) + "\n"
    )
    assert main(["verify", str(file), "--fix", "--json", "--select", "CALL"]) == 1
    assert [f["line"] for f in json.loads(capsys.readouterr().out)["findings"]] == [2]


def packed(folder: Path) -> str:
    file = folder / "a.jsonl.gz"
    file.write_bytes(gzip.compress(json.dumps(xlam("q", {"n": "3"})).encode()))
    return str(file)


def dataset(folder: Path) -> str:
    file = folder / "a.jsonl"
    file.write_text(json.dumps(xlam("q", {"n": "3"})))
    main(["unify", str(file), "--out", str(folder / "set")])
    return str(folder / "set")


@pytest.mark.parametrize("made", [packed, dataset])
def test_what_cannot_be_changed_in_place_is_refused_untouched(made, tmp_path, capsys):
    path = made(tmp_path)
    before = {p: p.read_bytes() for p in tmp_path.rglob("*") if p.is_file()}
    capsys.readouterr()
    assert main(["verify", path, "--fix"]) == 2
    said = capsys.readouterr()
    assert "--out" in said.err
    assert said.out == ""
    assert {p: p.read_bytes() for p in tmp_path.rglob("*") if p.is_file()} == before


def test_mode_and_links_stay_and_no_other_file_is_left(tmp_path):
    real, link = tmp_path / "real.jsonl", tmp_path / "link.jsonl"
    real.write_text(json.dumps(xlam("q", {"n": "3"})) + "\n")
    real.chmod(0o640)
    link.symlink_to(real)
    fixed(link)
    assert link.is_symlink()
    assert stat.S_IMODE(real.stat().st_mode) == 0o640
    assert json.loads(real.read_text())["answers"][0]["arguments"] == {"n": 3}
    assert sorted(p.name for p in tmp_path.iterdir()) == ["link.jsonl", "real.jsonl"]


def test_a_file_that_changed_meanwhile_is_not_written(tmp_path):
    file = tmp_path / "a.jsonl"
    file.write_text(json.dumps(xlam("q", {"n": "3"})) + "\n")
    [fixes] = fixes_of(source_stage([str(file)]), POLICY)
    file.write_text("another\n")
    with pytest.raises(OutputError, match="changed while"):
        write_fixes(fixes)
    assert file.read_text() == "another\n"
    assert [p.name for p in tmp_path.iterdir()] == ["a.jsonl"]


def test_a_byte_order_mark_stays(tmp_path):
    file = tmp_path / "a.jsonl"
    row = json.dumps(xlam("q", {"n": "3"}))
    file.write_bytes(b"\xef\xbb\xbf" + row.encode() + b"\n")
    fixed(file)
    assert file.read_bytes() == b"\xef\xbb\xbf" + row.replace('"3"', "3").encode() + b"\n"


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


@settings(max_examples=100)
@given(JSON, st.sampled_from([None, 2]), st.booleans())
def test_a_scan_reads_what_json_reads_and_knows_its_place(value, indent, ascii_only):
    text = json.dumps(value, indent=indent, ensure_ascii=ascii_only)
    place = scanned(f"  {text} ", 2)
    assert place.value == json.loads(text)
    assert (place.start, place.end) == (2, 2 + len(text))


@settings(max_examples=100)
@given(st.text(min_size=1), st.text(), st.data(), st.booleans())
def test_an_edit_of_a_string_inside_a_string_lands_there(inside, new, data, ascii_only):
    start = data.draw(st.integers(0, len(inside)))
    end = data.draw(st.integers(start, len(inside)))
    text = json.dumps([json.dumps([inside], ensure_ascii=ascii_only)], ensure_ascii=ascii_only)
    outer = Text(text)
    middle = outer.inner(scanned(text).elements[0])
    inner = middle.inner(scanned(middle.text).elements[0])
    edit = inner.lifted(Edit(start, end, new))
    changed = text[: edit.start] + edit.new + text[edit.end :]
    assert json.loads(json.loads(changed)[0]) == [inside[:start] + new + inside[end:]]
