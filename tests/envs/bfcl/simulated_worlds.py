"""The classes of our own as a class set, and setups of their worlds."""

from __future__ import annotations

from pathlib import Path

from actloom.envs.bfcl.classes import ClassSet
from actloom.envs.bfcl.trial import Memory, WorldSetup
from actloom.tools.wire import Limits

CLASSES = ClassSet(
    str(Path(__file__).parent / "classes"),
    "simulated",
    {
        "Counter": "simulated.counter",
        "Namer": "simulated.counter",
        "MemoryAPI_own": "simulated.notebook",
    },
    ["Namer"],
)
SHORT = Limits(wall_s=1.0, cpu_s=2, memory_mb=256)


def setup(name: str = "case_0", *, count: int = 0, **options) -> WorldSetup:
    return WorldSetup(name, ["Counter", "Namer"], {"Counter": {"count": count}}, **options)


def memory_setup(test_id: str, snapshot=None) -> WorldSetup:
    return WorldSetup(test_id, ["MemoryAPI_own"], memory=Memory("shop", test_id, snapshot))
