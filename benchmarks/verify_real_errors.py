"""Claim: without looking at the answers, the linter flags what models really got wrong in BFCL v1.

Outputs of the models of a results pack (Python AST categories) are decoded as the leaderboard does
and become records of question, offered tools and calls; every rule of `actloom.verify` runs on
them. Right and wrong are the official verdicts, found by our scorer. An output that decodes to no
calls at all is flagged as one that does not parse.
Claims: at least 60 % of the wrong outputs flagged, 36 % of the wrong ones that decode well, and at
most 3 % of the right ones. Rules were tuned on records whose sha256(id) is even; the odd ones are
reported apart.
Run: `python benchmarks/verify_real_errors.py --pack DIR [--json]`; exit 1 below a claim.
"""

from __future__ import annotations

import argparse
import csv
import hashlib
import json
import math
import sys
from collections import Counter, defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from actloom.core.record import Call, Reply, Step, Tool, Trajectory
from actloom.core.schema import normalise_tool
from actloom.evals.bfcl.checker.rules import RULES
from actloom.evals.bfcl.checker.verdicts import is_well_formed, verdict_of
from actloom.evals.bfcl.data.files import rows_of
from actloom.evals.bfcl.data.questions import questions
from actloom.evals.bfcl.decoders import family_decoder
from actloom.evals.bfcl.question import Question
from actloom.evals.bfcl.versions.profiles import profile_of
from actloom.verify.rules import selection

PROFILE = "v1-2024-08-11"
CATEGORIES = ("simple", "multiple_function", "parallel_function", "parallel_multiple_function")
CLAIMS = {"wrong": 0.60, "wrong_decodable": 0.36, "right": 0.03}
UNPARSED = "PARSE"
"""Stands for a rule in the tables: the output decodes to no list of calls."""


class Output(NamedTuple):
    """What a model answered to a question."""

    model: str
    id: str
    error_type: str
    """Of the official verdict; "" when the answer is right."""
    record: Trajectory | None
    """None when the output does not parse."""


def plain(value: Any) -> Any:
    """Returns a decoded value as JSON: tuples as lists, keys as text, infinities as text."""
    if isinstance(value, dict):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple, set)):
        return [plain(item) for item in value]
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    return value if value is None or isinstance(value, (str, int, float)) else str(value)


def calls_of(decoded: list[dict[str, Any]]) -> list[Call]:
    """Returns decoded calls in the record's form."""
    found: list[Call] = []
    for call in decoded:
        for name, given in call.items():
            if isinstance(given, dict):
                found.append(Call(name=str(name), arguments=plain(given)))
            else:
                text = json.dumps(plain(given))
                found.append(Call(name=str(name), arguments_text=text))
    return found


def tools_of(question: Question, *, underscores: bool) -> list[Tool]:
    """Returns the tools as the model was shown them."""
    found: list[Tool] = []
    for document in question.functions:
        name = str(document["name"])
        found.append(
            normalise_tool({**document, "name": name.replace(".", "_") if underscores else name})
        )
    return found


def record_of(question: Question, tools: list[Tool], calls: list[Call]) -> Trajectory:
    """Returns the record of a question and what was called."""
    return Trajectory(
        id=question.id,
        source="bfcl",
        tools=tools,
        query=str(question.turns[0][0]["content"]),
        steps=[Step(reply=Reply(tool_calls=calls))],
    )


def outputs(pack: Path) -> Iterator[Output]:
    """Yields every output of the pack's models in the four categories, judged."""
    asked = questions(str(pack), profile_of(PROFILE))
    tools: dict[tuple[str, bool], list[Tool]] = {}
    with (pack / "models.csv").open(newline="") as file:
        models = list(csv.DictReader(file))
    for row in models:
        decoder = family_decoder(row["decoder_family"], row["name_contains_FC"] == "True")
        underscores = row["dots_to_underscores"] == "True"
        for category in CATEGORIES:
            results = {
                line["id"]: line["result"]
                for line in rows_of(str(pack / "results" / row["model"] / f"{category}.jsonl.gz"))
            }
            for question in asked[category]:
                if question.id not in results:
                    continue
                decoded = decoder.calls(results[question.id], "python")
                verdict = verdict_of(question, decoded, RULES[PROFILE], underscores=underscores)
                record = None
                if not decoded.error and is_well_formed(decoded.value, one_key_calls=False):
                    key = (question.id, underscores)
                    if key not in tools:
                        tools[key] = tools_of(question, underscores=underscores)
                    record = record_of(question, tools[key], calls_of(decoded.value))
                yield Output(row["model"], question.id, verdict.code, record)


