"""Stored outputs of models, in our layout and in bfcl-eval's, joined with questions by id.

`OUTPUTS/<model>/<category>.jsonl[.gz]`, or below `<model>` at any depth the official names
`BFCL_v3_<category>_result.json` and `gorilla_openfunctions_v1_test_<category>_result.json`, or one
file. Nothing is dropped in silence: what cannot be joined is counted.
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from fnmatch import fnmatchcase
from pathlib import PurePath
from typing import cast

import msgspec

from actloom.core.errors import InputError
from actloom.core.jsonvalue import Json
from actloom.evals.bfcl.data.files import category_in, files_in, lines_of
from actloom.evals.bfcl.versions.profiles import Profile
from actloom.io.urls import exists, is_folder, join, names_in

DAMAGED = "output:damaged_line"
"""Error type of a line that is no JSON object with an id and a result; it counts as wrong."""
MAX_DEPTH_OF_FOLDERS = 4
"""Folders below a model in which official files lie (`agentic/memory/kv`)."""
GROUPS = ("non_live", "live", "multi_turn", "agentic", "format_sensitivity")
"""Folders bfcl-eval makes in that of a model."""
_ID = re.compile(rb'"id"\s*:\s*"([^"\\]{1,300})"')


class OutputFile(msgspec.Struct, frozen=True):
    """A file of one model's outputs."""

    model: str
    category: str
    """"" when the file's name does not say; then each line's id does."""
    path: str


class Answer(msgspec.Struct, frozen=True):
    """What a model answered to one question."""

    id: str
    result: Json = None
    problem: str = ""
    """Why the line cannot be read; "" when it can."""


class Answers(msgspec.Struct, frozen=True):
    """The answers of a model in one category, in the order of the questions, and what is amiss."""

    answers: list[Answer]
    missing: int = 0
    """Questions without an answer; they are not scored, and the category is partial."""
    unknown: int = 0
    """Answers to no question of the category; they are not scored."""
    repeated: int = 0
    """Answers replaced by a later one with the same id."""
    damaged: int = 0
    """Lines that cannot be read; those whose id is lost stand at the end."""


class _Line(msgspec.Struct):
    id: str
    result: Json


_LINE = msgspec.json.Decoder(_Line)


def output_files(path: str, profile: Profile, *, model: str = "") -> list[OutputFile]:
    """Returns the files of outputs at a path, by model and then in the profile's order.

    Args:
        path: a folder of models, the folder of one model, or one file.
        model: name of the model when the path is one file.

    Raises:
        InputError: nothing stands there, or nothing of it belongs to the profile.
    """
    if not is_folder(path):
        if not exists(path):
            raise _no_outputs(path, "nothing")
        return [_single_file(path, profile, model)]
    found = _of_model(PurePath(path).name, _wanted(_own_files(path), profile)) or [
        file
        for name in sorted(names_in(path))
        if is_folder(join(path, name))
        for file in _of_model(name, _wanted(_below(join(path, name), 0), profile))
    ]
    if not found:
        raise _no_outputs(path, f"{len(names_in(path))} entries, none of them such a file")
    order = list(profile.categories)
    return sorted(found, key=lambda file: (file.model, order.index(file.category)))


def _single_file(path: str, profile: Profile, model: str) -> OutputFile:
    category = category_in(path, results=True)
    stem = PurePath(path).name.split(".")[0]
    known = category in profile.categories
    return OutputFile(model or stem, category if known else "", path)


def _own_files(folder: str) -> dict[str, str]:
    """Returns the files of a folder that is one model's; none when its folders are models."""
    found = files_in(folder, results=True)
    for group in GROUPS:
        if is_folder(join(folder, group)):
            found |= _below(join(folder, group), 1)
    return found


def _of_model(model: str, files: Mapping[str, str]) -> list[OutputFile]:
    return [OutputFile(model, category, path) for category, path in files.items()]


def _wanted(files: Mapping[str, str], profile: Profile) -> dict[str, str]:
    return {name: path for name, path in files.items() if name in profile.categories}


