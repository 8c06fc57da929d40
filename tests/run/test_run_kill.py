"""kill -9 at random moments, then the same command again: the same bytes as an undisturbed run."""

from __future__ import annotations

import os
import random
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from actloom.run.executor import RunOptions, run_stage

BODY = """
from counting_stage import CountingStage
from actloom.run.executor import RunOptions, run_stage
stage = CountingStage(total=240, per_shard=20, delay_s=DELAY)
run_stage(stage, OUT, options=RunOptions(workers=2, quiet=True))
"""


def _body(out: Path, delay_s: float) -> str:
    return BODY.replace("OUT", repr(str(out))).replace("DELAY", str(delay_s))


def _kill_once(command: list[str], after_s: float, *, whole_group: bool) -> bool:
    """Starts a run, kills it after a while, and returns whether it was still running."""
    with subprocess.Popen(command, stderr=subprocess.DEVNULL, start_new_session=True) as process:
        try:
            process.wait(timeout=after_s)
        except subprocess.TimeoutExpired:
            if whole_group:
                os.killpg(process.pid, signal.SIGKILL)
            else:
                process.kill()
            process.wait()
            return True
    return False


def _duration_s(command: list[str]) -> float:
    start = time.monotonic()
    subprocess.run(command, check=True, capture_output=True)
    return time.monotonic() - start


def _undisturbed(tmp_path: Path):
    from counting_stage import CountingStage

    out = tmp_path / "whole"
    stage = CountingStage(total=240, per_shard=20)
    run_stage(stage, str(out), options=RunOptions(quiet=True))
    return out


def _kill_and_resume(tmp_path, script, digests, *, kills: int, seed: int) -> int:
    """Returns how many kills met a running process; every one is followed by a full resume.

    The moments are drawn from the time one undisturbed run takes on this machine.
    """
    whole = digests(_undisturbed(tmp_path))
    lasts_s = _duration_s(script(_body(tmp_path / "timed", 0.004)))
    rng = random.Random(seed)
    hits = 0
    for number in range(kills):
        out = tmp_path / f"killed{number}"
        command = script(_body(out, 0.004))
        hits += _kill_once(command, rng.uniform(0.1, 1.0) * lasts_s, whole_group=rng.random() < 0.5)
        left = list(out.rglob("manifest.json"))
        subprocess.run(script(_body(out, 0.0)), check=True, timeout=60)
        assert digests(out) == whole, f"kill {number}, manifest before resuming: {left}"
        assert not list(out.rglob(".*tmp*"))
    return hits


@pytest.mark.slow
def test_three_kills_and_resumes_give_the_bytes_of_an_undisturbed_run(tmp_path, script, digests):
    assert _kill_and_resume(tmp_path, script, digests, kills=3, seed=1) >= 1


@pytest.mark.slow
def test_twenty_kills_and_resumes_give_the_bytes_of_an_undisturbed_run(tmp_path, script, digests):
    assert _kill_and_resume(tmp_path, script, digests, kills=20, seed=2) >= 10


def test_a_run_killed_again_and_again_still_ends_with_the_same_bytes(tmp_path, script, digests):
    whole = digests(_undisturbed(tmp_path))
    out = tmp_path / "o"
    rng = random.Random(3)
    for _ in range(3):
        _kill_once(script(_body(out, 0.004)), rng.uniform(0.3, 0.7), whole_group=True)
    subprocess.run(script(_body(out, 0.0)), check=True, timeout=60)
    assert digests(out) == whole


def test_workers_end_by_themselves_when_their_parent_is_killed(tmp_path, script):
    out = tmp_path / "o"
    command = script(_body(out, 0.05))
    with subprocess.Popen(command, stderr=subprocess.DEVNULL) as process:
        children = _children(process.pid)
        while not children or not list((out / ".state").glob("0*.json")):
            time.sleep(0.01)
            children = _children(process.pid)
        process.kill()
        process.wait()
    end = time.monotonic() + 3
    while any(_alive(child) for child in children):
        assert time.monotonic() < end, "a worker outlived its parent"
        time.sleep(0.02)


def _children(pid: int) -> list[int]:
    path = Path(f"/proc/{pid}/task/{pid}/children")
    if not path.exists():
        pytest.skip("needs /proc")
    return [int(child) for child in path.read_text().split()]


def _alive(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0]
    except FileNotFoundError:
        return False
    return state != "Z"


@pytest.mark.slow
def test_twenty_kills_of_a_recipe_over_real_data_give_the_same_bytes(
    tmp_path, shared_data, digests
):
    source = shared_data / "formats" / "xlam_query_tools_answers"
    recipe = tmp_path / "r.yaml"
    recipe.write_text("unify:\n  shard_bytes: 20000\nverify:\n  fix: true\nmix:\n")
    base = [sys.executable, "-m", "actloom", "run", str(recipe), f"input={source}", "workers=2"]
    lasts_s = _duration_s([*base, f"out={tmp_path / 'whole'}"])
    steps = ("unify", "verify", "mix")
    whole = [digests(tmp_path / "whole" / step) for step in steps]
    rng = random.Random(4)
    hits = 0
    for number in range(20):
        out = tmp_path / f"o{number}"
        hits += _kill_once([*base, f"out={out}"], rng.uniform(0.1, 1.0) * lasts_s, whole_group=True)
        subprocess.run([*base, f"out={out}"], check=True, capture_output=True)
        assert [digests(out / step) for step in steps] == whole
        shutil.rmtree(out)
    assert hits >= 10
