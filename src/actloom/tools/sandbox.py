"""Tools executed in pooled processes: by keyword, with JSON, under limits.

The parent sends calls as JSON frames and reads JSON frames back; it never imports or evaluates the
tools' code, and whatever a worker does, the parent answers with an `Execution`. A worker that timed
out, died or broke a rule is killed with its process group and replaced.

What holds, and what does not. Wall time, processor time, address space, result size and file size
are limited by the system. An empty environment and a private working folder are given to every
worker; where the kernel allows, so is a network namespace without interfaces. Writing outside the
scratch folder, sockets, processes, signals and ctypes are refused by a Python audit hook while a
call runs; a thread may not outlive its call. That hook is a fence, not a wall: native code that
calls the system itself is not seen, reading files is allowed, and code inside the process can reach
the worker's own objects. Importing a module runs it without hook and limits, once, before its first
call. Run tools you trust as far as their import, and no further.
"""

from __future__ import annotations

import itertools
import json
import os
import queue
import secrets
import select
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import weakref
from collections.abc import Sequence
from typing import cast

import msgspec

from actloom.core.closing import Closing
from actloom.core.errors import ActloomError
from actloom.core.jsonvalue import Json, JsonObject
from actloom.tools.introspection import Target
from actloom.tools.wire import (
    HEADER,
    Answer,
    Describe,
    Fault,
    Limits,
    Load,
    Loaded,
    Request,
    Run,
    frame,
)

BATCH = 256
"""Calls sent to a worker in one round trip."""
GRACE_S = 0.3
"""Seconds beyond the wall limit before a worker counts as hung."""
START_S = 30.0
"""Seconds a worker may take to start."""
_SLACK = 64 * 1024
_BOOT = (
    "import json, sys; sys.path[:] = json.loads(sys.argv[1]); "
    "from actloom.tools.worker import main; main(sys.argv[2])"
)


class Execution(msgspec.Struct, frozen=True, omit_defaults=True):
    """What came of one call."""

    ok: bool
    value: Json = None
    """The result as JSON, when `ok`."""
    error_type: Fault = ""
    """Kind of failure (`tools.wire.Fault`); "" when `ok`."""
    error: str = ""
    """The failure in words, with the exception's name when the tool raised."""
    seconds: float = 0.0
    """Time inside the tool; the wall limit when it did not come back."""
    timed_out: bool = False


class _Silent(Exception):  # noqa: N818 -- control flow inside this module
    """The worker did not answer."""

    def __init__(self, *, hung: bool) -> None:
        super().__init__()
        self.hung = hung


class _Process:
    """One worker process and its pipes."""

    def __init__(self, limits: Limits, path: Sequence[str]) -> None:
        self.loaded: set[Target] = set()
        self._scratch = tempfile.mkdtemp(prefix="actloom-")
        setup = msgspec.json.encode((self._scratch, limits)).decode()
        self._popen = subprocess.Popen(
            [sys.executable, "-s", "-P", "-c", _BOOT, json.dumps(list(path)), setup],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            cwd=self._scratch,
            env=_environment(self._scratch),
            start_new_session=True,
            bufsize=0,
        )
        assert self._popen.stdin is not None
        assert self._popen.stdout is not None
        self._in, self._out = self._popen.stdin.fileno(), self._popen.stdout.fileno()
        os.set_blocking(self._in, False)
        self._buffer = bytearray()
        self._limit = limits.output_bytes + _SLACK
        # Also runs when the interpreter ends with the pool still open.
        self.close = weakref.finalize(self, _end, self._popen, self._scratch)

    def send(self, message: msgspec.Struct, *, deadline: float) -> None:
        """Writes one frame.

        Raises:
            _Silent: the worker does not read.
        """
        data = memoryview(frame(message))
        while data:
            _, ready, _ = select.select([], [self._in], [], max(0.0, deadline - time.monotonic()))
            if not ready:
                raise _Silent(hung=True)
            try:
                data = data[os.write(self._in, data) :]
            except BlockingIOError:
                continue
            except OSError:
                raise _Silent(hung=False) from None

    def receive(self, *, deadline: float, limit: int = 0) -> bytes:
        """Returns the body of the next frame, at most `limit` bytes (default: the output limit).

        Raises:
            _Silent: nothing came in time, the worker ended, or it sent what is no frame.
        """
        self._fill(HEADER, deadline)
        length = int.from_bytes(self._buffer[:HEADER], "big")
        if length > (limit or self._limit):
            raise _Silent(hung=False)
        self._fill(HEADER + length, deadline)
        body = bytes(self._buffer[HEADER : HEADER + length])
        del self._buffer[: HEADER + length]
        return body

    def _fill(self, size: int, deadline: float) -> None:
        while len(self._buffer) < size:
            left = max(0.0, deadline - time.monotonic())
            ready, _, _ = select.select([self._out], [], [], left)
            if not ready:
                raise _Silent(hung=True)
            chunk = os.read(self._out, 1 << 16)
            if not chunk:
                raise _Silent(hung=False)
            self._buffer += chunk

    def last_words(self) -> str:
        """Returns how the process ended, after it was found silent."""
        try:
            code = self._popen.wait(timeout=0.2)
        except subprocess.TimeoutExpired:
            return "the worker sent what is no answer"
        if code >= 0:
            return f"the process ended with code {code}"
        name = signal.Signals(-code).name
        return "over the processor time limit" if name == "SIGXCPU" else f"killed by {name}"


