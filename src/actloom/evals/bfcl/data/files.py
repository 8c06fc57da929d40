"""BFCL's files in all their layouts: found by category, read line by line, damage named."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import PurePath

import msgspec

from actloom.core.errors import InputError
from actloom.core.jsonvalue import JsonObject
from actloom.io.compression import stream_errors
from actloom.io.urls import is_folder, join, names_in, open_read

MAX_LINE = 256 << 20
"""Bytes a line may have; the longest published one has 1 MB."""
_PIECE = 1 << 20
_NAME = re.compile(
    r"(?:BFCL_v\d+_|gorilla_openfunctions_v1_test_)?([A-Za-z0-9_]+?)(_result|_score)?"
    r"\.jsonl?(?:\.gz|\.zst)?"
)
_LINE = msgspec.json.Decoder(JsonObject)


def category_in(path: str, *, results: bool = False) -> str:
    """Returns the category a file name speaks of, "" when it is no name of BFCL's.

    `simple.jsonl.gz`, `BFCL_v4_simple_python.json`, `BFCL_v4_simple_python_result.json` and
    `gorilla_openfunctions_v1_test_simple.json` are such names; those of scores never are.

    Args:
        results: whether names that end in `_result` count too.
    """
    match = _NAME.fullmatch(PurePath(path).name)
    if match is None or match[2] == "_score" or (match[2] == "_result" and not results):
        return ""
    return match[1]


def files_in(folder: str, *, results: bool = False) -> dict[str, str]:
    """Returns category -> file, of the files right in a folder; empty when there is no folder."""
    if not is_folder(folder):
        return {}
    named = ((category_in(name, results=results), name) for name in sorted(names_in(folder)))
    return {category: join(folder, name) for category, name in named if category}


def lines_of(path: str) -> Iterator[tuple[int, bytes]]:
    """Yields (number from 1, line) for every line that is not blank.

    Raises:
        InputError: the file is missing, its compression is damaged, or a line is over `MAX_LINE`.
    """
    for number, line in enumerate(_split(path), start=1):
        if stripped := line.strip():
            yield number, stripped


def _split(path: str) -> Iterator[bytes]:
    """Yields the lines of a file, read in large pieces: a third of the time of reading by line."""
    held: list[bytes] = []
    size = number = 0
    with open_read(path) as stream:
        while True:
            try:
                piece = stream.read(_PIECE)
            except stream_errors() as error:
                raise damaged(path, number + 1, str(error) or type(error).__name__) from error
            if not piece:
                break
            first, *others = piece.split(b"\n")
            held.append(first)
            size += len(first)
            if size > MAX_LINE:
                raise damaged(path, number + 1, f"a line of more than {MAX_LINE:,} bytes")
            if others:
                yield b"".join(held)
                yield from others[:-1]
                number += len(others)
                held, size = [others[-1]], len(others[-1])
    yield b"".join(held)


def rows_of(path: str) -> Iterator[JsonObject]:
    """Yields the JSON objects of a file of questions or answers, one a line.

    Raises:
        InputError: a line is no JSON object; without any of its lines a score would be false.
    """
    for number, line in lines_of(path):
        try:
            yield _LINE.decode(line)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            raise damaged(path, number, str(error)) from error


def damaged(path: str, line: int, got: str) -> InputError:
    """Returns the error for a file that cannot be read to its end."""
    return InputError(
        "this BFCL file is damaged",
        expected="one JSON object per line, as published; .gz and .zst files whole",
        got=got,
        where=f"{path}:{line}",
        todo="fetch it again; `actloom pull bfcl` puts questions and answers into the cache",
    )
