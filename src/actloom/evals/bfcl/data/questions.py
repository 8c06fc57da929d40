"""Questions and gold answers of every published layout, read when they are first asked for.

Layouts (specs/bfcl.md, section 2): the results pack (`v1_data/question/simple.jsonl.gz`), gorilla's
own folders (`data/gorilla_openfunctions_v1_test_simple.json`, `data/BFCL_v3_simple.json`), and the
wheel of bfcl-eval (`bfcl_eval/data/BFCL_v4_simple_python.json`); each file plain or compressed.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from pathlib import PurePath
from typing import cast

import msgspec

from actloom.core.errors import InputError
from actloom.core.jsonvalue import Json, JsonObject, canonical_json
from actloom.evals.bfcl.data.files import category_in, damaged, files_in, lines_of, rows_of
from actloom.evals.bfcl.question import Expected, Question
from actloom.evals.bfcl.versions.profiles import Category, Profile
from actloom.evals.bfcl.versions.variations import VARIATIONS, variation_id
from actloom.io.urls import is_folder, join

_ROOTS = ("", "v1_data", "data", "bfcl_eval/data", "bfcl/data")
_BELOW = ("", "question", "unused_datasets/question")
_SHARED = ("web_search", "memory")
"""Files whose questions several categories ask, each under ids of its own."""


def questions(folder: str, profile: Profile) -> QuestionSet:
    """Returns category -> questions of a profile, read when a category is first asked for.

    Raises:
        InputError: there is no such folder, or no file in it belongs to a category of the profile.
    """
    return QuestionSet(folder, profile)


class QuestionSet(Mapping[str, list[Question]]):
    """Category -> questions, in published order; only categories whose file is there.

    Questions of multi-turn and agentic categories come as bfcl-eval hands them out: ids by variant,
    `functions` from the documents of their classes, and in `raw` the documents of functions that
    are missing until a later turn.
    """

    def __init__(self, folder: str, profile: Profile) -> None:
        self.folder = folder
        self.profile = profile
        self._files = _question_files(folder, profile)
        self._read: dict[str, list[Question]] = {}

    def __getitem__(self, category: str) -> list[Question]:
        if category not in self._read:
            self._read[category] = self._questions(self.profile.category(category))
        return self._read[category]

    def __contains__(self, category: object) -> bool:
        return category in self._files

    def __iter__(self) -> Iterator[str]:
        return iter(self._files)

    def __len__(self) -> int:
        return len(self._files)

    def digest(self, category: str) -> str:
        """Returns 16 hex digits of a category's questions and answers, equal in every layout."""
        whole = hashlib.blake2b(digest_size=8)
        for question in self[category]:
            whole.update(canonical_json((question.raw, question.truth)))
        return whole.hexdigest()

    def _questions(self, category: Category) -> list[Question]:
        if category.name not in self._files:
            raise InputError(
                f"there are no questions of the category {category.name!r}",
                expected=f"a file of that category; there are {', '.join(self)}",
                where=self.folder,
            )
        path = self._files[category.name]
        if category.kind == "format_sensitivity":
            return list(self._varied(path))
        truths = _truths(path)
        documents = _ClassDocuments(path)
        return [
            _question(documents.filled(_named(row, category.name)), category, truths.of(index, row))
            for index, row in enumerate(rows_of(path))
        ]

    def _varied(self, path: str) -> Iterator[Question]:
        """Yields every listed question in all ways of asking, ids as bfcl-eval makes them."""
        number = 0
        for category, wanted in _listed(path).items():
            for question in self[category]:
                if question.id not in wanted:
                    continue
                for variation in VARIATIONS:
                    name = variation_id(number, variation, question.id)
                    yield msgspec.structs.replace(question, id=name)
                    number += 1


def _question_files(folder: str, profile: Profile) -> dict[str, str]:
    if not is_folder(folder):
        raise InputError(
            "there is no such folder of BFCL questions",
            expected="a folder of questions and answers",
            where=folder,
            todo="give --questions DIR, or get them: actloom pull bfcl",
        )
    found: dict[str, str] = {}
    for root in _ROOTS:
        for below in _BELOW:
            for name, path in files_in(join(folder, *filter(None, (root, below)))).items():
                found.setdefault(name, path)
    files = {name: found[file] for name in profile.categories if (file := _file_of(name)) in found}
    if not files:
        raise InputError(
            f"this folder holds no questions of the profile {profile.name}",
            expected=f"files for {', '.join(profile.categories)}",
            got=f"files for {', '.join(sorted(found))}" if found else "no file of BFCL's",
            where=folder,
            todo="give --questions DIR, or get them: actloom pull bfcl",
        )
    return files


