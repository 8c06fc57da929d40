"""`actloom verify`: settings of a project's file, severities by source, and baselines."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from actloom.cli import main
from actloom.core.errors import RecipeError
from actloom.io.folder import records, rejects

TOOL = {
    "name": "f",
    "description": "Takes a number.",
    "parameters": {"type": "object", "properties": {"n": {"type": "integer"}}, "required": ["n"]},
}


def line(name: str = "f", n: object = 3, **more: object) -> str:
    call = {"name": name, "arguments": {"n": n}}
    return json.dumps({"query": f"Call f with {n}.", "tools": [TOOL], "answers": [call], **more})


@pytest.fixture(autouse=True)
def project(tmp_path, monkeypatch) -> Path:
    """Returns the working directory, two folders below one that may hold settings."""
    folder = tmp_path / "project" / "data"
    folder.mkdir(parents=True)
    (folder / "old.jsonl").write_text(f"{line()}\n{line(name='g')}\n{line(n='3')}\n")
    (folder / "new.jsonl").write_text(f"{line(name='h')}\n")
    monkeypatch.chdir(folder)
    return folder


def found(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, list[tuple]]:
    code = main(["verify", *arguments, "--json"])
    findings = json.loads(capsys.readouterr().out)["findings"]
    return code, [(f["file"], f["code"], f["severity"]) for f in findings]


BOTH = ("old.jsonl", "new.jsonl")
ALL = [
    ("old.jsonl", "CALL002", "error"),
    ("old.jsonl", "CALL005", "error"),
    ("new.jsonl", "CALL002", "error"),
]
SETTINGS = """
[{0}]
select = ["CALL"]
ignore = ["CALL005"]

[{0}.severity]
CALL = "info"
CALL002 = "warning"

