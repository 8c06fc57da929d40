"""Laws of the fixes, and the verdicts against an independent validator."""

from __future__ import annotations

import json
import math

import jsonschema
import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from actloom.core.finding import Reject
from actloom.core.record import Call, Observation, Reply, Step, Tool, Trajectory
from actloom.core.rows import decode_row, encode_row
from actloom.verify.config import VerifyConfig
from actloom.verify.patch import ordered, patched
from actloom.verify.plain_schema import is_plainly_valid
from actloom.verify.rules import selection, verify
from actloom.verify.transform import VerifyTransform, mend

KINDS = ["string", "integer", "number", "boolean", "array", "object", "null"]
OPTIONS = {"string": ["Low", "mid", "HIGH", "3"], "integer": [1, 3, 7], "number": [0.5, 3.0, 2]}
SPELLINGS = ["3", "3.0", "-7", "007", "true", "False", "None", "null", "[1]", '{"x": 1}', "low", ""]

values = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-20, 20),
    st.integers(-(2**70), 2**70),
    st.floats(-20, 20).map(lambda x: round(x, 2)),
    st.sampled_from([1e300, -0.0, 3.0]),
    st.sampled_from(SPELLINGS),
    st.text(max_size=6),
    st.lists(st.one_of(st.integers(0, 5), st.sampled_from(["1", "x"])), max_size=3),
    st.dictionaries(st.sampled_from(["x", "y"]), st.integers(0, 5), max_size=2),
)


@st.composite
def properties(draw):
    """A flat property schema: a type, and at most one of enum, range, length, pattern."""
    kind = draw(st.sampled_from(KINDS))
    schema = {"type": kind}
    if kind != "null" and draw(st.integers(0, 5)) == 0:
        schema["type"] = [kind, "null"]
    extra = draw(st.integers(0, 3))
    if extra == 1 and kind in OPTIONS:
        schema["enum"] = OPTIONS[kind]
    elif extra == 2 and kind in ("integer", "number"):
        schema[draw(st.sampled_from(["minimum", "exclusiveMinimum"]))] = draw(st.integers(-5, 5))
        schema[draw(st.sampled_from(["maximum", "exclusiveMaximum"]))] = draw(st.integers(5, 9))
    elif extra == 2 and kind == "string":
        schema |= draw(
            st.sampled_from([{"minLength": 2}, {"maxLength": 3}, {"pattern": "^[a-z]+$"}])
        )
    elif extra == 2 and kind == "array":
        schema["items"] = {"type": "integer"}
    return schema


def tool_of(schema: dict) -> Tool:
    return Tool("set_level", "", msgspec.Raw(json.dumps(schema).encode()))


def record_of_call(call: Call, *tools: Tool) -> Trajectory:
    step = Step(reply=Reply(tool_calls=[call]), observations=[Observation("done")])
    return Trajectory(id="r", source="s", tools=list(tools), query="q", steps=[step])


@settings(max_examples=100, deadline=None)
@given(properties(), values)
def test_the_verdict_on_one_argument_is_that_of_jsonschema(schema, value):
    whole = {"type": "object", "properties": {"level": schema}, "required": ["level"]}
    errors = list(jsonschema.Draft202012Validator(whole).iter_errors({"level": value}))
    keywords = {error.validator for error in errors}
    found = verify(record_of_call(Call("set_level", {"level": value}), tool_of(whole)))
    expected = set()
    for keyword in keywords:
        expected.add({"type": "CALL005", "enum": "CALL006"}.get(keyword, "CALL007"))
    codes = {finding.code for finding in found}
    # One finding may speak for several: a wrong type already says that the value is not listed.
    assert bool(codes) == bool(expected)
    assert codes <= expected
    assert ("CALL005" in codes) == ("CALL005" in expected)


ARGUMENT_NAMES = ["city", "City", "ci_ty", "days", "Days", "unit", "hours", "nights"]
CITY_TOOL = {
    "type": "object",
    "properties": {
        "city": {"type": "string"},
        "days": {"type": "integer", "minimum": 0, "maximum": 14},
        "unit": {"type": "string", "enum": ["celsius", "Kelvin"]},
        "hours": {"type": "array", "items": {"type": "number"}},
    },
    "required": ["city"],
}
COUNT_TOOL = {
    "type": "object",
    "properties": {"n": {"anyOf": [{"type": "integer"}, {"type": "null"}]}},
}

