"""Claim: a core verifies 5,000 records of 1.1 kB a second by every family but judge and set.

A record is a chat of about 1.1 kB: a query that names the values, one tool of six properties, one
call of it, its result, an answer. One in ten calls is faulty. The records are decoded before the
clock starts; CPU seconds of one process.

* `all families`: whatever speaks by default; at least 5,000 records/s.
* `calls, 50 schemas`: family CALL alone, 50 tool definitions; at least 40,000 records/s.
* `calls, all distinct`: the same where no definition comes twice; at least 8,000 records/s.

The rival is what users write: a jsonschema validator for every distinct tool, names of functions
looked up, and, beside all families, plain Python for calls and results that lack each other, calls
made twice, and values that do not stand in the query. Both must accuse the same calls.
Run: `python benchmarks/verify.py [--json]`.
"""

from __future__ import annotations

import itertools
import json
import random
import sys
from collections.abc import Callable
from typing import Any

import msgspec

from actloom.core.record import Call, Observation, Reply, Step, Trajectory
from actloom.core.schema import normalise_tool
from actloom.verify.rules import selection
from harness import ROUNDS, ratio_table, rival_python, rounds

COUNT = 2000
"""Records of a round."""
SHARED = 50
RIVALS = ["jsonschema>=4.25"]
FLOORS = {"all families": 5000, "calls, 50 schemas": 40_000, "calls, all distinct": 8000}
"""Records a second."""
WORDS = ("Lisbon", "Oslo", "Hanoi", "Quito", "Leeds", "Graz", "Porto", "Nice", "Turin", "Cork")
UNITS = ["celsius", "fahrenheit", "kelvin"]

Plain = dict[str, Any]


def definition(number: int) -> Plain:
    """Returns an OpenAI tool definition that no other number gives."""
    text = f"Looks up entry {number} of the register of places and of what happens there."
    return {
        "type": "function",
        "function": {
            "name": f"look_up_{number}",
            "description": text,
            "parameters": {
                "type": "object",
                "properties": {
                    "place": {"type": "string", "description": f"Place of entry {number}."},
                    "other_place": {"type": "string", "description": "Where to compare with."},
                    "days": {"type": "integer", "minimum": 1, "maximum": 99},
                    "limit": {"type": "number", "description": "Highest amount."},
                    "unit": {"type": "string", "enum": UNITS},
                    "tags": {"type": "array", "items": {"type": "string"}, "maxItems": 8},
                },
                "required": ["place", "days", "limit"],
            },
        },
    }


