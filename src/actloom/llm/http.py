"""A model behind an OpenAI-compatible server: vLLM, llama.cpp, Ollama, a vendor, a gateway.

Several prompts are asked side by side. Whatever goes wrong, from a refused connection to a response
of no known shape, ends as a completion with an error; nothing here raises for it.
"""

from __future__ import annotations

import ipaddress
import random
import threading
import time
from collections.abc import Sequence
from concurrent.futures import Future
from queue import SimpleQueue
from typing import TYPE_CHECKING, TypeAlias
from urllib.parse import urlsplit

import msgspec

from actloom.core.closing import Closing
from actloom.core.jsonvalue import JsonObject
from actloom.core.model import Completion, Prompt
from actloom.core.record import Usage
from actloom.io.foreign_json import decode_json
from actloom.io.retry_after import retry_wait
from actloom.llm.cache import AnswerCache, CachedAnswer
from actloom.llm.prices import Price, cost_usd
from actloom.llm.wire import completion_of, path_of, request_of

if TYPE_CHECKING:
    from httpx2 import Client, Response

TRIES = 6
"""Attempts at one prompt before it is given up."""
FIRST_TRIES = 3
"""Attempts while the server has not answered at all: the address is likely wrong."""
MAX_WAIT = 120.0
"""Longest pause between two attempts, in seconds."""
MAX_RESPONSE = 32 << 20
"""Bytes of a response beyond which it is not read on."""
AGAIN = (408, 409, 425, 429)
"""Statuses below 500 that may be different next time."""
TODO = {
    400: "see docs/evaluate.md for what is sent; the server names what it does not take",
    401: "give the key in the environment variable that --key-env names",
    403: "check that the key may use this model",
    404: "check the model's name, and that the address ends like http://HOST:PORT/v1",
}


class Server(msgspec.Struct, frozen=True, kw_only=True):
    """Where a model is and how it is asked."""

    url: str
    """Base URL, `http://127.0.0.1:8000/v1`."""
    model: str
    """The model's name there."""
    key: str = ""
    """Sent as bearer token; "" for none."""
    temperature: float | None = None
    """Sent with prompts that have no `body` of their own; None leaves it to the server."""
    concurrency: int = 8
    """Most requests at one time."""
    timeout: float = 300.0
    """Seconds one request may take."""
    tries: int = TRIES
    price: Price | None = None


class _Failure(msgspec.Struct, frozen=True):
    """An attempt that gave no answer."""

    text: str
    again: bool
    """True when another attempt may succeed."""
    wait: float | None = None
    """Seconds the server asked to wait."""
    reached: bool = True
    """False when there was no server."""


_Task: TypeAlias = tuple[Future[Completion], Prompt, int]


