"""Every kind of fault is found where it was put, and the numbers say what happened."""

from __future__ import annotations

import json

import msgspec
import pytest

from actloom.cli import main
from actloom.core.record import Reply, Step
from actloom.core.rows import decode_row, encode_row
from actloom.core.schema import normalise_tool
from actloom.run.clean import clean_records
from actloom.verify.rules import RULES, verify
from actloom.verify.selftest import FAULTS, random_of, self_test
from actloom.verify.selftest_text import lines, plain

CLEAN = list(clean_records(None))
EXACT = ("calls", "schemas", "trajectory")


def test_the_records_that_come_along_are_clean_by_every_rule():
    assert verify(CLEAN, select=RULES.names()) == []


@pytest.mark.parametrize("fault", FAULTS, ids=[fault.name for fault in FAULTS])
def test_a_fault_changes_the_record_into_another_that_can_be_written(fault):
    for record in CLEAN:
        faulty = fault.inject(record, random_of(record, fault), CLEAN)
        if faulty is not None:
            assert faulty != record
            assert decode_row(encode_row(faulty)) == faulty


@pytest.mark.parametrize("family", EXACT)
def test_every_fault_of_an_exact_family_is_found_in_the_records_that_come_along(family):
    rows = [row for row in self_test(CLEAN).faults.values() if row.family == family]
    assert rows
    for row in rows:
        assert row.found == row.injected, row.fault


def test_wrong_types_are_mended_to_the_value_they_were():
    row = self_test(CLEAN, select=["CALL"]).faults["value as text"]
    assert row.mended == row.injected > 20


def test_a_self_test_twice_is_the_same():
    first, second = (msgspec.json.encode(plain(self_test(CLEAN))) for _ in range(2))
    assert first == second


def test_a_record_that_alarms_already_is_counted_and_not_used_for_that_fault():
    fault = next(f for f in FAULTS if f.name == "undeclared argument")
    faulty = fault.inject(CLEAN[0], random_of(CLEAN[0], fault), CLEAN)
    result = self_test([faulty], select=["CALL"])
    assert (result.records, result.alarmed, len(result.alarms)) == (1, 1, 1)
    assert result.faults["undeclared argument"].injected == 0
    assert result.rules["CALL003"].clean == 1
    assert result.rules["CALL003"].precision.mean == 0.0
    assert result.faults["required argument dropped"].injected == 1


def test_a_missed_fault_lowers_the_recall_and_is_named():
    excused = Step(reply=Reply("Sorry, that went wrong."))
    steps = [*CLEAN[0].steps[:-1], excused]
    record = msgspec.structs.replace(CLEAN[0], id="excused", steps=steps)
    result = self_test([record, CLEAN[1]], select=["TRAJ003"])
    row = result.faults["failure ignored"]
    assert (row.injected, row.found, row.recall.mean) == (2, 1, 0.5)
    assert result.missed == [("excused", "failure ignored")]


def test_only_faults_of_the_chosen_rules_are_injected():
    result = self_test(CLEAN, select=["SCHEMA"])
    assert {row.family for row in result.faults.values()} == {"schemas"}
    assert set(result.rules) == {code for code in RULES.names() if code.startswith("SCHEMA")}


def test_the_table_has_a_line_for_every_fault_and_every_rule():
    text = "\n".join(lines(self_test(CLEAN[:3])))
    assert all(fault.name in text for fault in FAULTS if fault.family in EXACT)
    assert all(code in text for code in RULES.names())


def test_from_the_shell_it_prints_and_ends_with_zero(capsys):
    assert main(["verify", "--selftest", "--select", "CALL", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["records"] == len(CLEAN)
    assert {rule["code"][:4] for rule in told["rules"]} == {"CALL"}


def test_from_the_shell_it_takes_records_of_ones_own(tmp_path, capsys):
    path = tmp_path / "own.jsonl"
    path.write_bytes(b"".join(encode_row(record) + b"\n" for record in CLEAN[:4]))
    assert main(["verify", str(path), "--selftest", "--select", "SCHEMA"]) == 0
    assert capsys.readouterr().out.startswith("4 clean records, 0 with an error")


def test_what_no_call_can_give_is_pointed_at_in_the_schema():
    """One place for each: required but undeclared, no listed value of the type, crossed bounds."""
    parameters = {
        "type": "object",
        "properties": {
            "tags": {"type": "array", "items": {"type": "string"}, "enum": ["rain"]},
            "days": {"type": "integer", "minimum": 9, "maximum": 1},
        },
        "required": ["days", "city"],
    }
    tool = normalise_tool({"name": "get_weather", "parameters": parameters})
    record = msgspec.structs.replace(CLEAN[0], tools=[tool], steps=[])
    found = verify(record, select=["SCHEMA004"])
    place = "/tools/0/function/parameters"
    assert [finding.path for finding in found] == [
        f"{place}/required",
        f"{place}/properties/tags/enum",
        f"{place}/properties/days/minimum",
    ]
    opened = normalise_tool(
        {
            "name": "get_weather",
            "parameters": {**parameters, "properties": {}, "additionalProperties": True},
        }
    )
    assert verify(msgspec.structs.replace(record, tools=[opened]), select=["SCHEMA004"]) == []
