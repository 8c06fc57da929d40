"""From what a user writes after `--model` to a model that can be asked."""

from __future__ import annotations

import os
from collections.abc import Generator
from contextlib import contextmanager
from typing import TYPE_CHECKING
from urllib.parse import urldefrag, urlsplit

import msgspec

from actloom.core.errors import InputError
from actloom.core.model import Model
from actloom.llm.prices import Price

if TYPE_CHECKING:
    from actloom.llm.http import Server

OPENAI = "https://api.openai.com/v1"
FORMS = (
    "http://HOST:PORT/v1#NAME, openai:NAME, NAME with --url, scripted:silent, scripted:FILE,"
    " or a folder or hub name of a transformers model"
)


class Access(msgspec.Struct, frozen=True, kw_only=True):
    """How a server is asked; a local or scripted model needs none of it."""

    url: str = ""
    """Base URL; "" where the spec names it."""
    key_env: str = ""
    """Environment variable with the key; `OPENAI_API_KEY` for `openai:`, none for other servers."""
    temperature: float | None = None
    concurrency: int = 8
    timeout: float = 300.0
    """Seconds one request may take."""
    price: Price | None = None
    cache: str = ""
    """File of answers that are not asked for again; "" for none."""


@contextmanager
def opened_model(spec: str, access: Access | None = None) -> Generator[Model]:
    """Gives the model that a spec names, and closes it.

    Args:
        spec: `http://HOST:PORT/v1#NAME`, `openai:NAME`, a name when `access` has a URL,
            `scripted:silent`, `scripted:FILE`, or a folder or hub name for `transformers`.
        access: address, key, limits.

    Raises:
        InputError: the spec, the URL or the key cannot be used, or no model is there.
        MissingExtraError: a local model without transformers.
        OutputError: the cache cannot be used.
    """
    access = access or Access()
    if not is_served(spec, access):
        yield _own_model(spec)
        return
    from actloom.llm.cache import AnswerCache
    from actloom.llm.http import HttpModel

    server = server_of(spec, access)
    cache = AnswerCache(access.cache) if access.cache else None
    with HttpModel(server, cache=cache) as model:
        yield model


def is_served(spec: str, access: Access) -> bool:
    """Tells whether a spec names a model behind a server."""
    if spec.startswith("scripted:"):
        return False
    return bool(access.url) or spec.startswith(("openai:", "http://", "https://"))


def _own_model(spec: str) -> Model:
    if spec.startswith("scripted:"):
        from actloom.llm.scripted import scripted_from

        return scripted_from(spec)
    from actloom.llm.local import local_from

    return local_from(spec)


def server_of(spec: str, access: Access) -> Server:
    """Returns address, name and key of a served model.

    Raises:
        InputError: the URL is none, the key's variable is empty, or the server does not say which
            of several models is meant.
    """
    from actloom.llm.http import Server

    url, name = _address(spec, access)
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise InputError("a model's address is no URL", expected=FORMS, got=url or spec)
    server = Server(
        url=url.rstrip("/"),
        model=name,
        key=_key(spec, access),
        temperature=access.temperature,
        concurrency=max(1, access.concurrency),
        timeout=access.timeout,
        price=access.price,
    )
    return server if name else msgspec.structs.replace(server, model=_only_model(server))


def _address(spec: str, access: Access) -> tuple[str, str]:
    if spec.startswith("openai:"):
        url = access.url or os.environ.get("OPENAI_BASE_URL") or OPENAI
        return url, spec.removeprefix("openai:")
    if spec.startswith(("http://", "https://")):
        url, name = urldefrag(spec)
        return url, name
    return access.url, spec


def _key(spec: str, access: Access) -> str:
    """Returns the key; an address of the user's own never gets one that he did not name."""
    variable = access.key_env or ("OPENAI_API_KEY" if spec.startswith("openai:") else "")
    key = os.environ.get(variable, "").strip() if variable else ""
    if variable and not key and (access.key_env or not _elsewhere(access)):
        raise InputError(
            "there is no key for the server",
            expected=f"the key in the environment variable {variable}",
            todo=f"export {variable}=...",
        )
    if not key.isascii() or not key.isprintable():
        raise InputError("the key holds signs no header may have", where=variable)
    return key


def _elsewhere(access: Access) -> bool:
    """Tells whether `openai:` is asked at another address, which may need no key."""
    return bool(access.url or os.environ.get("OPENAI_BASE_URL"))


def _only_model(server: Server) -> str:
    """Returns the name of the one model a server has."""
    from actloom.llm.http import served_models

    names = served_models(server)
    if len(names) == 1:
        return names[0]
    raise InputError(
        "the address does not say which model is meant",
        expected=f"{server.url}#NAME",
        got=", ".join(names[:20]) or "no answer to GET /models",
        where=server.url,
    )
