"""Asking BFCL's questions: gold in every way of asking, resume, errors, several turns."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import pytest

from actloom.core.errors import InputError, OutputError
from actloom.core.model import Completion, Prompt
from actloom.envs.bfcl.room import WorldFailure
from actloom.evals.bfcl.decoders import decoder
from actloom.evals.bfcl.question import Question
from actloom.evals.bfcl.requests import MAX_STEPS, Conversation
from actloom.evals.bfcl.runs.answer_files import AnswerFile, usages_in
from actloom.evals.bfcl.runs.case_runs import OutputLine, TurnsRun
from actloom.evals.bfcl.runs.gold_model import GoldModel
from actloom.evals.bfcl.runs.run import RunConfig, run
from actloom.evals.bfcl.scoring.score import ScoreConfig, score
from actloom.io.pull.bfcl import bfcl_home
from actloom.llm.prices import Price
from actloom.llm.scripted import ScriptedModel
from actloom.llm.specs import opened_model
from openai_server import OpenAIServer

SINGLE = [
    *("simple_python", "simple_java", "simple_javascript", "multiple", "parallel"),
    *("parallel_multiple", "irrelevance", "live_simple", "live_relevance"),
]
V1 = "v1-2024-08-11"


def asked(model: object, out: Path, folder: Path, **fields: object):
    config = RunConfig(**{"profile": "v4", "questions": str(folder), **fields})
    return run(model, config, out)


def correct(out: Path, folder: Path, **fields: object) -> dict[str, tuple[int, int]]:
    config = RunConfig(**{"profile": "v4", "questions": str(folder), **fields})
    found = score(
        ScoreConfig(
            profile=config.profile,
            questions=config.questions,
            outputs=str(out / "outputs"),
            dialect=config.decoder,
            underscores="yes" if config.native else "no",
        ),
        str(out),
    )
    (model,) = found.models
    return {name: (tally.correct, tally.total) for name, tally in model.categories.items()}


@pytest.mark.parametrize("style", ["fc", "prompt", "xlam", "responses_prompt", "dialect:hermes"])
def test_the_gold_is_right_in_every_way_of_asking(shared_data, tmp_path, style: str) -> None:
    folder = shared_data / "bfcl_v4"
    settings = {"style": style, "categories": SINGLE, "limit": 12}
    report = asked(GoldModel(), tmp_path, folder, **settings)
    assert (report.asked, report.finished, report.unanswered) == (9 * 12, 9 * 12, 0)
    right = dict.fromkeys(SINGLE, (12, 12))
    if style.endswith("prompt"):
        right["simple_java"] = (11, 12)  # a map in the text of a call is read as empty (spec 4.2)
    assert correct(tmp_path, folder, style=style) == right


@pytest.mark.parametrize("style", ["fc", "prompt", "xlam"])
def test_the_gold_of_version_1_is_right_in_every_way_of_asking(
    shared_data, tmp_path, style: str
) -> None:
    folder = shared_data / "bfcl_v1"
    report = asked(GoldModel(), tmp_path, folder, profile=V1, style=style, limit=10)
    assert report.finished == 7 * 10
    assert set(report.skipped) == {
        *("executable_simple", "executable_multiple_function", "executable_parallel_function"),
        *("executable_parallel_multiple_function", "rest"),
    }
    wrong = {
        name: counts
        for name, counts in correct(tmp_path, folder, profile=V1, style=style).items()
        if counts[0] < counts[1]
    }
    assert wrong == {"java": (9, 10), "javascript": (9, 10)}  # java_1 and javascript_5: the gold


@pytest.mark.parametrize(
    ("style", "path"),
    [
        ("fc", "/v1/chat/completions"),
        pytest.param("prompt", "/v1/chat/completions", marks=pytest.mark.slow),
        ("xlam", "/v1/completions"),
        ("responses_fc", "/v1/responses"),
        pytest.param("responses_prompt", "/v1/responses", marks=pytest.mark.slow),
    ],
)
def test_a_server_that_answers_as_the_gold_does_scores_as_the_gold_does(
    shared_data, tmp_path, style: str, path: str
) -> None:
    folder = shared_data / "bfcl_v4"
    settings = {"style": style, "categories": [*SINGLE[:1], *SINGLE[4:]], "limit": 5}
    known: dict[str, object] = {}

    def shown(body: dict) -> str:
        return json.dumps({**body, "model": ""}, sort_keys=True)

    class Recorded(GoldModel):
        def complete(self, prompts, *, max_tokens):
            answers = super().complete(prompts, max_tokens=max_tokens)
            for prompt, answer in zip(prompts, answers, strict=True):
                calls = answer.reply.tool_calls if answer.reply else []
                named = [(call.name, call.arguments) for call in calls]
                known[shown(prompt.body)] = named or answer.text
            return answers

    asked(Recorded(), tmp_path / "gold", folder, **settings)
    with OpenAIServer(lambda body: known[shown(body)]) as server, opened_model(server.url) as model:
        report = asked(model, tmp_path / "served", folder, **settings)
    assert report.unanswered == 0
    assert set(server.paths) == {path}
    by_gold = correct(tmp_path / "gold", folder, style=style)
    assert correct(tmp_path / "served", folder, style=style) == by_gold
    assert set(by_gold.values()) == {(5, 5)}


@pytest.fixture
def wheel() -> Path:
    home = bfcl_home()
    if home is None:
        pytest.skip("BFCL's classes are not in the cache; actloom pull bfcl puts them there")
    return home


@pytest.mark.parametrize(
    "style",
    [
        "fc",
        *(pytest.param(s, marks=pytest.mark.slow) for s in ("prompt", "xlam", "dialect:hermes")),
    ],
)
def test_the_gold_passes_when_it_is_played_turn_by_turn(
    wheel, shared_data, tmp_path, style: str
) -> None:
    folder = shared_data / "bfcl_v4"
    kinds = ("base", "miss_func", "miss_param", "long_context")
    settings = {"style": style, "categories": [f"multi_turn_{kind}" for kind in kinds], "limit": 3}
    report = asked(GoldModel(), tmp_path, folder, **settings)
    assert report.finished == 12
    assert set(correct(tmp_path, folder, style=style).values()) == {(3, 3)}
    line = json.loads((tmp_path / "outputs/gold/multi_turn_base.jsonl").read_text().split("\n")[0])
    assert [len(turn) for turn in line["result"]] == [2] * len(line["result"])


def test_a_larger_limit_asks_only_what_is_new(shared_data, tmp_path) -> None:
    folder = shared_data / "bfcl_v4"
    settings = {"categories": ["simple_python", "irrelevance"]}
    assert asked(GoldModel(), tmp_path, folder, limit=3, **settings).asked == 6
    assert asked(GoldModel(), tmp_path, folder, limit=3, **settings).asked == 0
    assert asked(GoldModel(), tmp_path, folder, limit=5, **settings).asked == 4
    lines = (tmp_path / "outputs/gold/simple_python.jsonl").read_text().splitlines()
    assert [json.loads(line)["id"] for line in lines] == [f"simple_python_{at}" for at in range(5)]


def test_a_cut_last_line_is_asked_again_and_others_are_not(shared_data, tmp_path) -> None:
    folder = shared_data / "bfcl_v4"
    settings = {"categories": ["simple_python"], "limit": 4}
    asked(GoldModel(), tmp_path, folder, **settings)
    path = tmp_path / "outputs/gold/simple_python.jsonl"
    whole = path.read_bytes()
    for cut in range(1, len(whole.splitlines(keepends=True)[-1]) + 1, 7):
        path.write_bytes(whole[:-cut])
        assert asked(GoldModel(), tmp_path, folder, **settings).asked == 1
        assert path.read_bytes() == whole


def test_what_the_model_does_not_answer_is_an_entry_and_asked_again(shared_data, tmp_path) -> None:
    folder = shared_data / "bfcl_v4"
    broken = True

    def script(prompt: Prompt) -> Completion:
        at = json.dumps(prompt.body)
        return Completion("", "error", "boom") if broken and "factorial" in at else Completion("no")

    settings = {"categories": ["simple_python"], "limit": 6}
    model = ScriptedModel(script, name="org/name")
    report = asked(model, tmp_path, folder, **settings)
    assert (report.asked, report.finished, report.unanswered) == (6, 5, 1)
    (entry,) = (tmp_path / "errors.jsonl").read_text().splitlines()
    assert json.loads(entry) == {
        "model": "org_name",
        "category": "simple_python",
        "id": "simple_python_1",
        "error": "boom",
    }
    broken = False
    report = asked(model, tmp_path, folder, **settings)
    assert (report.asked, report.finished, report.unanswered) == (1, 6, 0)
    assert (tmp_path / "errors.jsonl").read_text() == ""


@pytest.mark.parametrize(
    ("other", "said"),
    [
        ({"style": "prompt"}, "another dialect, style"),
        ({"dialect": "hermes"}, "another dialect"),
        ({"temperature": 0.7}, "another temperature"),
        ({"profile": "v3"}, "another profile"),
    ],
)
def test_other_settings_in_the_same_folder_are_refused(
    shared_data, tmp_path, other: dict, said: str
) -> None:
    folder = shared_data / "bfcl_v4"
    settings = {"categories": ["irrelevance"], "limit": 1}
    asked(GoldModel(), tmp_path, folder, **settings)
    with pytest.raises(OutputError, match=said):
        asked(GoldModel(), tmp_path, folder, **{**settings, **other})


def test_changed_questions_in_the_same_folder_are_refused(shared_data, tmp_path) -> None:
    import gzip

    source = shared_data / "bfcl_v4" / "BFCL_v4_irrelevance.json.gz"
    folder = tmp_path / "data"
    folder.mkdir()
    text = gzip.decompress(source.read_bytes()).decode()
    (folder / "BFCL_v4_irrelevance.json").write_text(text)
    settings = {"categories": ["irrelevance"], "limit": 2}
    asked(GoldModel(), tmp_path / "out", folder, **settings)
    (folder / "BFCL_v4_irrelevance.json").write_text(text.replace("triangle", "square"))
    with pytest.raises(OutputError, match="another data irrelevance"):
        asked(GoldModel(), tmp_path / "out", folder, **settings)


def test_damaged_settings_are_refused(shared_data, tmp_path) -> None:
    folder = shared_data / "bfcl_v4"
    settings = {"categories": ["irrelevance"], "limit": 1}
    asked(GoldModel(), tmp_path, folder, **settings)
    (tmp_path / "runs" / "gold.json").write_text('{"model": ')
    with pytest.raises(OutputError, match="earlier run"):
        asked(GoldModel(), tmp_path, folder, **settings)


def test_a_question_that_cannot_be_asked_is_an_entry_and_stops_no_other(
    shared_data, tmp_path
) -> None:
    rows = [
        {"id": f"simple_python_{at}", "question": question, "function": function}
        for at, (question, function) in enumerate(
            [
                ([[{"role": "user", "content": "q"}]], FUNCTIONS),
                (None, None),
                ([], "f"),
                ([[{"role": "user", "content": "q"}]], [{"name": 7, "parameters": [1]}]),
                ([[{"role": "user"}]], FUNCTIONS),
            ]
        )
    ]
    folder = tmp_path / "data"
    folder.mkdir()
    lines = "".join(json.dumps(row) + "\n" for row in rows)
    (folder / "BFCL_v4_simple_python.json").write_text(lines)
    model = ScriptedModel(lambda prompt: "no")
    for style in ("fc", "prompt", "xlam", "dialect:hermes"):
        report = asked(model, tmp_path / style, folder, style=style)
        assert report.finished + report.unanswered == len(rows)
        assert "no turn" in (tmp_path / style / "errors.jsonl").read_text()
        kept = (tmp_path / style / "outputs/scripted/simple_python.jsonl").read_text()
        assert '"simple_python_0"' in kept


def test_unknown_names_are_input_errors(shared_data, tmp_path) -> None:
    folder = shared_data / "bfcl_v4"
    for fields, said in [
        ({"categories": ["simpel"]}, "simpel"),
        ({"style": "fcc", "categories": ["irrelevance"]}, "fcc"),
        ({"dialect": "herms"}, "herms"),
        ({"style": "dialect:herms"}, "hermes"),
        ({"profile": "v9"}, "v9"),
        ({"questions": "nowhere"}, "nowhere"),
    ]:
        with pytest.raises(InputError, match=said):
            asked(GoldModel(), tmp_path, folder, **fields)
    assert not list(tmp_path.rglob("*.jsonl"))


# Several turns, with a world and questions of our own.

FUNCTIONS = [
    {
        "name": "open_door",
        "description": "Opens a door.",
        "parameters": {
            "type": "dict",
            "properties": {"name": {"type": "string", "description": "Which."}},
            "required": ["name"],
        },
    }
]
QUESTION = Question(
    id="multi_turn_base_0",
    category="multi_turn_base",
    turns=[[{"role": "user", "content": text}] for text in ("Open the door.", "And the other.")],
    functions=FUNCTIONS,
)


class Doors:
    """A world of doors that remembers what it was asked."""

    def __init__(self, fails: bool = False) -> None:
        self.steps: list[list[str]] = []
        self._fails = fails

    def outputs(self, calls: Sequence[str]) -> list[str]:
        if self._fails:
            raise WorldFailure("hung")
        self.steps.append(list(calls))
        return [f"opened {len(self.steps)}" for _ in calls]


def native(*names: str) -> Completion:
    calls = [
        {
            "id": f"c{at}",
            "type": "function",
            "function": {"name": "open_door", "arguments": json.dumps({"name": name})},
        }
        for at, name in enumerate(names)
    ]
    return Completion("", message={"role": "assistant", "content": None, "tool_calls": calls})


def started(world: Doors, *, style: str = "fc", reader: str = "default_fc@bfcl_v4") -> TurnsRun:
    conversation = Conversation(QUESTION, style, model_name="m")
    return TurnsRun(QUESTION, conversation, decoder(reader), world)


def test_a_turn_goes_on_while_there_are_calls_and_ends_without() -> None:
    world = Doors()
    case = started(world)
    shown: list[list[tuple[str, object]]] = []
    for answer in (native("a", "b"), native("c"), Completion("Both."), Completion("No more.")):
        messages = case.prompt().body["messages"]
        shown.append([(m["role"], m["content"]) for m in messages])
        case.take(answer)
    assert case.over
    assert world.steps == [["open_door(name='a')", "open_door(name='b')"], ["open_door(name='c')"]]
    assert shown[-1] == [
        ("user", "Open the door."),
        ("assistant", None),
        ("tool", "opened 1"),
        ("tool", "opened 1"),
        ("assistant", None),
        ("tool", "opened 2"),
        ("assistant", "Both."),
        ("user", "And the other."),
    ]
    assert case.line().result == [
        [
            [{"open_door": '{"name": "a"}'}, {"open_door": '{"name": "b"}'}],
            [{"open_door": '{"name": "c"}'}],
            "Both.",
        ],
        ["No more."],
    ]


def test_calls_read_from_text_are_shown_as_calls_with_their_results() -> None:
    world = Doors()
    case = started(world, reader="hermes")
    text = '<tool_call>\n{"name": "open_door", "arguments": {"name": "a"}}\n</tool_call>'
    case.take(Completion(text))
    assert world.steps == [["open_door(name='a')"]]
    _, spoken, told = case.prompt().body["messages"]
    assert spoken["tool_calls"][0]["function"] == {"name": "open_door", "arguments": '{"name":"a"}'}
    assert (told["content"], told["tool_call_id"]) == ("opened 1", spoken["tool_calls"][0]["id"])
    case.take(Completion("Done."))
    case.take(Completion("Done."))
    assert case.line().result == [[text, "Done."], ["Done."]]


def test_a_case_with_too_many_steps_in_a_turn_is_given_up() -> None:
    world = Doors()
    case = started(world)
    steps = 0
    while not case.over:
        case.take(native("a"))
        steps += 1
    assert steps == MAX_STEPS + 1
    result = case.line().result
    assert [len(turn) for turn in result] == [MAX_STEPS + 1]


def test_a_world_that_hangs_ends_its_case_alone() -> None:
    case = started(Doors(fails=True))
    case.take(native("a"))
    assert case.over
    assert case.error == ""
    assert case.line().result == [[[{"open_door": '{"name": "a"}'}]]]


def test_an_answer_that_fails_in_a_later_turn_leaves_the_case_unfinished() -> None:
    case = started(Doors())
    case.take(native("a"))
    case.take(Completion("", "error", "boom"))
    assert case.over
    assert case.error == "boom"


def test_tokens_and_money_are_summed_over_all_steps_of_all_lines(tmp_path) -> None:
    file = AnswerFile(tmp_path, "simple")
    file.append([OutputLine("a", "x", 100, 10, 1.0)])
    file.append([OutputLine("b", [["x", "y"], ["z"]], [[1, 2], [3]], [[4, 5], [6]], [[1, 2], [3]])])
    file.append([OutputLine("c", "x")])
    found = usages_in(file.path, Price(1e6, 2e6))
    assert [u.prompt_tokens for u in found] == [100, 1, 2, 3, None]
    assert [u.cost_usd for u in found] == [120, 9, 12, 15, None]
    assert Counter(u.seconds for u in found) == Counter([1.0, 1.0, 2.0, 3.0, None])
    assert AnswerFile(tmp_path, "simple").finished == {"a", "b", "c"}
