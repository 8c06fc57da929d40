"""Markup built from tags and plain text; text is escaped where it enters, so none can be a tag.

The only way to make markup from a string is `tag`, `escape`, or `trusted` for our own constants.
"""

from __future__ import annotations

import html
import re
from collections.abc import Sequence
from typing import TypeAlias


class Markup(str):
    """Text that is already HTML."""

    __slots__ = ()


Child: TypeAlias = "str | Markup | Sequence[Child] | None"
"""Plain text (escaped), markup (kept), None (left out), or several of them."""

_VOID = frozenset({"meta", "br", "hr", "col", "wbr"})
# C0 and C1 controls, bidirectional overrides, lone surrogates: shown as their code point.
_UNSEEN = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff"
    "\ud800-\udfff\ufffe\uffff]"
)


def visible(text: str) -> str:
    """Returns text with unseen characters (controls, bidi overrides) by their code point."""
    return _UNSEEN.sub(lambda match: f"\\u{ord(match.group()):04x}", text)


def escape(text: str) -> Markup:
    """Returns text as HTML that shows exactly this text, unseen characters by their code point."""
    return Markup(html.escape(visible(text), quote=True))


def trusted(constant: str) -> Markup:
    """Returns a constant of our own as markup; never hand it data."""
    return Markup(constant)


def join(*children: Child) -> Markup:
    """Returns children as one piece of markup."""
    parts: list[str] = []
    for child in children:
        if child is None:
            continue
        if isinstance(child, Markup):
            parts.append(child)
        elif isinstance(child, str):
            parts.append(escape(child))
        else:
            parts.append(join(*child))
    return Markup("".join(parts))


def tag(name: str, /, *children: Child, **attributes: str | None) -> Markup:
    """Returns an element.

    Args:
        name: element name, a constant of ours.
        children: what stands inside.
        attributes: values are escaped; None leaves the attribute out; a trailing underscore is cut
            (`class_`), other underscores become hyphens (`aria_label`).
    """
    words = [name]
    for key, value in attributes.items():
        if value is not None:
            words.append(f'{key.rstrip("_").replace("_", "-")}="{escape(value)}"')
    opening = f"<{' '.join(words)}>"
    return Markup(opening if name in _VOID else f"{opening}{join(*children)}</{name}>")
