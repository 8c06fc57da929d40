"""The options of every verb that asks a model over HTTP."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from cyclopts import Parameter

if TYPE_CHECKING:
    from actloom.core.model import Model
    from actloom.evals.config import EvalConfig, Which
    from actloom.llm.prices import Price
    from actloom.llm.specs import Access

CACHE = "answers.sqlite"


@Parameter(name="*")
@dataclass(frozen=True, kw_only=True)
class Asking:
    """How a server is asked; a model in this process needs none of it."""

    url: str = ""
    """Base URL of an OpenAI-compatible server, http://HOST:PORT/v1; --model is then the name of
    the model there."""
    key_env: str = ""
    """Environment variable that holds the server's key."""
    temperature: float | None = None
    """Sampling temperature; the server's own by default."""
    concurrency: int = 8
    """Most requests at one time."""
    timeout: float = 300.0
    """Seconds one request may take."""
    price: str = ""
    """IN/OUT in US dollars per million tokens, or a YAML file of model: IN/OUT."""
    cache: str = ""
    """SQLite file of answers that are not asked for again; OUT/answers.sqlite by default."""
    no_cache: bool = False
    """Keep no answers in a file."""

    @contextmanager
    def opened(self, spec: str, out: str) -> Generator[Model]:
        """Gives the model that a spec names, with its answers cached in the folder `out`.

        Raises:
            InputError: the spec, the address, the key or the price cannot be used.
            MissingExtraError: a local model without transformers.
            OutputError: the cache cannot be used.
        """
        from actloom.llm.specs import opened_model

        with opened_model(spec, self.access(spec, out)) as model:
            yield model

    def config(
        self,
        *,
        max_tokens: int,
        batch: int,
        instruct: bool,
        split: str = "all",
        which: Which = "last_call",
        limit: int | None = None,
    ) -> EvalConfig:
        """Returns the settings of an evaluation; no batch is smaller than `concurrency`."""
        from actloom.evals.config import EvalConfig

        return EvalConfig(
            split=split,
            which=which,
            limit=limit,
            max_tokens=max_tokens,
            batch=max(batch, self.concurrency),
            instruct=instruct,
            temperature=self.temperature,
        )

    def access(self, spec: str, out: str) -> Access:
        """Returns the options in the words of `llm`.

        Raises:
            InputError: the price cannot be used.
        """
        from actloom.io.urls import is_url
        from actloom.llm.specs import Access

        cache = self.cache or ("" if is_url(out) else str(Path(out) / CACHE))
        return Access(
            url=self.url,
            key_env=self.key_env,
            temperature=self.temperature,
            concurrency=self.concurrency,
            timeout=self.timeout,
            price=self._price(spec),
            cache="" if self.no_cache else cache,
        )

    def _price(self, spec: str) -> Price | None:
        from actloom.llm.prices import price_in, price_of

        if not self.price:
            return None
        if not self.price.endswith((".yaml", ".yml")):
            return price_of(self.price)
        from actloom.run.yaml import load_yaml

        name = spec.partition("#")[2] or spec.removeprefix("openai:")
        return price_in(load_yaml(self.price)[0], name, where=self.price)
