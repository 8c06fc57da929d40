"""A small world of our own: numbers, a journal, and every way to misbehave."""

import os
import random
import socket
import time
from pathlib import Path

from simulated.shared import SEEN


class Counter:
    def __init__(self):
        self.count = 0
        self.journal: list[str] = []
        self._hidden = 0

    def _load_scenario(self, scenario, long_context=False):
        self.count = scenario["count"]
        self.step_width = 10 if long_context else 1
        self._random = random.Random(scenario.get("seed", 7))
        self.given = scenario

    def add(self, amount, times=1):
        self.count += amount * times * self.step_width
        return {"count": self.count}

    def read(self):
        return {"count": self.count}

    def hide(self):
        self._hidden += 1
        return {"hidden": True}

    def note(self, text):
        self.journal.append(text)
        return text

    def draw(self):
        return self._random.randint(0, 10**9)

    def keep(self, value):
        return value

    def name(self):
        return "counter"

    def lazily(self):
        self.late = 1
        return "made"

    def spoil(self):
        self.given["count"] = -1
        SEEN.append("spoilt")
        return len(SEEN)

    def fails(self):
        raise KeyError("gone")

    def bad_dict(self):
        return {"set": {1}}

    def half(self):
        return "\ud800"

    def pid(self):
        return os.getpid()

    def hangs(self):
        time.sleep(60)

    def naps(self):
        time.sleep(0.7)
        return "rested"

    def dies(self):
        os._exit(9)

    def connects(self):
        socket.create_connection(("127.0.0.1", 9), timeout=1)

    def writes(self, path):
        Path(path).write_text("x")
        return "written"

    @staticmethod
    def static():
        return "static"


class Namer:
    """Stateless, and with a method the other class has too."""

    def name(self):
        return "namer"

    def long(self, size):
        return "x" * size
