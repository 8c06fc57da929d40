"""Every rule has a page whose examples do what the page says."""

from __future__ import annotations

import json
import re

import msgspec
import pytest

from actloom.core.finding import Finding
from actloom.core.messages import trajectory_parts
from actloom.core.record import Call, Message, Provenance, Reply, Step, Trajectory
from actloom.core.schema import tools_of
from actloom.verify.pages import page_of
from actloom.verify.rules import FAMILIES, RULES, verify

CODES = [code for codes in FAMILIES.values() for code in codes]
EXAMPLE = re.compile(r"^## (Bad|Good)\n\n```json\n(.*?)\n```", re.MULTILINE | re.DOTALL)


def record_of(example: str) -> Trajectory:
    value = json.loads(example)
    if "messages" in value:
        return record_of_chat(value)
    return record_of_calls(value)


def record_of_calls(value) -> Trajectory:
    calls = [
        Call(c["name"], arguments_text=c["arguments"])
        if isinstance(c["arguments"], str)
        else Call(c["name"], c["arguments"])
        for c in value["calls"]
    ]
    return Trajectory(
        id=value.get("id", "p"),
        source=value.get("source", "p"),
        tools=tools_of(value.get("tools", [])),
        query=value.get("query", "q"),
        steps=[Step(reply=Reply(tool_calls=calls))],
        provenance=Provenance(split=value.get("split")),
    )


def set_of(values) -> list[Trajectory]:
    return [record_of_calls(value) for value in values for _ in range(value.get("copies", 1))]


def found_in(example: str, select: list[str]) -> list[Finding]:
    value = json.loads(example)
    if "records" not in value:
        return verify(record_of(example), select=select)
    return verify(set_of(value["records"]), select=select, against=set_of(value.get("against", [])))


def record_of_chat(value) -> Trajectory:
    parts = trajectory_parts(msgspec.convert(value["messages"], list[Message]))
    return Trajectory(
        id="p",
        source="p",
        tools=tools_of(value["tools"]),
        query=parts.query,
        steps=parts.steps,
    )


@pytest.mark.parametrize("code", CODES)
def test_the_bad_example_gives_the_code_and_nothing_else_and_the_good_one_nothing(code):
    examples = dict(EXAMPLE.findall(page_of(code)))
    select = [] if RULES.get(code).default else [code]
    assert {f.code for f in found_in(examples["Bad"], select)} == {code}
    assert found_in(examples["Good"], select) == []


@pytest.mark.parametrize("code", CODES)
def test_a_page_has_its_name_and_every_section(code):
    page = page_of(code)
    assert page.startswith(f"# {code} {RULES.get(code).name}\n")
    assert re.findall(r"^## (.*)$", page, re.MULTILINE) == ["Why", "Bad", "Good", "Fix"]
    assert max(len(line) for line in page.split("\n") if not line.startswith(" ")) <= 110


@pytest.mark.parametrize("code", CODES)
def test_a_rule_without_any_fix_says_so(code):
    fix = page_of(code).split("## Fix\n\n")[1]
    assert fix.startswith("None") == (not RULES.get(code).fixable)
