"""Claims: BFCL scored at 2 and 3 times bfcl-eval's rate, a table 20 times sooner, a pack in 5 s.

Rival: bfcl-eval 2026.3.23 in an environment of its own (`bfcl_eval_environment.py`).

Rates: one round decodes, checks and writes the verdicts of the same records on both sides, in CPU
seconds, files read before. The records are answers of the results pack of 2024-08-11 under v4's
ids: `text` as the four models wrote it that were prompted for calls in Python, `json` with the
calls of all 12 models as native ones. What we prepare of a question is kept for the models of a
round and thrown away after it. The numbers of right records must be equal.

Start to table: `actloom score bfcl` against `bfcl evaluate`, for one model over 1,390 records, wall
time and beside it CPU time, which other work on the machine disturbs less. The rival's packages are
truly installed here (`whole`), but for sentence-transformers and torch, which scoring does not
import; `--light` takes the environment with empty modules instead and starts twice as fast.

Needs the results pack (`ACTLOOM_SHARED_DATA`).
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import statistics
import subprocess
import sys
import time
from pathlib import Path

import msgspec

from actloom.evals.bfcl.checker.rules import RULES
from actloom.evals.bfcl.checker.verdicts import Judge
from actloom.evals.bfcl.data.outputs import answers
from actloom.evals.bfcl.data.questions import QuestionSet, questions
from actloom.evals.bfcl.decoders import decoder
from actloom.evals.bfcl.decoding import Decoder
from actloom.evals.bfcl.question import Question
from actloom.evals.bfcl.scoring.traits import model_table
from actloom.evals.bfcl.scoring.work import Line
from actloom.evals.bfcl.versions.profiles import PROFILES
from bfcl_eval_environment import bfcl_eval_environ, bfcl_eval_python
from harness import ROUNDS, Timings, cpu_seconds, ratio_table

HERE = Path(__file__).parent
SHARED = Path(os.environ.get("ACTLOOM_SHARED_DATA", HERE.parents[1] / "shared" / "data"))
PACK = SHARED / "bfcl_v1"
WORK = HERE / ".work" / "bfcl_speed"
CATEGORIES = {
    "simple_python": "simple",
    "simple_java": "java",
    "simple_javascript": "javascript",
    "multiple": "multiple_function",
    "parallel": "parallel_function",
    "parallel_multiple": "parallel_multiple_function",
    "irrelevance": "relevance",
}
"""Category of v4 -> of v1 with as many questions."""
KINDS = {
    "text": ("gpt-4o-2024-11-20", "default@bfcl_v4"),
    "json": ("gpt-4o-2024-11-20-FC", "default_fc@bfcl_v4"),
}
"""Kind -> the model of bfcl-eval's registry that reads it, our decoder that does the same."""
PROMPTED = (
    "claude-3-opus-20240229",
    "databricks-dbrx-instruct",
    "meta-llama_Meta-Llama-3-8B-Instruct",
    "mistral-small-2402",
)
RATE_TARGETS = {"text": 2.0, "json": 3.0}
TABLE_TARGET = 20.0
PACK_TARGET = 5.0
ENCODE = msgspec.json.Encoder()
Outputs = dict[tuple[str, str], list[dict]]
"""(model of the pack, category) -> rows of a result file."""


def answered(kind: str) -> Outputs:
    """Returns what models of the pack answered: prompted ones as text, all with native calls."""
    table = model_table(str(PACK))
    asked = questions(str(PACK), PROFILES["v1-2024-08-11"])
    found: Outputs = {}
    for model in PROMPTED if kind == "text" else table.rows:
        reader = decoder(table.traits(model, dialect="", underscores="auto").decoder)
        for category, older in CATEGORIES.items():
            ids = {question.id: question for question in asked[older]}
            given = answers(str(PACK / "results" / model / f"{older}.jsonl.gz"), ids, older)
            found[model, category] = [
                {
                    "id": f"{category}_{answer.id.rpartition('_')[2]}",
                    "result": answer.result
                    if kind == "text"
                    else _native(answer.result, ids[answer.id], reader),
                }
                for answer in given.answers
            ]
    return found


def _native(result: object, question: Question, reader: Decoder) -> object:
    """Returns an answer as native calls; what is no call stays as it was written."""
    decoded = reader.calls(result, question.language)
    try:
        calls = [(n, dict(given)) for call in decoded.value for n, given in call.items()]
        return [{n.replace(".", "_"): json.dumps(given)} for n, given in calls]
    except (TypeError, AttributeError, ValueError):
        return result if isinstance(result, str) else json.dumps(result)


def our_round(kind: str, asked: QuestionSet, stored: Outputs) -> int:
    """Decodes, checks and writes every record; returns how many are right."""
    read, rules = decoder(KINDS[kind][1]), RULES["v4"]
    prepared: dict[str, list[Judge]] = {}
    total = 0
    for (model, category), rows in stored.items():
        if category not in prepared:
            prepared[category] = [Judge(question, rules) for question in asked[category]]
        lines: list[Line] = []
        for judge, row in zip(prepared[category], rows, strict=True):
            decoded = read.calls(row["result"], judge.question.language)
            verdict = judge.verdict(decoded, underscores=kind == "json")
            code = None if verdict.valid else verdict.code
            lines.append(Line(model, category, row["id"], verdict.valid, code))
            total += verdict.valid
        path = WORK / "ours" / model / f"{category}.jsonl"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(ENCODE.encode_lines(lines))
    return total


