"""Loads simulated classes anew for every case, inside a sandbox's worker.

A class's module may hold state besides its instances (defaults, long texts that a method writes
into), so a fresh instance alone is not a fresh world: the modules themselves are made again, from
code compiled once.
"""

from __future__ import annotations

import decimal
import importlib
import importlib.abc
import importlib.machinery
import importlib.util
import sys
from pathlib import Path
from types import CodeType, ModuleType
from typing import cast

from actloom.envs.bfcl import stand_ins
from actloom.envs.bfcl.classes import ClassSet


class _Loader(importlib.machinery.SourceFileLoader):
    """Reads source only: a compiled file beside it is not covered by the wheel's hash."""

    compiled: dict[str, CodeType]

    def get_code(self, fullname: str) -> CodeType:
        path = self.get_filename(fullname)
        if path not in self.compiled:
            self.compiled[path] = self.source_to_code(self.get_data(path), path)
        return self.compiled[path]


class _Finder(importlib.abc.MetaPathFinder):
    """Finds the packages of a class set in its folder, before any that are installed."""

    def __init__(self, folder: str) -> None:
        self._folder = Path(folder)
        self._tops = {path.stem for path in self._folder.iterdir()}
        self._compiled: dict[str, CodeType] = {}

    def find_spec(
        self, fullname: str, path: object = None, target: ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        """Returns where a module of the set is; None for every other."""
        del path, target
        if fullname.partition(".")[0] not in self._tops:
            return None
        place = self._folder.joinpath(*fullname.split("."))
        inside = [str(place)] if place.is_dir() else None
        file = place / "__init__.py" if inside else place.with_name(f"{place.name}.py")
        if file.is_file():
            loader = _Loader(fullname, str(file))
            loader.compiled = self._compiled
            return importlib.util.spec_from_file_location(
                fullname, file, loader=loader, submodule_search_locations=inside
            )
        if inside is None:
            return None
        spec = importlib.machinery.ModuleSpec(fullname, None, is_package=True)
        spec.submodule_search_locations = inside
        return spec


_FINDERS: dict[str, _Finder] = {}


def fresh_classes(classes: ClassSet, names: list[str]) -> dict[str, type]:
    """Returns classes by name, from modules nobody has used.

    Raises:
        KeyError: a class the set does not have.
        ImportError: its module cannot be loaded.
    """
    if classes.folder not in _FINDERS:
        stand_ins.install()
        _FINDERS[classes.folder] = _Finder(classes.folder)
        sys.meta_path.insert(0, _FINDERS[classes.folder])
    for name in [n for n in sys.modules if n == classes.package or _below(n, classes.package)]:
        del sys.modules[name]
    decimal.setcontext(decimal.Context())  # a method of one case may have changed it
    return {
        name: cast("type", getattr(importlib.import_module(classes.modules[name]), name))
        for name in names
    }


def _below(name: str, package: str) -> bool:
    return name.startswith(f"{package}.")
