"""One simulated world: fresh instances of a case's classes, and what can be seen of their state."""

from __future__ import annotations

import copy
import inspect
import json
import re
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import cast

from actloom.core.ids import digest_bytes
from actloom.core.jsonvalue import JsonObject
from actloom.envs.bfcl.execution import Namespace
from actloom.envs.bfcl.trial import Memory, WorldSetup


class World:
    """Instances of a case's classes and the calls that reach them."""

    def __init__(
        self,
        classes: Mapping[str, type],
        setup: WorldSetup,
        *,
        stateless: Sequence[str],
        player: str,
    ) -> None:
        """Makes the instances; whatever their configuration makes them raise comes through.

        Args:
            classes: the case's classes by name, in order.
            setup: their configuration.
            stateless: classes that take none.
            player: who acts; part of the names instances go by.
        """
        self.instances: dict[str, object] = {}
        named: dict[str, object] = {}
        owners: dict[str, str] = {}
        for name, made in classes.items():
            instance = cast("object", made())
            if name not in stateless:
                config = copy.deepcopy(setup.initial_config.get(name, {}))
                _load(instance, config, long_context=setup.long_context)
            self.instances[name] = instance
            called = re.sub(r"\W", "_", f"{player}_{setup.id}_{name}_instance")
            named[called] = instance
            for method, _ in inspect.getmembers(instance, predicate=inspect.ismethod):
                if not method.startswith("_"):
                    owners[method] = called
        self._namespace = Namespace(named, owners)

    def outputs(self, calls: Sequence[str]) -> list[str]:
        """Carries out calls in order and returns what the model is shown of each."""
        return [self._namespace.output(call) for call in calls]

    def state(self) -> str:
        """Returns a digest equal for worlds whose public attributes are equal."""
        seen = {name: _plain(instance, ()) for name, instance in self.instances.items()}
        return digest_bytes(json.dumps(seen, sort_keys=True).encode("utf-8", "surrogatepass"))


def public_attributes(instance: object) -> dict[str, object]:
    """Returns the attributes the state check compares."""
    return {name: value for name, value in vars(instance).items() if not name.startswith("_")}


def _load(instance: object, config: object, *, long_context: bool) -> None:
    instance.__getattribute__("_load_scenario")(config, long_context=long_context)


def _plain(value: object, above: tuple[int, ...]) -> object:
    """Returns a value as JSON; an object is its public attributes, one that holds itself a mark."""
    if value is None or isinstance(value, (str, int, float)):
        return _scalar(value)
    if id(value) in above:
        return "<itself>"
    above = (*above, id(value))
    if isinstance(value, dict):
        pairs = cast("dict[object, object]", value).items()
        return {repr(key): _plain(item, above) for key, item in pairs}
    if isinstance(value, (list, tuple)):
        return [_plain(item, above) for item in cast("Sequence[object]", value)]
    if hasattr(value, "__dict__"):
        attributes = public_attributes(value)
        return {type(value).__name__: {n: _plain(v, above) for n, v in attributes.items()}}
    return repr(value)


def _scalar(value: str | float | None) -> str:
    """Returns text that is equal for equal values: 1, 1.0 and True are."""
    if isinstance(value, int) or (isinstance(value, float) and value.is_integer()):
        return hex(int(value))  # decimal digits of a very large number are refused
    return repr(value)


class MemoryFolder:
    """A memory class keeps snapshots in files; this gives it a folder for one conversation."""

    def __init__(self, memory: Memory) -> None:
        self._memory = memory
        self._folder = Path(tempfile.mkdtemp(dir="."))
        self._file = self._folder / "memory" / "memory_snapshot" / f"{memory.scenario}_final.json"
        if memory.snapshot is not None:
            self._file.parent.mkdir(parents=True)
            self._file.write_text(json.dumps(memory.snapshot), encoding="utf-8")

    def config(self) -> JsonObject:
        """Returns what the class is configured with."""
        settings = {
            "model_result_dir": self._folder,
            "scenario": self._memory.scenario,
            "test_id": self._memory.test_id,
            "test_category": self._memory.test_id.rpartition("_")[0],
        }
        return cast("JsonObject", settings)

    def saved(self, instance: object) -> JsonObject:
        """Lets the class save its memory and returns what it wrote."""
        instance.__getattribute__("_flush_memory_to_local_file")()
        return json.loads(self._file.read_text(encoding="utf-8"))


def memory_text(instance: object) -> str:
    """Returns what a model is shown of a memory at the beginning of a conversation."""
    return str(instance.__getattribute__("_dump_core_memory_to_context")())
