"""What an answer costs: prices the user gives, in US dollars per million tokens.

There is no built-in table: prices change, and a wrong one is worse than none.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

import msgspec

from actloom.core.errors import InputError
from actloom.core.jsonvalue import Json
from actloom.core.record import Usage

FORM = "IN/OUT in US dollars per million tokens, for example 0.15/0.60"


class Price(msgspec.Struct, frozen=True):
    """Price of a model, in US dollars per million tokens."""

    read: float
    written: float


def price_of(text: str, *, where: str = "--price") -> Price:
    """Returns the price that `IN/OUT` names.

    Raises:
        InputError: it is not two numbers of at least 0.
    """
    read, slash, written = text.partition("/")
    try:
        price = Price(float(read), float(written)) if slash else None
    except ValueError:
        price = None
    if price is None or not _is_price(price.read) or not _is_price(price.written):
        raise InputError("a price cannot be read", expected=FORM, got=repr(text), where=where)
    return price


def _is_price(number: float) -> bool:
    return math.isfinite(number) and number >= 0


def price_in(prices: Mapping[str, Json], model: str, *, where: str) -> Price:
    """Returns the price of a model in a mapping of model name -> `IN/OUT`.

    Raises:
        InputError: the model is not in it, or its price cannot be read.
    """
    found = prices.get(model)
    if not isinstance(found, str):
        raise InputError(
            f"there is no price of {model!r}",
            expected=f"a line `{model}: {FORM.partition(' ')[0]}`",
            got=f"prices of {', '.join(prices) or 'no model'}" if found is None else repr(found),
            where=where,
        )
    return price_of(found, where=f"{where}, {model}")


def cost_usd(usage: Usage, price: Price | None) -> float | None:
    """Returns the cost of an answer in US dollars; None where price or tokens are not known."""
    if price is None or usage.prompt_tokens is None or usage.completion_tokens is None:
        return None
    return (usage.prompt_tokens * price.read + usage.completion_tokens * price.written) / 1e6
