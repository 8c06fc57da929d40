"""The published verdicts of twelve models, and what the versions judge differently."""

from __future__ import annotations

import csv
import gzip
import json
from collections import Counter
from pathlib import Path

import pytest

from actloom.core.jsonvalue import Json, JsonObject
from actloom.evals.bfcl.checker.rules import RULES, kind_of
from actloom.evals.bfcl.checker.verdicts import CRASHED, Judge, verdict_of
from actloom.evals.bfcl.data.questions import questions
from actloom.evals.bfcl.decoders import family_decoder
from actloom.evals.bfcl.decoding import Decoded
from actloom.evals.bfcl.question import Expected, Language, Question
from actloom.evals.bfcl.versions.profiles import profile_of

V1, V4 = RULES["v1-2024-08-11"], RULES["v4"]
AST = ("simple", "multiple_function", "parallel_function", "parallel_multiple_function")
CHECKED = (*AST, "relevance", "java", "javascript")


def rows(path: Path) -> list[JsonObject]:
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]


@pytest.mark.parametrize("category", CHECKED)
def test_every_verdict_and_error_type_of_the_published_models_is_reproduced(
    category: str, shared_data: Path
) -> None:
    pack = shared_data / "bfcl_v1"
    asked = questions(str(pack), profile_of("v1-2024-08-11"))[category]
    failures = rows(pack / "failures.jsonl.gz")
    expected = {(f["model"], f["id"]): f["error_type"] for f in failures}
    with (pack / "models.csv").open() as lines:
        models = list(csv.DictReader(lines))
    compared, different = 0, []
    for model in models:
        decoder = family_decoder(model["decoder_family"], model["name_contains_FC"] == "True")
        underscores = model["dots_to_underscores"] == "True"
        name = model["model"]
        results = rows(pack / "results" / name / f"{category}.jsonl.gz")
        for question, row in zip(asked, results, strict=True):
            decoded = decoder.calls(row["result"], question.language)
            verdict = verdict_of(question, decoded, V1, underscores=underscores)
            wanted = expected.get((name, question.id), "")
            compared += 1
            if (verdict.valid, verdict.code) != (not wanted, wanted):
                different.append((name, question.id, wanted, verdict.code))
    assert different == []
    assert compared == len(models) * len(asked) > 0


def question(
    parameters: JsonObject,
    gold: JsonObject,
    *,
    required: tuple[str, ...] = (),
    category: str = "simple",
    language: Language = "python",
) -> Question:
    document: JsonObject = {
        "name": "ns.f",
        "parameters": {"type": "dict", "properties": parameters, "required": [*required]},
    }
    return Question("x", category, [], [document], language, [Expected("ns.f", gold)])


def code_of(asked: Question, calls: Json, rules: str = "v4", *, underscores: bool = False) -> str:
    verdict = verdict_of(asked, Decoded(calls), RULES[rules], underscores=underscores)
    assert verdict.valid is (verdict.code == "")
    return verdict.code


