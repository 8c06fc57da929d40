"""Claim: stored multi-turn and agentic outputs get `bfcl-eval`'s verdict and error type.

Outputs are derived from the gold in the forms of three models (prompted, native calls, xLAM), then
damaged: steps of text, steps that do not decode, calls joined or split, turns and results of
another shape. `bfcl-eval`'s own runner functions judge them in its environment, decoding included.
Where theirs raises, ours must be an error entry. Needs `actloom pull bfcl`.
"""

import ast
import json
import random
import subprocess
import sys
import tempfile
from collections import Counter
from pathlib import Path

from actloom.envs.bfcl.room import FAILED
from actloom.evals.bfcl.data.questions import QuestionSet, questions
from actloom.evals.bfcl.decoders import decoder
from actloom.evals.bfcl.question import Question
from actloom.evals.bfcl.turns.agentic import agentic_verdict
from actloom.evals.bfcl.turns.multi_turn import gold_calls, multi_turn_verdicts
from actloom.evals.bfcl.versions.profiles import profile_of
from actloom.io.pull.bfcl import bfcl_home
from bfcl_eval_environment import bfcl_eval_environ, bfcl_eval_python

MODELS = {
    "gpt-4o-2024-11-20": "default@bfcl_v4",
    "gpt-4o-2024-11-20-FC": "default_fc@bfcl_v4",
    "Salesforce/Llama-xLAM-2-8b-fc-r": "salesforce@bfcl_v4",
}
"""Model of bfcl-eval -> decoder of ours."""
VARIANTS = 3
RIVAL = """
import copy, json, sys
from bfcl_eval.eval_checker import eval_runner as runner
from bfcl_eval.eval_checker.multi_turn_eval import multi_turn_utils as utils
handlers = {}
for line in open(sys.argv[1]):
    kind, model, entry, result, truth = json.loads(line)
    if model not in handlers:
        handlers[model] = runner.get_handler(model)
    judge = getattr(runner, f"_evaluate_single_{kind}_entry")
    try:
        args = (handlers[model], entry["id"], result, truth, entry, model, kind)
        found = judge(*args)
        code = "" if found["valid"] else found["error"]["error_type"]
    except Exception as error:
        code = f"raised {type(error).__name__}: {error}"
    for name in [n for n in vars(utils) if n.endswith("_instance")]:
        delattr(utils, name)
    print("@@" + json.dumps(code))
"""
SAID = ["Done.", "I need more information.", "", "[]", "{}", "[", "(", "pwd(", "Sure: pwd()", "5"]
ODD = [None, 5, [], {}, [{}], [[]], [None], {"name": "pwd"}, True, 1.5]


def rendered(calls: list[str], model: str) -> object:
    """Returns a step's calls as a model writes them; positional arguments only as text."""
    if model == "gpt-4o-2024-11-20":
        return f"[{', '.join(calls)}]"
    pairs = []
    for call in calls:
        node = ast.parse(call, mode="eval").body
        pairs.append((node.func.id, {k.arg: ast.literal_eval(k.value) for k in node.keywords}))
    if model.endswith("-FC"):
        return [{name: json.dumps(arguments)} for name, arguments in pairs]
    return json.dumps([{"name": name, "arguments": arguments} for name, arguments in pairs])


def output(question: Question, model: str, chance: random.Random) -> object:
    """Returns a result derived from the gold, whole or damaged."""
    turns: list[object] = []
    harm = chance.choice([0.0, 0.0, 0.1, 0.5])
    for calls in gold_calls(question) or []:
        steps, left = [], list(calls)
        while left:
            size = chance.randint(1, len(left))
            steps.append(rendered(left[:size], model))
            left = left[size:]
        if chance.random() < 0.5:
            steps.append(chance.choice(SAID))
        turns.append([damaged(s, chance) if chance.random() < harm else s for s in steps])
    if harm and chance.random() < 0.1:
        place = chance.randrange(len(turns))
        turns[place] = chance.choice([[], [[]], "", "text", [""], None, {"a": 1}])
    if harm and chance.random() < 0.1:
        return chance.choice([turns[:-1], [*turns, []], [], None, "text", {"0": turns}])
    return turns


def damaged(step: object, chance: random.Random) -> object:
    if isinstance(step, str) and step and chance.random() < 0.5:
        place = chance.randrange(len(step))
        return (
            step[:place]
            + chance.choice(["", "'", "(", ")", ",", "x", " (", "\n"])
            + step[place + 1 :]
        )
    return chance.choice([*SAID, *ODD])


