"""The calls of a record in the text they came from, and what to change there to mend them.

No format is known here: a call is wherever a name and its arguments stand side by side in an
object (as an object or as text), or the name is the key of the arguments. A call found in as many
places as the record makes it is certain; whoever applies the edits reads the result again anyway.
"""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence

import msgspec

from actloom.core.jsonvalue import Json, JsonObject
from actloom.core.messages import reply_of
from actloom.core.record import Call, Trajectory
from actloom.io.json_places import Edit, Member, Place, Text

MAX_INNER = 4
"""Texts inside each other: a reply in a string, arguments in a string of it."""


class Spot(msgspec.Struct, frozen=True):
    """One call in a text."""

    text: Text
    name: tuple[int, int]
    """Characters of the name, quotes included."""
    inside: Text
    """Text the arguments stand in."""
    arguments: Place


def calls_of(record: Trajectory) -> list[Call]:
    """Returns every call of a record in order, worked examples left out."""
    opening = [call for m in record.opening if m.tool_calls for call in reply_of(m).tool_calls]
    replies = [step.reply for step in record.steps if step.reply is not None]
    return opening + [call for reply in replies for call in reply.tool_calls]


def edits_of(text: str, old: Sequence[Call], new: Sequence[Call]) -> list[Edit] | None:
    """Returns the changes of `text` that make the calls `old` in it the calls `new`.

    None when a call that changes is not found exactly as often as the record makes it.
    """
    if len(old) != len(new):
        return None
    changed = {_key(a) for a, b in zip(old, new, strict=True) if _key(a) != _key(b)}
    spots = _spots(text, changed, {call.name for call in old})
    counts = Counter(_key(call) for call in old)
    if any(len(spots[key]) != counts[key] for key in changed):
        return None
    edits: list[Edit] = []
    for before, after in zip(old, new, strict=True):
        if _key(before) in changed:
            edits += _edits(spots[_key(before)].pop(0), before, after)
    return sorted(set(edits))


def _key(call: Call) -> tuple[str, str]:
    arguments = call.arguments if call.arguments_text is None else call.arguments_text
    return call.name, _canonical(arguments)


def _spots(
    text: str, wanted: set[tuple[str, str]], names: set[str]
) -> dict[tuple[str, str], list[Spot]]:
    found: dict[tuple[str, str], list[Spot]] = defaultdict(list)
    whole = Text(text)
    for place in whole.values():
        for owner, thing in _objects(whole, place, 0):
            for name, arguments in _pairs(thing, names):
                for spot, key in _readings(owner, name, arguments):
                    if key in wanted:
                        found[key].append(spot)
    return found


def _objects(text: Text, place: Place, depth: int) -> Iterator[tuple[Text, Place]]:
    """Yields the objects in a value and in the JSON of its strings, with their texts."""
    if place.members:
        yield text, place
    for child in (*place.elements, *(member.place for member in place.members)):
        if isinstance(child.value, str):
            if depth < MAX_INNER and ("{" in child.value or "[" in child.value):
                inner = text.inner(child)
                for value in inner.values():
                    yield from _objects(inner, value, depth + 1)
        else:
            yield from _objects(text, child, depth)


def _pairs(thing: Place, names: set[str]) -> Iterator[tuple[Place | Member, Place]]:
    for member in thing.members:
        if member.key in names and isinstance(member.place.value, dict):
            yield member, member.place
        if isinstance(member.place.value, str) and member.place.value in names:
            for other in thing.members:
                if other is not member and isinstance(other.place.value, (str, dict)):
                    yield member.place, other.place


def _readings(
    text: Text, name: Place | Member, arguments: Place
) -> Iterator[tuple[Spot, tuple[str, str]]]:
    """Yields a spot with the call it would be: arguments as they stand, or as JSON in a string."""
    called = name.key if isinstance(name, Member) else str(name.value)
    where = (name.start, name.end)
    yield Spot(text, where, text, arguments), (called, _canonical(arguments.value))
    if isinstance(arguments.value, str):
        inner = text.inner(arguments)
        for place in inner.values():
            alone = not (inner.text[: place.start] + inner.text[place.end :]).strip()
            if alone and isinstance(place.value, dict):
                yield Spot(text, where, inner, place), (called, _canonical(place.value))


def _edits(spot: Spot, before: Call, after: Call) -> Iterator[Edit]:
    if before.name != after.name:
        yield spot.text.lifted(Edit(*spot.name, _json(after.name, spot.text)))
    if after.arguments_text is not None:
        return
    if before.arguments_text is not None:
        new = _json(_json(after.arguments, spot.inside), spot.inside)
        yield spot.inside.lifted(Edit(spot.arguments.start, spot.arguments.end, new))
        return
    for edit in _changes(spot.arguments, after.arguments, spot.inside):
        yield spot.inside.lifted(edit)


def _changes(place: Place, new: Json, text: Text) -> Iterator[Edit]:
    """Yields the smallest changes that turn the value at a place into another."""
    if type(place.value) is type(new) and _canonical(place.value) == _canonical(new):
        return
    if isinstance(new, dict) and place.members:
        yield from _member_changes(place, new, text)
    elif isinstance(new, list) and len(place.elements) == len(new) > 0:
        for element, value in zip(place.elements, new, strict=True):
            yield from _changes(element, value, text)
    else:
        yield Edit(place.start, place.end, _json(new, text))


def _member_changes(place: Place, new: JsonObject, text: Text) -> Iterator[Edit]:
    gone = [member for member in place.members if member.key not in new]
    added = [key for key in new if all(member.key != key for member in place.members)]
    for member in place.members:
        if member.key in new:
            yield from _changes(member.place, new[member.key], text)
    if len(gone) == len(added):
        for member, key in zip(gone, added, strict=True):
            yield Edit(member.start, member.end, _json(key, text))
            yield from _changes(member.place, new[key], text)
    elif not added:
        yield from _removals(place, gone)
    else:
        yield Edit(place.start, place.end, _json(new, text))


def _removals(place: Place, gone: Sequence[Member]) -> Iterator[Edit]:
    """Yields the removal of members, each with one of the commas beside it."""
    members = place.members
    kept = [at for at, member in enumerate(members) if member not in gone]
    if not kept:
        yield Edit(place.start, place.end, "{}")
        return
    for at, member in enumerate(members):
        if member not in gone:
            continue
        if at > kept[0]:
            yield Edit(members[at - 1].place.end, member.place.end, "")
        else:
            yield Edit(member.start, members[at + 1].start, "")


def _json(value: Json, text: Text) -> str:
    """Returns a value as JSON in the style of a text: its spaces, and its way with non-ASCII."""
    tight = '":' in text.text and '": ' not in text.text
    separators = (",", ":") if tight else (", ", ": ")
    return json.dumps(value, ensure_ascii=text.text.isascii(), separators=separators)


def _canonical(value: Json) -> str:
    """Returns equal text for equal values, whatever the size of their numbers."""
    return json.dumps(value, sort_keys=True)