ARGUMENTS = [
    ("string", ["New York, NY"], "new-york_ny", ""),
    ("string", ["it's"], 'IT"S', ""),
    ("string", ["15"], "1.5", ""),
    ("string", ["a", ""], "-", ""),
    ("string", ["a"], "b", "value_error:string"),
    ("string", ["a"], 1, "type_error:simple"),
    ("any", ["a"], "A", ""),
    ("integer", [5], 5, ""),
    ("integer", [5], 5.0, "type_error:simple"),
    ("integer", [5], True, "type_error:simple"),
    ("integer", [5], "5", "type_error:simple"),
    ("integer", ["n"], "n", ""),
    ("integer", ["n"], "N", "value_error:others"),
    ("integer", [5], 6, "value_error:others"),
    ("float", [5.0], 5, ""),
    ("float", [5], 5, ""),
    ("float", [5.0], True, "type_error:simple"),
    ("boolean", [True], True, ""),
    ("boolean", [True], False, "value_error:others"),
    ("boolean", [True], 1, "type_error:simple"),
]
COLLECTIONS = [
    ("array", "integer", [[1, 2]], [1, 2], ""),
    ("array", "integer", [[1, 2]], [2, 1], "value_error:list/tuple"),
    ("array", "integer", [[1, 2]], (1, 2), "type_error:simple"),
    ("array", "integer", [[1, 2]], [1, "2"], "type_error:nested"),
    ("array", "integer", [[1, 2], ""], [1, "2"], "value_error:list/tuple"),
    ("array", "integer", [[1, 2], ""], [], ""),
    ("array", "float", [[1.0]], [1], "type_error:nested"),
    ("array", "float", [["x"]], ["X"], ""),
    ("array", "string", [["A b"]], ["ab"], ""),
    ("array", "array", [[["A b"]]], [["ab"]], "value_error:list/tuple"),
    ("array", "integer", [], [1], "type_error:simple"),
    ("tuple", "float", [[1.0, 2.0]], (1.0, 2.0), ""),
    ("tuple", "float", [[1.0, 2.0]], [1.0, 2.0], ""),
    ("array", "dict", [[{"a": [1]}]], [{"a": 1}], ""),
    ("array", "dict", [[{"a": [1]}]], [{"a": 2}], "value_error:dict_value"),
    ("array", "dict", [[{"a": [1]}]], [], "value_error:list_dict_count"),
    ("array", "dict", [[{"a": [1]}], ""], [], ""),
    ("array", "dict", [[""]], [{}], "dict_checker:unclear"),
]


@pytest.mark.parametrize(("kind", "accepted", "given", "code"), ARGUMENTS)
@pytest.mark.parametrize("rules", sorted(RULES))
def test_a_scalar_argument_is_judged_by_type_then_value(
    kind: str, accepted: Json, given: Json, code: str, rules: str
) -> None:
    asked = question({"p": {"type": kind}}, {"p": accepted})
    assert code_of(asked, [{"ns.f": {"p": given}}], rules) == code


@pytest.mark.parametrize(("kind", "items", "accepted", "given", "code"), COLLECTIONS)
@pytest.mark.parametrize("rules", sorted(RULES))
def test_a_list_argument_is_judged_by_type_items_then_value(
    kind: str, items: str, accepted: Json, given: Json, code: str, rules: str
) -> None:
    asked = question({"p": {"type": kind, "items": {"type": items}}}, {"p": accepted})
    assert code_of(asked, [{"ns.f": {"p": given}}], rules) == code


@pytest.mark.parametrize(
    ("accepted", "given", "in_v1", "in_v4"),
    [
        ([{"a": [1], "b": ["x", ""]}], {"a": 1, "b": "X"}, "", ""),
        ([{"a": [1], "b": ["x", ""]}], {"a": 1}, "value_error:dict_items", ""),
        ([{"a": [1], "b": ["x"]}], {"a": 1}, "value_error:dict_items", "value_error:dict_key"),
        ([{"a": [1]}], {"b": 1}, "value_error:dict_key", "value_error:dict_key"),
        # The key that is missing outweighs the value that is wrong.
        ([{"a": [1], "b": [2]}], {"a": 9}, "value_error:dict_items", "value_error:dict_key"),
        ([{"a": {"b": ["x"]}}], {"a": {"b": "X"}}, "", CRASHED),
        ([{"a": [{"b": "x"}]}], {"a": {"b": "x"}}, "", ""),
        ([""], {}, "dict_checker:unclear", "dict_checker:unclear"),
        ([{"a": [1]}, {"a": [2]}], {"a": 2}, "", ""),
        ([{"a": 1}], {"a": 1}, CRASHED, CRASHED),
        ([{"a": "xy"}], {"a": "x"}, "", ""),
    ],
)
def test_dictionaries_are_counted_in_v1_and_open_in_v4(
    accepted: Json, given: Json, in_v1: str, in_v4: str
) -> None:
    asked = question({"p": {"type": "dict"}}, {"p": accepted})
    assert code_of(asked, [{"ns.f": {"p": given}}], V1.profile) == in_v1
    assert code_of(asked, [{"ns.f": {"p": given}}], V4.profile) == in_v4


