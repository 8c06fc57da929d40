"""The fixes of a file as a unified diff, which `patch -p0` applies."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from difflib import SequenceMatcher
from itertools import accumulate
from typing import TypeAlias

from actloom.run.in_place import FileFixes, mended_bytes
from actloom.run.lint_text import shown_path

CONTEXT_LINES = 3
_NO_NEWLINE = "\\ No newline at end of file\n"

Opcode: TypeAlias = tuple[str, int, int, int, int]
"""As difflib has them: what, lines of the old file from and to, lines of the new one."""


def file_diff(fixes: FileFixes) -> Iterator[str]:
    """Yields the lines of the diff, ends included; nothing when nothing changes.

    Raises:
        OutputError: the file changed since it was read.
        InputError: it cannot be read.
    """
    if not fixes.changes:
        return
    before, after = (_lines(data) for data in mended_bytes(fixes))
    name = shown_path(fixes.file)
    yield f"--- {name}\n"
    yield f"+++ {name}\n"
    matcher = SequenceMatcher(None, list[bytes](), list[bytes]())
    opcodes = list(_whole(_opcodes(fixes, before, after), len(before), len(after)))
    matcher.opcodes = opcodes  # pyright: ignore[reportAttributeAccessIssue]
    for group in matcher.get_grouped_opcodes(CONTEXT_LINES):
        yield from _hunk(group, before, after)


def _lines(data: bytes) -> list[bytes]:
    """Returns lines with their ends; only a line feed ends one, as `patch` has it."""
    *whole, last = data.split(b"\n")
    return [line + b"\n" for line in whole] + ([last] if last else [])


def _opcodes(fixes: FileFixes, before: Sequence[bytes], after: Sequence[bytes]) -> Iterator[Opcode]:
    """Yields what differs, item by item: comparing whole files would take quadratic time."""
    starts = [0, *accumulate(len(line) for line in before)]
    spans: list[list[int]] = []
    for change in fixes.changes:
        first = bisect_right(starts, change.offset) - 1
        last = bisect_right(starts, change.offset + len(change.old) - 1)
        grown = change.new.count(b"\n") - change.old.count(b"\n")
        if spans and first < spans[-1][1]:
            spans[-1][1] = last
            spans[-1][2] += grown
        else:
            spans.append([first, last, grown])
    shift = 0
    for first, last, grown in spans:
        start, end = first + shift, last + shift + grown
        inside = SequenceMatcher(None, before[first:last], after[start:end], autojunk=False)
        for tag, a, b, c, d in inside.get_opcodes():
            yield tag, a + first, b + first, c + start, d + start
        shift += grown


def _whole(opcodes: Iterator[Opcode], old: int, new: int) -> Iterator[Opcode]:
    """Yields opcodes of the whole file, equal stretches included and joined."""
    i = j = 0
    for tag, a, b, c, d in opcodes:
        if tag == "equal":
            continue
        if i < a:
            yield "equal", i, a, j, c
        yield tag, a, b, c, d
        i, j = b, d
    if i < old:
        yield "equal", i, old, j, new


def _hunk(
    group: Sequence[Opcode], before: Sequence[bytes], after: Sequence[bytes]
) -> Iterator[str]:
    (_, a, _, c, _), (_, _, b, _, d) = group[0], group[-1]
    yield f"@@ -{_range(a, b)} +{_range(c, d)} @@\n"
    for tag, i1, i2, j1, j2 in group:
        if tag == "equal":
            yield from _marked(" ", before[i1:i2])
        else:
            yield from _marked("-", before[i1:i2])
            yield from _marked("+", after[j1:j2])


def _range(first: int, end: int) -> str:
    return f"{first + (end > first)},{end - first}"


def _marked(mark: str, lines: Sequence[bytes]) -> Iterator[str]:
    for line in lines:
        text = line.decode(errors="surrogateescape")
        yield f"{mark}{text}" if text.endswith("\n") else f"{mark}{text}\n{_NO_NEWLINE}"
