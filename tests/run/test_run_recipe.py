"""Recipes: YAML 1.2 values, overrides, and errors that name key, line and nearest key."""

from __future__ import annotations

import json

import pytest

from actloom.core.errors import InputError, RecipeError
from actloom.run.recipe import load_recipe, recipe_schema, recipe_text, resolved
from actloom.verify.config import VerifyConfig


@pytest.fixture
def recipe(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)

    def load(text, *overrides):
        (tmp_path / "r.yaml").write_text(text)
        return load_recipe("r.yaml", list(overrides))

    return load


def _error(recipe, text, *overrides):
    with pytest.raises(RecipeError) as caught:
        recipe(text, *overrides)
    assert caught.value.exit_code == 2
    return str(caught.value)


GOLDEN = {
    "a misspelt top-level key": (
        "input: x\nverfy:\n  fix: true\n",
        [],
        "unknown key 'verfy'\n"
        "  expected: input, out, seed, workers, limit, compress, unify, synth, scrub, verify, mix,"
        " train, eval, report\n"
        "  got:      verfy\n"
        "  where:    r.yaml:2\n"
        "  do:       did you mean 'verify'?",
    ),
    "a misspelt key inside a block": (
        "input: x\n\n# a remark\nverify:\n  selct: [CALL]\n",
        [],
        "unknown key 'selct' in 'verify'\n"
        "  expected: select, ignore, fix, severity, per_source, against\n"
        "  got:      selct\n"
        "  where:    r.yaml:5\n"
        "  do:       did you mean 'select'?",
    ),
    "a misspelt key two levels down": (
        "mix:\n  split:\n    by: [tool]\n    test_shares: 0.2\n",
        [],
        "unknown key 'test_shares' in 'mix.split'\n"
        "  expected: by, test_share, straddle, keep, salt\n"
        "  got:      test_shares\n"
        "  where:    r.yaml:4\n"
        "  do:       did you mean 'test_share'?",
    ),
    "a key like no other": (
        "mix:\n  zzzzzz: 1\n",
        [],
        "unknown key 'zzzzzz' in 'mix'\n"
        "  expected: dedup, split, sources\n"
        "  got:      zzzzzz\n"
        "  where:    r.yaml:2\n"
        "  do:       remove it or use a key from the list",
    ),
    "a wrong type": (
        "seed: 1\nworkers: many\n",
        [],
        "wrong value for workers\n"
        "  expected: a whole number\n"
        '  got:      "many"\n'
        "  where:    r.yaml:2",
    ),
    "YAML 1.1's idea of a boolean": (
        "verify:\n  fix: on\n",
        [],
        "wrong value for verify.fix\n"
        "  expected: true or false\n"
        '  got:      "on"\n'
        "  where:    r.yaml:2",
    ),
    "a word outside a closed list": (
        "mix:\n  split:\n    by:\n      - tool\n      - colour\n",
        [],
        "wrong value for mix.split.by[1]\n"
        "  expected: query, tool, value\n"
        "  got:      colour\n"
        "  where:    r.yaml:3",
    ),
    "a value out of range": (
        "mix:\n  split:\n    test_share: 2\n",
        [],
        "wrong value for mix.split: test_share must be between 0 and 1, got 2.0\n"
        "  where:    r.yaml:2",
    ),
    "a block that is no block": (
        "verify: yes please\n",
        [],
        "the block 'verify' has the wrong shape\n"
        "  expected: keys and values, or false to leave the stage out\n"
        "  got:      'yes please'\n"
        "  where:    r.yaml:1",
    ),
    "a misspelt override": (
        "verify:\n",
        ["verify.fx=true"],
        "unknown key 'fx' in 'verify'\n"
        "  expected: select, ignore, fix, severity, per_source, against\n"
        "  got:      fx\n"
        "  where:    command line, verify.fx=\n"
        "  do:       did you mean 'fix'?",
    ),
    "an override that is no override": (
        "verify:\n",
        ["verify.fix"],
        "this override cannot be read\n"
        "  expected: key=value\n"
        "  got:      verify.fix\n"
        "  where:    command line",
    ),
    "a key given twice": (
        "seed: 1\nverify:\n  fix: true\nseed: 2\n",
        [],
        "this recipe is not valid YAML\n"
        '  got:      found duplicate key "seed" with value "2" (original value: "1")\n'
        "  where:    r.yaml:4",
    ),
    "broken YAML": (
        "seed: 1\nmix: [1, 2\n",
        [],
        "this recipe is not valid YAML\n"
        "  got:      expected ',' or ']', but got '<stream end>'\n"
        "  where:    r.yaml:3",
    ),
    "a list at the top": (
        "- seed\n",
        [],
        "this recipe has the wrong shape\n"
        "  expected: keys and values at the top\n"
        "  got:      CommentedSeq\n"
        "  where:    r.yaml",
    ),
    "an infinity": (
        "mix:\n  split:\n    test_share: .inf\n",
        [],
        "unusable value for mix.split.test_share\n"
        "  expected: text, a number, true, false, null, a list or keys and values, without tags\n"
        "  got:      inf\n"
        "  where:    r.yaml:3",
    ),
}


