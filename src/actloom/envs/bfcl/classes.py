"""Which simulated classes there are and where their code lies."""

from __future__ import annotations

from pathlib import Path

import msgspec

from actloom.core.errors import InputError
from actloom.io.pull.bfcl import bfcl_home

_CODE = "bfcl_eval.eval_checker.multi_turn_eval.func_source_code"
_MODULES = {
    "GorillaFileSystem": "gorilla_file_system",
    "MathAPI": "math_api",
    "MessageAPI": "message_api",
    "TwitterAPI": "posting_api",
    "TicketAPI": "ticket_api",
    "TradingBot": "trading_bot",
    "TravelAPI": "travel_booking",
    "VehicleControlAPI": "vehicle_control",
    "MemoryAPI_kv": "memory_kv",
    "MemoryAPI_rec_sum": "memory_rec_sum",
}
DOCUMENTS = {
    **_MODULES,
    "MemoryAPI_vector": "memory_vector",
    "WebSearchAPI": "web_search",
}
"""Class -> stem of its file of function documents."""


class ClassSet(msgspec.Struct, frozen=True):
    """Simulated classes whose code is trusted to run inside the sandbox."""

    folder: str
    """Absolute path of the folder that holds the packages."""
    package: str
    """Dotted name of the package whose modules are loaded anew for every case."""
    modules: dict[str, str]
    """Class -> dotted name of its module."""
    stateless: list[str] = []
    """Classes that take no initial configuration."""


def official_classes(home: Path | None = None) -> ClassSet:
    """Returns the classes of the pinned wheel.

    Args:
        home: where `actloom pull bfcl` put them; its place in the cache by default.

    Raises:
        InputError: they are not there, or a file is not the wheel's.
    """
    found = bfcl_home(home)
    if found is None:
        raise InputError(
            "BFCL's simulated classes are not there",
            expected="a folder made by actloom pull bfcl, every file with the wheel's hash",
            where=str(home or "the cache"),
            todo="actloom pull bfcl",
        )
    modules = {name: f"{_CODE}.{module}" for name, module in _MODULES.items()}
    return ClassSet(str(found.absolute()), _CODE, modules, ["MathAPI"])
