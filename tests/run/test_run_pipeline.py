"""Recipes run end to end: wiring of folders, counts, resume, refusal, named errors."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from actloom.cli import main
from actloom.core.errors import EmptyDataError, OutputError, RecipeError
from actloom.io.folder import records
from actloom.io.manifest import read_manifest
from actloom.run.pipeline import plan, run_recipe
from actloom.run.recipe import load_recipe

FROM_FILES = Path(__file__).parents[2] / "recipes" / "from-files.yaml"
GOLDEN = Path(__file__).parents[1] / "unify" / "golden"
NO_MODEL = ["train=false", "eval=false", "report=false", "workers=1"]
FORMATS = [
    "openai_chat_rendered",
    "sharegpt_function_call",
    "toolbench_instruction",
    "xlam_query_tools_answers",
]


def recipe(*overrides: str):
    return load_recipe(str(FROM_FILES), list(overrides))


@pytest.fixture
def source(shared_data) -> str:
    return f"input={shared_data / 'formats' / 'sharegpt_function_call'}"


@pytest.mark.parametrize("name", FORMATS)
def test_every_format_goes_to_mix_and_nothing_is_lost_on_the_way(tmp_path, shared_data, name):
    given = [f"input={shared_data / 'formats' / name}", f"out={tmp_path}", *NO_MODEL]
    unify, verify, mix = run_recipe(recipe(*given))
    for step in (unify, verify, mix):
        assert step.items == step.records + step.rejects
    assert verify.items == unify.records
    assert mix.items == verify.records
    assert sum(1 for _ in records(str(tmp_path))) == mix.records
    assert unify.records > 0


@pytest.mark.parametrize("name", ["unified_v1", "unified_v2"])
def test_own_samples_of_the_unified_forms_go_to_mix(tmp_path, name):
    sample = GOLDEN / f"{name}.json"
    if not sample.exists():
        pytest.skip(f"no sample at {sample}")
    shutil.copy(sample, tmp_path / "sample.json")
    given = [f"input={tmp_path / 'sample.json'}", f"out={tmp_path / 'o'}", *NO_MODEL]
    unify, _, mix = run_recipe(recipe(*given))
    assert unify.items == unify.records + unify.rejects > 0
    assert mix.items == mix.records + mix.rejects


def test_nothing_to_train_on_is_a_named_error_and_exit_two(tmp_path, shared_data, capsys):
    source = shared_data / "formats" / "toolbench_instruction"
    given = [f"input={source}", f"out={tmp_path}", "eval=false", "report=false", "workers=1"]
    with pytest.raises(EmptyDataError, match="nothing to train on") as caught:
        run_recipe(recipe(*given))
    assert "train=false" in caught.value.todo
    assert read_manifest(str(tmp_path / "mix")) is not None
    assert main(["run", str(FROM_FILES), *given]) == 2
    assert "there is nothing to train on" in capsys.readouterr().err


def test_the_steps_read_each_others_folders():
    steps = plan(recipe("input=x", "out=o"))
    assert [(s.verb, s.reads, s.writes) for s in steps] == [
        ("unify", ["x"], "o/unify"),
        ("verify", ["o/unify"], "o/verify"),
        ("mix", ["o/verify"], "o/mix"),
        ("train", ["o/mix"], "o/train"),
        ("eval", ["o/mix", "o/train"], "o/eval"),
        ("report", ["o"], "o/report.html"),
    ]


def test_unified_and_synthesized_rows_are_verified_together():
    steps = plan(recipe("input=x", "out=o", "synth="))
    assert [s.reads for s in steps if s.verb == "verify"] == [["o/unify", "o/synth"]]


def test_a_recipe_without_unify_starts_from_a_dataset_folder(tmp_path, source):
    *_, verified = run_recipe(recipe(source, f"out={tmp_path / 'a'}", "mix=false", *NO_MODEL))
    given = [f"input={tmp_path / 'a'}", f"out={tmp_path / 'b'}", "unify=false", "verify=false"]
    (mix,) = run_recipe(recipe(*given, *NO_MODEL))
    assert mix.items == verified.records > 150


@pytest.mark.parametrize(
    ("overrides", "message"),
    [
        ([], "no input"),
        (["unify=false"], "verify has nothing to read"),
        (["unify=false", "verify=false", "mix=false", *NO_MODEL], "names no stage"),
        (["unify=false", "verify=false", "mix=false", "report=false"], "train has nothing to read"),
    ],
)
def test_steps_that_do_not_fit_together_are_refused_before_anything_runs(
    tmp_path, overrides, message
):
    with pytest.raises(RecipeError, match=message):
        run_recipe(recipe(f"out={tmp_path / 'o'}", *overrides))
    assert not (tmp_path / "o").exists()


def test_a_second_run_skips_and_a_changed_one_is_refused_then_cleared(tmp_path, source, capsys):
    given = [source, f"out={tmp_path}", *NO_MODEL]
    first = run_recipe(recipe(*given))
    capsys.readouterr()
    assert [s.digest for s in run_recipe(recipe(*given))] == [s.digest for s in first]
    assert capsys.readouterr().err.count("skipped: finished before") == 3
    changed = recipe(*given, "mix.dedup=false")
    with pytest.raises(OutputError) as caught:
        run_recipe(changed)
    assert caught.value.got == "dedup: true -> false"
    assert caught.value.where == str(tmp_path / "mix")
    mix = run_recipe(changed, overwrite=True)[-1]
    assert mix.rejects == 0


def test_the_resolved_recipe_of_a_run_runs_again_to_the_same_bytes(tmp_path, source):
    first = run_recipe(recipe(source, f"out={tmp_path}", *NO_MODEL))
    again = load_recipe(str(tmp_path / "recipe.yaml"), [f"out={tmp_path / 'again'}"])
    assert [s.digest for s in run_recipe(again)] == [s.digest for s in first]


def test_json_prints_one_summary_on_stdout(tmp_path, source, capsys):
    given = [source, f"out={tmp_path}", *NO_MODEL, "--limit", "7", "--json"]
    assert main(["run", str(FROM_FILES), *given]) == 0
    summary = json.loads(capsys.readouterr().out)
    assert [s["verb"] for s in summary["steps"]] == ["unify", "verify", "mix"]
    assert summary["steps"][0]["items"] == 7


def test_a_mixed_folder_loads_in_datasets_without_its_rejects(tmp_path, source):
    datasets = pytest.importorskip("datasets")
    mix = run_recipe(recipe(source, f"out={tmp_path / 'o'}", *NO_MODEL))[-1]
    assert mix.rejects > 0
    found = datasets.load_dataset(str(tmp_path / "o" / "mix"), cache_dir=str(tmp_path / "c"))
    assert list(found) == ["train"]
    assert found["train"].num_rows == mix.records
    rows = [r.id for r in records(str(tmp_path / "o" / "mix"))]
    assert found["train"]["id"][:] == rows
    assert found["train"][0]["messages"][0]["role"] in {"system", "user"}


def test_a_url_is_no_place_for_a_model(tmp_path):
    from actloom.io.manifest import Identity
    from actloom.run.once import run_once

    with pytest.raises(OutputError, match="local folder"):
        run_once("memory://x", Identity("train", 1, {}, {}), dict, overwrite=False)


def test_work_is_done_once_and_again_only_for_a_changed_recipe(tmp_path):
    from actloom.io.manifest import Identity
    from actloom.run.once import run_once

    calls = []

    def work():
        calls.append(1)
        return {"loss": len(calls)}

    old, new = Identity("train", 1, {"a": 1}, {}), Identity("train", 1, {"a": 2}, {})
    folder = str(tmp_path / "t")
    assert run_once(folder, old, work, overwrite=False) == {"loss": 1}
    assert run_once(folder, old, work, overwrite=False) == {"loss": 1}
    with pytest.raises(OutputError) as caught:
        run_once(folder, new, work, overwrite=False)
    assert caught.value.got == "a: 1 -> 2"
    (tmp_path / "t" / "mine").mkdir()
    (tmp_path / "t" / "model.bin").write_text("old")
    assert run_once(folder, new, work, overwrite=True) == {"loss": 2}
    assert sorted(p.name for p in (tmp_path / "t").iterdir()) == ["mine", "step.json"]
