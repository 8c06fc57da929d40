"""A test for every row of the decoder table of the leaderboard of 2024-08-11, by its quirks."""

from __future__ import annotations

import csv
import gzip
import json
from pathlib import Path

import pytest

from actloom.core.errors import InputError
from actloom.core.jsonvalue import Json
from actloom.evals.bfcl.decoders import decoder, family_decoder
from actloom.evals.bfcl.question import Language

FAILED = "failed"
TEXT_FAMILIES = ["openai", "claude", "oss", "cohere", "mistral", "llama", "gorilla", "nexus"]
TEXT_FAMILIES += ["gemma", "deepseek", "databricks", "arctic", "nvidia"]
NATIVE = ("openai_fc", "claude_fc", "functionary", "firework", "yi", "mistral_fc", "gemini")


def calls(family: str, result: Json, language: Language = "python") -> object:
    """Returns the calls a family reads, FAILED where it officially raises."""
    decoded = decoder(f"{family}@bfcl_v1").calls(result, language)
    return FAILED if decoded.error else decoded.value


def texts(family: str, result: Json) -> object:
    """Returns the call texts a family reads, FAILED where it officially raises."""
    decoded = decoder(f"{family}@bfcl_v1").call_texts(result)
    return FAILED if decoded.error else decoded.value


F = [{"f": {"x": 1}}]


def test_xlam_reads_a_list_or_the_tool_calls_of_an_object() -> None:
    assert calls("xlam", '\n{"tool_calls": [{"name": "f", "arguments": {"x": 1}}]}') == F
    assert calls("xlam", '[{"name": "f", "arguments": {"x": 1}}]') == F
    assert calls("xlam", "{}") == []
    assert calls("xlam", '[{}, 5, "f"]') == [{"": {}}]


def test_xlam_leaves_what_is_not_json_as_text() -> None:
    assert calls("xlam", "f(x=1)") == texts("xlam", "f(x=1)") == "f(x=1)"
    assert texts("xlam", [1]) == [1]
    assert calls("xlam", [1]) == FAILED


@pytest.mark.parametrize(
    "text", ["5", "null", '{"tool_calls": null}', '[{"name": ["f"]}]', "[" * 5000, "9" * 5000]
)
def test_xlam_fails_on_json_of_another_shape(text: str) -> None:
    assert calls("xlam", text) == FAILED


def test_xlam_reads_no_calls_in_a_text_or_an_object_under_tool_calls() -> None:
    assert calls("xlam", '{"tool_calls": "f"}') == calls("xlam", '{"tool_calls": {"f": 1}}') == []


def test_xlam_executes_with_a_blank_after_the_comma() -> None:
    text = '{"tool_calls": [{"name": "f", "arguments": {"x": 1, "y": "a"}}]}'
    assert texts("xlam", text) == ["f(x=1, y='a')"]
    assert texts("xlam", '{"tool_calls": {"name": "f"}}') == ["f()"]
    assert texts("xlam", "5") == []


@pytest.mark.parametrize("family", NATIVE)
def test_native_calls_hold_json_text(family: str) -> None:
    assert calls(family, [{"f": '{"x": 1}'}]) == F
    assert calls(family, [{"f": '{"x": 1}'}], "java") == F
    assert calls(family, [{"f": "[1]"}]) == [{"f": [1]}]
    assert texts(family, [{"f": '{"x": 1, "y": "a"}'}]) == ["f(x=1,y='a')"]
    assert texts(family, {"f": '{"x": 1}'}) == ["f(x=1)"]


@pytest.mark.parametrize("family", NATIVE)
@pytest.mark.parametrize("result", ["I cannot.", None, [{}], ["f"], [{"f": "{"}], [{"f": {}}]])
def test_native_families_fail_on_anything_else(family: str, result: Json) -> None:
    assert calls(family, result) == FAILED


@pytest.mark.parametrize("family", NATIVE)
def test_only_gemini_wraps_a_lone_object(family: str) -> None:
    expected = F if family == "gemini" else FAILED
    assert calls(family, {"f": '{"x": 1}'}) == expected


@pytest.mark.parametrize("family", NATIVE)
def test_only_gemini_fails_on_nothing_at_all(family: str) -> None:
    assert calls(family, []) == []
    assert calls(family, "") == (FAILED if family == "gemini" else [])


