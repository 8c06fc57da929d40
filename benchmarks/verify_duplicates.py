"""Claim: copies planted in real data are found, and what only looks like a copy is left alone.

Records are BFCL v4 questions with their first accepted answers, and the samples of Seal-Tools and
ToolAlpaca. Half of them get a copy each, changed in one way: order of arguments and calls, case,
numbers (in question and call alike), wording by rules, or all of these. The others get a decoy: the
same record with one named thing replaced, in question and call, by that of another record; a new
task in an old frame. A copy counts as found when the near-duplicate index names its original, or a
record that is itself a repeat of it; a decoy that names its original is a false alarm. How many of
the real records repeat each other is told beside it, for no label says whether they should.
Claims: recall 98 %, precision 99 %.

Leaks: questions of BFCL v4 planted in a chat turn, word for word (100 %) and lightly edited (95 %):
other numbers, one word in eight dropped or replaced, a sentence in front or behind. Questions under
eight words are counted apart. False alarms are told over the questions of other data sets. Records
whose sha256(id) is odd are reported apart from those whose is even.
Run: `python benchmarks/verify_duplicates.py --v4 DIR --formats DIR [--show N] [--json]`; exit 1
below a claim.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import random
import re
import sys
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from actloom.core.record import Step, Trajectory, text_of
from actloom.match.keys import calls_of, user_texts
from actloom.match.leaks import LeakIndex
from actloom.match.near import NearIndex, features_of
from actloom.match.shingles import words
from actloom.unify import UnifyStage
from verify_clean import v4_records

SAMPLES = ("seal_tools/dev.jsonl", "toolalpaca/eval_simulated.json")
UNRELATED = ("nexusraven", "api_bank", "toolbench_instruction", "hermes_fc_v1")
CLAIMS = {"recall": 0.98, "precision": 0.99, "verbatim": 1.0, "edited": 0.95}
LONG = 8
"""Words of the shortest question an edited copy of which must be found; shorter ones are counted
apart, for one word more or less makes another question of them."""
NUMBER = re.compile(r"\d+")
WORDING = {
    "what is": "tell me",
    "what's": "could you say what is",
    "what are": "list",
    "find": "look up",
    "calculate": "work out",
    "compute": "work out",
    "determine": "figure out",
    "get": "fetch",
    "give me": "show me",
    "can you": "would you please",
    "could you": "would you kindly",
    "i want to": "I would like to",
    "i need": "I am looking for",
    "how much": "what amount of",
    "how many": "what number of",
    "how do i": "what is the way to",
    "search for": "look for",
    "create": "make",
    "book": "reserve",
    "current": "present",
    "buy": "purchase",
    "big": "large",
    "near": "close to",
    "between": "from among",
    "using": "with",
    "provide": "hand me",
    "retrieve": "fetch",
    "information": "details",
    "show": "display",
}
FRONT = ("", "Hi there! ", "I have a question. ", "For my project: ", "Quick one, ")
BACK = ("", " Thanks a lot!", " I need this today.", " Please be quick.")


class Planted(NamedTuple):
    """A changed record and what it was made of."""

    record: Trajectory
    origin: str
    change: str


def is_even(name: str) -> bool:
    """Tells on which half a record lies."""
    return hashlib.sha256(name.encode()).digest()[-1] % 2 == 0


def changed(record: Trajectory, query: str, values: Callable[[Any], Any], name: str) -> Trajectory:
    """Returns a record with another question and other argument values."""
    steps: list[Step] = []
    for step in record.steps:
        reply = step.reply
        if reply is not None and reply.tool_calls:
            calls = [
                msgspec.structs.replace(c, arguments=values(c.arguments)) for c in reply.tool_calls
            ]
            step = msgspec.structs.replace(
                step, reply=msgspec.structs.replace(reply, tool_calls=calls)
            )
        steps.append(step)
    return msgspec.structs.replace(record, id=f"{record.id}~{name}", query=query, steps=steps)


def mapped(value: Any, leaf: Callable[[Any], Any]) -> Any:
    """Returns a value with every leaf changed."""
    if isinstance(value, dict):
        return {key: mapped(child, leaf) for key, child in value.items()}
    if isinstance(value, list):
        return [mapped(child, leaf) for child in value]
    return leaf(value)


def reordered(record: Trajectory, rng: random.Random) -> Trajectory:
    """Returns the record with arguments and parallel calls in reverse order."""
    del rng
    new = changed(record, text_of(record.query), lambda v: dict(reversed(v.items())), "order")
    steps = [
        msgspec.structs.replace(
            s, reply=msgspec.structs.replace(s.reply, tool_calls=s.reply.tool_calls[::-1])
        )
        if s.reply
        else s
        for s in new.steps
    ]
    return msgspec.structs.replace(new, steps=steps)


def recased(record: Trajectory, rng: random.Random) -> Trajectory:
    """Returns the record in other case, its text arguments too."""
    style = rng.choice([str.upper, str.lower, str.title])
    leaf = lambda v: style(v) if isinstance(v, str) else v  # noqa: E731
    return changed(record, style(text_of(record.query)), lambda v: mapped(v, leaf), "case")


def renumbered(record: Trajectory, rng: random.Random) -> Trajectory | None:
    """Returns the record with other digits, the same in question and call; None without digits."""
    digits = str.maketrans("0123456789", "".join(rng.sample("1234567890", 10)))
    query = text_of(record.query)
    if not NUMBER.search(query):
        return None

    def leaf(value: Any) -> Any:
        if isinstance(value, str):
            return value.translate(digits)
        if isinstance(value, bool) or value is None:
            return value
        return type(value)(str(value).translate(digits))

    return changed(record, query.translate(digits), lambda v: mapped(v, leaf), "numbers")


def reworded(record: Trajectory, rng: random.Random) -> Trajectory:
    """Returns the record with its question worded otherwise by rules; the calls stay."""
    query = text_of(record.query)
    for old, new in WORDING.items():
        query = re.sub(rf"\b{re.escape(old)}\b", new, query, count=1, flags=re.IGNORECASE)
    query = rng.choice(FRONT) + query + rng.choice(BACK)
    return changed(record, query, lambda v: v, "wording")


def everything(record: Trajectory, rng: random.Random) -> Trajectory | None:
    """Returns the record with all changes at once."""
    new = renumbered(reordered(recased(reworded(record, rng), rng), rng), rng)
    return None if new is None else msgspec.structs.replace(new, id=f"{record.id}~all")


CHANGES = {
    "order": reordered,
    "case": recased,
    "numbers": renumbered,
    "wording": reworded,
    "all": everything,
}


def named_things(record: Trajectory) -> list[tuple[str, str]]:
    """Returns (argument name, value) of text arguments whose value stands in the question."""
    query = text_of(record.query)
    return [
        (name, value)
        for call in calls_of(record)
        for name, value in call.arguments.items()
        if isinstance(value, str) and len(value) > 3 and value[0].isupper() and value in query
    ]


def without_numbers(value: str) -> str:
    """Returns a value without case and digits: other numbers make no other thing here."""
    return NUMBER.sub("", value).casefold()


def decoy(
    record: Trajectory, others: Sequence[tuple[str, str]], rng: random.Random
) -> Planted | None:
    """Returns the record about something else, None when it names nothing."""
    things = named_things(record)
    if not things:
        return None
    name, old = rng.choice(things)
    same = [
        value
        for other, value in others
        if other == name and without_numbers(value) != without_numbers(old)
    ]
    if not same:
        return None
    new = rng.choice(same)
    leaf = lambda v: v.replace(old, new) if isinstance(v, str) else v  # noqa: E731
    query = text_of(record.query).replace(old, new)
    return Planted(changed(record, query, lambda v: mapped(v, leaf), "decoy"), record.id, "decoy")


def planted_in(base: Sequence[Trajectory]) -> list[Planted]:
    """Returns a copy or a decoy of each record where one can be made."""
    others = [thing for record in base for thing in named_things(record)]
    made: list[Planted] = []
    for number, record in enumerate(base):
        rng = random.Random(record.id)
        if number % 2:
            if (fake := decoy(record, others, rng)) is not None:
                made.append(fake)
            continue
        change = list(CHANGES)[number // 2 % len(CHANGES)]
        copy = CHANGES[change](record, rng)
        if copy is not None:
            made.append(Planted(copy, record.id, change))
    return made


def repeats(records: Sequence[Trajectory]) -> dict[str, tuple[str, str, float]]:
    """Returns id -> (id of the first record it repeats, by what, likeness)."""
    with NearIndex() as index:
        for record in records:
            index.add(features_of(record))
        return {
            records[n.at].id: (records[n.earlier].id, n.kind, n.likeness)
            for n in index.near()
            if n.earlier is not None
        }


def base_records(v4: str, formats: Path) -> list[Trajectory]:
    """Returns the real records that call something."""
    records = [record for _, record in v4_records(v4)]
    for name in SAMPLES:
        records += unified(formats / name)
    unique = {record.id: record for record in records if calls_of(record)}
    return list(unique.values())


def unified(path: Path) -> list[Trajectory]:
    """Returns the records of files in any known format."""
    stage = UnifyStage([str(path)])
    found = (item for shard in stage.plan() for item in stage.produce(shard))
    return [item for item in found if isinstance(item, Trajectory)]


def copies_table(v4: str, formats: Path, show: int) -> dict[str, dict[str, Any]]:
    """Returns half -> counts and rates of planted copies and decoys."""
    base = base_records(v4, formats)
    natural = repeats(base)
    planted = planted_in(base)
    found = repeats([*base, *(plant.record for plant in planted)])
    counts: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for plant in planted:
        half = "even" if is_even(plant.origin) else "odd"
        partner = found.get(plant.record.id, ("",))[0]
        family = {plant.origin, natural.get(plant.origin, (plant.origin,))[0]}
        hit = partner in family or natural.get(partner, ("",))[0] in family
        counts[half][plant.change] += 1
        counts[half][f"{plant.change} found"] += hit
        if show and hit == (plant.change == "decoy"):
            show -= 1
            print(
                plant.change, found.get(plant.record.id), plant.record.query, calls_of(plant.record)
            )
    return {half: rates(counts[half]) | {"natural": len(natural)} for half in ("even", "odd")}


def rates(counts: Counter[str]) -> dict[str, Any]:
    """Returns recall by change, over all copies, and precision among copies and decoys."""
    copies = sum(counts[change] for change in CHANGES)
    hits = sum(counts[f"{change} found"] for change in CHANGES)
    false = counts["decoy found"]
    by_change = {c: f"{counts[f'{c} found']}/{counts[c]}" for c in [*CHANGES, "decoy"]}
    return {**by_change, "recall": hits / copies, "precision": hits / (hits + false)}


def edited(query: str, rng: random.Random) -> str:
    """Returns a question with other numbers and one word in eight dropped or doubled, framed."""
    spoken = NUMBER.sub(lambda _: str(rng.randrange(10, 99)), query).split()
    for _ in range(len(spoken) // 8):
        at = rng.randrange(len(spoken))
        spoken[at : at + 1] = rng.choice([[], ["really", spoken[at]], ["thing"]])
    return rng.choice(FRONT) + " ".join(spoken) + rng.choice(BACK)


def leaks_table(v4: str, formats: Path, show: int) -> dict[str, dict[str, Any]]:
    """Returns half -> shares of planted leaks found; false alarms over other data sets."""
    pack = unified(Path(v4))
    index = LeakIndex()
    for record in pack:
        index.add(record)
    counts: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for record in pack:
        query = text_of(record.query)
        if not words(query):  # a lone "/" is no question that could be known again
            continue
        half = "even" if is_even(record.id) else "odd"
        rng = random.Random(record.id)
        framed = rng.choice(FRONT) + query + rng.choice(BACK) if len(query.split()) >= 8 else query
        verbatim = index.leak([framed])
        counts[half]["questions"] += 1
        counts[half]["verbatim"] += (exact := verbatim is not None and verbatim.verbatim)
        if show and not exact:
            print("not verbatim", framed)
        text = edited(query, rng)
        size = "edited" if len(words(query)) >= LONG else "edited short"
        counts[half][f"{size} all"] += 1
        counts[half][size] += (hit := index.leak([text])) is not None
        if show and hit is None:
            show -= 1
            print("missed", text)
    others = [r for name in (*SAMPLES, *UNRELATED) for r in unified(formats / name)]
    alarms = [(r, leak) for r in others if (leak := index.leak(user_texts(r))) is not None]
    for record, leak in alarms[: show and 40]:
        print("alarm", leak, user_texts(record)[0][:200])
    return {
        half: {
            "questions": c["questions"],
            "verbatim": c["verbatim"] / c["questions"],
            "edited": c["edited"] / c["edited all"],
            "edited short": f"{c['edited short']}/{c['edited short all']}",
            "alarms": f"{len(alarms)}/{len(others)}",
        }
        for half, c in sorted(counts.items())
    }


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--v4", required=True, help="folder of BFCL v4")
    parser.add_argument("--formats", type=Path, required=True, help="folder of samples by format")
    parser.add_argument("--show", type=int, default=0, help="print this many faults")
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args()
    tables = {
        "copies": copies_table(given.v4, given.formats, given.show),
        "leaks": leaks_table(given.v4, given.formats, given.show),
    }
    if given.json:
        print(json.dumps(tables, indent=1))
    else:
        for title, halves in tables.items():
            for half, row in halves.items():
                cells = (
                    f"{k} {v:.4f}" if isinstance(v, float) else f"{k} {v}" for k, v in row.items()
                )
                print(f"{title:<7}{half:<6}{', '.join(cells)}")
    missed = [
        f"{name} ({half})"
        for halves in tables.values()
        for half, row in halves.items()
        for name, claim in CLAIMS.items()
        if name in row and row[name] < claim
    ]
    if missed:
        print(f"below the claim: {', '.join(missed)}", file=sys.stderr)
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