def flags_of(output: Output) -> set[str]:
    """Returns the codes of the errors the linter sees in an output."""
    if output.record is None:
        return {UNPARSED}
    found = selection().findings(output.record)
    return {finding.code for finding in found if finding.severity == "error"}


def is_decodable(output: Output) -> bool:
    """Tells whether the official decoder made calls of it; the verdict is about those, then."""
    return not output.error_type.startswith("ast_decoder:")


def is_tuned_on(identifier: str) -> bool:
    """Tells whether a record was open to those who wrote the rules."""
    return hashlib.sha256(identifier.encode()).digest()[-1] % 2 == 0


def counted(judged: list[tuple[Output, set[str]]]) -> dict[str, int]:
    """Returns the six counts of the claim."""
    counts = dict.fromkeys(
        ("wrong", "caught", "wrong_decodable", "caught_decodable", "right", "false_alarms"), 0
    )
    for output, flags in judged:
        if not output.error_type:
            counts["right"] += 1
            counts["false_alarms"] += bool(flags)
            continue
        counts["wrong"] += 1
        counts["caught"] += bool(flags)
        if is_decodable(output):
            counts["wrong_decodable"] += 1
            counts["caught_decodable"] += bool(flags)
    return counts


def rates(counts: dict[str, int]) -> dict[str, float]:
    """Returns the shares that the claims speak of."""
    pairs = {
        "wrong": "caught",
        "wrong_decodable": "caught_decodable",
        "right": "false_alarms",
    }
    return {whole: counts[part] / max(counts[whole], 1) for whole, part in pairs.items()}


def line(title: str, counts: dict[str, int]) -> str:
    """Returns one line of a table of rates."""
    share = rates(counts)
    return (
        f"{title:44} {share['wrong']:6.1%} of {counts['wrong']:5}"
        f"  {share['wrong_decodable']:6.1%} of {counts['wrong_decodable']:5}"
        f"  {share['right']:6.2%} of {counts['right']:5}"
    )


def report(judged: list[tuple[Output, set[str]]]) -> None:
    """Prints the rates: all, both halves, each model, each rule."""
    print(f"{'':44} {'wrong':>15}  {'of those decoded':>15}  {'right':>14}")
    print(line("all", counted(judged)))
    for title, half in (("tuned on (even)", True), ("held back (odd)", False)):
        print(line(title, counted([one for one in judged if is_tuned_on(one[0].id) == half])))
    by_model: defaultdict[str, list[tuple[Output, set[str]]]] = defaultdict(list)
    for one in judged:
        by_model[one[0].model].append(one)
    for model, some in by_model.items():
        print(line(model, counted(some)))
    print(f"\n{'rule':10} {'wrong':>7} {'alone':>7} {'right':>7} {'alone':>7}")
    tally: Counter[tuple[str, bool, bool]] = Counter()
    for output, flags in judged:
        for code in flags:
            tally[code, bool(output.error_type), False] += 1
            tally[code, bool(output.error_type), True] += len(flags) == 1
    for code in sorted({key[0] for key in tally}):
        cells = [tally[code, wrong, alone] for wrong in (True, False) for alone in (False, True)]
        print(f"{code:10} " + " ".join(f"{cell:7}" for cell in cells))


def main() -> int:
    """Prints the table or the counts; returns 1 below a claim."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pack", type=Path, required=True)
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args()
    judged = [(output, flags_of(output)) for output in outputs(given.pack)]
    counts = counted(judged)
    if given.json:
        print(json.dumps(counts))
    else:
        report(judged)
    share = rates(counts)
    met = share["right"] <= CLAIMS["right"]
    met = met and all(share[key] >= CLAIMS[key] for key in ("wrong", "wrong_decodable"))
    return 0 if met else 1


if __name__ == "__main__":
    sys.exit(main())