def test_cohere_fc_holds_objects() -> None:
    assert calls("cohere_fc", [{"f": {"x": 1}}]) == F
    assert calls("cohere_fc", [{"f": {"x": 1}}], "java") == F
    assert texts("cohere_fc", [{"f": {"x": "a", "y": 2}}]) == ["f(x='a',y=2)"]
    assert texts("cohere_fc", {"f": {"x": 1}}) == ["f(x=1)"]
    assert calls("cohere_fc", "text") == FAILED
    assert texts("cohere_fc", [{"f": "text"}]) == FAILED


@pytest.mark.parametrize("family", TEXT_FAMILIES)
def test_every_text_family_reads_a_plain_list(family: str) -> None:
    text = "```python\n[f(x=1)]\n```" if family == "deepseek" else "[f(x=1)]"
    written = "f(x=1)" if family in ("gorilla", "nexus") else text
    assert calls(family, written) == F
    assert texts(family, written) == (written if family == "oss" else ["f(x=1)"])


@pytest.mark.parametrize("family", TEXT_FAMILIES)
@pytest.mark.parametrize("result", [[{"f": "{}"}], None, {}, 5])
def test_every_text_family_fails_on_what_is_no_text(family: str, result: Json) -> None:
    assert calls(family, result) == FAILED


@pytest.mark.parametrize("family", TEXT_FAMILIES)
@pytest.mark.parametrize("language", ["java", "javascript"])
def test_every_text_family_reads_the_language_of_the_question(
    family: str, language: Language
) -> None:
    text = 'Clock.set(x="a b", y=c)'
    written = text if family in ("gorilla", "nexus") else f"[{text}]"
    fenced = f"```java\n{written}\n```" if family == "deepseek" else written
    assert calls(family, fenced, language) == [{"Clock.set": {"x": "a b", "y": "c"}}]


def test_openai_prompt_adds_no_brackets() -> None:
    assert calls("openai", "f(x=1)") == texts("openai", "f(x=1)") == FAILED


@pytest.mark.parametrize("family", ["claude", "oss"])
def test_claude_and_oss_drop_one_blank_and_add_brackets(family: str) -> None:
    assert calls(family, " f(x=1)") == calls(family, "f(x=1)]") == F
    assert calls(family, "  [f(x=1)]") == FAILED
    assert calls(family, "") == FAILED


def test_oss_executes_the_raw_text() -> None:
    assert texts("oss", "anything") == "anything"
    assert texts("oss", "") == ""


def test_cohere_prompt_adds_brackets_and_keeps_blanks() -> None:
    assert calls("cohere", "f(x=1)") == F
    assert calls("cohere", "") == []
    assert texts("cohere", "f(x=1)") == ["f(x=1)"]


def test_mistral_unescapes_underscores_and_executes_without_adding_brackets() -> None:
    assert calls("mistral", "a\\_b(x=1)") == [{"a_b": {"x": 1}}]
    assert texts("mistral", "a\\_b(x=1)") == FAILED
    assert texts("mistral", "[a\\_b(x=1)]") == ["a_b(x=1)"]


def test_llama_deletes_newlines() -> None:
    assert calls("llama", "\n\n[f(x='a\nb')]\n") == [{"f": {"x": "ab"}}]


def test_gorilla_always_adds_brackets() -> None:
    assert calls("gorilla", "f(x=1), g(y=2)") == [*F, {"g": {"y": 2}}]
    assert calls("gorilla", "[f(x=1)]") == FAILED


def test_nexus_splits_at_semicolons() -> None:
    assert calls("nexus", "f(x=1);g(y='a;b');") == [*F, {"g": {"y": "a,b"}}]
    assert texts("nexus", "f(x=1);") == ["f(x=1)"]


def test_nexus_out_of_domain_is_a_text_if_it_parses() -> None:
    assert calls("nexus", "out_of_domain(user_query='x');") == "irrelevant"
    assert calls("nexus", "out_of_domain(") == FAILED
    assert texts("nexus", "out_of_domain(q=1)") == ["out_of_domain(q=1)"]


