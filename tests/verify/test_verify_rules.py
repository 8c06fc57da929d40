"""Each rule speaks on a faulty record, at the right place, and is silent on its sound twin."""

from __future__ import annotations

import json
import socket
import subprocess
import sys

import msgspec
import pytest

import actloom.verify
from actloom.core.errors import RecipeError
from actloom.core.finding import PatchOp
from actloom.core.record import (
    Call,
    Message,
    MessageCall,
    MessageFunction,
    Observation,
    Provenance,
    Reply,
    Step,
    Tool,
    ToolsDelta,
    Trajectory,
)
from actloom.core.rows import row_of
from actloom.core.schema import normalise_tool
from actloom.verify.rules import RULES, selection
from actloom.verify.rules import verify as verify_function

WEATHER = normalise_tool(
    {
        "name": "get_weather",
        "description": "Forecast for a city.",
        "parameters": {
            "type": "object",
            "properties": {
                "city": {"type": "string", "minLength": 2},
                "days": {"type": "integer", "minimum": 1, "maximum": 14},
                "unit": {"type": "string", "enum": ["celsius", "fahrenheit"]},
                "alerts": {"type": "boolean"},
                "hours": {"type": "array", "items": {"type": "integer"}},
                "from": {"type": "string", "format": "date"},
                "place": {"type": "object", "properties": {"lat": {"type": "number"}}},
            },
            "required": ["city"],
        },
    }
)
ADD = normalise_tool(
    {
        "name": "math.add",
        "parameters": {
            "type": "object",
            "properties": {"a": {"type": "number"}, "b": {"type": "number"}},
            "required": ["a", "b"],
        },
    }
)


def record(*calls: Call, tools=(WEATHER, ADD), observations=(), **fields) -> Trajectory:
    """One question, one step, from line 7 of a file."""
    step = Step(reply=Reply(tool_calls=list(calls)), observations=list(observations))
    return Trajectory(
        id="t/1",
        source="t",
        tools=list(tools),
        query="Rain?",
        steps=[step],
        provenance=Provenance(file="logs.jsonl", line=7),
        **fields,
    )


def weather(**arguments) -> Call:
    return Call("get_weather", {"city": "Rome", **arguments})


ARGUMENTS = "/messages/1/tool_calls/0/function/arguments"
FAULTS = [
    ("CALL001", Call("get_weather", arguments_text='{"city": "Ro'), ARGUMENTS),
    ("CALL002", Call("get_wether", {"city": "Rome"}), "/messages/1/tool_calls/0/function/name"),
    ("CALL003", weather(country="IT"), ARGUMENTS + "/country"),
    ("CALL004", Call("get_weather", {"days": 3}), ARGUMENTS + "/city"),
    ("CALL005", weather(days="three"), ARGUMENTS + "/days"),
    ("CALL005", weather(hours=[1, "two"]), ARGUMENTS + "/hours/1"),
    ("CALL005", weather(place={"lat": "x"}), ARGUMENTS + "/place/lat"),
    ("CALL006", weather(unit="kelvin"), ARGUMENTS + "/unit"),
    ("CALL007", weather(days=15), ARGUMENTS + "/days"),
    ("CALL007", Call("get_weather", {"city": "R"}), ARGUMENTS + "/city"),
    ("CALL007", weather(**{"from": "tomorrow"}), ARGUMENTS + "/from"),
]
SOUND = [
    weather(),
    weather(days=3, unit="celsius", alerts=False, hours=[1, 2], place={"lat": 41.9}),
    weather(days=14, **{"from": "2026-05-01"}),
    Call("math.add", {"a": 1, "b": 2.5}),
]


@pytest.mark.parametrize(("code", "call", "path"), FAULTS)
def test_a_faulty_call_gives_one_finding_with_its_code_and_places(code, call, path):
    [finding] = verify_function(record(call))
    assert (finding.code, finding.severity, finding.path) == (code, "error", path)
    assert (finding.id, finding.file, finding.line) == ("t/1", "logs.jsonl", 7)
    assert finding.fix == []


