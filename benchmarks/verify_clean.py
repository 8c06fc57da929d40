"""Claim: on clean records the linter errs at most once in a hundred, and sees wrong values in them.

Clean are BFCL v4 questions (single-turn Python and live) with their first accepted answers, and the
samples of API-Bank, Seal-Tools and ToolAlpaca. A record with a finding of severity `error` is an
alarm; `design/verify-accuracy.md` judges each. Then one value of each record is made wrong
(`WRONG`), and the share in which GROUND, COVER or CALL then speaks is its recall.
Run: `python benchmarks/verify_clean.py --v4 DIR --formats DIR [--alarms] [--json]`.
"""

from __future__ import annotations

import argparse
import json
import random
import re
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import msgspec

from actloom.core.finding import Finding
from actloom.core.jsonvalue import Json
from actloom.core.record import Call, Trajectory
from actloom.evals.bfcl.data.questions import questions
from actloom.evals.bfcl.question import Expected
from actloom.evals.bfcl.versions.profiles import profile_of
from actloom.unify import UnifyStage
from actloom.verify.rules import selection
from verify_real_errors import record_of, tools_of

CATEGORIES = (
    "simple_python",
    "multiple",
    "parallel",
    "parallel_multiple",
    "live_simple",
    "live_multiple",
    "live_parallel",
    "live_parallel_multiple",
)
SAMPLES = ("api_bank", "seal_tools", "toolalpaca")
CLAIM_ALARMS, CLAIM_RECALL = 0.01, 0.90


def first_accepted(value: Any) -> Any:
    """Returns the first accepted value inside a gold value, objects opened too."""
    if isinstance(value, dict):
        return {
            key: first_accepted(options[0] if isinstance(options, list) and options else options)
            for key, options in value.items()
            if options != [""]
        }
    return [first_accepted(item) for item in value] if isinstance(value, list) else value


def gold_call(expected: Expected) -> Call:
    """Returns a call with the first accepted value of each argument that need be given."""
    given: dict[str, Json] = {}
    for name, options in expected.arguments.items():
        accepted = options if isinstance(options, list) else [options]
        if accepted and accepted[0] != "":
            given[name] = first_accepted(accepted[0])
    return Call(name=expected.name, arguments=given)


def v4_records(folder: str) -> Iterator[tuple[str, Trajectory]]:
    """Yields (category, record) of the questions with gold calls."""
    asked = questions(folder, profile_of("v4"))
    for category in CATEGORIES:
        for question in asked[category]:
            record = record_of(
                question,
                tools_of(question, underscores=False),
                [gold_call(expected) for expected in question.expected],
            )
            messages = question.turns[0]
            system = [str(m["content"]) for m in messages if m["role"] == "system"]
            spoken = [str(m["content"]) for m in messages if m["role"] == "user"]
            yield (
                category,
                msgspec.structs.replace(
                    record, task_instruction="\n".join(system), query="\n".join(spoken)
                ),
            )


def sample_records(folder: Path) -> Iterator[tuple[str, Trajectory]]:
    """Yields (sample, record) of the published samples."""
    for name in SAMPLES:
        stage = UnifyStage([str(folder / name)])
        for shard in stage.plan():
            for produced in stage.produce(shard):
                if isinstance(produced, Trajectory):
                    yield name, produced


def plain_arguments(records: list[Trajectory]) -> list[tuple[int, str, Json]]:
    """Returns (record, argument, value) of every plain argument of the first call of a record."""
    found: list[tuple[int, str, Json]] = []
    for index, record in enumerate(records):
        calls = [c for step in record.steps if step.reply for c in step.reply.tool_calls]
        for name, value in calls[0].arguments.items() if calls else ():
            if isinstance(value, (int, float, str)) and not isinstance(value, bool) and value != "":
                found.append((index, name, value))
    return found


def replaced(record: Trajectory, given: dict[str, Json]) -> Trajectory:
    """Returns a record with arguments of its first call replaced."""
    steps = list(record.steps)
    at = next(i for i, step in enumerate(steps) if step.reply and step.reply.tool_calls)
    reply = steps[at].reply
    assert reply is not None
    first, *rest = reply.tool_calls
    call = msgspec.structs.replace(first, arguments={**first.arguments, **given})
    new = msgspec.structs.replace(reply, tool_calls=[call, *rest])
    steps[at] = msgspec.structs.replace(steps[at], reply=new)
    return msgspec.structs.replace(record, steps=steps)


Fault = Callable[[random.Random, str, Json, dict[str, Json], list[Json]], "dict[str, Json] | None"]


