"""A scripted OpenAI-compatible server on loopback, for every test that asks a model over HTTP.

    with OpenAIServer(lambda body: "Hello") as server:
        ...  # server.url is "http://127.0.0.1:PORT/v1"
    assert server.requests[0]["messages"] == ...

The script is a function of the request's body. It returns one of

* a text: the answer's content, or text, or output message, by the path that was asked;
* a list of calls `(name, arguments)`: native tool calls; arguments are an object, or text that is
  sent as it is;
* an object: the answer's whole message (`{"role": "assistant", ...}`);
* an `Answer`, for anything else: a status, headers, raw bytes, a delay, an endless body.

It may block (an Event of the test) to hold a request, and it runs in a thread a request.
"""

from __future__ import annotations

import contextlib
import json
import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

Script = Callable[[dict[str, Any]], Any]


@dataclass
class Answer:
    """A response in full."""

    body: Any = ""
    """As the script may return it; bytes are sent as they are; an iterator of bytes is sent with
    no length until the client hangs up."""
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    delay: float = 0.0
    """Seconds before the first byte."""
    finish_reason: str = ""
    usage: Any = None


def failure(status: int, message: str = "scripted failure", **headers: str) -> Answer:
    """Returns an error answer; header names with `_` for `-` (`retry_after="0"`)."""
    named = {name.replace("_", "-"): text for name, text in headers.items()}
    body = json.dumps({"error": {"message": message, "type": "scripted"}}).encode()
    return Answer(body, status, named)


def last_user_text(body: dict[str, Any]) -> str:
    """Returns the text of the last user message of a request."""
    texts = [m["content"] for m in body["messages"] if m["role"] == "user"]
    return texts[-1] if texts else ""


class OpenAIServer:
    """The server; use as a context manager.

    Attributes:
        url: base URL, ends in `/v1`.
        requests: bodies of all requests, in the order of their arrival.
        headers: their headers, by lower-case name.
        paths: their paths.
        answered: bodies of the requests that were answered with status 200, whole.
        most_at_once: most requests that were in work at one time.
        models: ids that `GET /v1/models` lists.
    """

    def __init__(self, script: Script = lambda body: "", *, models: Iterable[str] = ("m",)) -> None:
        self.script = script
        self.models = list(models)
        self.requests: list[dict[str, Any]] = []
        self.headers: list[dict[str, str]] = []
        self.paths: list[str] = []
        self.answered: list[dict[str, Any]] = []
        self.most_at_once = 0
        self._now = 0
        self._lock = threading.Lock()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self._server.daemon_threads = True
        self._server.block_on_close = False
        self._thread = threading.Thread(
            target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True
        )

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}/v1"

    def __enter__(self) -> OpenAIServer:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    def reply(self, path: str, headers: dict[str, str], body: dict[str, Any]) -> Answer:
        """Returns the answer to a request and books it."""
        with self._lock:
            self.requests.append(body)
            self.headers.append(headers)
            self.paths.append(path)
            self._now += 1
            self.most_at_once = max(self.most_at_once, self._now)
        try:
            answer = self.script(body)
            answer = answer if isinstance(answer, Answer) else Answer(answer)
            time.sleep(answer.delay)
            return answer
        finally:
            with self._lock:
                self._now -= 1


def response(answer: Answer, path: str, model: str) -> dict[str, Any]:
    """Returns the object that an answer is on a path."""
    if path.endswith("/chat/completions"):
        return completion(answer, model)
    if path.endswith("/completions"):
        reason = answer.finish_reason or "stop"
        return {"model": model, "choices": [{"text": answer.body, "finish_reason": reason}]}
    output = [{"type": "message", "content": [{"type": "output_text", "text": answer.body}]}]
    if not isinstance(answer.body, str):
        calls = [_call(at, name, given) for at, (name, given) in enumerate(answer.body)]
        output = [
            {"type": "function_call", "call_id": call["id"], **call["function"]} for call in calls
        ]
    return {"model": model, "status": "completed", "output": output}


def completion(answer: Answer, model: str) -> dict[str, Any]:
    """Returns the `chat.completion` object of an answer."""
    body = answer.body
    message: dict[str, Any] = {"role": "assistant", "content": None}
    if isinstance(body, dict):
        message = body
    elif isinstance(body, str):
        message["content"] = body
    else:
        message["tool_calls"] = [_call(at, name, given) for at, (name, given) in enumerate(body)]
    reason = answer.finish_reason or ("tool_calls" if message.get("tool_calls") else "stop")
    usage = {"prompt_tokens": 10, "completion_tokens": 5, "total_tokens": 15}
    return {
        "id": "chatcmpl-0",
        "object": "chat.completion",
        "created": 0,
        "model": model,
        "choices": [{"index": 0, "message": message, "finish_reason": reason}],
        "usage": usage if answer.usage is None else answer.usage,
    }


def _call(at: int, name: str, arguments: Any) -> dict[str, Any]:
    text = arguments if isinstance(arguments, str) else json.dumps(arguments)
    return {
        "id": f"call_{at}",
        "type": "function",
        "function": {"name": name, "arguments": text},
    }


def _handler(owner: OpenAIServer) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True  # else each answer waits 40 ms for an acknowledgement

        def log_message(self, *args: object) -> None:
            pass

        def do_GET(self) -> None:
            found = {"object": "list", "data": [{"id": name} for name in owner.models]}
            self.send(Answer(json.dumps(found).encode()))

        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["content-length"])))
            headers = {name.lower(): text for name, text in self.headers.items()}
            answer = owner.reply(self.path, headers, body)
            with contextlib.suppress(OSError):
                self.send(answer, body)

        def send(self, answer: Answer, asked: dict[str, Any] | None = None) -> None:
            data = answer.body
            if isinstance(data, (str, dict, list)):
                model = str((asked or {}).get("model"))
                data = json.dumps(response(answer, self.path, model)).encode()
            self.send_response(answer.status)
            self.send_header("content-type", "application/json")
            for name, text in answer.headers.items():
                self.send_header(name, text)
            if not isinstance(data, bytes):
                self.send_header("connection", "close")
                self.end_headers()
                self.close_connection = True
                for piece in data:
                    self.wfile.write(piece)
                return
            self.send_header("content-length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)
            self.wfile.flush()
            if asked is not None and answer.status == 200:
                owner.answered.append(asked)

    return Handler
