"""Models behind OpenAI-compatible servers: requests, answers, failures, order, cost."""

from __future__ import annotations

import contextlib
import json
import socket
import threading
import time
from collections import Counter
from itertools import count

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from actloom.core.errors import InputError
from actloom.core.model import ConcurrentModel, Model, Prompt
from actloom.core.record import Call, Message, MessageCall, MessageFunction, Tool
from actloom.io.retry_after import retry_wait
from actloom.llm import http
from actloom.llm.http import HttpModel, Server
from actloom.llm.prices import Price, price_of
from actloom.llm.specs import Access, opened_model, server_of
from actloom.llm.wire import CHAT, RESPONSES, TEXT, completion_of, request_of
from openai_server import Answer, OpenAIServer, failure, last_user_text

TOOL = Tool("f", "Does f.", msgspec.Raw(b'{"type":"object","properties":{"x":{"type":"integer"}}}'))


def asking(text: str, *tools: Tool, **body: object) -> Prompt:
    return Prompt([Message("user", text)], list(tools), body)


def model_at(server: OpenAIServer, **fields: object) -> HttpModel:
    return HttpModel(Server(url=server.url, model="m", **fields))


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Makes the pauses between attempts short."""
    monkeypatch.setattr(http.random, "uniform", lambda low, high: 0.001)


def test_a_served_model_is_a_concurrent_model() -> None:
    with OpenAIServer() as server, model_at(server) as model:
        known: Model = model
        assert isinstance(known, ConcurrentModel)


def test_the_request_holds_messages_tools_model_and_settings_and_nothing_else() -> None:
    with OpenAIServer() as server, model_at(server, temperature=0.5) as model:
        model.complete([asking("q", TOOL)], max_tokens=9)
    assert server.requests == [
        {
            "model": "m",
            "messages": [{"role": "user", "content": "q"}],
            "tools": [
                {
                    "type": "function",
                    "function": {
                        "name": "f",
                        "description": "Does f.",
                        "parameters": {"type": "object", "properties": {"x": {"type": "integer"}}},
                    },
                }
            ],
            "max_tokens": 9,
            "temperature": 0.5,
        }
    ]


def test_a_body_decides_everything_besides_messages_tools_and_model() -> None:
    prompt = asking("q", temperature=0.001, store=False)
    assert request_of(prompt, "m", {"max_tokens": 9, "temperature": 1}) == {
        "model": "m",
        "messages": [{"role": "user", "content": "q"}],
        "temperature": 0.001,
        "store": False,
    }
    own = asking("q", TOOL, messages=[{"role": "user", "content": "other"}], tools=[], model="n")
    assert request_of(own, "m", {}) == own.body


def test_a_text_completion_sends_its_body_alone() -> None:
    prompt = asking("unused", TOOL, prompt="<s>q", max_tokens=4)
    assert request_of(prompt, "m", {}) == {"model": "m", "prompt": "<s>q", "max_tokens": 4}


def test_calls_go_out_as_json_text_and_texts_that_did_not_parse_as_they_were() -> None:
    calls = [
        MessageCall(id="a", function=MessageFunction("f", {"x": [1, "é"]})),
        MessageCall(id="b", function=MessageFunction("f", "{x")),
    ]
    messages = [
        Message("assistant", "", "thinking", calls),
        Message("tool", "1", tool_call_id="a", name="f"),
    ]
    sent = request_of(Prompt(messages), "m", {})["messages"]
    assert sent == [
        {
            "role": "assistant",
            "content": None,
            "tool_calls": [
                {
                    "id": "a",
                    "type": "function",
                    "function": {"name": "f", "arguments": '{"x":[1,"é"]}'},
                },
                {"id": "b", "type": "function", "function": {"name": "f", "arguments": "{x"}},
            ],
        },
        {"role": "tool", "content": "1", "tool_call_id": "a", "name": "f"},
    ]


def test_native_calls_become_a_reply_and_the_message_stays_as_it_came() -> None:
    message = {
        "role": "assistant",
        "content": None,
        "reasoning_content": "First x.",
        "tool_calls": [
            {"id": "c1", "type": "function", "function": {"name": "f", "arguments": '{"x": 1.0}'}},
            {"id": "c2", "type": "function", "function": {"name": "g", "arguments": '{"x": '}},
        ],
    }
    with OpenAIServer(lambda body: message) as server, model_at(server) as model:
        (completion,) = model.complete([asking("q", TOOL)], max_tokens=9)
    assert completion.reply is not None
    assert completion.reply.thought == "First x."
    assert completion.reply.tool_calls == [
        Call("f", {"x": 1.0}, "c1"),
        Call("g", {}, "c2", '{"x": '),
    ]
    assert completion.message == message


def test_text_without_calls_is_left_to_the_dialect() -> None:
    with OpenAIServer(lambda body: "<tool_call>...") as server, model_at(server) as model:
        (completion,) = model.complete([asking("q", TOOL)], max_tokens=9)
    assert (completion.text, completion.reply) == ("<tool_call>...", None)


def test_other_kinds_of_answers_are_read() -> None:
    text = {"choices": [{"text": "hi", "finish_reason": "length"}]}
    found = completion_of(json.dumps(text).encode(), TEXT)
    assert (found.text, found.finish_reason) == ("hi", "length")
    items = [
        {"type": "reasoning", "summary": [{"type": "summary_text", "text": "Hm."}]},
        {"type": "message", "content": [{"type": "output_text", "text": "Well."}]},
        {"type": "function_call", "call_id": "c", "name": "f", "arguments": '{"x": 1}'},
    ]
    answer = {"output": items, "usage": {"input_tokens": 3, "output_tokens": 4}}
    found = completion_of(json.dumps(answer).encode(), RESPONSES)
    assert found.reply is not None
    assert (found.text, found.reply.thought) == ("Well.", "Hm.")
    assert found.reply.tool_calls == [Call("f", {"x": 1}, "c")]
    assert found.message == {"output": items}
    assert found.usage is not None
    assert (found.usage.prompt_tokens, found.usage.completion_tokens) == (3, 4)


def test_usage_names_model_tokens_seconds_and_money() -> None:
    usage = {"prompt_tokens": 2_000_000, "completion_tokens": 500_000}
    script = Answer("hi", usage=usage, delay=0.05)
    with (
        OpenAIServer(lambda body: script) as server,
        model_at(server, price=Price(0.5, 4.0)) as model,
    ):
        (found,) = model.complete([asking("q")], max_tokens=9)
    assert found.usage is not None
    assert (found.usage.model, found.usage.prompt_tokens) == ("m", 2_000_000)
    assert found.usage.cost_usd == pytest.approx(1.0 + 2.0)
    assert found.usage.seconds is not None
    assert 0.05 <= found.usage.seconds < 5


def test_answers_keep_the_order_of_the_prompts_and_slow_ones_hold_up_no_other() -> None:
    def script(body: dict) -> Answer:
        text = last_user_text(body)
        return Answer(text, delay=0.3 if text == "0" else 0.0)

    with OpenAIServer(script) as server, model_at(server, concurrency=4) as model:
        prompts = [asking(str(at)) for at in range(30)]
        started = time.monotonic()
        assert [c.text for c in model.complete(prompts, max_tokens=9)] == [
            str(at) for at in range(30)
        ]
    assert time.monotonic() - started < 5
    order = [last_user_text(body) for body in server.answered]
    assert order.index("0") > order.index("20")


def test_no_more_requests_are_made_at_one_time_than_allowed() -> None:
    script = Answer("x", delay=0.02)
    with OpenAIServer(lambda body: script) as server, model_at(server, concurrency=3) as model:
        model.complete([asking(str(at)) for at in range(12)], max_tokens=9)
    assert server.most_at_once == 3


@pytest.mark.usefixtures("quick")
@pytest.mark.parametrize("status", [408, 409, 429, 500, 502, 503, 529])
def test_passing_failures_are_tried_again(status: int) -> None:
    calls = count()
    with (
        OpenAIServer(lambda body: failure(status) if next(calls) < 3 else "at last") as server,
        model_at(server) as model,
    ):
        (found,) = model.complete([asking("q")], max_tokens=9)
    assert (found.text, len(server.requests)) == ("at last", 4)


@pytest.mark.usefixtures("quick")
def test_tries_are_counted_and_the_last_reason_is_told() -> None:
    with (
        OpenAIServer(lambda body: failure(503, "overloaded")) as server,
        model_at(server, tries=4) as model,
    ):
        (found,) = model.complete([asking("q")], max_tokens=9)
    assert len(server.requests) == 4
    assert found.finish_reason == "error"
    assert "503" in found.error
    assert "overloaded" in found.error


@pytest.mark.usefixtures("quick")
@pytest.mark.parametrize("status", [301, 400, 401, 403, 404, 413, 422])
def test_lasting_failures_are_not_tried_again(status: int) -> None:
    with OpenAIServer(lambda body: failure(status, "because")) as server, model_at(server) as model:
        (found,) = model.complete([asking("q")], max_tokens=9)
    assert len(server.requests) == 1
    assert "because" in found.error


def test_an_empty_purse_is_not_waited_for() -> None:
    with (
        OpenAIServer(lambda body: failure(429, "insufficient_quota")) as server,
        model_at(server) as model,
    ):
        (found,) = model.complete([asking("q")], max_tokens=9)
    assert len(server.requests) == 1
    assert "insufficient_quota" in found.error


def test_retry_after_is_kept_by_all_requests() -> None:
    refused = count()
    times: list[float] = []

    def script(body: dict) -> object:
        times.append(time.monotonic())
        return failure(429, retry_after="1") if next(refused) == 0 else "ok"

    with OpenAIServer(script) as server, model_at(server, concurrency=1) as model:
        found = model.complete([asking("a"), asking("b")], max_tokens=9)
    assert [c.text for c in found] == ["ok", "ok"]
    assert times[1] - times[0] >= 1.0


def test_a_wait_may_be_named_in_seconds_or_as_a_date() -> None:
    assert retry_wait("7", 5) == 7
    assert retry_wait(None, 3) == retry_wait("soon", 3) == 8
    assert retry_wait("Wed, 21 Oct 2015 07:28:00 GMT", 3) == 0
    assert retry_wait("Fri, 21 Oct 2190 07:28:00 GMT", 3) > 1e9
    assert retry_wait("Fri, 21 Oct 2190 07:28:00 -0000", 3) > 1e9


def test_a_refused_key_is_found_out_once_and_not_shown() -> None:
    script = failure(401, "no such key sk-secret")
    with (
        OpenAIServer(lambda body: script) as server,
        model_at(server, key="sk-secret", concurrency=1) as model,
    ):
        found = model.complete([asking(str(at)) for at in range(20)], max_tokens=9)
    assert server.headers[0]["authorization"] == "Bearer sk-secret"
    assert len(server.requests) == 1
    assert all("--key-env" in c.error and "sk-secret" not in c.error for c in found)


@pytest.mark.usefixtures("quick")
def test_a_server_that_is_not_there_is_an_error_that_helps_and_soon() -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        port = unused.getsockname()[1]
    started = time.monotonic()
    with HttpModel(Server(url=f"http://127.0.0.1:{port}/v1", model="m")) as model:
        found = model.complete([asking(str(at)) for at in range(200)], max_tokens=9)
    assert time.monotonic() - started < 5
    assert {c.finish_reason for c in found} == {"error"}
    assert all("is it running" in c.error for c in found)


@pytest.mark.usefixtures("quick")
def test_a_request_that_takes_too_long_is_given_up() -> None:
    with (
        OpenAIServer(lambda body: Answer("late", delay=1.0)) as server,
        model_at(server, timeout=0.1, tries=2) as model,
    ):
        (found,) = model.complete([asking("q")], max_tokens=9)
    assert len(server.requests) == 2
    assert "Timeout" in found.error


@pytest.mark.usefixtures("quick")
def test_an_answer_that_never_ends_is_given_up() -> None:
    def drops() -> object:
        while True:
            time.sleep(0.02)
            yield b" "

    with (
        OpenAIServer(lambda body: Answer(drops())) as server,
        model_at(server, timeout=0.2, tries=1) as model,
    ):
        (found,) = model.complete([asking("q")], max_tokens=9)
    assert "within 0.2 s" in found.error


def test_an_answer_that_is_too_large_is_not_read_on() -> None:
    sent = count()

    def floods() -> object:
        for _ in range(3200):  # 200 MB
            next(sent)
            yield b"x" * 65536

    with OpenAIServer(lambda body: Answer(floods())) as server, model_at(server) as model:
        (found,) = model.complete([asking("q")], max_tokens=9)
    assert "larger than" in found.error
    assert next(sent) < 1600


def test_an_answer_packed_against_the_clients_wish_is_an_error() -> None:
    script = Answer(b"\x1f\x8b", headers={"content-encoding": "gzip"})
    with OpenAIServer(lambda body: script) as server, model_at(server) as model:
        (found,) = model.complete([asking("q")], max_tokens=9)
    assert "packed" in found.error


def choice(**message: object) -> dict[str, object]:
    return {"choices": [{"message": message}]}


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"<html>Bad gateway</html>",
        b"\xff\xfe",
        b"[]",
        b"null",
        b'{"choices": []}',
        b'{"choices": {"0": 1}}',
        b'{"choices": [null]}',
        b'{"choices": [{"message": "hi"}]}',
        b'{"error": {"message": "model crashed"}}',
        b"[" * 100_000,
        b'{"a":' * 100_000,
        json.dumps(choice(content=7)).encode(),
        json.dumps(choice(content=["a"])).encode(),
        json.dumps(choice(tool_calls="f")).encode(),
        json.dumps(choice(tool_calls=[1])).encode(),
        json.dumps(choice(tool_calls=[{"function": {"name": 1}}])).encode(),
        json.dumps(choice(tool_calls=[{"function": "f"}])).encode(),
    ],
)
def test_an_answer_of_another_shape_is_an_error(raw: bytes) -> None:
    with OpenAIServer(lambda body: Answer(raw)) as server, model_at(server) as model:
        (found,) = model.complete([asking("q")], max_tokens=9)
    assert found.finish_reason == "error"
    assert "server answered" in found.error


KEYS = [
    *("choices", "message", "content", "tool_calls", "function", "name", "arguments", "output"),
    *("type", "usage", "prompt_tokens", "text", "finish_reason", "id", "error"),
]
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(KEYS),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)


@settings(max_examples=100)
@given(JSON, st.sampled_from([CHAT, TEXT, RESPONSES]))
def test_no_answer_makes_the_reader_raise(answer: object, path: str) -> None:
    raw = json.dumps({"choices": [answer], "output": [answer], "usage": answer}).encode()
    found = completion_of(raw, path)
    assert (found.finish_reason == "error") == bool(found.error)
    msgspec.json.encode(found)


@pytest.mark.parametrize(
    ("usage", "tokens"),
    [({"prompt_tokens": -1}, None), ({"prompt_tokens": True}, None), ("x", None)],
)
def test_counts_that_are_none_are_left_out(usage: object, tokens: object) -> None:
    raw = json.dumps(choice(content="hi") | {"usage": usage}).encode()
    found = completion_of(raw, CHAT)
    assert found.text == "hi"
    assert found.usage is not None
    assert found.usage.prompt_tokens is tokens


def test_a_prompt_that_no_json_can_hold_is_an_error() -> None:
    with OpenAIServer() as server, model_at(server) as model:
        (found,) = model.complete([asking("\ud800")], max_tokens=9)
    assert "cannot be sent" in found.error
    assert server.requests == []


def test_closing_ends_waiting_prompts_with_an_error() -> None:
    held = threading.Event()
    with OpenAIServer(lambda body: held.wait(5) and "late") as server:
        model = model_at(server, concurrency=1)
        futures = [model.submit(asking(str(at)), max_tokens=9) for at in range(3)]
        while not server.requests:
            time.sleep(0.01)
        model.close()
        held.set()
        assert [future.result(timeout=10).finish_reason for future in futures[1:]] == [
            "error",
            "error",
        ]
    assert Counter(map(last_user_text, server.requests)) == {"0": 1}


def test_a_spec_names_address_model_and_key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-1")
    monkeypatch.setenv("MINE", "sk-2")
    monkeypatch.delenv("OPENAI_BASE_URL", raising=False)
    server = server_of("openai:gpt", Access())
    assert (server.url, server.model, server.key) == ("https://api.openai.com/v1", "gpt", "sk-1")
    server = server_of("http://h:1/v1#org/name", Access())
    assert (server.url, server.model, server.key) == ("http://h:1/v1", "org/name", "")
    server = server_of("name", Access(url="http://h:1/v1/", key_env="MINE"))
    assert (server.url, server.model, server.key) == ("http://h:1/v1", "name", "sk-2")
    monkeypatch.setenv("OPENAI_BASE_URL", "http://own/v1")
    monkeypatch.delenv("OPENAI_API_KEY")
    server = server_of("openai:gpt", Access())
    assert (server.url, server.key) == ("http://own/v1", "")


@pytest.mark.parametrize(
    ("spec", "access", "said"),
    [
        ("openai:gpt", Access(), "OPENAI_API_KEY"),
        ("name", Access(url="ftp://h/v1"), "no URL"),
        ("name", Access(url="localhost:8000"), "no URL"),
        ("name", Access(url="http://h/v1", key_env="NOT_SET"), "NOT_SET"),
        ("name", Access(url="http://h/v1", key_env="CROOKED"), "no header"),
    ],
)
def test_a_spec_that_cannot_be_used_is_an_input_error(
    spec: str, access: Access, said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("OPENAI_API_KEY", "OPENAI_BASE_URL", "NOT_SET"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("CROOKED", "a\nb")
    with pytest.raises(InputError, match=said):
        server_of(spec, access)


def test_an_address_alone_means_the_servers_only_model() -> None:
    with (
        OpenAIServer(lambda body: body["model"], models=["only"]) as server,
        opened_model(server.url) as model,
    ):
        assert model.complete([asking("q")], max_tokens=9)[0].text == "only"
    with OpenAIServer(models=["a", "b"]) as server:
        address = server.url
        with pytest.raises(InputError, match="a, b"):
            server_of(address, Access())


def test_prices_are_two_numbers() -> None:
    assert price_of("0.15/0.6") == Price(0.15, 0.6)
    for text in ("", "1", "1/", "a/b", "-1/2", "nan/1", "1/inf"):
        with pytest.raises(InputError, match="IN/OUT"):
            price_of(text)


def test_a_date_beyond_all_calendars_is_no_date() -> None:
    assert retry_wait("-0000 Oct -0000 12:00 +99999999999 Oct +9999 21", 3) == 8


@settings(max_examples=100)
@given(
    st.text(alphabet="0123456789,: GMTFriOct-+.e٣²", max_size=40)
    | st.builds("Fri, {} Oct {} {}:00:00 {}".format, *[st.integers(-9, 10**6)] * 4),
    st.integers(0, 9),
)
def test_no_header_makes_the_wait_raise_or_negative(header: str, attempt: int) -> None:
    assert retry_wait(header, attempt) >= 0


@pytest.mark.usefixtures("quick")
@pytest.mark.parametrize(
    "said",
    [
        b"",
        b"hello\r\n\r\n",
        b"HTTP/1.1 200 OK\r\ncontent-length: 99\r\n\r\n{}",
        b"HTTP/1.1 200 OK\r\ncontent-length: -1\r\n\r\n{}",
        b"HTTP/1.1 999999 OK\r\n\r\n",
        b"HTTP/1.1 200 OK\r\n" + b"x: y\r\n" * 100_000 + b"\r\n",
        b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n",
        b"\x00\xff" * 1000,
    ],
)
def test_what_is_no_http_is_an_error(said: bytes) -> None:
    def serve() -> None:
        while True:
            try:
                connection, _ = listening.accept()
            except OSError:
                return
            with connection, contextlib.suppress(OSError):
                connection.recv(65536)
                connection.sendall(said)

    with socket.create_server(("127.0.0.1", 0)) as listening:
        threading.Thread(target=serve, daemon=True).start()
        url = f"http://127.0.0.1:{listening.getsockname()[1]}/v1"
        with HttpModel(Server(url=url, model="m", tries=2, timeout=5)) as model:
            (found,) = model.complete([asking("q")], max_tokens=9)
        listening.shutdown(socket.SHUT_RDWR)
    assert found.finish_reason == "error"
    assert found.error