def test_gemma_reads_from_the_first_bracket_to_the_last() -> None:
    assert calls("gemma", "Sure:\n[f(x=[1])]\nDone.") == [{"f": {"x": [1]}}]
    assert calls("gemma", "[f(x=1)] or [g(y=2)]") == FAILED
    assert calls("gemma", "no list") == calls("gemma", "] [") == FAILED


def test_deepseek_reads_the_first_flat_list_of_the_first_fence() -> None:
    assert calls("deepseek", "[g(y=2)] ```python\n[f(x=1)]\n``` [h(z=3)]") == F
    assert calls("deepseek", "```\n[f(x=[1])]\n```") == FAILED
    assert calls("deepseek", "[f(x=1)]") == calls("deepseek", "```\nf(x=1)\n```") == FAILED


def test_databricks_deletes_single_quotes_then_tries_the_text_as_it_is() -> None:
    assert calls("databricks", "f(x='a')") == [{"f": {"x": "a"}}]
    assert calls("databricks", "['f(x=1)',\n    'g(y=2)']") == [*F, {"g": {"y": 2}}]
    assert calls("databricks", "[f(x='a b')]") == [{"f": {"x": "a b"}}]
    assert calls("databricks", "f(x='a b')") == FAILED
    assert texts("databricks", "f(x='a')") == ["f(x='a')"]


@pytest.mark.parametrize("family", ["arctic", "nvidia"])
def test_arctic_and_nvidia_unquote_lists_of_calls(family: str) -> None:
    assert calls(family, "['f(x=1)', 'g(y=2)','h(z=3)']") == [*F, {"g": {"y": 2}}, {"h": {"z": 3}}]
    assert calls(family, "\nf(x=1)\n") == F
    assert calls(family, "[f(x=['a', 'b'])]") == [{"f": {"x": ["a", "b"]}}]
    assert calls(family, """['f(x="a', 'b")']""") == [{"f": {"x": "a, b"}}]


def test_hermes_reads_the_line_after_the_tag() -> None:
    text = "<tool_call>\n{'name': 'f', 'arguments': {'x': 1}}\n</tool_call>\n"
    assert calls("hermes", text) == F
    assert texts("hermes", text + text) == ["f(x=1)", "f(x=1)"]
    assert calls("hermes", "No tool fits.") == []
    assert calls("hermes", " <tool_call>\n{") == []
    assert calls("hermes", "<tool_call>\n<tool_call>\n</tool_call>") == []
    assert calls("hermes", "<tool_call>\nnot json") == FAILED
    assert calls("hermes", '<tool_call>\n{"name": "f"}') == FAILED


def test_hermes_writes_java_and_javascript_values_as_python_text() -> None:
    text = '<tool_call>\n{"name": "f", "arguments": {"x": true, "y": [1, null]}}\n</tool_call>'
    expected = [{"f": {"x": "True", "y": "[1, None]"}}]
    assert calls("hermes", text, "java") == calls("hermes", text, "javascript") == expected
    assert calls("hermes", text) == [{"f": {"x": True, "y": [1, None]}}]


def test_granite_keeps_pieces_that_are_no_json_as_text() -> None:
    good = '<function_call> {"name": " f ", "arguments": {"x": 1}}'
    assert calls("granite", good + good) == F + F
    assert calls("granite", f"hello {good}") == ["hello", *F]
    assert texts("granite", f"hello {good}") == ["hello", "f(x=1)"]
    assert calls("granite", "<function_call>  ") == []


def test_granite_no_function_is_a_text() -> None:
    text = '<function_call> {"name": "no_function", "arguments": {}}'
    assert calls("granite", text) == texts("granite", text) == ["No function is called"]


@pytest.mark.parametrize("piece", ["[1]", "5", '"f"', '{"name": 5}'])
def test_granite_fails_on_json_of_another_shape(piece: str) -> None:
    assert calls("granite", f"<function_call> {piece}") == FAILED


def test_glm_reads_two_lines() -> None:
    assert calls("glm", 'f\n{"x": 1}\nmore') == F
    assert texts("glm", 'f\n{"x": 1}') == ["f(x=1)"]
    assert calls("glm", "I cannot.") == ["I cannot."]
    assert texts("glm", "I cannot.") == FAILED
    assert calls("glm", "f\n") == FAILED


