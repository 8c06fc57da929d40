"""The rival's half of `bfcl_parity.py`, run by the interpreter that has bfcl-eval."""

from __future__ import annotations

import json
import sys
from pathlib import Path

from bfcl_eval.constants.enums import Language
from bfcl_eval.constants.model_config import MODEL_CONFIG_MAPPING
from bfcl_eval.eval_checker.ast_eval.ast_checker import ast_checker
from bfcl_eval.eval_checker.ast_eval.type_convertor.java_type_converter import java_type_converter
from bfcl_eval.eval_checker.ast_eval.type_convertor.js_type_converter import js_type_converter
from bfcl_eval.utils import is_empty_output, is_function_calling_format_output

CRASHED = "checker:crashed"


def model_with(underscores: bool) -> str:
    """Returns a model whose expected names are written so; the checker turns `_` into `/`."""
    return next(
        name
        for name, config in MODEL_CONFIG_MAPPING.items()
        if config.underscore_to_dot is underscores and "_" not in name
    )


def verdict(asked: dict, case: dict, models: dict[bool, str]) -> list[str]:
    """Returns error type and, where the checker raises, what."""
    at, answer = case["question"], case["answer"]
    category = asked["category"][at]
    if "relevance" in category:
        called = not is_empty_output(answer)
        if "irrelevance" in category:
            return ["irrelevance_error:decoder_success" if called else "", ""]
        return ["" if called else "relevance_error:decoder_failed", ""]
    if not is_function_calling_format_output(answer):
        return ["ast_decoder:decoder_wrong_output_format", ""]
    try:
        result = ast_checker(
            asked["functions"][at],
            answer,
            asked["gold"][at],
            Language(asked["language"][at]),
            category,
            models[case["underscores"]],
        )
    except Exception as error:
        return [CRASHED, f"{type(error).__name__}: {error}"]
    return ["" if result["valid"] else result["error_type"], ""]


def converted(language: str, text: str, kind: str, item_kind: str | None) -> list[str]:
    """Returns the converted literal as text, or what converting raises."""
    convert = java_type_converter if language == "java" else js_type_converter
    try:
        return ["", repr(convert(text, kind, item_kind))]
    except Exception as error:
        return ["raised", type(error).__name__]


def main() -> None:
    """Reads `asked.json` of a folder and writes `answered.json` beside it."""
    folder = Path(sys.argv[1])
    asked = json.loads((folder / "asked.json").read_text())
    models = {underscores: model_with(underscores) for underscores in (False, True)}
    answered = {
        "cases": [verdict(asked, case, models) for case in asked["cases"]],
        "literals": [converted(*literal) for literal in asked["literals"]],
    }
    (folder / "answered.json").write_text(json.dumps(answered))


if __name__ == "__main__":
    main()