[[{0}.per-source]]
source = "n*"
severity = {{ CALL002 = "error" }}
"""


def test_without_settings_every_rule_speaks_as_it_does(capsys):
    assert found(capsys, *BOTH) == (1, ALL)


@pytest.mark.parametrize(
    ("name", "table"), [("actloom.toml", "verify"), ("pyproject.toml", "tool.actloom.verify")]
)
def test_the_nearest_file_upwards_rules_and_is_named(name, table, project, capsys):
    settings = project.parent / name
    settings.write_text(SETTINGS.format(table))
    code = main(["verify", *BOTH, "--json"])
    printed = capsys.readouterr()
    said = json.loads(printed.out)
    shown = [(f["file"], f["code"], f["severity"]) for f in said["findings"]]
    assert shown == [("old.jsonl", "CALL002", "warning"), ("new.jsonl", "CALL002", "error")]
    assert (code, said["config"]) == (1, str(settings))
    assert str(settings) in printed.err


def test_a_pyproject_without_our_table_is_passed_over(project, capsys):
    (project / "pyproject.toml").write_text("[tool.ruff]\nselect = ['A']\n")
    (project.parent / "actloom.toml").write_text("[verify]\nselect = ['SCHEMA001']\n")
    assert found(capsys, *BOTH) == (0, [])


def test_the_command_line_goes_before_the_file_and_no_config_leaves_it_out(project, capsys):
    (project / "actloom.toml").write_text("[verify]\nselect = ['SCHEMA001']\n")
    assert found(capsys, *BOTH, "--select", "CALL005") == (1, [ALL[1]])
    assert found(capsys, *BOTH, "--no-config") == (1, ALL)
    (project / "other.toml").write_text("[verify]\nignore = ['CALL002']\n")
    assert found(capsys, *BOTH, "--config", "other.toml") == (1, [ALL[1]])


def test_rules_can_be_left_out_for_one_source(project, capsys):
    (project / "actloom.toml").write_text(
        "[[verify.per-source]]\nsource = 'old'\nignore = ['CALL']\n"
    )
    assert found(capsys, *BOTH) == (1, [ALL[2]])


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[verify]\n\nselct = ['CALL']\n", ["actloom.toml:3", "did you mean 'select'?"]),
        ("[verfy]\n", ["actloom.toml:1", "did you mean 'verify'?"]),
        ("[verify.severity]\nCALL004 = 'eror'\n", ["actloom.toml:2", "error, info, warning"]),
        ("[verify.severity]\nCALX004 = 'error'\n", ["CALX004"]),
        (
            "[[verify.per-source]]\nsource = 'a'\n[[verify.per-source]]\nignor = []\n",
            ["actloom.toml:4", "did you mean 'ignore'?"],
        ),
        ("[[verify.per-source]]\nignore = []\n", ["actloom.toml:1", "source"]),
        ("[verify]\nselect = 'CALL'\n", ["actloom.toml:2", "a list"]),
        ("[verify\n", ["actloom.toml", "not valid TOML"]),
        ("[verify]\n'per-source' = []\nper_source = []\n", ["actloom.toml:3", "per_source"]),
        ("verify = 3\n", ["actloom.toml:1", "a table"]),
    ],
)
def test_a_faulty_file_of_settings_exits_with_2_and_names_the_line(text, said, project, capsys):
    (project / "actloom.toml").write_text(text)
    assert main(["verify", *BOTH]) == 2
    printed = capsys.readouterr()
    assert printed.out == ""
    assert "Traceback" not in printed.err
    for words in said:
        assert words in printed.err


def test_severities_decide_what_is_written_and_stand_in_the_recipe(project, capsys):
    (project / "actloom.toml").write_text("[verify.severity]\nCALL002 = 'warning'\n")
    assert main(["verify", *BOTH, "--out", "out"]) == 1
    assert len(list(records("out"))) == 3
    assert [r.findings[0].code for r in rejects("out")] == ["CALL005"]
    assert "CALL002: warning" in Path("out/recipe.yaml").read_text()


def test_a_recipe_takes_the_same_keys(project):
    from actloom.run.recipe import load_recipe

    Path("r.yaml").write_text(
        "input: old.jsonl\nverify:\n  severity: {CALL002: info}\n"
        "  per_source:\n    - source: old\n      ignore: [CALL005]\n"
    )
    assert load_recipe("r.yaml").blocks["verify"].per_source[0].ignore == ["CALL005"]
    Path("r.yaml").write_text("verify:\n  per_source:\n    - sorce: old\n")
    with pytest.raises(RecipeError, match="did you mean 'source'"):
        load_recipe("r.yaml")


def test_known_findings_are_not_reported_and_new_ones_are(project, capsys):
    assert main(["verify", "old.jsonl", "--write-baseline", "known.json"]) == 0
    capsys.readouterr()
    assert found(capsys, *BOTH, "--baseline", "known.json") == (1, [ALL[2]])
    assert found(capsys, "old.jsonl", "--baseline", "known.json") == (0, [])


def test_findings_stay_known_when_lines_are_put_before_them(project, capsys):
    main(["verify", "old.jsonl", "--write-baseline", "known.json"])
    capsys.readouterr()
    old = project / "old.jsonl"
    old.write_text(f"{line(n=4)}\n{line(name='new')}\n{old.read_text()}")
    code, findings = found(capsys, "old.jsonl", "--baseline", "known.json")
    assert (code, findings) == (1, [ALL[0]])


def test_one_entry_covers_one_finding_only(project, capsys):
    main(["verify", "old.jsonl", "--write-baseline", "known.json"])
    capsys.readouterr()
    old = project / "old.jsonl"
    old.write_text(old.read_text() * 2)
    assert found(capsys, "old.jsonl", "--baseline", "known.json") == (1, [ALL[0], ALL[1]])


def test_entries_that_are_no_longer_found_are_named(project, capsys):
    main(["verify", *BOTH, "--write-baseline", "known.json"])
    (project / "old.jsonl").write_text(line() + "\n")
    capsys.readouterr()
    assert main(["verify", "old.jsonl", "--baseline", "known.json"]) == 0
    said = capsys.readouterr().err
    assert "no longer found: CALL002 in old.jsonl" in said
    assert "no longer found: CALL005 in old.jsonl" in said
    assert "new.jsonl" not in said


def test_a_baseline_is_sorted_with_an_entry_a_line_and_named_in_the_settings(project, capsys):
    main(["verify", *BOTH, "--write-baseline", "known.json"])
    text = (project / "known.json").read_text()
    main(["verify", *reversed(BOTH), "--write-baseline", "again.json"])
    assert (project / "again.json").read_text() == text
    assert len(json.loads(text)["findings"]) == len(text.splitlines()) - 2
    (project.parent / "actloom.toml").write_text("[verify]\nbaseline = 'data/known.json'\n")
    capsys.readouterr()
    assert found(capsys, *BOTH) == (0, [])


@pytest.mark.parametrize("text", ["", "{}", "[1]", '{"version":9,"findings":[]}'])
def test_what_is_no_baseline_is_refused(text, project, capsys):
    Path("known.json").write_text(text)
    assert main(["verify", *BOTH, "--baseline", "known.json"]) == 2
    assert "baseline" in capsys.readouterr().err


def test_known_faults_are_still_kept_out_of_what_is_written(project, capsys):
    main(["verify", "old.jsonl", "--write-baseline", "known.json"])
    main(["verify", "old.jsonl", "--baseline", "known.json", "--out", "out"])
    assert len(list(records("out"))) == 1
    assert len(list(rejects("out"))) == 2