def test_glm_executes_nothing_for_an_empty_text() -> None:
    assert calls("glm", "") == [""]
    assert texts("glm", "") == []


def test_glaive_reads_the_last_tag_without_single_quotes_and_never_executes() -> None:
    text = '<functioncall> {"name": "f", "arguments": \'{"x": 1}\'}'
    assert calls("glaive", text) == F
    assert calls("glaive", text, "java") == [{"f": {"x": "1"}}]
    assert calls("glaive", "no call") == calls("glaive", '{"name": "f"}') == FAILED
    assert texts("glaive", text) == FAILED


@pytest.mark.parametrize(
    ("handler", "prompt", "native"),
    [
        ("OpenAIHandler", "openai", "openai_fc"),
        ("MistralHandler", "mistral", "mistral_fc"),
        ("CohereHandler", "cohere", "cohere_fc"),
        ("ClaudeFCHandler", "openai", "claude_fc"),
        ("ClaudePromptingHandler", "claude", "claude"),
        ("xLAMHandler", "xlam", "xlam"),
        ("FireworkAIHandler", "firework", "firework"),
        ("YiHandler", "yi", "yi"),
        ("GeminiHandler", "gemini", "gemini"),
        ("OSSHandler", "oss", "oss"),
        ("GlaiveHandler", "glaive", "glaive"),
    ],
)
def test_a_handler_is_chosen_by_its_class_and_fc_in_the_name(
    handler: str, prompt: str, native: str
) -> None:
    assert family_decoder(handler, False).name == f"{prompt}@bfcl_v1"
    assert family_decoder(handler, True).name == f"{native}@bfcl_v1"


def test_an_unknown_family_is_a_user_error_that_names_the_known_ones() -> None:
    with pytest.raises(InputError) as caught:
        family_decoder("PoetHandler", False)
    assert "PoetHandler" in str(caught.value)
    assert "xLAMHandler" in caught.value.expected


def verdict(category: str, result: Json, family: str, fc: bool) -> str:
    """Returns the kind of failure that decoding alone decides; "" when the checker goes on."""
    decode = family_decoder(family, fc)
    if category.startswith("executable") or category == "rest":
        decoded = decode.call_texts(result)
        value = decoded.value
        shaped = type(value) is list and value and all(type(text) is str for text in value)
        if decoded.error:
            return "executable_decoder:decoder_failed"
        if category == "rest":
            right = shaped and len(value) == 1
            return "" if right else "executable_decoder:rest_wrong_output_format"
        return "" if shaped else "executable_decoder:wrong_output_format"
    language: Language = category if category in ("java", "javascript") else "python"
    decoded = decode.calls(result, language)
    value = decoded.value
    shaped = type(value) is list and all(type(call) is dict for call in value)
    if category == "relevance":
        called = not decoded.error and shaped and value not in ([], [{}])
        return "relevance_error:decoder_success" if called else ""
    if decoded.error:
        return "ast_decoder:decoder_failed"
    return "" if shaped else "ast_decoder:decoder_wrong_output_format"


def test_all_records_of_twelve_models_decode_as_officially(shared_data: Path) -> None:
    pack = shared_data / "bfcl_v1"
    with gzip.open(pack / "failures.jsonl.gz", "rt") as lines:
        failures = {
            (row["model"], row["category"], row["id"]): row["error_type"]
            for row in map(json.loads, lines)
        }
    with (pack / "models.csv").open(newline="") as rows:
        models = [*csv.DictReader(rows)]
    different, seen = [], 0
    for row in models:
        for path in sorted((pack / "results" / row["model"]).glob("*.jsonl.gz")):
            category = path.name.removesuffix(".jsonl.gz")
            with gzip.open(path, "rt") as lines:
                records = [json.loads(line) for line in lines]
            for record in records:
                seen += 1
                ours = verdict(
                    category,
                    record["result"],
                    row["decoder_family"],
                    row["name_contains_FC"] == "True",
                )
                official = failures.get((row["model"], category, record["id"]), "")
                if not ours and not official.split(":")[0].endswith("decoder"):
                    continue
                if ours != official:
                    different.append((row["model"], category, record["id"], official, ours))
    assert different == []
    assert seen == 20_400
