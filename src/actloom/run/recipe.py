"""Recipes: YAML 1.2 that says what goes in, what comes out, and which stages lie between.

Top-level keys are those of `Settings`, then one block a verb (`VERBS`), each optional; a block's
keys are the fields of that stage's config struct. A block of `false` leaves the stage out. Nothing
is read from the environment.
"""

from __future__ import annotations

import difflib
import importlib
import re
from collections.abc import Sequence
from typing import TypeVar, cast

import msgspec

from actloom.core.errors import RecipeError
from actloom.core.jsonvalue import Json, JsonObject
from actloom.run.yaml import Where, dump_yaml, load_scalar, load_yaml

CONFIGS: dict[str, str] = {
    "unify": "actloom.unify.config:UnifyConfig",
    "synth": "actloom.synth.config:SynthConfig",
    "scrub": "actloom.scrub.config:ScrubConfig",
    "verify": "actloom.verify.config:VerifyConfig",
    "mix": "actloom.mix.config:MixConfig",
    "train": "actloom.train.spec:TrainSpec",
    "eval": "actloom.evals.config:EvalConfig",
    "report": "actloom.run.recipe:ReportConfig",
}
"""Verb -> config struct, in pipeline order; imported when a recipe names the verb."""
VERBS = tuple(CONFIGS)
MAX_RECIPE_BYTES = 1 << 20

C = TypeVar("C", bound=msgspec.Struct)


