"""The 26 ways of asking of v4's format sensitivity (specs/bfcl.md, section 7; not in the total)."""

from __future__ import annotations

from itertools import product
from typing import Literal, TypeAlias

import msgspec

ReturnFormat: TypeAlias = Literal["python", "json", "verbose_xml", "concise_xml"]
_FORMATS: tuple[ReturnFormat, ...] = ("python", "json", "verbose_xml", "concise_xml")


class Variation(msgspec.Struct, frozen=True):
    """One way of asking."""

    returns: ReturnFormat = "python"
    """Form calls are wanted in."""
    tagged: bool = False
    """Whether calls are wanted between tags."""
    documents: str = "json"
    """Form the functions are shown in: `python`, `xml` or `json`."""
    prompt: str = "plaintext"
    """`plaintext` or `markdown`."""
    style: str = "classic"
    """`classic` or `experimental`."""

    def __str__(self) -> str:
        return (
            f"ret_fmt={self.returns}&tool_call_tag={self.tagged}&func_doc_fmt={self.documents}"
            f"&prompt_fmt={self.prompt}&style={self.style}"
        )


VARIATIONS: tuple[Variation, ...] = (
    *(
        Variation(returns, tagged, documents)
        for returns, tagged, documents in product(
            _FORMATS,
            (True, False),
            ("python", "xml", "json"),
        )
    ),
    Variation(prompt="markdown"),
    Variation(style="experimental"),
)
"""In the published order, the order of ids."""
_BY_NAME = {str(variation): variation for variation in VARIATIONS}


def variation_id(number: int, variation: Variation, question: str) -> str:
    """Returns the id of the `number`-th record, of a question asked in a certain way."""
    return f"format_sensitivity_{number}:{variation}:{question}"


def variation_of(record: str) -> Variation | None:
    """Returns the way of asking in a record's id; None for an id of any other category."""
    parts = record.split(":")
    return _BY_NAME.get(parts[1]) if len(parts) == 3 else None