class Rival:
    """The rival's half, in its own interpreter: one round for every line it is sent."""

    def __init__(self, python: Path, kind: str, environment: dict[str, str]) -> None:
        script = str(HERE / "bfcl_speed_rival.py")
        self._process = subprocess.Popen(
            [str(python), script, KINDS[kind][0], str(WORK / kind), *CATEGORIES],
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def round(self) -> tuple[float, int]:
        """Returns CPU seconds of a round and how many records are right."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write("round\n")
        self._process.stdin.flush()
        for line in self._process.stdout:
            if line.startswith("ROUND "):
                _, seconds, right = line.split()
                return float(seconds), int(right)
        raise RuntimeError("the rival ended")

    def close(self) -> None:
        """Ends the process."""
        self._process.communicate()


def rates(kind: str, asked: QuestionSet, python: Path, environment: dict[str, str]) -> Timings:
    """Returns CPU seconds of interleaved rounds; both sides must find as many records right."""
    stored = answered(kind)
    for (model, category), rows in stored.items():
        _write(WORK / kind / model / f"BFCL_v4_{category}_result.json", rows)
    rival = Rival(python, kind, environment)
    ours: list[float] = []
    theirs: list[float] = []
    for number in range(ROUNDS + 1):
        right: list[int] = []
        mine = cpu_seconds(lambda found=right: found.append(our_round(kind, asked, stored)))
        seconds, expected = rival.round()
        if right[0] != expected:
            raise SystemExit(f"{kind}: {right[0]} records right, bfcl-eval finds {expected}")
        if number:  # the first round warms up
            ours.append(mine)
            theirs.append(seconds)
    rival.close()
    return ours, theirs


def _write(path: Path, rows: list[dict]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))


def tables(python: Path, environment: dict[str, str], folder: str) -> tuple[Timings, Timings]:
    """Returns wall and CPU seconds from start to table for one model, interleaved."""
    model, reader = KINDS["json"]
    for (source, category), rows in answered("json").items():
        if source == "gpt-4o-2024-08-06-FC":
            _write(WORK / "result" / model / f"non_live/BFCL_v4_{category}_result.json", rows)
    actloom = [str(Path(sys.executable).parent / "actloom"), "score", "bfcl", "--profile", "v4"]
    ours = [*actloom, "--questions", folder, "--outputs", str(WORK / "result"), "--model", model]
    ours += ["--dialect", reader, "--underscores", "yes", "--out", str(WORK / "out")]
    theirs = [str(python), "-m", "bfcl_eval", "evaluate", "--model", model]
    theirs += ["--test-category", "non_live"]
    plain = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
    _seconds(ours, plain), _seconds(theirs, environment)
    pairs = [(_seconds(ours, plain), _seconds(theirs, environment)) for _ in range(ROUNDS)]
    wall = [a[0] for a, _ in pairs], [b[0] for _, b in pairs]
    cpu = [a[1] for a, _ in pairs], [b[1] for _, b in pairs]
    return wall, cpu


def _seconds(command: list[str], environment: dict[str, str]) -> tuple[float, float]:
    """Returns wall and CPU seconds of a command."""
    before, start = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    subprocess.run(command, env=environment, check=True, capture_output=True)
    after, wall = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter() - start
    return wall, after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime


def pack_seconds() -> list[float]:
    """Returns wall seconds of scoring the results pack of 12 models."""
    actloom = [str(Path(sys.executable).parent / "actloom"), "score", "bfcl"]
    command = [*actloom, "--profile", "v1-2024-08-11", "--data", str(PACK)]
    command += ["--out", str(WORK / "pack")]
    plain = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
    return [_seconds(command, plain)[0] for _ in range(5)]


def main() -> int:
    """Measures all four claims; returns 1 when one is missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--light", action="store_true", help="start with empty modules")
    given = parser.parse_args()
    if not PACK.is_dir():
        print(f"no results pack at {PACK}; set ACTLOOM_SHARED_DATA", file=sys.stderr)
        return 2
    python = bfcl_eval_python()
    environment = bfcl_eval_environ(WORK)
    data = _data_of(python, environment)
    asked = questions(data, PROFILES["v4"])
    found = {kind: rates(kind, asked, python, environment) for kind in KINDS}
    models = {"text": len(PROMPTED), "json": 12}
    each = sum(len(asked[category]) for category in CATEGORIES)
    title = "BFCL records decoded, checked and written per CPU second, against bfcl-eval"
    missed = 0
    for kind, timings in found.items():
        missed |= ratio_table(
            f"{title}, {kind}",
            {kind: timings},
            units=models[kind] * each,
            targets={kind: RATE_TARGETS[kind]},
            as_json=given.json,
        )
    title = "Tables of one model per second, from start, against `bfcl evaluate`"
    whole = python if given.light else bfcl_eval_python(whole=True)
    wall, cpu = tables(whole, environment, data)
    waits = {"start to table, wall": wall, "start to table, CPU": cpu}
    targets = {"start to table, wall": TABLE_TARGET}
    missed |= ratio_table(title, waits, units=1, targets=targets, as_json=given.json)
    taken = pack_seconds()
    seconds = statistics.median(taken)
    span = f"{min(taken):.2f} to {max(taken):.2f}"
    print(f"pack of 12 models, 20,400 records: {seconds:.2f} s ({span}), target < 5 s")
    missed |= seconds >= PACK_TARGET
    return int(missed)


def _data_of(python: Path, environment: dict[str, str]) -> str:
    code = "import bfcl_eval, pathlib; print(pathlib.Path(bfcl_eval.__file__).parent / 'data')"
    done = subprocess.run(
        [str(python), "-c", code], env=environment, check=True, capture_output=True, text=True
    )
    return done.stdout.strip().splitlines()[-1]


if __name__ == "__main__":
    raise SystemExit(main())
