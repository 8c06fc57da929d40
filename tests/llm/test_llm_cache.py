"""The cache of answers: what was paid for is not asked again."""

from __future__ import annotations

import multiprocessing
import signal
import sqlite3
import threading
from pathlib import Path

import pytest

from actloom.core.errors import OutputError
from actloom.core.model import Prompt
from actloom.core.record import Message
from actloom.llm.cache import AnswerCache, CachedAnswer
from actloom.llm.http import HttpModel, Server
from openai_server import Answer, OpenAIServer, failure, last_user_text


def texts(server: OpenAIServer, path: Path | None, *asked: str, **fields: object) -> list[str]:
    cache = AnswerCache(path) if path else None
    with HttpModel(Server(url=server.url, model="m", **fields), cache=cache) as model:
        prompts = [Prompt([Message("user", text)]) for text in asked]
        return [c.text or c.error for c in model.complete(prompts, max_tokens=9)]


def test_the_next_run_gets_the_same_answers_without_asking(tmp_path: Path) -> None:
    numbers = iter(range(100))
    with OpenAIServer(lambda body: f"{last_user_text(body)} {next(numbers)}") as server:
        first = texts(server, tmp_path / "c", "a", "b", "a")
        assert len(server.requests) == 3
        assert texts(server, tmp_path / "c", "a", "b", "a") == first
        assert len(server.requests) == 3
        assert len(set(first)) == 3
        assert texts(server, None, "a") != first[:1]


@pytest.mark.parametrize("fields", [{"temperature": 0.5}, {"model": "n"}])
def test_another_request_is_asked(tmp_path: Path, fields: dict[str, object]) -> None:
    with OpenAIServer(lambda body: "x") as server:
        texts(server, tmp_path / "c", "a")
        cache = AnswerCache(tmp_path / "c")
        settings = {"url": server.url, "model": "m", **fields}
        with HttpModel(Server(**settings), cache=cache) as model:
            model.complete([Prompt([Message("user", "a")])], max_tokens=9)
        assert len(server.requests) == 2


@pytest.mark.parametrize("wrong", [failure(400), Answer(b"no json"), Answer(b'{"error": "busy"}')])
def test_what_is_no_answer_is_not_kept(tmp_path: Path, wrong: Answer) -> None:
    script = iter([wrong, "right"])
    with OpenAIServer(lambda body: next(script)) as server:
        assert texts(server, tmp_path / "c", "a") != ["right"]
        assert texts(server, tmp_path / "c", "a") == ["right"]


def test_latency_is_that_of_the_real_answer(tmp_path: Path) -> None:
    cache = AnswerCache(tmp_path / "c")
    key = cache.key("u", b"r")
    cache.put(key, CachedAnswer(b"{}", 7.5))
    assert cache.get(key) == CachedAnswer(b"{}", 7.5)
    cache.close()


def keep_and_hang(path: str, kept: object) -> None:
    cache = AnswerCache(path)
    for at in range(50):
        cache.put(cache.key("u", str(at).encode()), CachedAnswer(b"x" * 1000, 1.0))
    kept.set()
    threading.Event().wait()


def test_every_answer_survives_the_death_of_the_process(tmp_path: Path) -> None:
    context = multiprocessing.get_context("spawn")
    kept = context.Event()
    process = context.Process(target=keep_and_hang, args=(str(tmp_path / "c"), kept))
    process.start()
    assert kept.wait(60)
    process.kill()
    process.join()
    assert process.exitcode == -signal.SIGKILL
    process.close()
    cache = AnswerCache(tmp_path / "c")
    found = [cache.get(cache.key("u", str(at).encode())) for at in range(50)]
    cache.close()
    assert found == [CachedAnswer(b"x" * 1000, 1.0)] * 50


def test_a_damaged_row_is_asked_for_again(tmp_path: Path) -> None:
    with OpenAIServer(lambda body: "x") as server:
        texts(server, tmp_path / "c", "a")
        with sqlite3.connect(tmp_path / "c") as file:
            file.execute("UPDATE answer SET body = substr(body, 1, 20)")
        file.close()
        assert texts(server, tmp_path / "c", "a") == ["x"]
        assert len(server.requests) == 2


def test_a_file_that_is_no_cache_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "c"
    path.write_bytes(b"something else entirely" * 100)
    with pytest.raises(OutputError, match="--no-cache"):
        AnswerCache(path)


def test_keys_and_requests_are_not_stored(tmp_path: Path) -> None:
    with OpenAIServer(lambda body: "x") as server:
        texts(server, tmp_path / "c", "a secret question", key="sk-secret")
    stored = b"".join(path.read_bytes() for path in tmp_path.iterdir())
    assert b"secret" not in stored
