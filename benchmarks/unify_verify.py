"""OpenAI JSONL through unify and structural verify to shards, against json + Pydantic + jsonschema.

A record is a chat of about 1.1 kB: one tool of eight properties, an object with three more and a
list among them, and one call of it, one in ten faulty. Measured are CPU seconds of one process from
the file to written shards.
`50 schemas`: the tools come from 50 definitions, so caches hit on both sides. `all distinct`: no
definition comes twice, in no round either.

The rival does the same work the way its users write it: json with a hook that notices repeated
keys; Pydantic models of the chat, of the record and of the row; each distinct tool schema checked
against its meta-schema and compiled once, as our rules also report broken schemas; a jsonschema
validator on every call; rows and rejects written as JSONL. `unchecked schemas` leaves the
meta-schema out. Both must reject the same records.
Claim: at least 10 times the rival. Run: `python benchmarks/unify_verify.py [--json]`.
"""

from __future__ import annotations

import importlib.util
import itertools
import json
import random
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal

from actloom.core.finding import Reject
from actloom.core.transform import Produced, ShardSpec
from actloom.run.executor import RunOptions, run_stage
from actloom.unify import UnifyStage
from actloom.verify.config import VerifyConfig
from actloom.verify.transform import VerifyTransform
from harness import ROUNDS, Timings, ratio_table, rival_python, rounds
from record_io import KINDS, arguments, pydantic_row

UNITS = 1000
RECORDS = {"shared": 10_000, "distinct": 1000}
"""Records of a round; the rates are per `UNITS` of them."""
SHARED = 50
RIVALS = {"pydantic": "pydantic>=2.11", "jsonschema": "jsonschema>=4.25"}
TARGETS = {"50 schemas": 10.0, "all distinct": 10.0}


def parameters(rng: random.Random) -> dict[str, Any]:
    """Returns a tool schema of eight properties."""
    address = {f"line_{i}": {"type": kind} for i, kind in enumerate(rng.choices(KINDS, k=3))}
    properties: dict[str, Any] = {
        f"field_{i}": {"type": kind} for i, kind in enumerate(rng.choices(KINDS, k=6))
    }
    properties["address"] = {"type": "object", "properties": address, "required": ["line_0"]}
    properties["tags"] = {"type": "array", "items": {"type": "string"}, "maxItems": 8}
    return {"type": "object", "properties": properties, "required": list(properties)[:3]}


def tool(number: int) -> dict[str, Any]:
    """Returns an OpenAI tool definition that no other number gives."""
    function = {
        "name": f"look_up_{number}",
        "description": f"Looks up entry {number} of the register.",
        "parameters": parameters(random.Random(number)),
    }
    return {"type": "function", "function": function}


def compact(value: Any) -> str:
    """Returns JSON as servers send it, without spaces."""
    return json.dumps(value, separators=(",", ":"))


def spoil(given: dict[str, Any], rng: random.Random) -> dict[str, Any]:
    """Returns arguments with one fault: one missing, one unknown, or one of the wrong type."""
    name = next(iter(given))
    fault = rng.randrange(3)
    if fault == 0:
        return {key: value for key, value in given.items() if key != name}
    return {**given, "extra": 1} if fault == 1 else {**given, name: None}


def record(index: int, rng: random.Random, *, distinct: bool) -> dict[str, Any]:
    """Returns one chat; one in ten calls its tool wrongly."""
    offered = tool(index if distinct else index % SHARED)
    given = arguments(rng, offered["function"]["parameters"])
    if rng.random() < 0.1:
        given = spoil(given, rng)
    function = {"name": offered["function"]["name"], "arguments": compact(given)}
    call = {"id": f"call_{index}", "type": "function", "function": function}
    return {
        "messages": [
            {"role": "user", "content": f"Please look up request {index} for me."},
            {"role": "assistant", "content": None, "tool_calls": [call]},
            {"role": "tool", "tool_call_id": call["id"], "content": '{"ok": true, "found": 3}'},
            {"role": "assistant", "content": "There are three, and all of them are open now."},
        ],
        "tools": [offered],
    }


