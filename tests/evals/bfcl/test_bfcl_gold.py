"""The gold against its own checker, and wrong answers made of it."""

from __future__ import annotations

from pathlib import Path

import pytest

from actloom.core.jsonvalue import JsonObject
from actloom.evals.bfcl.checker.answers import gold_calls
from actloom.evals.bfcl.checker.lenient import lenient_verdict
from actloom.evals.bfcl.checker.mutations import CHANGES, mutations
from actloom.evals.bfcl.checker.rules import RULES
from actloom.evals.bfcl.checker.selftest import QUARANTINE, self_test
from actloom.evals.bfcl.checker.verdicts import CRASHED, Judge
from actloom.evals.bfcl.data.questions import questions
from actloom.evals.bfcl.decoding import Decoded
from actloom.evals.bfcl.question import Expected, Question
from actloom.evals.bfcl.versions.profiles import profile_of

FOLDERS = {"v1-2024-08-11": "bfcl_v1", "v4": "bfcl_v4"}
DEFECTS = {
    "v1-2024-08-11": {
        # In specs/bfcl.md, section 8: four of the Python records.
        "simple_363",
        "parallel_multiple_function_12",
        "parallel_multiple_function_26",
        "parallel_multiple_function_179",
        # Found by the self-test.
        "java_1",
        "java_36",
        "java_64",
        "java_65",
        "java_67",
        "java_68",
        "java_94",
        "javascript_5",
        "javascript_41",
    },
    "v4": {
        # In specs/bfcl.md, section 8: seven of the Python records, and one of Java.
        "parallel_multiple_12",
        "parallel_multiple_26",
        "live_simple_106-63-0",
        "live_simple_112-68-0",
        "live_multiple_507-149-4",
        "live_multiple_862-181-3",
        "live_multiple_964-207-0",
        "simple_java_64",
        # Found by the self-test: a list of mixed types whose items are read as texts.
        "simple_java_36",
        "simple_java_65",
    },
}
"""Questions whose gold's first alternatives the official checker rejects."""


def ast_questions(profile_name: str, shared_data: Path) -> list[Question]:
    profile = profile_of(profile_name)
    found = questions(str(shared_data / FOLDERS[profile_name]), profile)
    names = [name for name, category in profile.categories.items() if category.kind == "ast"]
    return [question for name in names if name in found for question in found[name]]


@pytest.mark.parametrize(("profile", "count"), [("v1-2024-08-11", 1150), ("v4", 2501)])
def test_the_golds_first_alternatives_pass_but_for_the_known_defects(
    profile: str, count: int, shared_data: Path
) -> None:
    asked = ast_questions(profile, shared_data)
    assert len(asked) == count
    found = self_test(asked, RULES[profile])
    assert {defect.id for defect in found} == DEFECTS[profile]
    assert {defect.id for defect in found if not defect.passable} == set(QUARANTINE[profile])
    assert all(defect.message for defect in found)


@pytest.mark.parametrize("profile", FOLDERS)
def test_every_wrong_answer_made_of_the_gold_is_rejected(profile: str, shared_data: Path) -> None:
    rules = RULES[profile]
    accepted, made = [], dict.fromkeys(CHANGES, 0)
    for question in ast_questions(profile, shared_data):
        judge = Judge(question, rules)
        for mutation in mutations(question, rules):
            made[mutation.change] += 1
            if judge.verdict(Decoded(mutation.calls)).valid:
                accepted.append((question.id, mutation))
    assert accepted == []
    assert min(made.values()) > 1000


def test_lenient_rules_reject_wrong_names_counts_values_and_extra_arguments(
    shared_data: Path,
) -> None:
    rules = RULES["v4"]
    asked = [q for q in ast_questions("v4", shared_data) if not q.id.startswith("live")]
    accepted = [
        (question.id, mutation)
        for question in asked
        for mutation in mutations(question, rules)
        if mutation.change in ("name", "count", "value", "extra")
        and lenient_verdict(question, Decoded(mutation.calls), rules).valid
    ]
    assert accepted == []


def test_lenient_rules_accept_every_gold_the_official_ones_do(shared_data: Path) -> None:
    rules = RULES["v4"]
    for question in ast_questions("v4", shared_data):
        decoded = Decoded(gold_calls(question, rules))
        if Judge(question, rules).verdict(decoded).valid:
            assert lenient_verdict(question, decoded, rules).valid, question.id


def test_a_malformed_gold_is_an_entry_of_the_self_test_not_an_exception() -> None:
    function: JsonObject = {"name": "f", "parameters": {"properties": {}, "required": []}}
    bad = Question("bad", "simple", [], [function], "python", [Expected("f", {"x": 5})])
    documents: list[JsonObject] = [{"name": "f"}]
    worse = Question("worse", "simple", [], documents, "python", [Expected("f", {"x": [1]})])
    nothing = Question("none", "irrelevance", [], [function])
    found = self_test([bad, worse, nothing], RULES["v4"])
    assert [(defect.id, defect.code) for defect in found] == [("bad", CRASHED), ("worse", CRASHED)]
