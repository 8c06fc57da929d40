"""The prompts of Salesforce's xLAM models as one text, for servers' text completions.

xLAM-2 (`bfcl_eval/model_handler/local_inference/salesforce_{llama,qwen}.py` of the wheel): system
message, tools as indented JSON, then the conversation in Llama's or Qwen's marks. xLAM-1
(specs/bfcl.md, section 3): one block each for task, tools, format and query, no conversation.
"""

from __future__ import annotations

import json
from collections.abc import Sequence

import msgspec

from actloom.core.jsonvalue import Json, JsonObject
from actloom.evals.bfcl.requests import sentences
from actloom.evals.bfcl.requests.parts import names_at, object_at, schemas_in, text_at


class Marks(msgspec.Struct, frozen=True):
    """How a family of models sets messages apart."""

    begin: str
    """Before everything."""
    role: str
    """Before a message; `{role}` stands for its role."""
    end: str
    """After a message."""
    tool: str
    """Name of the role of tool results."""


LLAMA = Marks(
    "<|begin_of_text|>", "<|start_header_id|>{role}<|end_header_id|>\n\n", "<|eot_id|>", "ipython"
)
QWEN = Marks("", "<|im_start|>{role}\n", "<|im_end|>", "tool")


def xlam2_prompt(
    messages: Sequence[JsonObject], functions: Sequence[JsonObject], marks: Marks
) -> str:
    """Returns a conversation as the text an xLAM-2 model continues."""
    system = sentences.XLAM2_SYSTEM
    if messages and messages[0].get("role") == "system":
        system = text_at(messages[0], "content").strip()
        messages = messages[1:]
    tools = "".join(json.dumps(function, indent=4) + "\n\n" for function in functions)
    opening = f"{system}\n{sentences.XLAM2_TOOLS}{tools}"
    spoken = [("system", opening), *(_spoken(message, marks) for message in messages)]
    text = "".join(marks.role.format(role=role) + said + marks.end for role, said in spoken)
    return marks.begin + text + marks.role.format(role="assistant")


def _spoken(message: JsonObject, marks: Marks) -> tuple[str, str]:
    role = text_at(message, "role")
    if role == "tool":
        return marks.tool, text_at(message, "content")
    return role, text_at(message, "content").strip()


def xlam1_prompt(messages: Sequence[JsonObject], functions: Sequence[JsonObject]) -> str:
    """Returns a question as the text an xLAM-1 model continues.

    System messages join the task, user messages make the query.
    """
    asked = "\n".join(text_at(m, "content") for m in messages if m.get("role") == "user")
    further = [text_at(m, "content") for m in messages if m.get("role") == "system"]
    blocks = {
        "TASK INSTRUCTION": "\n".join([sentences.XLAM1_TASK, *further]),
        "AVAILABLE TOOLS": json.dumps([_xlam1_tool(function) for function in functions]),
        "FORMAT INSTRUCTION": sentences.XLAM1_FORMAT,
        "QUERY": asked,
    }
    content = "".join(
        f"[BEGIN OF {name}]\n{text}\n[END OF {name}]\n\n" for name, text in blocks.items()
    )
    return f"{sentences.XLAM1_SYSTEM}### Instruction:\n{content}\n### Response:"


def _xlam1_tool(function: JsonObject) -> JsonObject:
    parameters = object_at(function, "parameters")
    required: Sequence[Json] = names_at(parameters, "required") or ()
    shown: JsonObject = {
        name: {**schema, "required": True} if name in required else schema
        for name, schema in schemas_in(parameters).items()
    }
    return {
        "name": text_at(function, "name"),
        "description": text_at(function, "description"),
        "parameters": shown,
    }
