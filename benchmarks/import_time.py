"""Start-up cost: `import actloom` and `from actloom import Trajectory, verify` above bare Python.

Claim: under 40 ms and under 170 ms of CPU, and under 100 ms for `actloom.check`, measured on
installed bytecode; the table also holds the same for Pydantic and jsonschema, which a comparable
script would import.
Run: `python benchmarks/import_time.py [--json]`.
"""

from __future__ import annotations

import json
import os
import resource
import statistics
import subprocess
import sys

from harness import rival_python

ROUNDS = 15
STATEMENTS = {
    "import actloom": 40.0,
    "from actloom import Trajectory, verify": 170.0,
    "from actloom import check": 100.0,
    "import pydantic, jsonschema": None,
}


def child_cpu_ms(code: str) -> float:
    """Returns user and system milliseconds of one interpreter that runs `code`."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run([sys.executable, "-c", code], check=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return 1000 * (after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)


def main() -> int:
    rival_python("import_time", ["pydantic>=2.11", "jsonschema>=4.25"])
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    codes = ["pass", *STATEMENTS]
    for code in codes:
        child_cpu_ms(code)
    samples = {code: [] for code in codes}
    for _ in range(ROUNDS):
        for code in codes:
            samples[code].append(child_cpu_ms(code))
    bare = statistics.median(samples["pass"])
    above = {code: statistics.median(samples[code]) - bare for code in STATEMENTS}
    if "--json" in sys.argv:
        print(json.dumps({"bare_ms": bare, "above_ms": above}))
    else:
        print(f"CPU above bare Python ({bare:.0f} ms), median of {ROUNDS}")
        for code, limit in STATEMENTS.items():
            print(f"{code:<42}{above[code]:>7.0f} ms   {f'claim < {limit:g}' if limit else ''}")
    missed = [c for c, limit in STATEMENTS.items() if limit is not None and above[c] >= limit]
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
