"""What the versions of BFCL judge differently, as data; specs/bfcl.md sections 5 and 7."""

from __future__ import annotations

from typing import Literal, TypeAlias

import msgspec

Kind: TypeAlias = Literal["single", "named", "unordered", "no_call", "any_call"]
"""How a category is judged: one call of the only document; one call of the document the gold
names; calls in any order; right without a call; right with any call."""


class Rules(msgspec.Struct, frozen=True):
    """The rules of one version."""

    profile: str
    """Name of the profile the rules belong to."""
    suffixed_names: bool
    """Gold names may carry a suffix (`f_1`): the first document whose name is part of the gold's
    is taken. Otherwise names are equal or there is no document."""
    counted_dicts: bool
    """Dictionaries need the gold's number of keys, and dictionaries of the gold inside are checked
    by the same rule. Otherwise keys with "" may be left out and nothing inside is normalised."""
    unordered_multiple: bool
    """`multiple` is judged as the parallel categories are."""
    one_key_calls: bool
    """A call is an object with one key and an object under it. Otherwise any object will do."""
    relevance: Literal["no_call", "any_call"]
    """What a category with `relevance` in its name, and not `irrelevance`, asks for."""


RULES: dict[str, Rules] = {
    "v1-2024-08-11": Rules("v1-2024-08-11", True, True, True, False, "no_call"),
    "v2": Rules("v2", False, False, False, False, "any_call"),
    "v3": Rules("v3", False, False, False, False, "any_call"),
    "v4": Rules("v4", False, False, False, True, "any_call"),
}
"""Rules by profile. v2 and v3 share v4's checks of values; only v4 counts the keys of a call."""


def kind_of(category: str, record_id: str, rules: Rules) -> Kind:
    """Returns how the records of a category are judged.

    Args:
        record_id: the record's id; in `format_sensitivity` the category it was taken from stands
            behind its last colon.
    """
    if category == "format_sensitivity":
        category = record_id.rsplit(":", 1)[-1]
    if "irrelevance" in category:
        return "no_call"
    if "relevance" in category:
        return rules.relevance
    if "parallel" in category:
        return "unordered"
    if "multiple" in category:
        return "unordered" if rules.unordered_multiple else "named"
    return "single"