@pytest.mark.parametrize("call", SOUND)
def test_a_sound_call_gives_no_finding(call):
    assert verify_function(record(call)) == []


FIXES = [
    ("CALL001", Call("get_weather", arguments_text="{'city': 'Rome', 'alerts': True,}")),
    ("CALL001", Call("get_weather", arguments_text=json.dumps('{"city": "Rome", "days": "3"}'))),
    ("CALL002", Call("getWeather", {"city": "Rome"})),
    ("CALL002", Call("Get-Weather", {"City": "Rome", "days": "3"})),
    ("CALL002", Call("math_add", {"a": 1, "b": 2})),
    ("CALL003", Call("get_weather", {"City": "Rome"})),
    ("CALL005", weather(days="3")),
    ("CALL005", Call("get_weather", {"city": 12})),
    ("CALL005", weather(alerts="true")),
    ("CALL005", weather(hours="[1, 2]")),
    ("CALL005", Call("math.add", {"a": "1.5", "b": 2})),
    ("CALL006", weather(unit="Celsius")),
]


@pytest.mark.parametrize(("code", "call"), FIXES)
def test_what_can_be_mended_safely_carries_a_fix(code, call):
    findings = [f for f in verify_function(record(call)) if f.code == code]
    assert findings
    assert all(f.fix for f in findings)


NOT_FIXED = [
    Call("get_weather", arguments_text='{"city": "Rome", "days": 1'),  # cut: may have been 12
    Call("get_weather", arguments_text="[1]"),
    Call("getWeather", {"town": "Rome"}),  # the right name would lay open an unknown argument
    Call("get_weather", {"City": 1.5, "city_": "Rome"}),  # two that look like `city`
    weather(days="3.5"),
    weather(days=True),
    weather(days="20"),  # 20 is out of range
    weather(alerts=1),
    weather(unit="C"),
]


@pytest.mark.parametrize("call", NOT_FIXED)
def test_a_guess_is_not_offered_as_a_fix(call):
    findings = verify_function(record(call))
    assert findings
    assert all(not f.fix for f in findings)


@pytest.mark.parametrize(
    ("form", "value", "accepted"),
    [
        ("time", "10:00", True),
        ("time", "10:00:30Z", True),
        ("time", "25:00", False),
        ("time", "2026-05-04T10:00", False),
        ("date-time", "2026-05-04T10:00", True),
        ("date-time", "2026-05-04 10:00:00+02:00", True),
        ("date-time", "2026-13-04T10:00", False),
        ("date-time", "tomorrow", False),
        ("date", "2026-05-04", True),
        ("date", "4 May", False),
    ],
)
def test_times_may_lack_seconds_and_offset_but_must_be_times(form, value, accepted):
    schema = {"type": "object", "properties": {"at": {"type": "string", "format": form}}}
    found = verify_function(record(Call("f", {"at": value}), tools=[tool(json.dumps(schema))]))
    assert [f.code for f in found] == ([] if accepted else ["CALL007"])


def test_a_usual_time_does_not_keep_a_call_from_being_repaired():
    schema = {"type": "object", "properties": {"at": {"type": "string", "format": "time"}}}
    call = Call("f", arguments_text=json.dumps('{"at": "10:00"}'))
    [finding] = verify_function(record(call, tools=[tool(json.dumps(schema))]))
    assert finding.fix[0].value == {"at": "10:00"}


def test_an_ambiguous_name_is_not_renamed():
    twin = msgspec.structs.replace(WEATHER, name="getWeather")
    [finding] = verify_function(record(Call("GetWeather", {"city": "Rome"}), tools=[WEATHER, twin]))
    assert finding.code == "CALL002"
    assert finding.fix == []


def test_an_undefined_function_is_answered_with_the_nearest_name():
    [finding] = verify_function(record(Call("get_wether", {"city": "Rome"})))
    assert "did you mean 'get_weather'" in finding.message


def test_the_argument_is_named_where_the_schema_validator_speaks():
    [finding] = verify_function(record(weather(hours=[1, "two"])))
    assert "'hours/1'" in finding.message


