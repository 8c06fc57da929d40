"""Claim: actloom sends for BFCL's questions, body by body, what bfcl-eval 2026.3.23 sends.

One recording server on loopback answers both tools from the same script: gold calls, then a plain
text that ends the turn. bfcl-eval asks through its own handlers, in an environment of its own
(`bfcl_eval_environment.py`), on its own simulated classes; actloom asks through `Conversation` and
`HttpModel`, on the classes in its sandbox. Cases: 8 of each single-turn, multi-turn and web search
category, two conversations and a question of each memory's scenario, and all 26 variations of
format sensitivity; by Chat Completions and Responses, native and in prompt mode, and by xLAM's two
text completions.

Equal means equal after JSON normalisation (keys sorted). Whether the order of keys inside a field,
which a chat template shows to a model, is equal too stands in a column of its own. Exit code 1 on
any difference.

What it leaves out: web search with calls (they need the network) and calls to the vector memory
(they need a sentence encoder), for both tools; their conversations are held with plain answers.
"""

from __future__ import annotations

import argparse
import ast
import json
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import quote, unquote

import msgspec

from actloom.core.jsonvalue import Json, JsonObject
from actloom.envs.bfcl.classes import official_classes
from actloom.envs.bfcl.live import CallWorld, RecordedWorld
from actloom.envs.bfcl.room import Room
from actloom.envs.bfcl.trial import Memory, Played, WorldSetup
from actloom.evals.bfcl.data.questions import QuestionSet, questions
from actloom.evals.bfcl.decoders import decoder
from actloom.evals.bfcl.question import Question
from actloom.evals.bfcl.requests import Conversation
from actloom.evals.bfcl.requests.styles import XLAM
from actloom.evals.bfcl.runs.case_runs import CaseRun, SingleRun, TurnsRun
from actloom.evals.bfcl.turns.agentic import prerequisites
from actloom.evals.bfcl.turns.multi_turn import setup_of
from actloom.evals.bfcl.versions.profiles import profile_of
from actloom.io.pull.bfcl import pull_bfcl_files
from actloom.llm.http import HttpModel, Server
from bfcl_eval_environment import bfcl_eval_environ, bfcl_eval_python

HERE = Path(__file__).parent
WORK = HERE / ".work" / "bfcl_requests"
MODEL = "model-under-test"
STYLES = ("fc", "prompt", "responses_fc", "responses_prompt", "xlam_llama", "xlam_qwen")
EACH = 8
"""Cases of each category."""
MULTI_TURN = ("base", "miss_func", "miss_param", "long_context")
DONE = "That is all I can do for this turn."

Calls = list[tuple[str, JsonObject | None]]
"""Names with arguments; None stands for arguments that are cut in the middle."""


@dataclass
class Case:
    """A question, the answers both tools get, and the world its calls reach."""

    category: str
    question: Question
    replies: list[Calls] = field(default_factory=list)
    """Calls of each answer, in order; no calls: the text that ends a turn."""


# What both tools are told


