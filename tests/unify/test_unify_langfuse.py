"""Langfuse: real framework traces against its own normaliser, and every shape of its exports."""

from __future__ import annotations

import csv
import io
import itertools
import json
import random
from pathlib import Path

import pytest

from actloom.core.finding import Reject
from actloom.core.messages import messages_of
from actloom.core.record import Score, Usage
from actloom.unify import UnifyConfig, stage
from actloom.unify.formats.langfuse import READER
from actloom.unify.formats.langfuse_chatml import READER as CHATML
from actloom.unify.reader import Context, Entry

FOLDER = "formats/langfuse_framework_trace"
FRAMEWORKS = [
    "agno-2025-06-11",
    "autogen-2025-06-06",
    "claude-agent-2025-12-22",
    "crewai-2025-07-11",
    "google-gemini-2025-08-01",
    "koog-2025-08-26",
    "langgraph-python-2025-08-22",
    "llamaindex-2025-06-05",
    "openai-agents-2025-09-30",
    "pydantic-ai-2025-06-06",
    "vercel-aisdk-2025-11-17",
]

DISAGREEMENTS = {
    # framework -> what Langfuse's normaliser says and the record does not; who is right and why
    "claude-agent": {
        "assistant content [tool_use]": "record: a `tool_use` block is a call, not content",
    },
    "google-gemini": {
        "role model": "record: `model` is Gemini's word for assistant",
    },
    "koog": {
        "tool says a call": "record: the text under role tool is the call the next result answers",
        "assistant content is a call": "record: the text is the JSON of an OpenAI call",
    },
}


def load(shared_data, name):
    return json.loads((shared_data / FOLDER / name).read_text())


def read(*items):
    return list(READER.read_group([Entry(item, Context(source="s")) for item in items]))


def plain(value):
    """JSON and its text are the same thing, however it is spaced."""
    if isinstance(value, str):
        try:
            return plain(json.loads(value)) if value[:1] in "{[" else value.strip()
        except ValueError:
            return value.strip()
    if (
        isinstance(value, list)
        and value
        and all(isinstance(b, dict) and "text" in b for b in value)
    ):
        return "\n".join(b["text"] for b in value).strip()
    return value


def expected(shared_data, framework):
    """Yields role, content, calls of every message the normaliser gave somebody to say."""
    for sides in load(shared_data, f"{framework}.chatml.json").values():
        for side in sides.values():
            for message in side.get("data", []):
                if "role" in message:
                    calls = [
                        (made["name"], plain(made["arguments"]))
                        for made in message.get("tool_calls") or []
                    ]
                    yield message["role"], plain(message.get("content") or ""), calls


def said(records):
    texts, calls = set(), []
    for record in records:
        for message in messages_of(record)[0]:
            texts.add((message.role, json.dumps(plain(message.content or ""))))
            calls += [(c.function.name, c.function.arguments) for c in message.tool_calls]
    return texts, calls


def disagreement(role, content, calls, texts, made):
    """Returns what of one expected message the records do not say, "" when they say all."""
    missing = [one for one in calls if one not in made]
    if missing:
        return f"call {missing}"
    if content in ("", None) or (role, json.dumps(content)) in texts:
        return ""
    if role == "model" and ("assistant", json.dumps(content)) in texts:
        return "role model"
    first = content[0] if isinstance(content, list) and content else {}
    if isinstance(first, dict) and first.get("type") == "tool_use":
        found = (first["name"], first["input"]) in made
        return "assistant content [tool_use]" if found else "a call is missing"
    if isinstance(first, dict) and "function" in first:
        function = first["function"]
        found = (function["name"], plain(function["arguments"])) in made
        kind = "tool says a call" if role == "tool" else "assistant content is a call"
        return kind if found else "a call is missing"
    return f"{role} says {content!r}"


@pytest.mark.parametrize("framework", FRAMEWORKS)
def test_records_say_what_the_normaliser_says_but_for_listed_disagreements(shared_data, framework):
    texts, made = said(read(load(shared_data, f"{framework}.trace.json")))
    found = {disagreement(*one, texts, made) for one in expected(shared_data, framework)} - {""}
    name = framework.rsplit("-", 3)[0].removesuffix("-python")
    assert found == DISAGREEMENTS.get(name, {}).keys()