def answered(question: Question, model: str, chance: random.Random) -> object:
    """Returns an agentic result around one of the accepted answers."""
    truth = [str(text) for text in question.truth]
    answer = chance.choice(truth)
    forms = [answer, answer.lower(), answer.upper(), answer.replace(" ", ""), f"x{answer}"]
    forms += [f"It is {answer}.", f"{{'answer': '{answer}', 'context': 'so'}}", answer[:-1], "No."]
    forms += [answer.replace(",", ""), f"({answer})", f"{answer}s", answer.replace("'", '"')]
    call = rendered(["search_engine_query(keywords='x')"], model)
    steps = [
        chance.choice([call, chance.choice(forms), chance.choice([*SAID, *ODD])]) for _ in "123"
    ]
    if chance.random() < 0.05:
        return chance.choice([None, [], "text", [steps, steps], [None], ["text"], [[]]])
    return [steps[: chance.randint(0, 3)] + [chance.choice(forms)] * chance.randint(0, 1)]


def records(asked: QuestionSet) -> list[tuple[str, str, Question, object]]:
    made = []
    for category in asked:
        kind = "multi_turn" if category.startswith("multi_turn") else "agentic"
        if not category.startswith(("multi_turn", "memory", "web_search")):
            continue
        for question in asked[category]:
            for model in MODELS:
                for variant in range(VARIANTS):
                    chance = random.Random(f"{question.id} {model} {variant}")
                    make = output if kind == "multi_turn" else answered
                    made.append((kind, model, question, make(question, model, chance)))
    return made


def our_codes(made: list[tuple[str, str, Question, object]]) -> list[str]:
    found: dict[int, str] = {}
    for model, name in MODELS.items():
        reads = decoder(name)
        mine = [(i, *record) for i, record in enumerate(made) if record[1] == model]
        for i, kind, _, question, result in mine:
            if kind == "agentic":
                found[i] = agentic_verdict(question, result, reads).code
        # Ids repeat over the variants of a question, which are therefore judged one by one.
        for variant in range(VARIANTS):
            turns = [r for r in mine if r[1] == "multi_turn"][variant::VARIANTS]
            results = {question.id: result for _, _, _, question, result in turns}
            judged = multi_turn_verdicts([r[3] for r in turns], results, reads, workers=2)
            for (i, *_), (_, verdict) in zip(turns, judged, strict=True):
                found[i] = verdict.code
    return [found[i] for i in range(len(made))]


def rival_codes(made: list[tuple[str, str, Question, object]]) -> list[str]:
    with tempfile.TemporaryDirectory() as folder:
        work = Path(folder)
        with (work / "records.jsonl").open("w") as file:
            for kind, model, question, result in made:
                line = [kind, model, {**question.raw, "function": []}, result, question.truth]
                file.write(json.dumps(line) + "\n")
        done = subprocess.run(
            [bfcl_eval_python(), "-W", "ignore", "-c", RIVAL, work / "records.jsonl"],
            env={**bfcl_eval_environ(work / "home"), "TZ": "UTC"},
            stdout=subprocess.PIPE,
            text=True,
            check=True,
        )
    return [json.loads(line[2:]) for line in done.stdout.splitlines() if line.startswith("@@")]


def main() -> int:
    home = bfcl_home()
    if home is None:
        sys.exit("first: actloom pull bfcl")
    made = records(questions(str(home), profile_of("v4")))
    ours, theirs = our_codes(made), rival_codes(made)
    raised = {FAILED, "agentic:inference_error"}
    differ = [
        i
        for i, (a, b) in enumerate(zip(ours, theirs, strict=True))
        if a != b and not (b.startswith("raised") and a in raised)
    ]
    for i in differ[:40]:
        _, model, question, result = made[i]
        print(f"DIFFERS {question.id} {model}: ours {ours[i]!r} theirs {theirs[i]!r}")
        print(f"   {json.dumps(result)[:600]}")
    for code, count in Counter(ours).most_common():
        print(f"{count:>7} {code or 'valid'}")
    crashes = sum(code.startswith("raised") for code in theirs)
    print(f"{len(differ)} of {len(made)} records differ; theirs raises on {crashes}")
    return 1 if differ else 0


if __name__ == "__main__":
    sys.exit(main())
