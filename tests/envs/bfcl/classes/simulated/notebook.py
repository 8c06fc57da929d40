"""A memory of our own, with the methods the benchmark's memory classes have."""

import json
from pathlib import Path

from bfcl_eval.utils import (
    get_directory_structure_by_id,
    is_first_memory_prereq_entry,
    is_memory_prereq,
)
from overrides import final
from rank_bm25 import BM25Plus


class MemoryAPI_own:  # noqa: N801 -- the benchmark names its classes so
    def __init__(self):
        self.notes = {}

    @final
    def _load_scenario(self, config, long_context=False):
        folder = config["model_result_dir"] / get_directory_structure_by_id(config["test_id"])
        self._file: Path = folder / "memory_snapshot" / f"{config['scenario']}_final.json"
        self._file.parent.mkdir(parents=True, exist_ok=True)
        self.filling = is_memory_prereq(config["test_id"])
        if self._file.exists() and not is_first_memory_prereq_entry(config["test_id"]):
            self.notes = json.loads(self._file.read_text())["notes"]

    def _flush_memory_to_local_file(self):
        self._file.write_text(json.dumps({"notes": self.notes}))

    def _dump_core_memory_to_context(self):
        return json.dumps(self.notes)

    def put(self, key, value):
        self.notes[key] = value
        return {"status": "kept"}

    def best(self, query):
        keys = list(self.notes)
        scores = BM25Plus([key.split("_") for key in keys]).get_scores(query.split())
        return max(zip(scores, keys))[1]