def test_names_counts_and_arguments_are_judged_in_the_official_order() -> None:
    asked = question(
        {"a": {"type": "integer"}, "b": {"type": "integer"}, "c": {"type": "integer"}},
        {"a": [1], "b": [2]},
        required=("a",),
    )
    wrong = "simple_function_checker:"
    assert code_of(asked, [{"ns.f": {"a": 1, "b": 2}}]) == ""
    assert code_of(asked, []) == f"{wrong}wrong_count"
    assert code_of(asked, [{"f": {}}]) == f"{wrong}wrong_func_name"
    assert code_of(asked, [{"ns.f": {"b": "x", "zz": 1}}]) == f"{wrong}missing_required"
    assert code_of(asked, [{"ns.f": {"c": 3, "a": "x"}}]) == f"{wrong}unexpected_param"
    assert code_of(asked, [{"ns.f": {"a": "x", "c": 3}}]) == "type_error:simple"
    assert code_of(asked, [{"ns.f": {"a": 1}}]) == f"{wrong}missing_optional"


def test_dots_of_the_expected_name_become_underscores_where_models_saw_them_so() -> None:
    asked = question({}, {})
    assert code_of(asked, [{"ns_f": {}}], underscores=True) == ""
    assert code_of(asked, [{"ns.f": {}}], underscores=True).endswith("wrong_func_name")
    assert code_of(asked, [{"ns_f": {}}]).endswith("wrong_func_name")


@pytest.mark.parametrize(
    ("decoded", "in_v1", "in_v4"),
    [
        (Decoded("text"), "ast_decoder:decoder_wrong_output_format", None),
        (Decoded(["f()"]), "ast_decoder:decoder_wrong_output_format", None),
        (Decoded(error="bad"), "ast_decoder:decoder_failed", None),
        (Decoded([]), "simple_function_checker:wrong_count", None),
        (
            Decoded([{"ns.f": {}, "g": {}}]),
            "",
            "ast_decoder:decoder_wrong_output_format",
        ),
        (Decoded([{"ns.f": []}]), CRASHED, "ast_decoder:decoder_wrong_output_format"),
        (
            Decoded([{}]),
            "simple_function_checker:wrong_func_name",
            "ast_decoder:decoder_wrong_output_format",
        ),
    ],
)
def test_only_v4_wants_one_key_and_an_object_under_it(
    decoded: Decoded, in_v1: str, in_v4: str | None
) -> None:
    asked = question({}, {})
    assert verdict_of(asked, decoded, V1).code == in_v1
    assert verdict_of(asked, decoded, V4).code == (in_v1 if in_v4 is None else in_v4)


NO_CALLS = [Decoded(error="x"), Decoded("no"), Decoded([]), Decoded([{}]), Decoded(["f"])]


@pytest.mark.parametrize("decoded", NO_CALLS)
def test_silence_is_right_where_no_call_is_asked_for_and_wrong_where_one_is(
    decoded: Decoded,
) -> None:
    asked = {name: question({}, {}, category=name) for name in ("relevance", "live_irrelevance")}
    assert verdict_of(asked["relevance"], decoded, V1).valid
    assert verdict_of(asked["live_irrelevance"], decoded, V4).valid
    assert verdict_of(asked["relevance"], decoded, V4).code == "relevance_error:decoder_failed"


def test_any_call_is_right_for_relevance_since_v2_and_wrong_in_v1() -> None:
    asked = question({}, {}, category="relevance")
    called = Decoded([{"anything": {"x": 1}}])
    assert verdict_of(asked, called, V1).code == "relevance_error:decoder_success"
    assert verdict_of(asked, called, RULES["v2"]).valid
    not_wanted = question({}, {}, category="irrelevance")
    assert verdict_of(not_wanted, called, V4).code == "irrelevance_error:decoder_success"


def two_of(kind: str, *golds: Expected) -> Question:
    functions: list[JsonObject] = [
        {"name": name, "parameters": {"properties": {"x": {"type": "integer"}}, "required": []}}
        for name in ("f", "g")
    ]
    return Question("x", kind, [], functions, "python", [*golds])