CONVERSATIONS = {
    # framework -> roles in order, calls, results
    "agno": "system user assistant tool assistant",
    "autogen": "system user assistant",
    "claude-agent": "system user assistant tool tool assistant",
    "crewai": "system user assistant",
    "google-gemini": "user assistant",
    "koog": "system user assistant tool tool assistant",
    "langgraph": "user user assistant tool assistant",
    "llamaindex": "user assistant",
    "openai-agents": "system user assistant tool assistant",
    "pydantic-ai": "system user assistant",
    "vercel-aisdk": "user assistant tool",
}


@pytest.mark.parametrize("framework", FRAMEWORKS)
def test_each_framework_trace_is_one_conversation_with_usage_and_scores(shared_data, framework):
    value = load(shared_data, f"{framework}.trace.json")
    (record,) = read(value)
    assert READER.found(value) == 1
    name = framework.rsplit("-", 3)[0].removesuffix("-python")
    assert " ".join(m.role for m in messages_of(record)[0]) == CONVERSATIONS[name]
    given = [s for s in value["trace"]["scores"] if isinstance(s["value"], (int, float))]
    assert sorted(s.name for s in record.scores) == sorted(s["name"] for s in given)
    replied = [step for step in record.steps if step.actor == "agent"]
    assert all(step.usage.model and step.usage.completion_tokens for step in replied)
    assert all(o.call_id for step in record.steps for o in step.observations)


def test_koogs_calls_logged_one_by_one_are_one_reply(shared_data):
    (record,) = read(load(shared_data, "koog-2025-08-26.trace.json"))
    first = record.steps[0]
    assert [(c.name, c.arguments) for c in first.reply.tool_calls] == [
        ("HelloTool", {"name": "Bob"}),
        ("ByeTool", {"name": "Bob"}),
    ]
    assert [o.content for o in first.observations] == ["Hello my darling Bob!", "Bye my dear Bob!"]


def test_claudes_turns_logged_without_their_input_are_pieced_together(shared_data):
    (record,) = read(load(shared_data, "claude-agent-2025-12-22.trace.json"))
    first, last = record.steps
    assert first.reply.text.startswith("I'll check the weather")
    assert [c.arguments["city"] for c in first.reply.tool_calls] == ["Berlin", "New York"]
    assert [o.content for o in first.observations] == [
        "Weather in Berlin: Cloudy, 59°F",
        "Weather in New York: Sunny, 75°F",
    ]
    assert first.usage.completion_tokens == 29 + 53 + 56
    assert last.usage == Usage("claude-sonnet-4-5-20250929", 5, 94, 0.001425, 3.733)


def test_expectation_files_hold_one_record_for_each_observation_that_speaks(shared_data):
    for path in sorted((shared_data / FOLDER).glob("*.chatml.json")):
        value = json.loads(path.read_text())
        speaking = [
            o
            for o, sides in value.items()
            if {m.get("role") for s in sides.values() for m in s.get("data", [])} - {None, "tool"}
        ]
        records = list(CHATML.read(value, Context(source="s")))
        assert [r.provenance.original_id for r in records] == speaking
        assert CHATML.found(value) == len(speaking)


SYSTEM = {"role": "system", "content": "Mind the shop."}
USER = {"role": "user", "content": "Any bread?"}
CALL = {
    "role": "assistant",
    "content": "",
    "tool_calls": [
        {
            "id": "c1",
            "type": "function",
            "function": {"name": "stock", "arguments": '{"of": "bread"}'},
        }
    ],
}
RESULT = {"role": "tool", "tool_call_id": "c1", "content": "3 loaves"}
ANSWER = {"role": "assistant", "content": "Three loaves."}


def observation(name, start, asked, answered, **more):
    return {
        "id": f"t-{name}",
        "traceId": "t",
        "type": "GENERATION",
        "name": name,
        "startTime": f"2026-01-01T00:00:0{start}.000Z",
        "endTime": f"2026-01-01T00:00:0{start + 1}.000Z",
        "parentObservationId": "t-root",
        "model": "m",
        "input": asked,
        "output": answered,
        "metadata": {},
        "level": "DEFAULT",
        **more,
    }


