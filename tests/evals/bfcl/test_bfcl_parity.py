"""bfcl-eval's own checker on the same answers, where its environment has been made."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

BENCHMARKS = Path(__file__).parents[3] / "benchmarks"


@pytest.mark.slow
def test_bfcl_evals_own_checker_agrees_on_gold_mutations_and_random_answers() -> None:
    if not (BENCHMARKS / ".venvs" / "bfcl_eval" / "packages.txt").exists():
        pytest.skip("bfcl-eval is not installed: python benchmarks/bfcl_parity.py makes its place")
    script = [sys.executable, str(BENCHMARKS / "bfcl_parity.py"), "--fuzz", "3"]
    done = subprocess.run(
        [*script, "--literals", "5000", "--seed", "1"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-1000:]