def test_calls_in_parallel_match_in_any_order_and_greedily() -> None:
    asked = two_of("parallel", Expected("f", {"x": [1, 2]}), Expected("f", {"x": [1]}))
    assert code_of(asked, [{"f": {"x": 2}}, {"f": {"x": 1}}]) == ""
    no_match = "parallel_function_checker_no_order:cannot_find_match"
    assert code_of(asked, [{"f": {"x": 1}}, {"f": {"x": 2}}]) == no_match
    assert code_of(asked, [{"f": {"x": 1}}]) == "parallel_function_checker_no_order:wrong_count"


def test_suffixed_names_find_their_document_in_v1_only() -> None:
    asked = two_of("parallel_function", Expected("f_1", {"x": [1]}), Expected("g_2", {"x": [2]}))
    calls: Json = [{"g": {"x": 2}}, {"f": {"x": 1}}]
    assert code_of(asked, calls, V1.profile) == ""
    assert code_of(asked, calls) == CRASHED
    unknown = two_of("parallel_function", Expected("f", {"x": [1]}), Expected("h", {}))
    missing = "parallel_function_checker_no_order:cannot_find_description"
    assert code_of(unknown, calls, V1.profile) == missing


def test_multiple_is_unordered_in_v1_and_one_named_call_later() -> None:
    asked = two_of("multiple", Expected("g", {"x": [1]}))
    assert code_of(asked, [{"g": {"x": 1}}]) == ""
    assert code_of(asked, [{"f": {"x": 1}}]) == "simple_function_checker:wrong_func_name"
    assert code_of(asked, []) == "multiple_function_checker:wrong_count"
    in_v1 = "parallel_function_checker_no_order:"
    assert code_of(asked, [{"f": {"x": 1}}], V1.profile) == f"{in_v1}cannot_find_match"
    assert code_of(asked, [], V1.profile) == f"{in_v1}wrong_count"


def test_a_record_at_which_the_official_checker_raises_is_an_error_entry() -> None:
    asked = question({"p": {"type": "number"}}, {"p": [1]})
    verdict = Judge(asked, V4).explained(Decoded([{"ns.f": {"p": 1}}]))
    assert (verdict.valid, verdict.code) == (False, CRASHED)
    assert "KeyError" in verdict.message
    # It raises at that argument and not before.
    assert code_of(asked, [{"ns.f": {"q": 1}}]) == "simple_function_checker:unexpected_param"
    huge = question({"p": {"type": "float"}}, {"p": [1.0]})
    assert code_of(huge, [{"ns.f": {"p": 10**400}}]) == CRASHED


def test_an_explained_verdict_is_the_verdict_with_the_place() -> None:
    asked = question({"p": {"type": "array", "items": {"type": "float"}}}, {"p": [[1.5]]})
    judge = Judge(asked, V4)
    wrong = Decoded([{"ns.f": {"p": [1]}}])
    explained = judge.explained(wrong)
    assert explained.code == judge.verdict(wrong).code == "type_error:nested"
    assert explained.message == "argument 'p' (array): expected one of [[1.5]], got [1]"
    assert judge.verdict(wrong).message == ""


def test_questions_with_equal_content_are_judged_by_their_own_gold() -> None:
    codes = Counter(
        code_of(question({"p": {"type": "integer"}}, {"p": [n]}), [{"ns.f": {"p": 3}}])
        for n in range(50)
    )
    assert codes == {"": 1, "value_error:others": 49}


def test_format_sensitivity_is_judged_as_the_category_it_was_taken_from() -> None:
    asked_as = "format_sensitivity_3:ret_fmt=python&tool_call_tag=True:"
    for record, kind in (
        ("simple_python_1", "single"),
        ("live_multiple_2-0-0", "named"),
        ("parallel_multiple_3", "unordered"),
        ("live_irrelevance_4", "no_call"),
    ):
        assert kind_of("format_sensitivity", asked_as + record, V4) == kind
