"""Claim: our BFCL verdicts equal those of bfcl-eval's own checker, error types included.

Both judge the same answers to every v4 single-turn question: the gold's first alternatives, every
mutation of them, and random ones (JSON of all kinds, Java and JavaScript literals, damaged ones);
both convert the same random literals. bfcl-eval runs in an environment of its own
(`bfcl_eval_environment.py`). Prints the agreement by category and by source, and an example of
every difference; exit code 1 when there is one, or with fewer than 20,000 records.

    python benchmarks/bfcl_parity.py [--fuzz 10] [--seed 0] [--json]
"""

from __future__ import annotations

import argparse
import json
import random
import subprocess
import sys
import tempfile
from collections import Counter, defaultdict
from collections.abc import Iterator
from pathlib import Path

from actloom.evals.bfcl.checker.answers import gold_calls
from actloom.evals.bfcl.checker.java import JAVA_TYPES, java_value
from actloom.evals.bfcl.checker.javascript import JAVASCRIPT_TYPES, javascript_value
from actloom.evals.bfcl.checker.mutations import mutations
from actloom.evals.bfcl.checker.rules import RULES
from actloom.evals.bfcl.checker.verdicts import CRASHED, Judge
from actloom.evals.bfcl.data.questions import questions
from actloom.evals.bfcl.decoding import Decoded
from actloom.evals.bfcl.question import Question
from actloom.evals.bfcl.versions.profiles import profile_of
from bfcl_eval_environment import bfcl_eval_environ, bfcl_eval_python
from bfcl_fuzz import fuzzed_calls, fuzzed_literal

HERE = Path(__file__).parent
LEAST = 20_000
RULES_V4 = RULES["v4"]


def answers(question: Question, fuzz: int, dice: random.Random) -> Iterator[tuple[str, object]]:
    """Yields (source, decoded answer) of a question."""
    gold: list[object] = []
    if question.expected:
        gold = [*gold_calls(question, RULES_V4)]
        yield "gold", gold
        for mutation in mutations(question, RULES_V4):
            yield mutation.change, mutation.calls
    for _ in range(fuzz):
        yield "random", fuzzed_calls(question, gold, dice)


def single_turn(folder: str) -> list[Question]:
    """Returns the questions of all v4 single-turn categories."""
    profile = profile_of("v4")
    found = questions(folder, profile)
    kinds = ("ast", "irrelevance", "relevance")
    names = [category.name for category in profile.categories.values() if category.kind in kinds]
    return [question for name in names for question in found[name]]


def ask_rival(work: Path, asked: dict[str, object]) -> dict[str, list[list[str]]]:
    """Returns what bfcl-eval makes of the same answers and literals."""
    python = bfcl_eval_python()
    (work / "asked.json").write_text(json.dumps(asked))
    rival = [str(python), str(HERE / "bfcl_parity_rival.py"), str(work)]
    subprocess.run(rival, check=True, env=bfcl_eval_environ(work / "root"), stdout=sys.stderr)
    return json.loads((work / "answered.json").read_text())


def our_verdicts(asked: list[dict[str, object]], found: list[Question]) -> list[list[str]]:
    """Returns (error type, message when the checker raises) of each answer."""
    judges = [Judge(question, RULES_V4) for question in found]
    results = []
    for case in asked:
        judge = judges[case["question"]]
        decoded = Decoded(case["answer"])
        verdict = judge.verdict(decoded, underscores=case["underscores"])
        message = ""
        if verdict.code == CRASHED:
            message = judge.explained(decoded, underscores=case["underscores"]).message
        results.append([verdict.code, message])
    return results


def our_value(language: str, text: str, kind: str, item_kind: str | None) -> list[str]:
    """Returns the converted literal as text, or what converting raises."""
    read = java_value if language == "java" else javascript_value
    try:
        return ["", repr(read(text, kind, item_kind))]
    except Exception as error:
        return ["raised", type(error).__name__]


def literals(count: int, dice: random.Random) -> list[list[object]]:
    """Returns (language, text, type, type of items) to convert."""
    made: list[list[object]] = []
    for language, types in (("java", JAVA_TYPES), ("javascript", JAVASCRIPT_TYPES)):
        kinds = [*types]
        for _ in range(count):
            item_kind = dice.choice([None, *kinds])
            text = fuzzed_literal(language, dice)
            made.append([language, text, dice.choice(kinds), item_kind])
    return made


def main() -> int:
    """Runs both checkers and compares them."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--fuzz", type=int, default=10, help="random answers a question")
    parser.add_argument("--literals", type=int, default=50_000, help="random literals a language")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    dice = random.Random(options.seed)
    packages = bfcl_eval_python().parents[1].glob("lib/python*/site-packages/bfcl_eval/data")
    found = single_turn(str(next(packages)))
    cases = [
        {"question": at, "source": source, "answer": answer, "underscores": dice.random() < 0.2}
        for at, question in enumerate(found)
        for source, answer in answers(question, options.fuzz, dice)
    ]
    texts = literals(options.literals, dice)
    gold = [[{e.name: e.arguments} for e in question.expected] for question in found]
    asked = {
        "functions": [question.functions for question in found],
        "gold": gold,
        "category": [question.category for question in found],
        "language": [question.language for question in found],
        "cases": cases,
        "literals": texts,
    }
    with tempfile.TemporaryDirectory() as work:
        theirs = ask_rival(Path(work), asked)
    cases = json.loads(json.dumps(cases))  # what the rival read: tuples are lists, keys are texts
    ours = {"cases": our_verdicts(cases, found), "literals": [our_value(*text) for text in texts]}
    return report(cases, texts, found, ours, theirs, as_json=options.json)


def report(cases, texts, found, ours, theirs, *, as_json) -> int:
    """Prints the table and the differences; returns the exit code."""
    table: dict[str, Counter[str]] = defaultdict(Counter)
    examples: dict[tuple[str, str, str], object] = {}
    for case, our, their in zip(cases, ours["cases"], theirs["cases"], strict=True):
        category = found[case["question"]].category
        for row in (category, f"({case['source']})"):
            table[row]["records"] += 1
            table[row]["crashes"] += their[0] == CRASHED
            table[row]["differ"] += our[0] != their[0]
        if our[0] != their[0]:
            example = {"id": found[case["question"]].id, **case, "theirs": their, "ours": our}
            examples.setdefault((category, our[0], their[0]), example)
    for text, our, their in zip(texts, ours["literals"], theirs["literals"], strict=True):
        row = f"{text[0]} literals"
        table[row]["records"] += 1
        table[row]["crashes"] += their[0] == "raised"
        table[row]["differ"] += our != their
        if our != their:
            example = {"literal": text, "theirs": their, "ours": our}
            examples.setdefault((row, str(text[2]), their[0]), example)
    differ = sum(row["differ"] for name, row in table.items() if not name.startswith("("))
    if as_json:
        rows = {name: dict(row) for name, row in table.items()}
        print(json.dumps({"rows": rows, "differences": [*examples.values()]}, indent=1))
    else:
        print(f"{'':<28}{'records':>9}{'they raise':>12}{'differ':>8}")
        for name, row in table.items():
            print(f"{name:<28}{row['records']:>9,}{row['crashes']:>12,}{row['differ']:>8,}")
        for example in examples.values():
            print(json.dumps(example)[:1500])
        print(f"{len(cases):,} answers and {len(texts):,} literals, {differ} differences")
    return 1 if differ or len(cases) < LEAST else 0


if __name__ == "__main__":
    sys.exit(main())