def files(folder: Path, *, distinct: bool) -> list[Path]:
    """Writes one input file a round and the warm-up; shared schemas need only one."""
    paths: list[Path] = []
    for part in range(ROUNDS + 1 if distinct else 1):
        rng = random.Random(part)
        kind = "distinct" if distinct else "shared"
        path = folder / f"{kind}{part}.jsonl"
        first = part * RECORDS[kind]
        lines = (record(first + i, rng, distinct=distinct) for i in range(RECORDS[kind]))
        path.write_text("".join(compact(line) + "\n" for line in lines))
        paths.append(path)
    return paths


class UnifyAndVerify(UnifyStage):
    """Both stages in one pass over the input."""

    def produce(self, shard: ShardSpec) -> Iterator[Produced]:
        verify = VerifyTransform(VerifyConfig(select=["CALL", "SCHEMA"]))
        for item in super().produce(shard):
            if isinstance(item, Reject):
                yield item
            else:
                yield from verify(item)


class Ours:
    """Reads the next file each time it is called and keeps the count of rejects."""

    def __init__(self, paths: list[Path], out: Path) -> None:
        self._paths = itertools.cycle(paths)
        self._out = out
        self.rejects: list[int] = []

    def __call__(self) -> None:
        stage = UnifyAndVerify([str(next(self._paths))])
        options = RunOptions(quiet=True, overwrite=True, recipe={"run": len(self.rejects)})
        self.rejects.append(run_stage(stage, str(self._out), options=options).rejects)


def models() -> tuple[Any, Any]:
    """Returns the rival's models of an OpenAI chat and of the unified record."""
    from pydantic import BaseModel, Field

    class Function(BaseModel):
        name: str
        arguments: str

    class ToolCall(BaseModel):
        id: str
        type: Literal["function"] = "function"
        function: Function

    class Message(BaseModel):
        role: Literal["system", "user", "assistant", "tool"]
        content: str | None = None
        tool_calls: list[ToolCall] = Field(default_factory=list)
        tool_call_id: str | None = None
        name: str | None = None

    class ToolFunction(BaseModel):
        name: str
        description: str = ""
        parameters: dict[str, Any] = Field(default_factory=dict)

    class Tool(BaseModel):
        type: Literal["function"] = "function"
        function: ToolFunction

    class Chat(BaseModel):
        messages: list[Message]
        tools: list[Tool] = Field(default_factory=list)

    class Call(BaseModel):
        name: str
        arguments: dict[str, Any]
        id: str

    class Observation(BaseModel):
        content: str
        call_id: str

    class Step(BaseModel):
        text: str = ""
        calls: list[Call] = Field(default_factory=list)
        observations: list[Observation] = Field(default_factory=list)
        user_input: str | None = None

    class Record(BaseModel):
        id: str
        source: str
        task_instruction: str = ""
        query: str = ""
        tools: list[ToolFunction]
        steps: list[Step]
        provenance: dict[str, Any]

    own = (Function, ToolCall, Message, ToolFunction, Tool, Chat, Call, Observation, Step, Record)
    for model in own:
        model.model_rebuild(_types_namespace={**globals(), **locals()})
    return Chat, Record