def test_equal_calls_in_one_step_are_a_warning_and_the_second_goes():
    [finding] = verify_function(record(weather(), weather()))
    assert (finding.code, finding.severity) == ("CALL008", "warning")
    assert finding.path == "/messages/1/tool_calls/1"
    assert finding.fix == [PatchOp("remove", "/messages/1/tool_calls/1")]


def test_calls_that_differ_in_one_value_are_no_duplicates():
    assert verify_function(record(weather(days=1), weather(days=2))) == []
    assert verify_function(record(weather(alerts=True), weather())) == []


def test_equal_calls_with_different_results_are_kept():
    first, second = weather(), weather()
    calls = [msgspec.structs.replace(c, id=i) for c, i in ((first, "a"), (second, "b"))]
    seen = [Observation("heads", "a"), Observation("tails", "b")]
    [finding] = verify_function(record(*calls, observations=seen), select=["CALL"])
    assert finding.fix == []


def test_places_count_system_examples_opening_and_earlier_steps():
    early = Message(role="assistant", content="Hello")
    first = Step(
        reply=Reply(tool_calls=[weather()]), observations=[Observation("dry")], user_input="And?"
    )
    base = record(weather(days="x"), task_instruction="Be brief.", opening=[early])
    whole = msgspec.structs.replace(base, steps=[first, *base.steps])
    [finding] = verify_function(whole)
    assert finding.path == "/messages/6/tool_calls/0/function/arguments/days"
    row = msgspec.to_builtins(row_of(whole).messages)
    assert row[6]["tool_calls"][0]["function"]["arguments"]["days"] == "x"


def test_calls_before_the_first_question_are_checked():
    function = MessageFunction(name="nowhere", arguments={})
    opening = Message(role="assistant", tool_calls=[MessageCall(id="1", function=function)])
    [finding] = verify_function(record(opening=[opening]), select=["CALL"])
    assert (finding.code, finding.path) == ("CALL002", "/messages/0/tool_calls/0/function/name")


def test_tools_withdrawn_or_added_in_mid_dialogue_count_from_their_step():
    plain = record(weather(), tools=[WEATHER])
    step = plain.steps[0]
    without = msgspec.structs.replace(step, tools_delta=ToolsDelta(removed=["get_weather"]))
    again = msgspec.structs.replace(step, tools_delta=ToolsDelta(added=[WEATHER]))
    found = verify_function(msgspec.structs.replace(plain, steps=[step, without, again]))
    assert [(f.code, f.path) for f in found] == [
        ("CALL002", "/messages/2/tool_calls/0/function/name")
    ]


def test_a_users_own_tools_are_left_alone_but_shared_ones_are_checked():
    own = record(Call("toggle_airplane_mode", {}))
    by_user = msgspec.structs.replace(own.steps[0], actor="user")
    assert verify_function(msgspec.structs.replace(own, steps=[by_user])) == []
    shared = record(weather(days="x"))
    by_user = msgspec.structs.replace(shared.steps[0], actor="user")
    assert len(verify_function(msgspec.structs.replace(shared, steps=[by_user]))) == 1


def tool(parameters: str, name: str = "f") -> Tool:
    return Tool(name, "", msgspec.Raw(parameters.encode()))


@pytest.mark.parametrize(
    "parameters",
    [
        '{"type":"object","properties":{"a":{"type":"strng"}}}',
        '{"type":"object","properties":{"a":{"$ref":"#/$defs/nowhere"}}}',
        '{"type":"object","properties":{"a":{"type":"string","pattern":"(("}}}',
        '{"type":"object","properties":{"a":{"minimum":"low"}}}',
        "null",
        "[]",
    ],
)
def test_a_schema_nothing_can_be_checked_against_is_reported_once_at_the_tool(parameters):
    bad = tool(parameters)
    found = verify_function(record(Call("f", {"a": 1}), Call("f", {"a": 2}), tools=[WEATHER, bad]))
    assert [(f.code, f.path) for f in found] == [("SCHEMA001", "/tools/1/function/parameters")]