def _file_of(category: str) -> str:
    return next((shared for shared in _SHARED if category.startswith(f"{shared}_")), category)


def _named(row: JsonObject, category: str) -> JsonObject:
    """Returns a row with the id it has in a category that shares its file with others."""
    shared = _file_of(category)
    if shared == category:
        return row
    name = str(row.get("id", "")).replace(shared, category)
    if shared == "memory":
        return {**row, "id": name, "involved_classes": [f"MemoryAPI_{category[len('memory_') :]}"]}
    return {**row, "id": name}


class _Truths:
    """Gold answers by id; where they carry other ids than the questions, by place."""

    def __init__(self, rows: list[JsonObject]) -> None:
        self._rows = rows
        self._by_id = {row.get("id"): row for row in rows}

    def of(self, index: int, question: JsonObject) -> Json:
        """Returns the published answer of a question, None when there is none."""
        row = self._by_id.get(question.get("id"))
        if row is None and index < len(self._rows):
            row = self._rows[index]
        return None if row is None else row.get("ground_truth")


def _truths(path: str) -> _Truths:
    folder = PurePath(path).parent
    above = folder.parent if folder.name == "question" else folder
    found = files_in(str(above / "possible_answer")).get(category_in(path))
    return _Truths(list(rows_of(found)) if found else [])


class _ClassDocuments:
    """Function documents of the simulated classes, beside a file of questions."""

    def __init__(self, path: str) -> None:
        self._folder = str(PurePath(path).parent / "multi_turn_func_doc")
        self._files: dict[str, str] | None = None
        self._read: dict[str, list[JsonObject]] = {}

    def filled(self, row: JsonObject) -> JsonObject:
        """Returns a row with `function`, and in `missed_function` documents in place of names."""
        classes = row.get("involved_classes")
        if not isinstance(classes, list) or "function" in row:
            return row
        functions = [doc for name in classes for doc in self._of(str(name))]
        missed = row.get("missed_function")
        held: JsonObject = {}
        for turn, names in missed.items() if isinstance(missed, dict) else ():
            wanted = names if isinstance(names, list) else []
            held[turn] = [doc for name in wanted if (doc := _taken(functions, name)) is not None]
        filled: JsonObject = {**row, "function": cast("list[Json]", functions)}
        return {**filled, "missed_function": held} if isinstance(missed, dict) else filled

    def _of(self, name: str) -> list[JsonObject]:
        from actloom.envs.bfcl.classes import DOCUMENTS

        if self._files is None:
            self._files = files_in(self._folder)
        if name not in self._read:
            file = self._files.get(DOCUMENTS.get(name, ""))
            self._read[name] = list(rows_of(file)) if file else []
        return self._read[name]


def _taken(functions: list[JsonObject], name: Json) -> JsonObject | None:
    """Takes the first document of that name out of the list and returns it."""
    for index, document in enumerate(functions):
        if document.get("name") == name:
            return functions.pop(index)
    return None


def _question(row: JsonObject, category: Category, truth: Json) -> Question:
    functions = row.get("function", [])
    return Question(
        id=str(row.get("id", "")),
        category=category.name,
        turns=_turns(row.get("question")),
        functions=_objects(functions if isinstance(functions, list) else [functions]),
        language=category.language,
        expected=_expected(truth),
        truth=row.get("ground_truth") if truth is None else truth,
        raw=row,
    )


def _turns(question: Json) -> list[list[JsonObject]]:
    if isinstance(question, str):
        return [[{"role": "user", "content": question}]]
    if not isinstance(question, list):
        return []
    return [_objects(turn) if isinstance(turn, list) else _objects([turn]) for turn in question]


def _objects(values: list[Json]) -> list[JsonObject]:
    return [value for value in values if isinstance(value, dict)]


def _expected(truth: Json) -> list[Expected]:
    """Returns the gold calls of an answer of v1 (one object) or of later versions (a list).

    A parameter that slipped out of its call (v1 `parallel_multiple_function_179`) counts as a call,
    as it does officially.
    """
    pairs: list[tuple[str, Json]] = []
    for call in truth if isinstance(truth, list) else [truth]:
        if isinstance(call, dict):
            pairs += call.items()
    return [Expected(name, given if isinstance(given, dict) else {}) for name, given in pairs]


def _listed(path: str) -> dict[str, set[str]]:
    """Returns category -> ids, of the one JSON object that lists them."""
    whole = b"\n".join(line for _, line in lines_of(path))
    try:
        found = msgspec.json.decode(whole, type=dict[str, list[str]])
    except msgspec.DecodeError as error:
        raise damaged(path, 1, str(error)) from error
    return {category: set(ids) for category, ids in found.items()}
