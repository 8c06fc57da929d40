"""A command that is killed for good, for tests of what a later run finds."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from collections.abc import Callable


def killed_when(arguments: list[str], ready: Callable[[], bool], *, within_s: float = 60) -> None:
    """Runs `actloom` with arguments in a process and sends SIGKILL as soon as `ready()` is true.

    Fails when the process ends by itself, or is never ready.
    """
    command = [sys.executable, "-m", "actloom", *arguments]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:
        until = time.monotonic() + within_s
        while not ready():
            if process.poll() is not None or time.monotonic() > until:
                process.kill()
                raise AssertionError(f"the run ended or hung first: {process.communicate()[1]}")
            time.sleep(0.02)
        process.kill()
        process.communicate()
        assert process.returncode == -signal.SIGKILL