def unrepeated(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Returns an object, refusing one that gives a key twice."""
    built = dict(pairs)
    if len(built) != len(pairs):
        raise ValueError("a key is given twice")
    return built


class Rival:
    """The same work with json, Pydantic and jsonschema."""

    def __init__(self, paths: list[Path], out: Path, *, check_schemas: bool) -> None:
        self._paths = itertools.cycle(paths)
        self._out = out
        self._check_schemas = check_schemas
        self._chat, self._record = models()
        self._row = pydantic_row()
        self._validators: dict[str, Any] = {}
        self.rejects: list[int] = []

    def __call__(self) -> None:
        path, rejects, offset = next(self._paths), 0, 0
        self._out.mkdir(exist_ok=True)
        with (
            path.open("rb") as source,
            (self._out / "data.jsonl").open("w") as data,
            (self._out / "rejects.jsonl").open("w") as rejected,
        ):
            for number, line in enumerate(source, 1):
                origin = {"file": str(path), "line": number, "byte_offset": offset}
                offset += len(line)
                record = self._unified(line, origin)
                faults = self._faults(record)
                row = self._row_of(record).model_dump(mode="json")
                if faults:
                    rejects += 1
                    rejected.write(json.dumps({"findings": faults, "row": row}) + "\n")
                else:
                    data.write(json.dumps(row) + "\n")
        self.rejects.append(rejects)

    def _unified(self, line: bytes, origin: dict[str, Any]) -> Any:
        chat = self._chat.model_validate(json.loads(line, object_pairs_hook=unrepeated))
        steps: list[dict[str, Any]] = []
        for message in chat.messages[1:]:
            if message.role == "assistant":
                calls = [
                    {
                        "name": call.function.name,
                        "arguments": json.loads(
                            call.function.arguments, object_pairs_hook=unrepeated
                        ),
                        "id": call.id,
                    }
                    for call in message.tool_calls
                ]
                step = {"text": message.content or "", "calls": calls, "observations": []}
                steps.append(step)
            else:
                result = {"content": message.content or "", "call_id": message.tool_call_id or ""}
                steps[-1]["observations"].append(result)
        return self._record(
            id=f"bench-{origin['line']}",
            source="bench",
            query=chat.messages[0].content or "",
            tools=[tool.function.model_dump() for tool in chat.tools],
            steps=steps,
            provenance=origin,
        )

    def _faults(self, record: Any) -> list[str]:
        tools = {tool.name: self._validator(tool.parameters) for tool in record.tools}
        faults: list[str] = []
        for step in record.steps:
            for call in step.calls:
                if call.name not in tools:
                    faults.append(f"unknown function {call.name}")
                    continue
                errors = tools[call.name].iter_errors(call.arguments)
                faults += [f"{error.json_path}: {error.message}" for error in errors]
        return faults

    def _validator(self, parameters: dict[str, Any]) -> Any:
        import jsonschema

        key = json.dumps(parameters)
        if key not in self._validators:
            closed = {**parameters, "additionalProperties": False}
            if self._check_schemas:
                jsonschema.Draft202012Validator.check_schema(closed)
            self._validators[key] = jsonschema.Draft202012Validator(closed)
        return self._validators[key]

    def _row_of(self, record: Any) -> Any:
        messages: list[dict[str, Any]] = [{"role": "user", "content": record.query}]
        for step in record.steps:
            calls = [
                {"id": call.id, "function": {"name": call.name, "arguments": call.arguments}}
                for call in step.calls
            ]
            messages.append({"role": "assistant", "content": step.text, "tool_calls": calls})
            messages += [
                {"role": "tool", "content": o.content, "tool_call_id": o.call_id}
                for o in step.observations
            ]
        return self._row(
            id=record.id,
            source=record.source,
            licence=None,
            split=None,
            n_steps=len(record.steps),
            n_calls=sum(len(step.calls) for step in record.steps),
            score=None,
            messages=messages,
            tools=[{"function": tool.model_dump()} for tool in record.tools],
            meta={"provenance": record.provenance},
        )


def measure(folder: Path, *, distinct: bool, check_schemas: bool) -> tuple[Timings, int]:
    """Returns timings of interleaved rounds and the mean bytes of a record."""
    paths = files(folder, distinct=distinct)
    ours = Ours(paths, folder / "ours")
    rival = Rival(paths, folder / "rival", check_schemas=check_schemas)
    count = RECORDS["distinct" if distinct else "shared"]
    mine, theirs = rounds(ours, rival)
    if ours.rejects != rival.rejects:
        raise SystemExit(f"verdicts differ: {ours.rejects} and {rival.rejects} rejects")
    scale = UNITS / count
    return ([t * scale for t in mine], [t * scale for t in theirs]), (
        paths[0].stat().st_size // count
    )


CASES = {
    "50 schemas": {"distinct": False, "check_schemas": True},
    "all distinct": {"distinct": True, "check_schemas": True},
    "  unchecked schemas": {"distinct": True, "check_schemas": False},
}


def main() -> int:
    missing = [name for name in RIVALS if importlib.util.find_spec(name) is None]
    if missing:
        rival_python("unify_verify", list(RIVALS.values()))
    results: dict[str, Timings] = {}
    sizes: list[int] = []
    for name, case in CASES.items():
        with tempfile.TemporaryDirectory() as folder:
            results[name], size = measure(Path(folder), **case)
            sizes.append(size)
    title = (
        f"unify + verify to shards, records of {min(sizes)}-{max(sizes)} bytes, one core;"
        " rival: json + Pydantic + jsonschema"
    )
    return ratio_table(title, results, units=UNITS, targets=TARGETS, as_json="--json" in sys.argv)


if __name__ == "__main__":
    raise SystemExit(main())