class HttpModel(Closing):
    """Asks a server; use as a context manager, or call `close`.

    Args:
        server: where it is.
        cache: answers that need not be asked for again; None asks for all.
    """

    def __init__(self, server: Server, *, cache: AnswerCache | None = None) -> None:
        self.server = server
        self._cache = cache
        self._client = _client(server)
        self._tasks: SimpleQueue[_Task | None] = SimpleQueue()
        self._workers: list[threading.Thread] = []
        self._closed = threading.Event()
        self._lock = threading.Lock()
        self._hold_until = 0.0
        self._answered = False
        self._unreachable = False
        self._refused = ""

    @property
    def name(self) -> str:
        """Name written into results."""
        return self.server.model

    def complete(self, prompts: Sequence[Prompt], *, max_tokens: int) -> list[Completion]:
        """Returns one completion per prompt, in order, asking `concurrency` side by side."""
        return [
            future.result()
            for future in [self.submit(prompt, max_tokens=max_tokens) for prompt in prompts]
        ]

    def submit(self, prompt: Prompt, *, max_tokens: int) -> Future[Completion]:
        """Begins to answer one prompt."""
        future: Future[Completion] = Future()
        if len(self._workers) < self.server.concurrency:
            # Daemons, because an interrupted run must not wait for answers under way.
            worker = threading.Thread(target=self._work, daemon=True)
            self._workers.append(worker)
            worker.start()
        self._tasks.put((future, prompt, max_tokens))
        return future

    def close(self) -> None:
        """Ends pauses and connections; what was not answered is given up."""
        self._closed.set()
        for _ in self._workers:
            self._tasks.put(None)
        self._client.close()
        if self._cache is not None:
            self._cache.close()

    def _work(self) -> None:
        while (task := self._tasks.get()) is not None:
            future, prompt, max_tokens = task
            try:
                future.set_result(self._completion(prompt, max_tokens))
            except Exception as error:  # a bug here must not leave the caller waiting
                future.set_result(Completion("", "error", f"{type(error).__name__}: {error}"))

    def _completion(self, prompt: Prompt, max_tokens: int) -> Completion:
        path = path_of(prompt)
        settings: JsonObject = {"max_tokens": max_tokens}
        if self.server.temperature is not None:
            settings["temperature"] = self.server.temperature
        try:
            request = msgspec.json.encode(request_of(prompt, self.server.model, settings))
        except (UnicodeEncodeError, TypeError, RecursionError) as error:
            return Completion("", "error", f"the prompt cannot be sent: {error}")
        answer = self._answer(path, request)
        if isinstance(answer, str):
            return Completion("", "error", answer)
        found = completion_of(answer.body, path)
        usage = found.usage or Usage()
        return msgspec.structs.replace(
            found,
            usage=msgspec.structs.replace(
                usage, seconds=round(answer.seconds, 6), cost_usd=cost_usd(usage, self.server.price)
            ),
        )

    def _answer(self, path: str, request: bytes) -> CachedAnswer | str:
        """Returns the server's answer, of now or of an earlier run; or why there is none."""
        if self._cache is None:
            return self._asked(path, request)
        key = self._cache.key(self.server.url + path, request)
        answer = self._cache.get(key) or self._asked(path, request)
        # An answer of no known shape may be another one next time.
        if not isinstance(answer, str) and completion_of(answer.body, path).error == "":
            self._cache.put(key, answer)
        return answer

    def _asked(self, path: str, request: bytes) -> CachedAnswer | str:
        failure = _Failure(self._refused, again=False)
        attempt = 0
        while not self._refused and not self._closed.is_set():
            self._closed.wait(max(0.0, self._hold_until - time.monotonic()))
            answer = self._posted(path, request)
            if isinstance(answer, CachedAnswer):
                self._answered, self._unreachable = True, False
                return answer
            failure = answer
            attempt += 1
            if not failure.again or attempt >= self._tries(failure):
                break
            self._pause(failure, attempt)
        self._book(failure)
        return failure.text or "given up: the model was closed"

    def _tries(self, failure: _Failure) -> int:
        if failure.reached:
            return self.server.tries
        if self._unreachable:
            return 1
        return self.server.tries if self._answered else min(FIRST_TRIES, self.server.tries)

    def _pause(self, failure: _Failure, attempt: int) -> None:
        if failure.wait is not None:  # what the server asks of one holds for all
            wait = min(failure.wait, MAX_WAIT)
            with self._lock:
                self._hold_until = max(self._hold_until, time.monotonic() + wait)
            return
        # Spread, so that requests that failed together do not come back together.
        self._closed.wait(min(2.0 ** (attempt - 1), MAX_WAIT) * random.uniform(0.5, 1.0))

    def _book(self, failure: _Failure) -> None:
        """Remembers what holds for every later prompt, so that these need not find it out."""
        if not failure.reached:
            self._unreachable = True
        elif failure.text.startswith(("status 401", "status 404")):
            self._refused = "" if self._answered else failure.text

    def _posted(self, path: str, request: bytes) -> CachedAnswer | _Failure:
        from httpx2 import ConnectError, ConnectTimeout, HTTPError, InvalidURL

        started = time.monotonic()
        try:
            with self._client.stream("POST", path, content=request) as response:
                body = self._body(response, started + self.server.timeout)
                if isinstance(body, _Failure):
                    return body
                if response.status_code == 200:
                    return CachedAnswer(body, time.monotonic() - started)
                return self._status_failure(response, body)
        except (ConnectError, ConnectTimeout) as error:
            text = f"no server answers at {self.server.url} ({error}); is it running?"
            return _Failure(text, again=True, reached=False)
        except InvalidURL as error:
            return _Failure(f"{self.server.url} is no address: {error}", again=False)
        except (HTTPError, RuntimeError) as error:  # RuntimeError: the client was closed
            text = f"{type(error).__name__} after {time.monotonic() - started:.0f} s: {error}"
            return _Failure(text, again=not self._closed.is_set())

    def _body(self, response: Response, until: float) -> bytes | _Failure:
        if response.headers.get("content-encoding", "identity") != "identity":
            return _Failure("the server packed its answer though asked not to", again=False)
        pieces: list[bytes] = []
        size = 0
        for piece in response.iter_raw():
            pieces.append(piece)
            size += len(piece)
            if size > MAX_RESPONSE:
                return _Failure(f"the answer is larger than {MAX_RESPONSE:,} bytes", again=False)
            if time.monotonic() > until:
                return _Failure(f"no whole answer within {self.server.timeout:g} s", again=True)
        return b"".join(pieces)

    def _status_failure(self, response: Response, body: bytes) -> _Failure:
        status = response.status_code
        said = body[:500].decode(errors="replace").strip()
        if self.server.key:
            said = said.replace(self.server.key, "(key)")
        todo = TODO.get(status, "")
        text = f"status {status}: {said}" + (f"; {todo}" if todo else "")
        again = status in AGAIN or status >= 500
        if b"insufficient_quota" in body:  # no money left comes as 429, and no waiting helps
            again = False
        header = response.headers.get("retry-after")
        return _Failure(text, again, None if header is None else retry_wait(header, 0))


def _client(server: Server) -> Client:
    from httpx2 import Client, Limits, Timeout

    headers = {"content-type": "application/json", "accept-encoding": "identity"}
    if server.key:
        headers["authorization"] = f"Bearer {server.key}"
    return Client(
        base_url=server.url,
        headers=headers,
        timeout=Timeout(server.timeout, connect=min(10.0, server.timeout), pool=None),
        limits=Limits(
            max_connections=server.concurrency, max_keepalive_connections=server.concurrency
        ),
        trust_env=not _is_loopback(server.url),
    )


def _is_loopback(url: str) -> bool:
    """Tells whether a server is on this machine, where no proxy leads."""
    host = urlsplit(url).hostname or ""
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def served_models(server: Server) -> list[str]:
    """Returns the names of a server's models; none when it does not tell them."""
    from httpx2 import HTTPError, InvalidURL

    try:
        with _client(server) as client, client.stream("GET", "/models") as response:
            body = b""
            for piece in response.iter_raw():
                body += piece
                if len(body) > MAX_RESPONSE:
                    return []
    except (HTTPError, InvalidURL):
        return []
    listed = decode_json(body).value
    rows = listed.get("data") if isinstance(listed, dict) else None
    names = (
        [row.get("id") for row in rows if isinstance(row, dict)] if isinstance(rows, list) else []
    )
    return [name for name in names if isinstance(name, str)]
