"""System messages: the one of prompt mode in its 26 variations, memory's and web search's.

Rules after `bfcl_eval/model_handler/utils.py` and `bfcl_eval/utils.py` of the wheel.
"""

from __future__ import annotations

from collections.abc import Sequence

from actloom.core.jsonvalue import JsonObject
from actloom.evals.bfcl.requests import sentences
from actloom.evals.bfcl.requests.function_documents import function_documents
from actloom.evals.bfcl.requests.parts import text_at
from actloom.evals.bfcl.versions.variations import Variation


def system_prompt(functions: Sequence[JsonObject], variation: Variation) -> str:
    """Returns what prompt mode says before the conversation."""
    style = sentences.PROMPT_STYLES[variation.style]
    wanted = "tool_call_with_tag" if variation.tagged else "tool_call_no_tag"
    return sentences.LAYOUTS[variation.prompt].format(
        persona=style["persona"],
        task=style["task"],
        tool_call_format=style[wanted].format(
            output_format=sentences.RETURN_FORMATS[variation.returns],
            param_types=sentences.PARAMETER_TYPES[variation.returns],
        ),
        multiturn_behavior=style["multiturn_behavior"],
        available_tools=style["available_tools"].format(
            format=variation.documents,
            functions=function_documents(functions, variation.documents),
        ),
    )


def memory_prompt(scenario: str, backend: str, content: str) -> str:
    """Returns what is said about the memory.

    Args:
        scenario: `student`, `customer`, ...; an unknown one has no setting.
        backend: `kv`, `vector` or `rec_sum`.
        content: what the memory shows of itself at the start.
    """
    known = sentences.ONE_MEMORY if backend == "rec_sum" else sentences.CORE_AND_ARCHIVE
    setting = sentences.MEMORY_SETTINGS.get(scenario, "")
    return known.format(scenario_setting=setting, memory_content=content)


def with_system(turn: Sequence[JsonObject], words: str) -> list[JsonObject]:
    """Returns a turn that begins with `words`; a system message of its own comes after them."""
    if turn and turn[0].get("role") == "system":
        own = text_at(turn[0], "content")
        return [{**turn[0], "content": f"{words}\n\n{own}"}, *turn[1:]]
    return [{"role": "system", "content": words}, *turn]
