"""HTTP to one service: keys, retries that keep to Retry-After, errors that say what to do."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, cast

import msgspec

from actloom.core.closing import Closing
from actloom.core.errors import InputError, MissingExtraError
from actloom.core.jsonvalue import Json, JsonObject
from actloom.io.foreign_json import decode_json
from actloom.io.retry_after import retry_wait

if TYPE_CHECKING:
    from httpx2 import Client, Response

TRIES = 8
"""Attempts at one request before it is given up."""
FIRST_TRIES = 3
"""Attempts while the service has not answered at all: the host is likely wrong."""
MAX_WAIT = 120.0
"""Longest pause between two attempts, in seconds."""
TIMEOUT = 60.0
"""Seconds without a byte after which a request counts as failed."""


class Access(msgspec.Struct, frozen=True, kw_only=True):
    """Where a service is and how it is entered."""

    name: str
    """Name of the service, for messages."""
    host: str
    headers: dict[str, str] = {}
    user: str = ""
    """User of basic authentication; "" for none."""
    password: str = ""
    keys: str = ""
    """Environment variables the keys come from, for messages."""


class Service(Closing):
    """One service.

    Args:
        access: where it is and how it is entered.
        sleep: pauses between attempts; replaced in tests.
        said: takes a line for each attempt that failed.
    """

    def __init__(
        self,
        access: Access,
        *,
        sleep: Callable[[float], None] = time.sleep,
        said: Callable[[str], None] = lambda _: None,
    ) -> None:
        self._access = access
        self._sleep = sleep
        self._said = said
        self._answered = False
        self._client = _client(access)

    def close(self) -> None:
        """Closes the connections."""
        self._client.close()

    def get(self, path: str, params: Mapping[str, str | int]) -> Json:
        """Returns the JSON at a path.

        Raises:
            InputError: the service cannot be reached, refuses the keys, or answers an error.
        """
        return self._asked("GET", path, params=params)

    def post(self, path: str, body: JsonObject) -> Json:
        """Returns the JSON a path answers a body with.

        Raises:
            InputError: the service cannot be reached, refuses the keys, or answers an error.
        """
        return self._asked("POST", path, body=body)

    def _asked(
        self,
        method: str,
        path: str,
        *,
        params: Mapping[str, str | int] | None = None,
        body: JsonObject | None = None,
    ) -> Json:
        from httpx2 import HTTPError, InvalidURL

        last, wait = "", 0.0
        for attempt in range(TRIES):
            if attempt >= (TRIES if self._answered else FIRST_TRIES):
                break
            if attempt:
                self._said(f"{self._access.name}: {last}; again in {wait:.0f} s")
                self._sleep(wait)
            try:
                answer = self._client.request(method, path, params=params, json=body)
            except InvalidURL as error:
                raise self._refused(path, str(error), "check the host") from error
            except HTTPError as error:
                last, wait = f"{type(error).__name__}: {error}", 2.0**attempt
            else:
                self._answered = True
                if answer.status_code != 429 and answer.status_code < 500:
                    return self._read(answer, path)
                last = f"status {answer.status_code}"
                wait = min(retry_wait(answer.headers.get("retry-after"), attempt), MAX_WAIT)
        todo = "check the host; the same command again goes on after the pages it has"
        raise self._refused(path, f"{last}, each time", todo)

    def _read(self, answer: Response, path: str) -> Json:
        status = answer.status_code
        if status in (401, 403):
            todo = f"set {self._access.keys} to keys that may read this project"
            raise self._refused(path, f"status {status}", todo)
        if status >= 300:
            raise self._refused(path, f"status {status}: {answer.text[:200]}", "check the options")
        found = decode_json(answer.content)
        if found.problem is not None:
            raise self._refused(path, found.problem.message, "check that the host is the API's")
        return found.value

    def _refused(self, path: str, got: str, todo: str) -> InputError:
        where = f"{self._access.host.rstrip('/')}/{path.lstrip('/')}"
        return InputError(
            f"{self._access.name} did not give what was asked", got=got, where=where, todo=todo
        )


def _client(access: Access) -> Client:
    try:
        from httpx2 import BasicAuth, Client
    except ImportError as error:
        raise MissingExtraError("httpx2", extra="data", purpose=f"pull {access.name}") from error
    auth = BasicAuth(access.user, access.password) if access.user else None
    return Client(base_url=access.host, headers=access.headers, auth=auth, timeout=TIMEOUT)


def rows_of(value: Json, key: str) -> list[Json]:
    """Returns the list a service answers, bare or under `key`."""
    found = cast("JsonObject", value).get(key) if isinstance(value, dict) else value
    return found if isinstance(found, list) else []