TRACE = {
    "id": "t",
    "timestamp": "2026-01-01T00:00:00.000Z",
    "name": "shop",
    "sessionId": "s1",
    "userId": "u1",
    "tags": [],
    "input": None,
    "output": None,
}
ROWS = [
    observation("a", 1, [SYSTEM, USER], CALL, usageDetails={"input": 10, "output": 3}),
    observation("b", 3, [SYSTEM, USER, CALL, RESULT], ANSWER, costDetails={"total": 0.5}),
    observation("root", 0, None, None, type="SPAN", parentObservationId=None, model=None),
]
SCORES = [
    {
        "id": "1",
        "traceId": "t",
        "name": "good",
        "value": 1,
        "source": "EVAL",
        "dataType": "NUMERIC",
    },
    {
        "id": "2",
        "traceId": "t",
        "name": "tone",
        "value": None,
        "stringValue": "warm",
        "source": "ANNOTATION",
        "dataType": "CATEGORICAL",
    },
]


def snake(row):
    return {"".join(f"_{c.lower()}" if c.isupper() else c for c in k): v for k, v in row.items()}


def in_json(row, times=1):
    def text(value):
        for _ in range(times):
            value = json.dumps(value)
        return value

    return {
        k: text(v) if k in ("input", "output", "metadata", "usageDetails", "costDetails") else v
        for k, v in row.items()
    }


def in_csv(rows):
    stream = io.StringIO()
    names = sorted({name for row in rows for name in row})
    writer = csv.DictWriter(stream, names)
    writer.writeheader()
    writer.writerows(rows)
    return list(csv.DictReader(io.StringIO(stream.getvalue())))


SHAPES = {
    "bundle": [{"trace": {**TRACE, "scores": SCORES}, "observations": ROWS}],
    "api": [{**TRACE, "observations": ROWS, "scores": SCORES, "htmlPath": "/x", "latency": 4}],
    "rows": [*ROWS, TRACE, *SCORES],
    "json text": [*map(in_json, ROWS), TRACE, *SCORES],
    "json text of json text": [*(in_json(row, 2) for row in ROWS), TRACE, *SCORES],
    "snake case": [snake(in_json(row)) for row in [*ROWS, TRACE, *SCORES]],
    "csv": [*in_csv([in_json(row) for row in ROWS]), *in_csv([TRACE]), *in_csv(SCORES)],
}


@pytest.mark.parametrize("shape", SHAPES)
def test_every_shape_of_a_trace_is_the_same_record(shape):
    items = list(SHAPES[shape])
    assert all(READER.sniff(item) >= 0.9 for item in items)
    assert {READER.key(item, Context()) for item in items} == {"t"}
    random.Random(7).shuffle(items)
    (record,) = read(*items)
    (whole,) = read(*SHAPES["bundle"])
    assert messages_of(record) == messages_of(whole)
    assert record.scores == [Score("good", 1.0, "eval")]
    assert record.extra == {
        "trace_name": "shop",
        "session_id": "s1",
        "user_id": "u1",
        "score_notes": [{"name": "tone", "stringValue": "warm"}],
        "started_at": "2026-01-01T00:00:00+00:00",
    }
    assert [step.usage for step in record.steps] == [
        Usage("m", 10, 3, None, 1.0),
        Usage("m", None, None, 0.5, 1.0),
    ]


def test_any_order_of_rows_gives_the_same_record():
    records = [read(*order) for order in itertools.permutations([*ROWS, TRACE])]
    assert all(record == records[0] for record in records)


def test_scores_of_an_observation_go_to_the_conversation_it_is_in():
    other = observation("c", 5, [USER], {"role": "assistant", "content": "Who is there?"})
    score = {**SCORES[0], "observationId": "t-c"}
    main, sub = read(*ROWS, other, score)
    assert (main.scores, sub.scores) == ([], [Score("good", 1.0, "eval")])


@pytest.mark.parametrize(
    ("items", "words"),
    [
        ([SCORES[0]], "scores of a trace that is not in the input"),
        ([TRACE], "without observations"),
        ([ROWS[2]], "no observation of the trace holds messages"),
    ],
)
def test_what_holds_no_conversation_is_a_reject_that_says_why(items, words):
    (produced,) = read(*items)
    assert isinstance(produced, Reject)
    assert words in produced.findings[0].message
    assert READER.found_group([Entry(item, Context()) for item in items]) == 1


