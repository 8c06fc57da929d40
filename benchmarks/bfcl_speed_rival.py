"""The rival's half of `bfcl_speed.py`, run by the interpreter that has bfcl-eval."""

from __future__ import annotations

import gc
import sys
import time
from pathlib import Path

from bfcl_eval.eval_checker.eval_runner import (
    ast_file_runner,
    get_handler,
    relevance_file_runner,
)
from bfcl_eval.utils import load_dataset_entry, load_file, load_ground_truth_entry


def loaded(category: str, folder: Path) -> tuple[list, list, list]:
    """Returns results, questions and answers of a category, as `bfcl evaluate` loads them."""
    path = folder / f"BFCL_v4_{category}_result.json"
    asked = load_dataset_entry(category, include_prereq=False, include_language_specific_hint=False)
    answers = [] if "relevance" in category else load_ground_truth_entry(category)
    return load_file(path, sort_by_id=True), asked, answers


def main() -> None:
    """Runs one round for every line on stdin: CPU seconds, and how many records are right."""
    model, folder, *categories = sys.argv[1:]
    data = {
        (home.name, category): loaded(category, home)
        for home in sorted(Path(folder).iterdir())
        for category in categories
    }
    handler = get_handler(model)
    for _ in sys.stdin:
        gc.collect()
        right = 0.0
        start = time.process_time()
        for (name, category), (results, asked, answers) in data.items():
            scores = Path(folder).with_name("theirs") / name
            if answers:
                share, count = ast_file_runner(
                    handler, results, asked, answers, category, model, scores
                )
            else:
                share, count = relevance_file_runner(
                    handler, results, asked, model, category, scores
                )
            right += share * count
        print("ROUND", time.process_time() - start, round(right), flush=True)


if __name__ == "__main__":
    main()