arguments = st.dictionaries(
    st.sampled_from(ARGUMENT_NAMES),
    st.one_of(values, st.sampled_from(["CELSIUS", "kelvin", "3", '[1, "2"]'])),
    max_size=4,
)


@st.composite
def calls(draw):
    name = draw(st.sampled_from(["get_weather", "getWeather", "Get.Weather", "count", "nowhere"]))
    given_arguments = draw(arguments)
    encoding = draw(st.integers(0, 4))
    if encoding == 1:
        return Call(name, arguments_text=json.dumps(json.dumps(given_arguments)))
    if encoding == 2:
        return Call(name, arguments_text=repr(given_arguments))
    if encoding == 3:
        return Call(name, arguments_text=json.dumps(given_arguments)[:-1])
    return Call(name, given_arguments)


@st.composite
def records(draw):
    made = draw(st.lists(calls(), min_size=1, max_size=3))
    if draw(st.booleans()):
        made.append(draw(st.sampled_from(made)))
    numbered = [msgspec.structs.replace(call, id=f"c{i}") for i, call in enumerate(made)]
    seen = [Observation("ok", call.id) for call in numbered] if draw(st.booleans()) else []
    tools = [
        msgspec.structs.replace(tool_of(CITY_TOOL), name="get_weather"),
        msgspec.structs.replace(tool_of(COUNT_TOOL), name="count"),
    ]
    tools += tools[:1] * draw(st.integers(0, 1))
    step = Step(reply=Reply(tool_calls=numbered), observations=seen, user_input="more")
    return Trajectory(
        id="r", source="s", tools=tools, query="q", steps=[step, Step(reply=Reply("ok"))]
    )


def errors(findings):
    return [finding for finding in findings if finding.severity == "error"]


@settings(max_examples=100, deadline=None)
@given(records())
def test_fixing_leaves_nothing_to_fix_and_never_adds_an_error(record):
    before = verify(record)
    mended = mend(record, selection())
    assert mended.findings == verify(mended.record)
    assert not any(finding.fix for finding in mended.findings)
    assert len(errors(mended.findings)) <= len(errors(before))
    unfixable = {f.code for f in errors(before) if not f.fix}
    assert {f.code for f in errors(mended.findings)} <= unfixable


@settings(max_examples=100, deadline=None)
@given(records())
def test_fixing_twice_is_fixing_once(record):
    once = mend(record, selection()).record
    twice = mend(once, selection())
    assert twice.record is once
    assert twice.fixed == []


@settings(max_examples=100, deadline=None)
@given(records())
def test_the_stage_lets_through_exactly_what_has_no_error_left(record):
    [kept] = VerifyTransform()(record, seed=1)
    [mended] = VerifyTransform(VerifyConfig(fix=True))(record, seed=1)
    assert isinstance(kept, Reject) == bool(errors(verify(record)))
    if isinstance(mended, Reject):
        assert decode_row(bytes(mended.row)) == record
        assert mended.findings[0].severity == "error"
        assert sorted(map(repr, mended.findings)) == sorted(map(repr, verify(record)))
    else:
        assert errors(verify(mended)) == []
        assert decode_row(encode_row(mended)) == mended


@settings(max_examples=100, deadline=None)
@given(values, st.sampled_from(["integer", "number", "boolean", "string", "array", "object"]))
def test_a_cast_loses_nothing(value, kind):
    schema = {"type": "object", "properties": {"level": {"type": kind}}}
    for finding in verify(record_of_call(Call("set_level", {"level": value}), tool_of(schema))):
        for op in finding.fix:
            assert jsonschema.Draft202012Validator({"type": kind}).is_valid(op.value)
            if isinstance(value, str):
                spelled = value.lower() if kind == "boolean" else value
                assert json.loads(spelled) == op.value
            else:
                assert json.loads(op.value) == value


def test_numbers_that_text_cannot_give_back_are_left_alone():
    schema = {"type": "object", "properties": {"level": {"type": "number"}}}
    for text in ("1e999", "NaN", "Infinity", "1_000", "0x10", "٣", "1,5", " 3"):
        found = verify(record_of_call(Call("set_level", {"level": text}), tool_of(schema)))
        assert [f.fix for f in found] == [[]], text