@pytest.mark.parametrize("name", GOLDEN)
def test_an_error_says_what_was_expected_what_came_where_and_what_to_do(recipe, name):
    text, overrides, message = GOLDEN[name]
    assert _error(recipe, text, *overrides) == message


def test_numbers_are_what_the_user_wrote(recipe):
    found = recipe("seed: 0x10\nmix:\n  split:\n    test_share: 1e-1\n")
    assert found.settings.seed == 16
    assert resolved(found)["mix"]["split"]["test_share"] == 0.1


def test_overrides_are_yaml_values_under_dotted_keys(recipe):
    found = recipe("input: a\n", "verify.select=[CALL, TOOL001]", "mix.split.test_share=0.5")
    assert found.block("verify", VerifyConfig).select == ["CALL", "TOOL001"]
    assert resolved(found)["mix"]["split"]["test_share"] == 0.5


def test_an_override_wins_over_the_file_and_false_leaves_a_stage_out(recipe):
    found = recipe("input: a\nseed: 1\nverify:\n  fix: true\nmix:\n", "seed=2", "verify=false")
    assert found.settings.seed == 2
    assert list(found.blocks) == ["mix"]


def test_stages_come_in_pipeline_order_whatever_the_order_of_the_file(recipe):
    found = recipe("mix:\nverify:\nunify:\n")
    assert list(found.blocks) == ["unify", "verify", "mix"]


def test_the_environment_is_never_read(recipe, monkeypatch):
    monkeypatch.setenv("HOME_OF_DATA", "/secret")
    assert recipe("input: $HOME_OF_DATA/${HOME_OF_DATA}\n").settings.input == (
        "$HOME_OF_DATA/${HOME_OF_DATA}"
    )


def test_out_is_named_after_the_recipe_by_default(recipe):
    assert recipe("seed: 1\n").settings.out == "runs/r"


def test_a_resolved_recipe_reads_back_to_itself(recipe):
    found = recipe(
        "input: [a, b]\nlimit: 5\nverify:\n  fix: true\nmix:\n  sources: {s: {cap: 3}}\n"
    )
    again = recipe(recipe_text(found, path="r.yaml"))
    assert again == found
    assert recipe_text(found, path="r.yaml").startswith("# actloom run r.yaml\n")


@pytest.mark.parametrize(
    "value", ["!!python/object/apply:os.system [echo hacked]", "!foo bar", "!!str 1", "!x {a: 1}"]
)
def test_tags_are_refused(recipe, value):
    assert "unusable value for input" in _error(recipe, f"input: {value}\n")


def test_a_bomb_of_aliases_is_refused(recipe):
    rows = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    rows += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 9)]
    assert "too large" in _error(recipe, "\n".join(rows))


def test_a_recipe_that_contains_itself_is_refused(recipe):
    assert "r.yaml:2" in _error(recipe, "mix: &m\n  sources: *m\n")


def test_deep_nesting_is_refused(recipe):
    assert "too large or nested" in _error(recipe, "mix: " + "[" * 5000 + "]" * 5000)
    assert "this recipe" in _error(recipe, "mix: " + "[" * 450 + "]" * 450)
    assert "this recipe" in _error(recipe, "- " * 5000)


def test_bytes_that_are_no_text_are_refused(tmp_path):
    (tmp_path / "r.yaml").write_bytes(b"seed: \xff\xfe\x00\n")
    with pytest.raises(RecipeError, match="not valid YAML"):
        load_recipe(str(tmp_path / "r.yaml"))


def test_a_missing_recipe_is_an_input_error(tmp_path):
    with pytest.raises(InputError, match="no such file"):
        load_recipe(str(tmp_path / "nix.yaml"))


def test_an_empty_recipe_takes_everything_from_overrides(recipe):
    assert recipe("", "input=x", "verify=").settings.input == "x"


def test_the_schema_of_recipes_is_json_schema_that_accepts_and_refuses_as_the_reader_does(recipe):
    import jsonschema

    schema = recipe_schema()
    jsonschema.Draft202012Validator.check_schema(schema)
    validator = jsonschema.Draft202012Validator(schema)
    good = resolved(recipe("input: a\nverify:\nmix:\ntrain:\n"))
    assert validator.is_valid(json.loads(json.dumps(good)))
    assert not validator.is_valid({"verfy": {}})
    assert not validator.is_valid({"verify": {"fx": True}})
    assert not validator.is_valid({"seed": "x"})