def cases_of(data: QuestionSet, folder: Path) -> Iterator[Case]:
    """Yields the cases: 8 a category, spread over it, memory as chains."""
    for category in data:
        if category.startswith("memory"):
            yield from memory_cases(data, category, folder)
        elif category == "format_sensitivity":
            found = data[category]
            # Each configuration with two questions.
            picked = [*found[:26], *found[len(found) // 2 :][:26]]
            yield from (Case(category, q, [first_calls(q)]) for q in picked)
        else:
            found = data[category]
            for number, question in enumerate(found[:: -(-len(found) // EACH)]):
                turns = category.startswith("multi_turn")
                replies = scripted(question, number) if turns else [first_calls(question)]
                yield Case(category, question, replies)


def first_calls(question: Question) -> Calls:
    """Returns the gold calls of a single turn, each argument's first alternative."""
    return [
        (call.name, {k: v[0] for k, v in call.arguments.items() if isinstance(v, list) and v})
        for call in question.expected
    ]


def scripted(question: Question, number: int) -> list[Calls]:
    """Returns the answers of a multi-turn case: gold calls in one or two steps, then none.

    In one case of eight a turn ends with calls that cannot be read, in one it never ends.
    """
    documents = list(question.functions)
    for held in (question.raw.get("missed_function") or {}).values():
        documents += held
    replies: list[Calls] = []
    for turn in question.truth:
        calls = [parsed(text, documents) for text in turn]
        replies += [calls[:1], calls[1:], []] if len(calls) > 1 else [calls, []] if calls else [[]]
    if number == EACH - 1:
        return [replies[0] or [("ls", {})]] * 50
    if number == EACH - 2:
        replies[replies.index([])] = [("cut", None)]
    return replies


def parsed(text: str, documents: Sequence[JsonObject]) -> tuple[str, JsonObject]:
    """Returns a gold call with its arguments by name."""
    call = ast.parse(text, mode="eval").body
    name = ast.unparse(call.func)
    names = next((list(d["parameters"]["properties"]) for d in documents if d["name"] == name), [])
    given = {names[at]: ast.literal_eval(value) for at, value in enumerate(call.args)}
    return name, given | {k.arg: ast.literal_eval(k.value) for k in call.keywords}


def memory_cases(data: QuestionSet, category: str, folder: Path) -> Iterator[Case]:
    """Yields, for each scenario, two conversations that fill the memory and a question about it."""
    known = data[category]
    for scenario, conversations in prerequisites(known, str(folder)).items():
        first, second = conversations[:2]
        question = next(q for q in known if q.raw["scenario"] == scenario)
        yield Case(category, first, remembered(category, len(first.turns)))
        yield Case(category, second, recalled(category))
        yield Case(category, question, recalled(category))


def remembered(category: str, turns: int) -> list[Calls]:
    if category == "memory_vector":  # needs a sentence encoder that neither tool has here
        return [[]] * turns
    if category == "memory_rec_sum":
        calls: Calls = [("memory_append", {"text": 'Likes tea, it\'s "green".'})]
    else:
        calls = [
            ("core_memory_add", {"key": "drink", "value": "tea"}),
            ("core_memory_add", {"key": "Not A Key", "value": "coffee"}),
        ]
    return [calls, [], *([[]] * (turns - 1))]


def recalled(category: str) -> list[Calls]:
    return {
        "memory_kv": [[("core_memory_retrieve", {"key": "drink"})]],
        "memory_rec_sum": [[("memory_retrieve", {})]],
    }.get(category, [])


def answer(style: str, calls: Calls, number: int) -> JsonObject:
    """Returns the server's response: calls in the form the style asks for, or the closing text."""
    if style == "fc" and calls:
        return chat({"content": None, "tool_calls": native(calls, number), "refusal": None})
    if style == "responses_fc" and calls:
        return responses([call_item(at, call, number) for at, call in enumerate(calls)])
    text = DONE
    if calls and style.startswith("xlam"):
        text = json.dumps([{"name": name, "arguments": given} for name, given in calls])
        text = text if calls[0][1] is not None else text[:-6]
    elif calls:
        text = f"[{', '.join(written(call, ', ') for call in calls)}]"
    if style.startswith("responses"):
        return responses([message_item(text, number)])
    if style.startswith("xlam"):
        return {**frame("text_completion"), "choices": [choice(text=text)]}
    return chat({"content": text, "refusal": None, "annotations": []})


def frame(kind: str) -> JsonObject:
    usage = {"prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 2}
    return {"id": "r", "object": kind, "created": 0, "model": MODEL, "usage": usage}


def choice(**fields: Json) -> JsonObject:
    return {"index": 0, "finish_reason": "stop", "logprobs": None, **fields}


def chat(message: JsonObject) -> JsonObject:
    spoken = {"role": "assistant", **message}
    return {**frame("chat.completion"), "choices": [choice(message=spoken)]}


def native(calls: Calls, number: int) -> list[JsonObject]:
    return [
        {
            "id": f"call_{number}_{at}",
            "type": "function",
            "function": {"name": name, "arguments": json_arguments(given)},
        }
        for at, (name, given) in enumerate(calls)
    ]


def responses(items: list[JsonObject]) -> JsonObject:
    usage = {
        "input_tokens": 1,
        "output_tokens": 1,
        "total_tokens": 2,
        "input_tokens_details": {"cached_tokens": 0},
        "output_tokens_details": {"reasoning_tokens": 0},
    }
    thought = {"type": "reasoning", "id": "rs_1", "summary": [], "encrypted_content": "gAAA"}
    return {**frame("response"), "usage": usage, "status": "completed", "output": [thought, *items]}


def call_item(at: int, call: tuple[str, JsonObject], number: int) -> JsonObject:
    return {
        "type": "function_call",
        "id": f"fc_{number}_{at}",
        "call_id": f"call_{number}_{at}",
        "name": call[0],
        "arguments": json_arguments(call[1]),
        "status": "completed",
    }


def message_item(text: str, number: int) -> JsonObject:
    said = {"type": "output_text", "text": text, "annotations": [], "logprobs": []}
    return {
        "type": "message",
        "id": f"msg_{number}",
        "role": "assistant",
        "status": "completed",
        "content": [said],
    }


def json_arguments(given: JsonObject | None) -> str:
    return '{"key": ' if given is None else json.dumps(given)


def written(call: tuple[str, JsonObject | None], between: str = ",") -> str:
    name, given = call
    if given is None:
        return f"{name}(key="
    return f"{name}({between.join(f'{key}={value!r}' for key, value in given.items())})"


# The server


class Recorder:
    """Answers from the scripts and keeps every body, by tool, style and case."""

    def __init__(self, cases: Sequence[Case]) -> None:
        self.replies = {case.question.id: case.replies for case in cases}
        self.bodies: dict[tuple[str, str, str], list[bytes]] = {}
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self._server.daemon_threads = True

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def __enter__(self) -> Recorder:
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    def answered(self, path: str, body: bytes) -> bytes:
        tool, style, case = path.strip("/").split("/")[:3]
        kept = self.bodies.setdefault((tool, style, unquote(case)), [])
        kept.append(path.rpartition("/v1/")[2].encode() + b" " + body)
        replies = self.replies[unquote(case)]
        calls = replies[len(kept) - 1] if len(kept) <= len(replies) else []
        return json.dumps(answer(style, calls, len(kept))).encode()


def _handler(owner: Recorder) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True  # else each answer waits 40 ms for an acknowledgement

        def log_message(self, *args: object) -> None:
            pass

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            data = owner.answered(self.path, body)
            self.send_response(200)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

    return Handler


# Our side


class SharedWorld:
    """A world whose outputs are kept for the next style: they depend on setup and steps alone."""

    def __init__(self, setup: WorldSetup, room: Room, known: dict[str, Played]) -> None:
        self.setup = setup
        self.steps: list[list[str]] = []
        self._room = room
        self._known = known

    def outputs(self, calls: Sequence[str]) -> list[str]:
        self.steps.append(list(calls))
        return self.played().outputs

    def played(self) -> Played:
        key = json.dumps([msgspec.to_builtins(self.setup), self.steps])
        if key not in self._known:
            self._known[key] = self._room.played(self.setup, self.steps)
        return self._known[key]


class Asker:
    """Asks cases as `actloom eval bfcl` does, with worlds in the sandbox."""

    def __init__(self, room: Room, url: str) -> None:
        self.room = room
        self.url = url
        self.snapshots: dict[tuple[str, str, str], JsonObject] = {}
        self.played: dict[str, Played] = {}

    def ask(self, case: Case, style: str) -> None:
        world = self.world_of(case, style)
        memory = ""
        if case.category.startswith("memory"):
            # An empty vector memory shows itself as an empty object.
            memory = world.played().memory_text if isinstance(world, SharedWorld) else "{}"
        run = run_of(
            case, Conversation(case.question, style, model_name=MODEL, memory=memory), world
        )
        address = f"{self.url}/actloom/{style}/{quote(case.question.id, safe='')}/v1"
        with HttpModel(Server(url=address, model=MODEL, concurrency=1)) as model:
            while not run.over:
                run.take(model.complete([run.prompt()], max_tokens=1)[0])
        if run.error:
            raise RuntimeError(f"{case.question.id} {style}: {run.error}")
        if isinstance(world, SharedWorld) and world.setup.memory and "prereq" in world.setup.id:
            saved = world.played().memory
            self.snapshots[style, case.category, world.setup.memory.scenario] = saved

    def world_of(self, case: Case, style: str) -> SharedWorld | RecordedWorld:
        raw = case.question.raw
        if case.category.startswith("multi_turn"):
            return SharedWorld(setup_of(raw), self.room, self.played)
        if case.category in ("memory_kv", "memory_rec_sum"):
            snapshot = self.snapshots.get((style, case.category, raw["scenario"]))
            memory = Memory(raw["scenario"], case.question.id, snapshot)
            setup = WorldSetup(case.question.id, raw["involved_classes"], memory=memory)
            return SharedWorld(setup, self.room, self.played)
        return RecordedWorld({})


def run_of(case: Case, conversation: Conversation, world: CallWorld) -> CaseRun:
    if not case.category.startswith(("multi_turn", "memory", "web_search")):
        return SingleRun(case.question, conversation)
    if conversation.style.native:
        name = "default_fc@bfcl_v4"
    else:
        is_xlam = isinstance(conversation.style, XLAM)
        name = "salesforce@bfcl_v4" if is_xlam else "default@bfcl_v4"
    return TurnsRun(case.question, conversation, decoder(name), world)


# The comparison


@dataclass
class Row:
    """What became of a category's cases in one style."""

    category: str
    style: str
    cases: int = 0
    requests: int = 0
    equal: int = 0
    same_order: int = 0
    differences: list[str] = field(default_factory=list)


def compared(recorder: Recorder, cases: Sequence[Case], errors: JsonObject) -> list[Row]:
    """Returns one row per category and style."""
    rows: dict[tuple[str, str], Row] = {}
    for style in STYLES:
        for case in cases:
            if asked_in(case, style):
                key = (case.category, style)
                row = rows.setdefault(key, Row(*key))
                name = case.question.id
                ours, theirs = (
                    [read(body) for body in recorder.bodies.get((tool, style, name), [])]
                    for tool in ("actloom", "bfcl-eval")
                )
                count(row, name, ours, theirs)
                if name in errors.get(style, {}):
                    row.differences.append(f"{name}: bfcl-eval: {errors[style][name]}")
    return list(rows.values())


def read(recorded: bytes) -> tuple[str, JsonObject]:
    path, _, body = recorded.partition(b" ")
    return path.decode(), json.loads(body)


def count(row: Row, name: str, ours: list, theirs: list) -> None:
    """Books a case's requests in its row."""
    row.cases += 1
    row.requests += max(len(ours), len(theirs))
    if len(ours) != len(theirs):
        row.differences.append(f"{name}: {len(ours)} requests of ours, {len(theirs)} of theirs")
    for at, (mine, other) in enumerate(zip(ours, theirs)):
        row.equal += mine == other
        row.same_order += all(
            json.dumps(mine[1].get(key)) == json.dumps(value) for key, value in other[1].items()
        )
        row.differences += differences(f"{name} request {at}", mine, other)


def differences(
    where: str, mine: tuple[str, JsonObject], other: tuple[str, JsonObject]
) -> Iterator[str]:
    if mine[0] != other[0]:
        yield f"{where}: path {mine[0]} and {other[0]}"
    for key in sorted(mine[1].keys() | other[1].keys()):
        a, b = (json.dumps(body.get(key), sort_keys=True) for body in (mine[1], other[1]))
        if a != b:
            first = next((i for i, (x, y) in enumerate(zip(a, b)) if x != y), min(len(a), len(b)))
            cut = slice(max(0, first - 60), first + 100)
            yield f"{where}: {key}: {a[cut]!r} and {b[cut]!r}"


def asked_in(case: Case, style: str) -> bool:
    """Format sensitivity is for prompt mode alone; bfcl-eval leaves it out for all others."""
    return case.category != "format_sensitivity" or style.endswith("prompt")


def main() -> int:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--json", action="store_true")
    as_json = arguments.parse_args().json
    python = bfcl_eval_python()
    packages = next(python.parents[1].glob("lib/python*/site-packages"))
    pulled = pull_bfcl_files(WORK / "data", source=packages)
    folder = pulled.folder / "bfcl_eval" / "data"
    cases = list(cases_of(questions(str(folder), profile_of("v4")), folder))
    with Recorder(cases) as recorder, Room(official_classes(pulled.folder)) as room:
        errors = rival(recorder.url, cases, python)
        asker = Asker(room, recorder.url)
        for style in STYLES:
            for case in cases:
                if asked_in(case, style):
                    asker.ask(case, style)
        rows = compared(recorder, cases, errors)
    return reported(rows, len(cases), as_json=as_json)


def rival(url: str, cases: Sequence[Case], python: Path) -> JsonObject:
    """Lets bfcl-eval ask all cases; returns style -> id -> its error."""
    wanted: dict[str, dict[str, list[str]]] = {}
    for style in STYLES:
        for case in cases:
            if asked_in(case, style):
                named = wanted.setdefault(style, {}).setdefault(case.category, [])
                named.append(case.question.id)
    with (WORK / "bfcl-eval.log").open("w") as log:
        done = subprocess.run(
            [str(python), str(HERE / "bfcl_requests_rival.py"), url, str(WORK / "memories")],
            input=json.dumps(wanted).encode(),
            stdout=subprocess.PIPE,
            stderr=log,
            env=bfcl_eval_environ(WORK / "project"),
            check=True,
        )
    return json.loads(done.stdout)


def reported(rows: list[Row], cases: int, *, as_json: bool) -> int:
    """Prints the table; returns the exit code."""
    asked, equal = (sum(getattr(row, name) for row in rows) for name in ("requests", "equal"))
    bad = [line for row in rows for line in row.differences]
    if as_json:
        found = [asdict(row) for row in rows]
        print(json.dumps({"cases": cases, "requests": asked, "equal": equal, "rows": found}))
        return 1 if bad else 0
    print(f"{'category':<26}{'style':<18}{'cases':>6}{'requests':>9}{'equal':>7}{'same order':>12}")
    for row in rows:
        print(
            f"{row.category:<26}{row.style:<18}{row.cases:>6}{row.requests:>9}{row.equal:>7}"
            f"{row.same_order:>12}"
        )
    print(f"{cases} cases, {asked} pairs of requests, {equal} equal")
    for line in bad:
        print(line, file=sys.stderr)
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
