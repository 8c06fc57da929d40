"""Claim: multi-turn verdicts are those of `bfcl-eval`, on gold calls and on each mutation of them.

The gold calls of all 800 multi-turn cases pass; every case with one call left out, one argument
changed or one function exchanged fails, but for those listed, in which state and outputs truly
agree. `bfcl-eval`'s own `multi_turn_checker`, in its own environment, gives the same verdict and
error type for every record. Needs `actloom pull bfcl`.

Their instances live in module globals and are never freed; the rival's script deletes them after
each record and gives each record a name of its own, so that both sides judge fresh worlds.
"""

import json
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

from actloom.envs.bfcl.classes import DOCUMENTS, official_classes
from actloom.envs.bfcl.room import Room
from actloom.envs.bfcl.trial import Trial, WorldSetup
from actloom.evals.bfcl.turns.turn_mutations import turn_mutations
from bfcl_eval_environment import bfcl_eval_environ, bfcl_eval_python

CATEGORIES = ("base", "miss_func", "miss_param", "long_context")
WORKERS = 2
RIVAL = """
import json, sys, time
from bfcl_eval.eval_checker.multi_turn_eval import multi_turn_utils as utils
from bfcl_eval.eval_checker.multi_turn_eval.multi_turn_checker import multi_turn_checker
took = 0.0
for number, line in enumerate(open(sys.argv[1])):
    entry, model, gold = json.loads(line)
    start = time.process_time()
    try:
        found = multi_turn_checker(model, gold, entry, "", f"m{number}")
        code = found.get("error_type", "")
    except Exception as error:
        code = f"raised {type(error).__name__}: {error}"
    took += time.process_time() - start
    for name in [n for n in vars(utils) if n.endswith("_instance")]:
        delattr(utils, name)
    print(json.dumps(code), file=sys.stderr)
print(took)
"""


def cases(data: Path) -> list[tuple[dict, list]]:
    found = []
    for category in CATEGORIES:
        name = f"BFCL_v4_multi_turn_{category}.json"
        questions = (data / name).read_text().splitlines()
        answers = (data / "possible_answer" / name).read_text().splitlines()
        for question, answer in zip(questions, answers, strict=True):
            found.append((json.loads(question), json.loads(answer)["ground_truth"]))
    return found


def offered(entry: dict, data: Path) -> list[str]:
    files = [
        data / "multi_turn_func_doc" / f"{DOCUMENTS[name]}.json"
        for name in entry["involved_classes"]
    ]
    return [json.loads(line)["name"] for file in files for line in file.read_text().splitlines()]


def records(data: Path) -> tuple[list[dict], list[str], list[Trial]]:
    """Returns published entries, what was done to the gold, and the trials; gold first."""
    entries, labels, trials = [], [], []
    for entry, gold in cases(data):
        long = "long_context" in entry["id"]
        setup = WorldSetup(
            entry["id"], entry["involved_classes"], entry["initial_config"], long_context=long
        )
        mutations = list(turn_mutations(gold, offered(entry, data)))
        models = [("gold", [[[call] for call in turn] for turn in gold])]
        models += [(f"{m.kind}: turn {m.turn}: {m.was} -> {m.now}", m.model) for m in mutations]
        for label, model in models:
            entries.append(entry)
            labels.append(label)
            trials.append(Trial(setup, model, gold))
    return entries, labels, trials


def rival_codes(entries: list[dict], trials: list[Trial]) -> tuple[list[str], float]:
    with tempfile.TemporaryDirectory() as folder:
        work = Path(folder)
        with (work / "records.jsonl").open("w") as file:
            for entry, trial in zip(entries, trials, strict=True):
                file.write(json.dumps([entry, trial.model, trial.gold]) + "\n")
        with (work / "codes.jsonl").open("w") as codes:
            done = subprocess.run(
                [bfcl_eval_python(), "-c", RIVAL, work / "records.jsonl"],
                env={**bfcl_eval_environ(work / "home"), "TZ": "UTC"},
                stdout=subprocess.PIPE,
                stderr=codes,
                check=True,
            )
        lines = (work / "codes.jsonl").read_text().splitlines()
        return [json.loads(line) for line in lines if line.startswith('"')], float(done.stdout)


def main() -> int:
    classes = official_classes()
    entries, labels, trials = records(Path(classes.folder) / "bfcl_eval" / "data")
    gold = [trial for trial, label in zip(trials, labels, strict=True) if label == "gold"]
    with Room(classes, workers=WORKERS) as room:
        start = time.perf_counter()
        passed = sum(not found.code for found in room.judged(gold))
        gold_s = time.perf_counter() - start
        start = time.perf_counter()
        ours = [found.code for found in room.judged(trials)]
        all_s = time.perf_counter() - start
    theirs, rival_s = rival_codes(entries, trials)
    print(f"gold: {passed}/{len(gold)} pass in {gold_s:.1f} s with {WORKERS} processes")
    print(f"all: {len(ours)} records, ours {all_s:.1f} s by the clock, theirs {rival_s:.1f} s CPU")
    differ = [i for i, (a, b) in enumerate(zip(ours, theirs, strict=True)) if a != b]
    for i in differ[:50]:
        print(
            f"DIFFERS {entries[i]['id']} {labels[i][:200]}: ours {ours[i]!r} theirs {theirs[i]!r}"
        )
    print(f"verdict and error type differ: {len(differ)} of {len(ours)}")
    mutated = [i for i, label in enumerate(labels) if label != "gold"]
    for code, count in Counter(ours[i] or "passes" for i in mutated).most_common():
        print(f"  {count:>7} {code}")
    kinds = Counter(labels[i].partition(":")[0] for i in mutated)
    agree = [i for i in mutated if not ours[i]]
    passing = Counter(labels[i].partition(":")[0] for i in agree)
    print(
        "mutations that pass, of all: " + ", ".join(f"{k} {passing[k]}/{kinds[k]}" for k in kinds)
    )
    if "--list" in sys.argv:
        for i in agree:
            print(f"{entries[i]['id']}\t{labels[i]}")
    return 0 if passed == len(gold) and not differ else 1


if __name__ == "__main__":
    sys.exit(main())