def test_a_trace_without_observations_is_told_by_its_own_input_and_output():
    (record,) = read({**TRACE, "input": "Any bread?", "output": "Three loaves."})
    assert [m.content for m in messages_of(record)[0]] == ["Any bread?", "Three loaves."]


def test_a_framework_span_around_the_clients_is_no_second_call():
    outer = observation("o", 1, {"prompt": "Any bread?"}, "Three loaves.", parentObservationId="")
    inner = observation("i", 1, [USER], ANSWER, parentObservationId="t-o")
    (record,) = read(outer, inner)
    assert [m.role for m in messages_of(record)[0]] == ["user", "assistant"]
    assert READER.found_group([Entry(i, Context()) for i in (outer, inner)]) == 1


def test_another_call_inside_a_calls_span_is_a_conversation_of_its_own():
    outer = observation("o", 1, [USER], ANSWER, parentObservationId="")
    asked = [{"role": "user", "content": "Weather?"}]
    said = {"role": "assistant", "content": "Rain."}
    records = read(outer, observation("i", 1, asked, said, parentObservationId="t-o"))
    assert sorted(record.query for record in records) == ["Any bread?", "Weather?"]


def test_an_agent_called_as_a_tool_is_a_sub_agent_of_the_step_that_called_it():
    def inside(parent):
        return {"parentObservationId": parent}

    rows = [
        observation("boss", 0, None, None, type="AGENT", **inside(None)),
        observation("a", 1, [SYSTEM, USER], CALL, **inside("t-boss")),
        observation("stock", 2, {"of": "bread"}, "3 loaves", type="TOOL", **inside("t-boss")),
        observation("clerk", 2, None, None, type="AGENT", **inside("t-stock")),
        observation("c", 2, [{"role": "user", "content": "Count."}], ANSWER, **inside("t-clerk")),
        observation("b", 4, [SYSTEM, USER, CALL, RESULT], ANSWER, **inside("t-boss")),
    ]
    main, sub = read(*reversed(rows))
    assert [m.role for m in messages_of(main)[0]] == [
        "system",
        "user",
        "assistant",
        "tool",
        "assistant",
    ]
    assert (sub.query, sub.parent.id) == ("Count.", main.id)
    assert (sub.parent.step, sub.parent.relation) == (0, "sub_agent")


def test_rows_in_any_order_over_many_files_are_as_many_conversations_as_traces(tmp_path):
    rows, scores = [], []
    for number in range(60):
        ids = {"traceId": f"t{number}"}
        mine = [{**row, **ids, "id": f"{row['id']}-{number}"} for row in ROWS]
        parents = [f"{row['parentObservationId']}-{number}" for row in mine]
        rows += [{**row, "parentObservationId": at} for row, at in zip(mine, parents, strict=True)]
        rows.append({**TRACE, "id": f"t{number}", "sessionId": f"s{number}"})
        scores.append({**SCORES[0], **ids, "id": f"score{number}", "value": number})
    random.Random(9).shuffle(rows)
    for part in range(3):
        lines = [json.dumps(row) for row in rows[part::3]]
        (tmp_path / f"part{part}.jsonl").write_text("\n".join(lines))
    with (tmp_path / "scores.csv").open("w", newline="") as stream:
        writer = csv.DictWriter(stream, list(scores[0]))
        writer.writeheader()
        writer.writerows(scores)
    made = stage([str(tmp_path)], UnifyConfig(source="s"))
    records = [one for shard in made.plan() for one in made.produce(shard)]
    (whole,) = read(*SHAPES["bundle"])
    assert len(records) == 60
    assert {record.id for record in records} == {f"s/t{number}" for number in range(60)}
    for record in records:
        number = int(record.id.removeprefix("s/t"))
        assert messages_of(record) == messages_of(whole)
        assert record.scores == [Score("good", float(number), "eval")]
        assert record.extra["session_id"] == f"s{number}"


def test_the_page_lists_every_disagreement():
    page = (Path(__file__).parents[2] / "docs" / "traces.md").read_text()
    for trace, said in DISAGREEMENTS.items():
        for what, why in said.items():
            assert f"| {trace} | {what} | {why} |" in page