def test_a_reference_inside_the_schema_is_followed():
    inner = (
        '{"type":"object","properties":{"a":{"$ref":"#/$defs/n"}},"$defs":{"n":{"type":"integer"}}}'
    )
    [finding] = verify_function(record(Call("f", {"a": "5"}), tools=[tool(inner)]))
    assert finding.code == "CALL005"
    assert finding.fix[0].value == 5


def test_a_reference_to_a_file_is_not_opened_though_it_would_resolve(tmp_path):
    target = tmp_path / "part.json"
    target.write_text('{"type": "integer"}')
    hostile = {"type": "object", "properties": {"a": {"$ref": f"file://{target}"}}}
    [finding] = verify_function(record(Call("f", {"a": 1}), tools=[tool(json.dumps(hostile))]))
    assert finding.code == "SCHEMA001"
    assert "is never opened" in finding.message


def test_a_reference_to_a_server_opens_no_connection():
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(0.2)
        url = f"http://127.0.0.1:{server.getsockname()[1]}/part.json"
        hostile = {"type": "object", "properties": {"a": {"$ref": url}}}
        [finding] = verify_function(record(Call("f", {"a": 1}), tools=[tool(json.dumps(hostile))]))
        with pytest.raises(TimeoutError):
            server.accept()
    assert finding.code == "SCHEMA001"


def test_two_tools_of_one_name_are_an_error_and_only_equal_ones_are_merged():
    [same] = verify_function(record(weather(), tools=[WEATHER, WEATHER]))
    other = msgspec.structs.replace(WEATHER, description="Something else.")
    [different] = verify_function(record(weather(), tools=[WEATHER, other]))
    assert (same.code, same.path) == (different.code, different.path) == ("SCHEMA002", "/tools/1")
    assert same.fix == [PatchOp("remove", "/tools/1")]
    assert different.fix == []


def test_select_and_ignore_take_codes_and_their_beginnings():
    faulty = record(weather(days="x", country="IT"), tools=[WEATHER, WEATHER])
    codes = lambda **choice: [f.code for f in verify_function(faulty, **choice)]  # noqa: E731
    assert sorted(codes()) == ["CALL003", "CALL005", "SCHEMA002"]
    assert codes(select=["SCHEMA00"], ignore=["SCHEMA006"]) == ["SCHEMA002"]
    assert "SCHEMA006" in codes(select=["SCHEMA"])  # advice, which speaks only when named
    assert codes(select=["CALL"], ignore=["CALL005"]) == ["CALL003"]


def test_an_unknown_code_is_refused_with_the_nearest():
    with pytest.raises(RecipeError) as caught:
        selection(["CALL02"])
    assert "did you mean 'CALL002'" in str(caught.value)


def test_every_registered_rule_bears_its_own_code():
    for code in RULES.names():
        assert RULES.get(code).code == code


def test_the_package_is_the_function_too():
    assert actloom.verify(record(weather())) == []
    assert actloom.verify([record(weather()), record(weather(days="x"))])[0].code == "CALL005"
    assert [f.code for f in actloom.verify(record(weather(days="x")), select=["CALL004"])] == []


def test_importing_the_function_loads_nothing_heavy():
    program = (
        "import sys; from actloom.verify import verify; from actloom.core.record import Trajectory;"
        "print([m for m in ('rich', 'cyclopts', 'fsspec', 'pyarrow', 'httpx2', 'torch',"
        " 'jsonschema_rs', 'transformers', 'ruamel') if m in sys.modules])"
    )
    command = [sys.executable, "-c", program]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=30)
    assert done.stdout.strip() == "[]"


def test_a_hostile_call_with_many_faults_is_bounded_in_time():
    many = {f"x{i}": "1" for i in range(300)}
    numbers = {name: {"type": "integer"} for name in many}
    wide = normalise_tool({"name": "f", "parameters": {"type": "object", "properties": numbers}})
    found = verify_function(record(Call("f", many), tools=[wide]))
    assert len(found) == 300
