"""Data sets whose tools and calls stand in text: Hermes, ToolACE, Glaive."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from actloom.core.finding import Reject
from actloom.core.record import Call, Reply
from actloom.dialects import dialect
from actloom.unify import FORMATS
from actloom.unify.detect import reader_of
from actloom.unify.reader import Context

CONTEXT = Context(file="file", line=1, source="src", digest="0123456789abcdef")
TOOL = {"name": "f", "description": "d", "parameters": {"type": "object", "properties": {}}}


def read(item, name):
    assert reader_of(item).name == name
    (produced,) = FORMATS.get(name).read(item, CONTEXT)
    return produced


def lines(file):
    return [json.loads(line) for line in file.read_text().split("\n") if line]


def said(*turns):
    return [{"from": speaker, "value": value} for speaker, value in turns]


def calls(record):
    return [
        (call.name, call.arguments)
        for step in record.steps
        if step.reply is not None
        for call in step.reply.tool_calls
    ]


def results(record):
    return [seen.content for step in record.steps for seen in step.observations]


def lost(record):
    return [loss.reason for loss in record.provenance.lost]


PROMPT = f"<tools>{json.dumps([TOOL])}</tools>"


def hermes(*turns, system=PROMPT, **rest):
    return read({"conversations": said(("system", system), *turns), **rest}, "hermes")


# Hermes


def test_hermes_samples_become_records_with_their_calls_and_results(shared_data):
    folder = shared_data / "formats" / "hermes_fc_v1"
    rows = lines(folder / "hermes_v1_sample.jsonl")
    for row in rows:
        record = read(row, "hermes")
        texts = [turn["value"] for turn in row["conversations"]]
        blocks = sum(text.count("<tool_call>\n") for text in texts)
        answers = sum(text.count("<tool_response>") for text in texts)
        assert len(calls(record)) == blocks > 0
        assert len(results(record)) == answers
        assert all(seen.call_id for step in record.steps for seen in step.observations)
        assert record.query == texts[1]
        assert record.steps[-1].reply.text == texts[-1]
        assert {name for name, _ in calls(record)} <= {tool.name for tool in record.tools}
        assert lost(record) == []
    examples = json.loads((folder / "few_shot.json").read_text())
    records = [read(example, "hermes") for example in examples]
    assert [[name for name, _ in calls(r)] for r in records] == [
        ["calculate_distance"],
        ["generate_password"],
    ]
    assert [len(r.tools) for r in records] == [2, 2]
    assert records[1].query.startswith("Can you help me generate a random password")


@pytest.mark.parametrize(
    "listed",
    [
        json.dumps([TOOL, {**TOOL, "name": "g"}]),
        json.dumps(TOOL) + "\n" + json.dumps({**TOOL, "name": "g"}),
        repr([TOOL, {**TOOL, "name": "g"}]),
        repr({"type": "function", "function": TOOL}) + "\n" + repr({**TOOL, "name": "g"}),
        json.dumps(TOOL) + ", " + json.dumps({**TOOL, "name": "g"}),
    ],
)
def test_hermes_tools_are_read_as_lists_lines_and_python(listed):
    system = f"Signatures in <tools></tools> tags.\n<tools>\n{listed}\n</tools>\nUse <tool_call>."
    record = hermes(("human", "q"), ("gpt", "a"), system=system)
    assert [tool.name for tool in record.tools] == ["f", "g"]
    assert record.task_instruction == "Signatures in <tools></tools> tags."
    assert record.format_instruction == "Use <tool_call>."


def test_the_tools_field_is_believed_before_the_prompt_which_then_stays_whole():
    beside = json.dumps([{**TOOL, "name": "other"}])
    record = hermes(("human", "q"), ("gpt", "a"), tools=beside)
    assert [tool.name for tool in record.tools] == ["other"]
    assert "<tools>" in record.task_instruction


def test_tools_nobody_can_read_stay_in_the_prompt():
    system = "<tools>[{'name': 'f', 'parameters': </tools>"
    answer = '<tool_call>\n{"name": "f", "arguments": {}}\n</tool_call>'
    record = hermes(("human", "q"), ("gpt", answer), system=system)
    assert (record.tools, record.task_instruction) == ([], system)
    assert calls(record) == [("f", {})]


def test_a_scratch_pad_is_the_thought_and_python_calls_are_mended_aloud():
    text = "<scratch_pad>Plan.</scratch_pad>\n<tool_call>{'name':'f','arguments':{'a':None}}"
    record = hermes(("human", "q"), ("gpt", text + "</tool_call>"))
    assert record.steps[0].reply.thought == "Plan."
    assert record.steps[0].reply.text == ""
    assert calls(record) == [("f", {"a": None})]
    assert "calls were mended: python_literals" in lost(record)


def test_results_named_out_of_order_find_their_calls_and_words_of_the_user_stay():
    two = "".join(
        f'<tool_call>\n{{"name": "{n}", "arguments": {{}}}}\n</tool_call>\n' for n in "fg"
    )
    answers = (
        '<tool_response>\n{"name": "g", "content": [1]}\n</tool_response>\n'
        "<tool_response>\nplain\n</tool_response>\nAnd now?"
    )
    record = hermes(("human", "q"), ("gpt", two), ("human", answers))
    step = record.steps[0]
    ids = {call.id: call.name for call in step.reply.tool_calls}
    assert [(ids[seen.call_id], seen.content) for seen in step.observations] == [
        ("g", "[1]"),
        ("f", "plain"),
    ]
    assert step.user_input == "And now?"


def test_hermes_json_mode_keeps_its_schema_and_answers_in_words():
    turns = said(
        ("system", "Answer in JSON: <schema>{}</schema>"), ("human", "q"), ("gpt", '{"name": "x"}')
    )
    record = read({"id": 3, "conversations": turns, "category": "c", "schema": "{}"}, "hermes")
    assert record.steps[0].reply.text == '{"name": "x"}'
    assert record.extra == {"category": "c", "schema": "{}"}


names = st.text("abz_.", min_size=1, max_size=8)
values = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 5) | st.text(max_size=8),
    lambda child: st.lists(child, max_size=2) | st.dictionaries(st.text(max_size=3), child),
    max_leaves=4,
)
made_calls = st.lists(st.tuples(names, st.dictionaries(st.text(max_size=4), values)), min_size=1)


@settings(max_examples=30, deadline=None)
@given(st.text("abc \n<>{}", max_size=20), made_calls)
def test_whatever_hermes_text_is_rendered_is_read_back(words, made):
    reply = Reply(text=words.strip(), tool_calls=[Call(name, given_) for name, given_ in made])
    if dialect("hermes").lost(reply):
        return
    text = dialect("hermes").render(reply)
    record = hermes(("human", "q"), ("gpt", text))
    assert calls(record) == made
    assert record.steps[0].reply.text == reply.text


# ToolACE


def test_toolace_samples_keep_names_with_blanks_and_brackets_whole(shared_data):
    file = shared_data / "formats" / "toolace_raw" / "toolace_sample.jsonl"
    records = [read(row, "toolace") for row in lines(file)]
    assert [calls(record) for record in records] == [
        [("get_market_trends", {"trend_type": "MARKET_INDEXES", "country": "us"})],
        [],
        [("User Feed (Video Posts) V2", {"user_id": "12345"})],
    ]
    assert [results(record) for record in records] == [
        ['{"trends":["S&P 500","NASDAQ"]}'],
        [],
        ['{"count":10}'],
    ]
    assert [[tool.name for tool in record.tools] for record in records] == [
        ["get_market_trends"],
        ["get_market_trends"],
        ["User Feed (Video Posts) V2"],
    ]
    assert records[1].steps[0].reply.text.startswith("None of the available functions")
    assert all("[{" not in record.task_instruction for record in records)
    assert all(lost(record) == [] for record in records)


def toolace(*turns, listed=("Market Trends API",), prompt="Here is a list of functions in JSON"):
    tools = [{**TOOL, "name": name} for name in listed]
    system = f"{prompt} format that you can invoke:\n{json.dumps(tools)}. \nThat is all."
    return read({"system": system, "conversations": said(*turns)}, "toolace")


@pytest.mark.parametrize(
    "name", ["Market Trends API", "get.market/trends-v2", "Trends", "Trends: All", "3D API"]
)
def test_a_tool_name_is_never_cut_to_its_last_word(name):
    text = f'[{name}(trend_type="MARKET_INDEXES", country="us"), {name}()]'
    for listed in ([name], ["other"]):
        record = toolace(("user", "q"), ("assistant", text), listed=listed)
        if listed == [name] or name in ("Market Trends API", "get.market/trends-v2", "Trends"):
            assert [one for one, _ in calls(record)] == [name, name]
    assert record.format_instruction == "That is all."


def test_toolace_answers_in_brackets_that_call_nothing_stay_words():
    record = toolace(("user", "q"), ("assistant", "[1] is a footnote (see below)."))
    assert record.steps[0].reply.text == "[1] is a footnote (see below)."


def test_toolace_results_of_another_shape_are_one_result():
    record = toolace(
        ("user", "q"), ("assistant", "[Market Trends API()]"), ("tool", "service down")
    )
    assert results(record) == ["service down"]


# Glaive


def test_glaive_samples_become_turns_with_parsed_calls(shared_data):
    file = shared_data / "formats" / "glaive_v2_raw" / "glaive_sample.jsonl"
    records = [read(row, "glaive") for row in lines(file)]
    apple = ("get_stock_price", {"symbol": "AAPL"})
    microsoft = ("get_stock_price", {"symbol": "MSFT"})
    assert [calls(record) for record in records] == [[apple], [], [apple, microsoft]]
    assert results(records[2]) == ['{"price": 150}', '{"price": 300}']
    assert records[2].query == "Price of AAPL?"
    assert [step.user_input for step in records[2].steps] == [None, "And MSFT?", None, None]
    assert records[2].steps[3].reply.text == "MSFT is $300."
    assert records[1].steps[0].reply.text.endswith("The tide returns to its embrace.")
    assert all([tool.name for tool in record.tools] == ["get_stock_price"] for record in records)
    assert all("get_stock_price" not in record.task_instruction for record in records)


def glaive(*turns, end="\n\n\n"):
    labels = {"user": "USER", "gpt": "ASSISTANT", "tool": "FUNCTION RESPONSE"}
    chat = end.join(f"{labels[role]}: {text}" for role, text in turns)
    return read({"system": "You have no functions.", "chat": chat}, "glaive")


@pytest.mark.parametrize(
    ("written", "arguments"),
    [
        ("'{\"a\": \"It's 'so'\"}'", {"a": "It's 'so'"}),
        ('\'{"a": "x", "b": [1, {"c": null}]}\'', {"a": "x", "b": [1, {"c": None}]}),
        ("'{}'", {}),
        ('{"a": 1}', {"a": 1}),
        ('"{\\"a\\": 1}"', {"a": 1}),
        ("'{\"a\": True,}'", {"a": True}),
    ],
)
def test_glaive_arguments_are_read_however_they_are_quoted(written, arguments):
    call = f'<functioncall> {{"name": "f", "arguments": {written}}} <|endoftext|>'
    record = glaive(("user", "q"), ("gpt", call))
    assert calls(record) == [("f", arguments)]


def test_a_glaive_call_nobody_can_read_stays_text_and_is_listed():
    record = glaive(("user", "q"), ("gpt", "Wait. <functioncall> get it"))
    assert calls(record) == []
    assert record.steps[0].reply.text == "Wait.\n<functioncall> get it"
    assert lost(record) == ["a call that cannot be read stays text"]


def test_glaive_version_1_and_cut_turns_give_the_same_record():
    system = f"You may use\n{json.dumps(TOOL)}"
    call = '<functioncall> {"name": "f", "arguments": \'{"a": 1}\'}'
    sample = f"SYSTEM: {system}\n\nUSER: q\n\nASSISTANT: {call} <|endoftext|>\n\n"
    sample += "FUNCTION RESPONSE: 7\n\nASSISTANT: Seven. <|endoftext|>"
    whole = read({"sample": sample}, "glaive")
    turns = said(
        ("human", "q"), ("gpt", call), ("human", "FUNCTION RESPONSE: 7"), ("gpt", "Seven.")
    )
    cut = read({"conversations": [*said(("system", "SYSTEM: " + system)), *turns]}, "glaive")
    for one in (whole, cut):
        assert calls(one) == [("f", {"a": 1})]
        assert results(one) == ["7"]
        assert one.task_instruction == "You may use"
        assert [tool.name for tool in one.tools] == ["f"]
    assert (whole.query, whole.steps) == (cut.query, cut.steps)


sentence = st.text("abc :\nUSERx", min_size=1, max_size=30).map(
    lambda text: " ".join(text.split()).strip(": ")
)


@settings(max_examples=80, deadline=None)
@given(st.lists(sentence.filter(bool), min_size=2, max_size=8))
def test_speakers_are_found_where_lines_begin_and_nowhere_else(texts):
    turns = [("user" if index % 2 == 0 else "gpt", text) for index, text in enumerate(texts)]
    record = glaive(*turns)
    replies = [step.reply.text for step in record.steps]
    follow_ups = [step.user_input for step in record.steps if step.user_input is not None]
    assert [record.query, *follow_ups] == texts[0::2]
    assert replies == texts[1::2]


@pytest.mark.parametrize("name", ["hermes", "toolace", "glaive"])
def test_a_speaker_nobody_knows_is_a_reject_that_names_it(name):
    item = {"system": "s", "conversations": said(("narrator", "x"), ("gpt", "y"))}
    produced = list(FORMATS.get(name).read(item, CONTEXT))
    if name != "glaive":
        assert isinstance(produced[0], Reject)
        assert "narrator" in produced[0].findings[0].message
    assert FORMATS.get(name).sniff(item) == 0
