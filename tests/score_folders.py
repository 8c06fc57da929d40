"""Score folders as `score bfcl` writes them, made of plain verdicts."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path

import msgspec

from actloom.evals.bfcl.scoring.tally import Score

Row = tuple[str, str, str]
"""Category, id, error type; "" for valid."""


def score_folder(
    folder: Path,
    models: Mapping[str, Iterable[Row]],
    *,
    profile: str = "v1-2024-08-11",
    data: str = "0123",
    digests: Mapping[str, str] | None = None,
) -> Path:
    """Writes verdicts.jsonl and score.json and returns the folder."""
    folder.mkdir(parents=True, exist_ok=True)
    lines = [
        json.dumps(
            {
                "model": model,
                "category": category,
                "id": case,
                "valid": not code,
                "error_type": code or None,
            }
        )
        for model, rows in models.items()
        for category, case, code in rows
    ]
    (folder / "verdicts.jsonl").write_text("".join(line + "\n" for line in lines))
    score = Score(
        profile=profile,
        source="a revision",
        data_hash=data,
        data_state="published",
        data_digests=dict(digests or {}),
        questions=str(folder / "questions"),
        outputs=str(folder / "outputs"),
        actloom="0",
        models=[],
    )
    (folder / "score.json").write_bytes(msgspec.json.encode(score))
    return folder
