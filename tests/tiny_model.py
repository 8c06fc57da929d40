"""A model of a few thousand parameters that has learnt nothing, for tests of what asks one."""

from __future__ import annotations

import json
from pathlib import Path

import msgspec

from actloom.core.record import Call, Reply, Step, Tool, Trajectory

SCHEMA = {"type": "object", "properties": {"colour": {"type": "string"}}}


def tiny_model(folder: Path) -> Path:
    """Writes the model with the quickstart's tokenizer and template, and returns its folder."""
    from actloom.train.scratch import ScratchSize
    from actloom.train.sft import untrained
    from actloom.train.spec import TrainSpec

    size = ScratchSize(vocabulary=300, width=32, layers=1, heads=2, feed_forward=32)
    tool = Tool("paint", "Paint.", msgspec.Raw(json.dumps(SCHEMA).encode()))
    step = Step(reply=Reply(tool_calls=[Call("paint", {"colour": "red"}, "c")]))
    record = Trajectory(id="t/0", source="t", tools=[tool], query="Paint it red", steps=[step])
    untrained([record], TrainSpec(size=size, threads=1), folder)
    return folder