def _environment(scratch: str) -> dict[str, str]:
    # A fixed hash seed makes results that iterate over sets the same in every worker.
    return {
        "PATH": os.defpath,
        "HOME": scratch,
        "TMPDIR": scratch,
        "TZ": "UTC",
        "LANG": "C.UTF-8",
        "PYTHONUTF8": "1",
        "PYTHONHASHSEED": "0",
        "OPENBLAS_NUM_THREADS": "1",
        "OMP_NUM_THREADS": "1",
    }


def _end(popen: subprocess.Popen[bytes], scratch: str) -> None:
    try:
        os.killpg(popen.pid, signal.SIGKILL)
    except (ProcessLookupError, PermissionError):
        popen.kill()
    popen.wait()
    for pipe in (popen.stdin, popen.stdout):
        if pipe is not None:
            pipe.close()
    shutil.rmtree(scratch, ignore_errors=True)


class Sandbox(Closing):
    """A pool of worker processes. Use as a context manager; safe to call from several threads."""

    def __init__(
        self, limits: Limits | None = None, *, size: int = 1, path: Sequence[str] | None = None
    ) -> None:
        """Starts nothing yet; workers start on first use.

        Args:
            limits: what one call may use.
            size: worker processes.
            path: `sys.path` of the workers; the parent's when None.
        """
        self.limits = limits or Limits()
        self._path = [os.path.abspath(p) for p in (sys.path if path is None else path)]  # noqa: PTH100
        self._slots: queue.LifoQueue[_Process | None] = queue.LifoQueue()
        for _ in range(size):
            self._slots.put(None)
        self._size = size
        self._unloadable: dict[Target, Execution] = {}
        self.replaced = 0
        """Workers killed and replaced so far."""

    def close(self) -> None:
        """Ends the workers; a later call starts new ones."""
        for _ in range(self._size):
            process = self._slots.get()
            if process is not None:
                process.close()
        for _ in range(self._size):
            self._slots.put(None)

    def call(self, target: Target, arguments: JsonObject) -> Execution:
        """Executes one call."""
        return self.calls([Request(target, arguments)])[0]

    def calls(self, requests: Sequence[Request]) -> list[Execution]:
        """Executes calls in order on one worker, and returns one execution for each."""
        process = self._slots.get()
        try:
            done: list[Execution] = []
            while len(done) < len(requests):
                failure = self._unloadable.get(requests[len(done)].target)
                if failure is not None:
                    done.append(failure)
                    continue
                batch = self._loadable(requests[len(done) : len(done) + BATCH])
                process = process or _Process(self.limits, self._path)
                process, answers = self._run(process, batch)
                done += answers
            return done
        finally:
            self._slots.put(process)

    def _loadable(self, requests: Sequence[Request]) -> list[Request]:
        known = itertools.takewhile(lambda r: r.target not in self._unloadable, requests)
        return list(known)

    def describe(self, module: str, *, file: str = "", strict: bool = False) -> Loaded:
        """Imports a module in a worker, and returns what its functions look like.

        Raises:
            ActloomError: the import did not come to an end.
        """
        process = self._slots.get() or _Process(self.limits, self._path)
        keep: _Process | None = process
        try:
            return self._ask(process, Describe(module, file, strict))
        except _Silent as silent:
            error = self._import_error(file or module, silent, process)
            keep = self._dropped(process)
            raise error from None
        finally:
            self._slots.put(keep)

    def _ask(self, process: _Process, order: Load | Describe) -> Loaded:
        deadline = time.monotonic() + START_S + self.limits.load_s
        process.send(order, deadline=deadline)
        body = process.receive(deadline=deadline, limit=1 << 28)
        try:
            return msgspec.json.decode(body, type=Loaded)
        except msgspec.DecodeError:
            raise _Silent(hung=False) from None

    def _import_error(self, name: str, silent: _Silent, process: _Process) -> ActloomError:
        how = "it did not end" if silent.hung else process.last_words()
        return ActloomError(
            f"importing {name} failed",
            expected=f"a module that imports within {self.limits.load_s:g} seconds",
            got=how,
            todo="move work that takes long out of the module's top level",
        )

    def _run(
        self, process: _Process, batch: Sequence[Request]
    ) -> tuple[_Process | None, list[Execution]]:
        """Returns the worker, None when it must be replaced, and the executions it came to."""
        done: list[Execution] = []
        new = list(dict.fromkeys(r.target for r in batch if r.target not in process.loaded))
        for target in new:
            failure = self._load(process, target)
            if failure is not None:
                self._unloadable[target] = failure
                return self._dropped(process), done
        token = secrets.token_hex(8)
        try:
            process.send(Run(token, list(batch)), deadline=time.monotonic() + START_S)
            for _ in batch:
                deadline = time.monotonic() + self.limits.wall_s + GRACE_S
                answer = _believed(process.receive(deadline=deadline), token)
                done.append(_execution(answer))
                if answer.breach:
                    return self._dropped(process), done
        except _Silent as silent:
            done.append(self._silence(silent, process))
            return self._dropped(process), done
        return process, done

    def _load(self, process: _Process, target: Target) -> Execution | None:
        try:
            trouble = self._ask(process, Load([target])).trouble
        except _Silent as silent:
            words = "the import did not end" if silent.hung else process.last_words()
            return Execution(False, error_type="load", error=words, timed_out=silent.hung)
        if trouble is not None:
            words = f"{trouble.kind}: {trouble.message}"
            return Execution(False, error_type="load", error=words)
        process.loaded.add(target)
        return None

    def _silence(self, silent: _Silent, process: _Process) -> Execution:
        limit = self.limits.wall_s
        if silent.hung:
            words = f"no answer within {limit:g} seconds"
            return Execution(
                False, error_type="timeout", error=words, seconds=limit, timed_out=True
            )
        words = process.last_words()
        cpu = words.startswith("over the processor")
        return Execution(False, error_type="timeout" if cpu else "died", error=words, timed_out=cpu)

    def _dropped(self, process: _Process) -> None:
        process.close()
        self.replaced += 1


def _believed(body: bytes, token: str) -> Answer:
    try:
        answer = msgspec.json.decode(body, type=Answer)
    except msgspec.DecodeError:
        raise _Silent(hung=False) from None
    if answer.token != token:
        raise _Silent(hung=False)
    return answer


def _execution(answer: Answer) -> Execution:
    if answer.fault:
        return Execution(False, error_type=answer.fault, error=answer.error, seconds=answer.seconds)
    value = cast("Json", msgspec.json.decode(answer.value))
    return Execution(True, value=value, seconds=answer.seconds)
