"""The room in which worlds are played: sandboxed processes, one case at a time in each."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import islice

import msgspec

from actloom.core.closing import Closing
from actloom.core.jsonvalue import Json, JsonObject
from actloom.envs.bfcl.classes import ClassSet
from actloom.envs.bfcl.trial import Judged, Played, Steps, Trial, WorldSetup
from actloom.io.foreign_json import without_surrogates
from actloom.tools.introspection import Target
from actloom.tools.sandbox import Execution, Sandbox
from actloom.tools.wire import Limits, Request

LIMITS = Limits(wall_s=10.0, cpu_s=10, memory_mb=1024, output_bytes=32 * 2**20, file_mb=16)
"""What one trial, or one replay of a world, may use."""
FAILED = "multi_turn:world_failed"
"""Error type of a trial that came to no end. The official runner has none: it hangs or crashes."""
_CHUNK = 16
_JUDGED = Target("actloom.envs.bfcl.trials", "judged")
_PLAYED = Target("actloom.envs.bfcl.trials", "played")


class WorldFailure(Exception):  # noqa: N818 -- an event of one world, no error of ours
    """A world came to no end: its worker hung, crashed, or its setup is broken."""


class Room(Closing):
    """Plays and judges worlds. Use as a context manager; safe to call from several threads.

    A trial that hangs, crashes or breaks a rule ends its worker, which is replaced; no other trial
    notices, because every one starts from fresh modules and instances. A trial whose worker died is
    tried once more, so that a worker killed from outside costs nobody anything.
    """

    def __init__(self, classes: ClassSet, *, workers: int = 1, limits: Limits = LIMITS) -> None:
        self._classes: JsonObject = msgspec.to_builtins(classes)
        self._workers = workers
        self.sandbox = Sandbox(limits, size=workers)

    def close(self) -> None:
        """Ends the workers; a later call starts new ones."""
        self.sandbox.close()

    def judged(self, trials: Iterable[Trial]) -> Iterator[Judged]:
        """Yields what was found for each trial, in order; a trial that failed says so itself."""
        source = iter(trials)
        with ThreadPoolExecutor(self._workers) as pool:
            while batch := list(islice(source, _CHUNK * self._workers)):
                size = -(-len(batch) // self._workers)
                chunks = [batch[i : i + size] for i in range(0, len(batch), size)]
                for found in pool.map(self._judged_here, chunks):
                    yield from found

    def _judged_here(self, trials: list[Trial]) -> list[Judged]:
        requests = [
            Request(_JUDGED, {"classes": self._classes, "trial": _writable(trial)})
            for trial in trials
        ]
        return [
            _judged(self._again(request) if execution.error_type == "died" else execution)
            for request, execution in zip(requests, self.sandbox.calls(requests), strict=True)
        ]

    def _again(self, request: Request) -> Execution:
        """Tells a trial that ends its worker from one whose worker was ended by something else."""
        return self.sandbox.calls([request])[0]

    def played(self, setup: WorldSetup, steps: Steps) -> Played:
        """Plays a world from its beginning.

        Raises:
            WorldFailure: it came to no end.
        """
        arguments: JsonObject = {
            "classes": self._classes,
            "setup": _writable(setup),
            "steps": _writable(steps),
        }
        request = Request(_PLAYED, arguments)
        execution = self.sandbox.calls([request])[0]
        if execution.error_type == "died":
            execution = self._again(request)
        if not execution.ok:
            raise WorldFailure(f"{execution.error_type}: {execution.error}")
        return msgspec.convert(execution.value, Played)


def _judged(execution: Execution) -> Judged:
    if not execution.ok:
        return Judged(FAILED, f"{execution.error_type}: {execution.error}")
    return msgspec.convert(execution.value, Judged)


def _writable(value: object) -> Json:
    """Returns plain data that a frame can carry: half surrogate pairs become U+FFFD."""
    plain = msgspec.to_builtins(value)
    try:
        msgspec.json.encode(plain)
    except UnicodeEncodeError:
        return without_surrogates(plain, [])
    return plain
