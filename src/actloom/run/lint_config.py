"""Settings of `actloom verify` in a project's file: `actloom.toml`, or a table of pyproject.toml.

The nearest file upwards from the working directory counts, and only that one; in one folder
`actloom.toml` goes before `pyproject.toml`. Keys may be written with hyphens.
"""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import cast

import msgspec

from actloom.core.errors import InputError, RecipeError
from actloom.core.jsonvalue import Json, JsonObject
from actloom.run.recipe import converted, unknown_key
from actloom.run.yaml import Where
from actloom.verify.config import VerifyConfig

OWN_FILE, SHARED_FILE = "actloom.toml", "pyproject.toml"
MAX_BYTES = 256 * 1024
_HEADER = re.compile(r"\s*\[{1,2}([^\[\]]+)\]{1,2}\s*(?:#.*)?$")
_KEY = re.compile(r"""\s*((?:[\w-]+|"[^"]*"|'[^']*')(?:\s*\.\s*(?:[\w-]+|"[^"]*"|'[^']*'))*)\s*=""")
_NAME = re.compile(r"""[\w-]+|"[^"]*"|'[^']*'""")


class LintConfig(VerifyConfig, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """Settings of the verb: those of the stage, and the baseline."""

    baseline: str = ""
    """File of known findings, relative to the file of settings."""


class FoundConfig(msgspec.Struct, frozen=True):
    """Settings and where they came from."""

    config: LintConfig = LintConfig()
    file: str = ""
    """The file; "" when there is none."""


def nearest_config(folder: Path) -> FoundConfig:
    """Returns the settings of the nearest file upwards from `folder`, defaults where none is.

    Raises:
        RecipeError: the file is no TOML, holds an unknown key, or a value of the wrong type.
        InputError: the file cannot be read.
    """
    for parent in (folder, *folder.parents):
        for name in (OWN_FILE, SHARED_FILE):
            path = parent / name
            if path.is_file() and (found := _config_in(path)) is not None:
                return found
    return FoundConfig()


def config_of(path: Path) -> FoundConfig:
    """Returns the settings in a file named by the user.

    Raises:
        RecipeError: the file is no TOML, holds no settings, an unknown key or a wrong value.
        InputError: the file cannot be read.
    """
    found = _config_in(path)
    if found is None:
        raise RecipeError(
            "this file holds no settings of actloom",
            expected="a table [verify], or [tool.actloom.verify] in pyproject.toml",
            where=str(path),
        )
    return found


def _config_in(path: Path) -> FoundConfig | None:
    document, text = _document(path)
    where = _lines(text, str(path))
    table: list[str] = []
    if path.name == SHARED_FILE:
        table = ["tool", "actloom"]
        tool = document.get("tool")
        found = tool.get("actloom") if isinstance(tool, dict) else None
        if not isinstance(found, dict):
            return None
        document = found
    for key in document:
        if key != "verify":
            raise unknown_key(key, ("verify",), where.of([*table, key]), inside=".".join(table))
    block = _underscored(document.get("verify", {}), [*table, "verify"], where)
    if not isinstance(block, dict):
        raise RecipeError(
            "verify has the wrong shape", expected="a table", where=where.of([*table, "verify"])
        )
    config = converted(block, LintConfig, where, [*table, "verify"])
    if config.baseline:
        inside = str(path.parent / config.baseline)
        config = msgspec.structs.replace(config, baseline=inside)
    return FoundConfig(config, str(path))


def _document(path: Path) -> tuple[JsonObject, str]:
    try:
        with path.open("rb") as stream:
            data = stream.read(MAX_BYTES + 1)
    except OSError as error:
        raise InputError("the settings cannot be read", got=str(error), where=str(path)) from error
    if len(data) > MAX_BYTES:
        raise RecipeError(
            "this file of settings is too large",
            expected=f"at most {MAX_BYTES:,} bytes",
            where=str(path),
        )
    try:
        text = data.decode()
        return cast("JsonObject", tomllib.loads(text)), text
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, RecursionError) as error:
        raise RecipeError(
            "this file of settings is not valid TOML", got=str(error), where=str(path)
        ) from error


def _underscored(value: Json, path: list[str], where: Where) -> Json:
    """Returns a value whose keys have underscores for hyphens.

    Raises:
        RecipeError: one key is given in both spellings.
    """
    if isinstance(value, list):
        return [_underscored(item, path, where) for item in value]
    if not isinstance(value, dict):
        return value
    plain: JsonObject = {}
    for key, item in value.items():
        name = key.replace("-", "_")
        if name in plain:
            raise RecipeError(
                f"the key {name!r} is given twice",
                expected="one spelling, with hyphens or with underscores",
                where=where.of([*path, name]),
            )
        plain[name] = _underscored(item, [*path, name], where)
    return plain


def _lines(text: str, file: str) -> Where:
    """Returns where the keys of a TOML text stand, which tomllib does not tell."""
    where = Where(file)
    table: list[str] = []
    seen: dict[tuple[str, ...], int] = {}
    for number, line in enumerate(text.splitlines(), start=1):
        place = f"{file}:{number}"
        if header := _HEADER.match(line):
            table = _names(header[1])
            if line.lstrip().startswith("[["):
                index = seen[tuple(table)] = seen.get(tuple(table), -1) + 1
                where.set(table, place)
                table = [*table, f"[{index}]"]
            where.set(table, place)
        elif key := _KEY.match(line):
            where.set([*table, *_names(key[1])], place)
    return where


def _names(dotted: str) -> list[str]:
    return [name.strip("\"'").replace("-", "_") for name in _NAME.findall(dotted)]