def _below(folder: str, depth: int) -> dict[str, str]:
    found = files_in(folder, results=True)
    if depth < MAX_DEPTH_OF_FOLDERS:
        for name in sorted(names_in(folder)):
            if is_folder(join(folder, name)):
                found = {**_below(join(folder, name), depth + 1), **found}
    return found


def _no_outputs(path: str, got: str) -> InputError:
    return InputError(
        "there are no outputs of models here",
        expected="<model>/<category>.jsonl[.gz], official *_result.json files, or one such file",
        got=got,
        where=path,
        todo="give --outputs DIR, or make outputs with `actloom eval bfcl`",
    )


def chosen(files: Sequence[OutputFile], models: Sequence[str]) -> list[OutputFile]:
    """Returns the files of the models that match any of the patterns; all for no pattern.

    Raises:
        InputError: a pattern matches none; names the nearest model.
    """
    names = models_of(files)
    for pattern in models:
        if not any(fnmatchcase(name, pattern) for name in names):
            import difflib

            near = difflib.get_close_matches(pattern, names, n=1, cutoff=0.3)
            raise InputError(
                f"no outputs of a model {pattern!r}",
                expected=", ".join(names[:20]) + (", ..." if len(names) > 20 else ""),
                got=pattern,
                todo=f"did you mean {near[0]!r}?" if near else "name a model or a pattern (gpt-*)",
            )
    return [f for f in files if not models or any(fnmatchcase(f.model, p) for p in models)]


def answers(path: str, ids: Collection[str], category: str) -> Answers:
    """Returns the answers of a file to the questions with these ids, in their order.

    A line whose id cannot be read is an answer too, called `<category>:line:<number>`.

    Raises:
        InputError: the file is missing or its compression is damaged.
    """
    given: dict[str, Answer] = {}
    lost: list[Answer] = []
    repeated = unknown = damaged = 0
    for number, line in lines_of(path):
        answer = answer_in(line)
        damaged += bool(answer.problem)
        if not answer.id:
            lost.append(Answer(f"{category}:line:{number}", problem=answer.problem))
        elif answer.id not in ids:
            unknown += 1
        else:
            repeated += answer.id in given
            given[answer.id] = answer
    present = [given[name] for name in ids if name in given]
    return Answers(
        answers=[*present, *lost],
        missing=len(ids) - len(present),
        unknown=unknown,
        repeated=repeated,
        damaged=damaged,
    )


def answer_in(line: bytes) -> Answer:
    """Returns the answer in a line; its id is "" when even that cannot be read."""
    try:
        read = _LINE.decode(line)
    except RecursionError:
        return _damaged(line, "nested too deep")
    except (msgspec.DecodeError, UnicodeDecodeError):
        return _read_again(line)
    return Answer(read.id, read.result)


def _read_again(line: bytes) -> Answer:
    """Reads what only Python's own parser takes, as bfcl-eval does: NaN, lone surrogates."""
    try:
        value = cast("object", json.loads(line))
    except (ValueError, RecursionError) as error:
        return _damaged(line, f"no JSON: {error}")
    if not isinstance(value, dict):
        return _damaged(line, "no JSON object")
    fields = cast("dict[str, Json]", value)
    name = fields.get("id")
    if not isinstance(name, str):
        return _damaged(b"", "no id")
    if "result" not in fields:
        return _damaged(line, "no result")
    return Answer(name, fields["result"])


def _damaged(line: bytes, problem: str) -> Answer:
    found = _ID.search(line)
    return Answer(found[1].decode(errors="replace") if found else "", problem=problem)


def categories_of(path: str, profile: Profile) -> list[str]:
    """Returns the categories the ids of a file belong to, in the profile's order."""
    found = {_category_of(answer_in(line).id) for _, line in lines_of(path)}
    return [name for name in profile.categories if name in found]


def _category_of(name: str) -> str:
    return name.split(":")[0].rpartition("_")[0]


def models_of(files: Iterable[OutputFile]) -> list[str]:
    """Returns the models of files, each once, in order."""
    return list(dict.fromkeys(file.model for file in files))