class ReportConfig(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Settings of the report, none so far."""


class Settings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The keys of a recipe that are not blocks."""

    input: str | list[str] = []
    """File, folder or URL to read, or several."""
    out: str = ""
    """Folder of the run; `runs/<name of the recipe>` by default."""
    seed: int = 0
    """Base seed of everything random."""
    workers: int = 1
    """Worker processes; the output does not depend on it."""
    limit: int | None = None
    """Stop each stage after this many records and rejects together."""
    compress: bool = False
    """Write data as `.jsonl.zst`."""

    def __post_init__(self) -> None:
        if self.workers < 1:
            raise ValueError(f"workers must be at least 1, got {self.workers}")
        if self.limit is not None and self.limit < 1:
            raise ValueError(f"limit must be at least 1, got {self.limit}")

    @property
    def inputs(self) -> list[str]:
        """What to read, as a list."""
        return [self.input] if isinstance(self.input, str) else self.input


class Recipe(msgspec.Struct, frozen=True):
    """A resolved recipe."""

    settings: Settings
    blocks: dict[str, msgspec.Struct]
    """Verb -> its settings, in pipeline order."""

    def block(self, verb: str, kind: type[C]) -> C:
        """Returns the settings of a verb that the recipe names."""
        found = self.blocks[verb]
        if not isinstance(found, kind):
            raise TypeError(f"{verb} is configured by {type(found).__name__}, not {kind.__name__}")
        return found


SHELL_KEYS = Settings.__struct_fields__


def load_recipe(path: str, overrides: Sequence[str] = ()) -> Recipe:
    """Reads a recipe file and applies `key=value` overrides (dotted keys, YAML values).

    Raises:
        InputError: the file cannot be read.
        RecipeError: not YAML, an unknown key, or a value of the wrong type; names line and key.
    """
    values, where = load_yaml(path)
    for override in overrides:
        _override(values, where, override)
    return resolve(values, where, default_out=f"runs/{_stem(path)}")


def _stem(path: str) -> str:
    return path.rstrip("/").rsplit("/", 1)[-1].rsplit(".", 1)[0]


def _override(values: JsonObject, where: Where, override: str) -> None:
    """Sets one dotted key."""
    key, equals, text = override.partition("=")
    if not equals or not key:
        raise RecipeError(
            "this override cannot be read", expected="key=value", got=override, where="command line"
        )
    *parents, last = key.split(".")
    target = values
    for parent in parents:
        child = target.get(parent)
        if not isinstance(child, dict):
            child = target[parent] = {}
        target = child
    target[last] = load_scalar(text, key)
    where.set(key.split("."), f"command line, {key}=")


def resolve(values: JsonObject, where: Where, *, default_out: str) -> Recipe:
    """Turns parsed YAML into a recipe.

    Raises:
        RecipeError: an unknown key, or a value of the wrong type.
    """
    for key in values:
        if key not in SHELL_KEYS and key not in VERBS:
            raise unknown_key(key, (*SHELL_KEYS, *VERBS), where.of([key]))
    shell = converted({k: values[k] for k in SHELL_KEYS if k in values}, Settings, where, [])
    blocks: dict[str, msgspec.Struct] = {}
    for verb in VERBS:
        if verb in values and values[verb] is not False:
            blocks[verb] = _block(verb, values[verb], where)
    return Recipe(msgspec.structs.replace(shell, out=shell.out or default_out), blocks)


def _block(verb: str, value: Json, where: Where) -> msgspec.Struct:
    if value is None or value is True:
        value = {}
    if not isinstance(value, dict):
        raise RecipeError(
            f"the block {verb!r} has the wrong shape",
            expected="keys and values, or false to leave the stage out",
            got=repr(value),
            where=where.of([verb]),
        )
    return converted(value, config_type(verb), where, [verb])


def config_type(verb: str) -> type[msgspec.Struct]:
    """Returns the config struct of a verb."""
    module, _, name = CONFIGS[verb].partition(":")
    return cast("type[msgspec.Struct]", getattr(importlib.import_module(module), name))


def converted(value: JsonObject, kind: type[C], where: Where, path: list[str]) -> C:
    """Returns parsed settings as a config struct.

    Args:
        value: keys and values as the file gives them.
        kind: the struct.
        where: lines of the file's keys.
        path: key of `value` in the file.

    Raises:
        RecipeError: an unknown key, or a value of the wrong type; names line and key.
    """
    check_keys(value, msgspec.inspect.type_info(kind), where, path)
    try:
        return msgspec.convert(value, kind)
    except RecipeError as error:
        raise RecipeError(
            error.message,
            expected=error.expected,
            got=error.got,
            where=where.of([*path, error.where]),
            todo=error.todo,
        ) from error
    except msgspec.ValidationError as error:
        message, _, place = str(error).partition(" - at `$")
        full = path + _PATH_PART.findall(place.partition("[...]")[0])
        name = ".".join(full).replace(".[", "[") or "the recipe"
        expected, headline = _expected(message), f"wrong value for {name}"
        raise RecipeError(
            headline if expected else f"{headline}: {message}",
            expected=expected,
            got=_shown(value, full[len(path) :]) if expected else "",
            where=where.of(full),
        ) from error


_PATH_PART = re.compile(r"\[\d+\]|[^.\[\]`]+")
_WORDS = {
    "bool": "true or false",
    "int": "a whole number",
    "float": "a number",
    "str": "text",
    "array": "a list",
    "object": "keys and values",
    "null": "nothing",
}
"""msgspec's type names in a recipe writer's words."""


def _expected(message: str) -> str:
    """Returns the types msgspec asked for, "" when its message is about something else."""
    text, got, _ = message.partition(", got `")
    if not got:
        return ""
    kinds = text.removeprefix("Expected `").removesuffix("`").split(" | ")
    return " or ".join(_WORDS.get(kind, kind) for kind in kinds)


def _shown(value: Json, path: Sequence[str]) -> str:
    """Returns the value at a path as the user would write it."""
    for part in path:
        if isinstance(value, list):
            value = value[int(part.strip("[]"))]
        elif isinstance(value, dict) and part in value:
            value = value[part]
    return msgspec.json.encode(value).decode()[:80]


def check_keys(value: Json, kind: msgspec.inspect.Type, where: Where, path: list[str]) -> None:
    """Refuses keys that no struct on the way knows, and words outside a closed list.

    Raises:
        RecipeError: names the nearest known key, or the list, and the line.
    """
    if isinstance(kind, msgspec.inspect.UnionType):
        for inner in kind.types:
            if _fits(value, inner):
                check_keys(value, inner, where, path)
    elif isinstance(kind, msgspec.inspect.LiteralType) and value not in kind.values:
        raise RecipeError(
            f"wrong value for {'.'.join(path).replace('.[', '[')}",
            expected=", ".join(map(str, kind.values)),
            got=str(value),
            where=where.of(path),
        )
    elif isinstance(kind, msgspec.inspect.StructType) and isinstance(value, dict):
        known = {field.encode_name: field.type for field in kind.fields}
        for key, item in value.items():
            if key not in known:
                raise unknown_key(key, tuple(known), where.of([*path, key]), inside=".".join(path))
            check_keys(item, known[key], where, [*path, key])
    elif isinstance(kind, msgspec.inspect.DictType) and isinstance(value, dict):
        for key, item in value.items():
            check_keys(item, kind.value_type, where, [*path, key])
    elif isinstance(kind, msgspec.inspect.ListType) and isinstance(value, list):
        for index, item in enumerate(value):
            check_keys(item, kind.item_type, where, [*path, f"[{index}]"])


def _fits(value: Json, kind: msgspec.inspect.Type) -> bool:
    objects = (msgspec.inspect.StructType, msgspec.inspect.DictType)
    return isinstance(kind, objects if isinstance(value, dict) else msgspec.inspect.ListType)


def unknown_key(key: str, known: Sequence[str], where: str, *, inside: str = "") -> RecipeError:
    """Returns the error of a key nobody reads, with the nearest known one."""
    near = difflib.get_close_matches(key, known, n=1, cutoff=0.5)
    return RecipeError(
        f"unknown key {key!r}" + (f" in {inside!r}" if inside else ""),
        expected=", ".join(known),
        got=key,
        where=where,
        todo=f"did you mean {near[0]!r}?" if near else "remove it or use a key from the list",
    )


def plain(settings: msgspec.Struct) -> JsonObject:
    """Returns every field of a config as plain JSON, defaults included."""
    fields = {name: _plain(getattr(settings, name)) for name in settings.__struct_fields__}
    return cast("JsonObject", msgspec.to_builtins(fields))


def _plain(value: object) -> object:
    if isinstance(value, msgspec.Struct):
        return plain(value)
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in cast("dict[str, object]", value).items()}
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in cast("Sequence[object]", value)]
    return value


def resolved(recipe: Recipe) -> JsonObject:
    """Returns a recipe as the plain JSON that reads back to it, defaults included."""
    whole = plain(recipe.settings)
    whole.update({verb: plain(settings) for verb, settings in recipe.blocks.items()})
    return whole


def recipe_text(recipe: Recipe, *, path: str) -> str:
    """Returns a recipe as YAML whose first line is the command that runs it."""
    return f"# actloom run {path}\n{dump_yaml(resolved(recipe))}"


def recipe_schema() -> JsonObject:
    """Returns the JSON Schema of a recipe, for editors."""
    kinds: list[type[msgspec.Struct]] = [Settings, *(config_type(verb) for verb in VERBS)]
    found, components = msgspec.json.schema_components(kinds, ref_template="#/$defs/{name}")
    shell = cast("JsonObject", components.pop(Settings.__name__))
    properties = dict(cast("JsonObject", shell["properties"]))
    for verb, reference in zip(VERBS, found[1:], strict=True):
        properties[verb] = {"anyOf": [reference, {"type": ["boolean", "null"]}]}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "actloom recipe",
        "type": "object",
        "properties": properties,
        "additionalProperties": False,
        "$defs": cast("JsonObject", components),
    }