@settings(max_examples=60, deadline=None)
@given(st.lists(st.integers(0, 9), min_size=1, max_size=8), st.data())
def test_removals_by_original_index_hit_the_intended_items(items, data):
    from actloom.core.finding import PatchOp

    gone = data.draw(st.sets(st.integers(0, len(items) - 1)))
    ops = ordered(PatchOp("remove", f"/{i}") for i in sorted(gone))
    assert patched(items, ops) == [v for i, v in enumerate(items) if i not in gone]


def test_a_record_with_nan_is_rejected_without_a_row_and_without_a_crash():
    schema = {"type": "object", "properties": {"level": {"type": "integer"}}}
    record = record_of_call(Call("set_level", {"level": math.nan}), tool_of(schema))
    [reject] = VerifyTransform(VerifyConfig(fix=True))(record, seed=1)
    assert isinstance(reject, Reject)
    assert bytes(reject.row) == b"null"


def test_what_was_fixed_is_written_into_the_provenance():
    record = record_of_call(
        Call("set_level", {"level": "3"}),
        tool_of({"type": "object", "properties": {"level": {"type": "integer"}}}),
    )
    [mended] = VerifyTransform(VerifyConfig(fix=True))(record, seed=1)
    assert mended.steps[0].reply.tool_calls[0].arguments == {"level": 3}
    assert mended.provenance.applied == [
        {
            "by": "verify",
            "fix": "CALL005",
            "version": 1,
            "path": "/messages/1/tool_calls/0/function/arguments/level",
        }
    ]


def test_a_duplicate_goes_with_its_result_and_the_rest_stays_in_place():
    tool = tool_of({"type": "object", "properties": {"level": {"type": "integer"}}})
    ids = ["a", "b", "c"]
    made = [Call("set_level", {"level": n}, i) for i, n in zip(ids, (1, 1, 2), strict=True)]
    seen = [Observation("same" if i != "c" else "other", i) for i in ids]
    step = Step(reply=Reply(tool_calls=made), observations=seen, user_input="thanks")
    record = Trajectory(
        id="r", source="s", tools=[tool], query="q", steps=[step, Step(reply=Reply("bye"))]
    )
    [mended] = VerifyTransform(VerifyConfig(fix=True))(record, seed=1)
    assert [call.id for call in mended.steps[0].reply.tool_calls] == ["a", "c"]
    assert [o.call_id for o in mended.steps[0].observations] == ["a", "c"]
    assert mended.steps[0].user_input == "thanks"
    assert mended.steps[1] == record.steps[1]


KEYWORDS = {
    "type": st.sampled_from(["string", "strng", ["integer", "null"], ["null", "null"], [], 5]),
    "required": st.sampled_from([["a"], ["a", "a"], [1], "a", True]),
    "minimum": st.sampled_from([0, 1.5, True, "0"]),
    "minLength": st.sampled_from([0, 3, -1, 2.5, True]),
    "enum": st.sampled_from([[], ["a", 1], "a"]),
    "items": st.sampled_from([{"type": "string"}, True, [], {"type": "x"}]),
    "anyOf": st.sampled_from([[], [{"type": "null"}], [{"minimum": "x"}], {}]),
    "description": st.sampled_from(["a", 1]),
    "default": values,
    "pattern": st.sampled_from(["a", "(("]),
    "$ref": st.sampled_from(["#/properties/a", "file:///etc/hostname"]),
    "note": st.just("unknown keywords are allowed"),
}


@settings(max_examples=100, deadline=None)
@given(st.data())
def test_the_quick_look_calls_no_invalid_schema_valid(data):
    names = data.draw(st.sets(st.sampled_from(sorted(KEYWORDS)), max_size=4))
    inner = {name: data.draw(KEYWORDS[name]) for name in sorted(names)}
    schema = {"type": "object", "properties": {"a": inner}}
    quick = is_plainly_valid(json.dumps(schema).encode())
    try:
        jsonschema.Draft202012Validator.check_schema(schema)
        valid = True
    except jsonschema.SchemaError:
        valid = False
    assert valid or not quick
    if valid and names <= {"type", "required", "minimum", "enum", "items", "description"}:
        assert quick
    assert not quick or "$ref" not in inner