def other_value(
    rng: random.Random, name: str, value: Json, given: dict[str, Json], pool: list[Json]
) -> dict[str, Json] | None:
    """Puts the value of another record there, of the same type."""
    del given
    alike = [item for item in rng.sample(pool, 50) if type(item) is type(value) and item != value]
    return {name: alike[0]} if alike else None


def off_by_one(
    rng: random.Random, name: str, value: Json, given: dict[str, Json], pool: list[Json]
) -> dict[str, Json] | None:
    """Makes a whole number of 3 or more greater or smaller by one."""
    del given, pool
    if not isinstance(value, int) or value < 3:
        return None
    return {name: value + rng.choice((-1, 1))}


def other_date(
    rng: random.Random, name: str, value: Json, given: dict[str, Json], pool: list[Json]
) -> dict[str, Json] | None:
    """Moves a date by some days within its month."""
    del given, pool
    match = DATE.fullmatch(value) if isinstance(value, str) else None
    if match is None:
        return None
    day = (int(match.group(2)) + rng.randint(2, 20) - 1) % 28 + 1
    return {name: f"{match.group(1)}{day:02d}{match.group(3)}"}


def swapped(
    rng: random.Random, name: str, value: Json, given: dict[str, Json], pool: list[Json]
) -> dict[str, Json] | None:
    """Swaps two arguments of one type."""
    del pool
    others = [
        key
        for key, item in given.items()
        if key != name and type(item) is type(value) and item != value
    ]
    if not others:
        return None
    other = rng.choice(others)
    return {name: given[other], other: value}


DATE = re.compile(r"(\d{4}-\d\d-)(\d\d)(T.*| .*)?")
WRONG: dict[str, Fault] = {
    "value of another record": other_value,
    "off by one": off_by_one,
    "other date": other_date,
    "swapped arguments": swapped,
}
"""Kinds of wrong values -> what makes one; None where there is none to make."""


def flagged(record: Trajectory, severities: tuple[str, ...]) -> bool:
    """Tells whether a rule about values speaks."""
    found = selection(("GROUND", "COVER", "CALL")).findings(record)
    return any(finding.severity in severities for finding in found)


def recall(records: list[Trajectory]) -> dict[str, list[int]]:
    """Returns fault -> how many were made, found by an error, and found by any finding."""
    clean = [record for record in records if not flagged(record, ("error", "warning"))]
    places = plain_arguments(clean)
    pool = [value for _, _, value in places]
    rng = random.Random(0)
    counts: dict[str, list[int]] = {kind: [0, 0, 0] for kind in WRONG}
    for index, name, value in places:
        record = clean[index]
        reply = next(s.reply for s in record.steps if s.reply and s.reply.tool_calls)
        for kind, fault in WRONG.items():
            given = fault(rng, name, value, reply.tool_calls[0].arguments, pool)
            if given is None:
                continue
            wrong = replaced(record, given)
            counts[kind][0] += 1
            counts[kind][1] += flagged(wrong, ("error",))
            counts[kind][2] += flagged(wrong, ("error", "warning"))
    return counts


def alarms_of(record: Trajectory) -> list[Finding]:
    """Returns the errors about values in a record."""
    found = selection(("GROUND", "COVER")).findings(record)
    return [finding for finding in found if finding.severity == "error"]


def main() -> int:
    """Prints alarms by source and recall by fault; returns 1 below a claim."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--v4", required=True)
    parser.add_argument("--formats", type=Path, required=True)
    parser.add_argument("--alarms", action="store_true", help="also print every alarm")
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args()
    records = [*v4_records(given.v4), *sample_records(given.formats)]
    seen = Counter(name for name, _ in records)
    alarmed: Counter[str] = Counter()
    for name, record in records:
        found = alarms_of(record)
        alarmed[name] += bool(found)
        if given.alarms and found:
            print(f"{record.id} {found[0].code} {found[0].message}")
    counts = recall([record for _, record in records])
    total = {"records": len(records), "alarms": alarmed.total()}
    if given.json:
        print(json.dumps({**total, "by_source": alarmed, "recall": counts}))
    else:
        for name in seen:
            print(f"{name:26} {alarmed[name]:4} of {seen[name]:5}")
        print(f"{'all':26} {alarmed.total():4} of {len(records):5}")
        for kind, (made, errors, any_found) in counts.items():
            share = max(made, 1)
            print(f"{kind:26} {made:5} {errors / share:7.1%} error {any_found / share:7.1%} any")
    made, caught = (sum(count[at] for count in counts.values()) for at in (0, 1))
    met = alarmed.total() <= CLAIM_ALARMS * len(records) and caught >= CLAIM_RECALL * made
    return 0 if met else 1


if __name__ == "__main__":
    sys.exit(main())
