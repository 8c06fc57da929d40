"""The shell: help with an example, exit codes, errors without tracebacks, lazy imports."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

import actloom.cli
from actloom.cli import ALIASES, PARTS, VERBS, main
from actloom.core.errors import InputError

PRESENT = list(VERBS)


def call(*arguments, **options):
    command = [sys.executable, "-m", "actloom", *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False, **options)


def test_help_lists_every_verb_with_its_summary(capsys):
    assert main(["--help"]) == 0
    out = " ".join(capsys.readouterr().out.split())
    for verb, summary in VERBS.items():
        assert verb in out
        assert summary.split(",")[0].split()[0] in out
    for alias in ALIASES:
        assert alias in out


def test_help_imports_no_verb_and_nothing_heavy():
    code = (
        "import sys; from actloom.cli import main; main(['--help'])\n"
        "heavy = ('torch', 'transformers', 'pyarrow', 'httpx2', 'msgspec', 'fsspec', 'ruamel')\n"
        "print([m for m in sys.modules if m in heavy or m.startswith('actloom.cli.')])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]"


@pytest.mark.parametrize("verb", PRESENT)
def test_the_help_of_every_verb_ends_with_a_runnable_example(verb, capsys):
    assert main([verb, "--help"]) == 0
    out = capsys.readouterr().out
    last = out.rstrip().split("\n\n")[-1]
    assert last.startswith("Example: actloom"), out
    assert f"actloom {verb}" in " ".join(last.split())
    assert out.count("Example:") == 1


def test_version_is_that_of_the_package(capsys):
    from importlib.metadata import version

    assert main(["--version"]) == 0
    assert capsys.readouterr().out.strip() == version("actloom")


def test_an_unknown_verb_is_named_with_the_nearest(capsys):
    assert main(["verfy"]) == 2
    assert "did you mean 'verify'?" in capsys.readouterr().err


def test_an_unknown_part_of_a_verb_is_named_with_the_nearest(capsys):
    assert main(["eval", "bfcll"]) == 2
    err = capsys.readouterr().err
    assert "unknown word 'bfcll' after eval" in err
    assert "did you mean 'bfcl'?" in err


@pytest.mark.parametrize("verb, part", [(v, p) for v, parts in PARTS.items() for p in parts])
def test_the_help_of_every_part_ends_with_a_runnable_example(verb, part, capsys):
    assert main([verb, part, "--help"]) == 0
    last = capsys.readouterr().out.rstrip().split("\n\n")[-1]
    assert " ".join(last.split()).startswith(f"Example: actloom {verb} {part}")


@pytest.mark.parametrize("arguments", [["ls", "--nonsense"], ["show"], ["run", "r", "--workers=x"]])
def test_wrong_usage_exits_with_two(arguments, capsys):
    assert main(arguments) == 2
    assert "Traceback" not in capsys.readouterr().err


def test_a_user_error_is_printed_without_traceback():
    done = call("show", "/nowhere/at/all")
    assert done.returncode == 2
    assert done.stdout == ""
    assert done.stderr.splitlines() == [
        "actloom: no such dataset folder",
        "  expected: a folder with manifest.json and data/, or a run that holds one",
        "  where:    /nowhere/at/all",
    ]


def _raising(error):
    def verb(arguments):
        raise error

    return verb


def test_a_bug_is_one_line_with_a_hint_and_exit_70(monkeypatch, capsys):
    monkeypatch.delenv("ACTLOOM_DEBUG", raising=False)
    monkeypatch.setattr(actloom.cli, "_call", _raising(KeyError("x")))
    assert main(["ls"]) == 70
    err = capsys.readouterr().err
    assert "unexpected KeyError: 'x'" in err
    assert "ACTLOOM_DEBUG=1" in err
    assert "Traceback" not in err


def test_the_traceback_is_shown_on_request(monkeypatch, capsys):
    monkeypatch.setenv("ACTLOOM_DEBUG", "1")
    monkeypatch.setattr(actloom.cli, "_call", _raising(InputError("x")))
    assert main(["ls"]) == 2
    assert "Traceback" in capsys.readouterr().err


def test_an_interrupt_is_quiet_and_exits_130(monkeypatch, capsys):
    monkeypatch.setattr(actloom.cli, "_call", _raising(KeyboardInterrupt()))
    assert main(["ls"]) == 130
    assert capsys.readouterr().err == ""


def test_a_reader_that_goes_away_is_no_error(tmp_path):
    read, write = os.pipe()
    os.close(read)
    done = subprocess.run(
        [sys.executable, "-m", "actloom", "run", "--schema"],
        stdout=write,
        stderr=subprocess.PIPE,
        text=True,
        check=False,
    )
    os.close(write)
    assert (done.returncode, done.stderr) == (141, "")


def test_a_dry_run_prints_the_steps_and_does_nothing(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "r.yaml").write_text("unify:\nverify:\n  fix: true\nmix:\n")
    assert main(["run", "r.yaml", "input=x.jsonl", "--dry-run"]) == 0
    out = capsys.readouterr().out
    assert "# 1. unify: x.jsonl -> runs/r/unify" in out
    assert "# 3. mix: runs/r/verify -> runs/r/mix" in out
    assert "fix: true" in out
    assert [p.name for p in tmp_path.iterdir()] == ["r.yaml"]


def test_a_misspelt_recipe_key_exits_two_with_the_line(tmp_path, capsys):
    (tmp_path / "r.yaml").write_text("seed: 1\nverfy:\n")
    assert main(["run", str(tmp_path / "r.yaml")]) == 2
    err = capsys.readouterr().err
    assert "did you mean 'verify'?" in err
    assert f"{tmp_path}/r.yaml:2" in err


def test_terminal_control_in_data_is_shown_and_not_sent(tmp_path, capsys):
    from actloom.cli.show import _harmless

    assert _harmless("a\x1b[2Jb\nc\u202e") == "a\\x1b[2Jb\nc\\u202e"