def chat(index: int, number: int) -> Plain:
    """Returns one plain record: query, tool, call, result, answer; one in ten calls is faulty."""
    rng = random.Random(index)
    place, other = rng.sample(WORDS, 2)
    days, limit, unit = rng.randrange(2, 60), rng.randrange(1000, 99999) / 4, rng.choice(UNITS)
    given: Plain = {"place": place, "other_place": other, "days": days, "limit": limit}
    given |= {"unit": unit, "tags": ["dry", "calm"]}
    if index % 10 == 0:
        spoilt = {"days": str(days)}, {"limit": None}, {"extra": 1}, {"unit": "rankine"}
        given |= spoilt[index // 10 % 4]
    found = rng.randrange(100, 999)
    return {
        "id": f"bench-{index}",
        "query": f"Look up {place} and compare it with {other} over {days} days, in {unit}, up to "
        f"{limit}; only what is dry and calm, please.",
        "tools": [definition(number)],
        "calls": [{"id": "c", "name": f"look_up_{number}", "arguments": given}],
        "results": [{"id": "c", "content": json.dumps({"ok": True, "found": found})}],
        "answer": f"For {place} there are {found} entries, and all of them are open now.",
    }


def trajectory(plain: Plain) -> Trajectory:
    """Returns a plain record as ours."""
    calls = [Call(c["name"], c["arguments"], c["id"]) for c in plain["calls"]]
    seen = [Observation(r["content"], r["id"]) for r in plain["results"]]
    return Trajectory(
        id=plain["id"],
        source="bench",
        tools=[normalise_tool(tool) for tool in plain["tools"]],
        query=plain["query"],
        steps=[
            Step(reply=Reply(tool_calls=calls), observations=seen),
            Step(reply=Reply(plain["answer"])),
        ],
    )


class Rival:
    """jsonschema and plain Python."""

    def __init__(self, *, whole: bool) -> None:
        self._whole = whole
        self._validators: dict[str, Any] = {}

    def faults(self, record: Plain) -> list[str]:
        """Returns what is wrong with a plain record."""
        tools = {t["function"]["name"]: t["function"]["parameters"] for t in record["tools"]}
        found: list[str] = []
        for call in record["calls"]:
            if call["name"] not in tools:
                found.append(f"call: unknown function {call['name']}")
                continue
            errors = self._validator(tools[call["name"]]).iter_errors(call["arguments"])
            found += [f"call: {error.json_path}: {error.message}" for error in errors]
        return found + self._course(record) if self._whole else found

    def _validator(self, parameters: Plain) -> Any:
        import jsonschema

        key = json.dumps(parameters)
        if key not in self._validators:
            closed = {**parameters, "additionalProperties": False}
            jsonschema.Draft202012Validator.check_schema(closed)
            self._validators[key] = jsonschema.Draft202012Validator(closed)
        return self._validators[key]

    def _course(self, record: Plain) -> list[str]:
        made = {call["id"] for call in record["calls"]}
        seen = {result["id"] for result in record["results"]}
        found = [f"no result of {one}" for one in made - seen]
        found += [f"no call for {one}" for one in seen - made]
        keys = [json.dumps([c["name"], c["arguments"]], sort_keys=True) for c in record["calls"]]
        found += ["made twice"] * (len(keys) - len(set(keys)))
        query = record["query"].lower()
        for call in record["calls"]:
            for name, value in call["arguments"].items():
                for one in value if isinstance(value, list) else [value]:
                    if str(one).lower() not in query:
                        found.append(f"{name} is not in the query")
        return found


def batches(*, distinct: bool) -> list[list[Plain]]:
    """Returns the records of every round; no definition comes twice where they are distinct."""
    count = ROUNDS + 1 if distinct else 1
    return [
        [chat(i, batch * COUNT + i if distinct else i % SHARED) for i in range(COUNT)]
        for batch in range(count)
    ]


def measured(select: list[str], *, distinct: bool) -> tuple[Callable[[], None], Callable[[], None]]:
    """Returns our work and the rival's on the same batches, a batch a round."""
    plain = batches(distinct=distinct)
    decoded = itertools.cycle([[trajectory(one) for one in batch] for batch in plain])
    theirs = itertools.cycle(plain)
    chosen, rival = selection(select), Rival(whole=not select)

    def ours() -> None:
        batch = next(decoded)
        accused = {r.id for r in batch if any(f.code < "CALL008" for f in chosen.findings(r))}
        if len(accused) != COUNT // 10:
            raise SystemExit(f"{len(accused)} records accused, not {COUNT // 10}")

    def other() -> None:
        batch = next(theirs)
        accused = {r["id"] for r in batch if any(f[:5] == "call:" for f in rival.faults(r))}
        if len(accused) != COUNT // 10:
            raise SystemExit(f"the rival accuses {len(accused)}, not {COUNT // 10}")

    return ours, other


def main() -> int:
    rival_python("verify", RIVALS)
    results = {
        "all families": rounds(*measured([], distinct=False)),
        "calls, 50 schemas": rounds(*measured(["CALL"], distinct=False)),
        "calls, all distinct": rounds(*measured(["CALL"], distinct=True)),
    }
    size = sum(len(msgspec.json.encode(chat(i, i))) for i in range(100)) / 100
    title = f"Records verified a second of CPU; {size:,.0f} bytes each"
    code = ratio_table(title, results, units=COUNT, targets={}, as_json="--json" in sys.argv)
    for name, floor in FLOORS.items():
        rate = COUNT / sorted(results[name][0])[ROUNDS // 2]
        if rate < floor:
            print(f"{name}: {rate:,.0f} records/s, below {floor:,}", file=sys.stderr)
            code = 1
    return code


if __name__ == "__main__":
    sys.exit(main())
