"""Outputs do not depend on Python's hash seed."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

CHATS = {
    "openai": {"messages": [{"role": "user", "content": "Hi", "mood": 1, "tone": 2, "pace": 3}]},
    "sharegpt": {"conversations": [{"from": "human", "value": "Hi", "mood": 1, "tone": 2}]},
    "xlam": {"query": "Hi", "tools": [], "answers": [], "mood": 1, "tone": 2, "pace": 3},
}


@pytest.mark.slow
@pytest.mark.parametrize("name", CHATS)
def test_what_is_lost_or_kept_beside_the_record_stands_in_one_order(
    name: str, tmp_path: Path
) -> None:
    source = tmp_path / f"{name}.jsonl"
    source.write_text(json.dumps(CHATS[name]) + "\n")
    shards = set()
    for seed in ("1", "2", "3"):
        out = tmp_path / seed
        subprocess.run(
            [sys.executable, "-m", "actloom", "unify", str(source), "--out", str(out)],
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            check=True,
        )
        shards.add((out / "data" / "00000.jsonl").read_bytes())
    assert len(shards) == 1
    assert b"mood" in shards.pop()
