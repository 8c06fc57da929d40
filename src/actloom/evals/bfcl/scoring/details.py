"""The cases somebody wants to look at: question, tools, expected and got, read again by id."""

from __future__ import annotations

import glob
from collections.abc import Collection, Iterator, Sequence
from pathlib import Path
from typing import cast

import msgspec

from actloom.core.errors import InputError, ToolSchemaError
from actloom.core.jsonvalue import Json, JsonObject, json_text
from actloom.core.record import Call, Tool
from actloom.core.schema import normalise_tool
from actloom.evals.bfcl.checker.answers import gold_calls
from actloom.evals.bfcl.checker.rules import RULES
from actloom.evals.bfcl.data.outputs import answers
from actloom.evals.bfcl.decoding import Decoder
from actloom.evals.bfcl.question import Question
from actloom.evals.bfcl.scoring.judging import Judgement
from actloom.evals.bfcl.scoring.score import ScoreConfig, jobs_of
from actloom.evals.bfcl.scoring.tally import SCORE, Score
from actloom.evals.bfcl.scoring.work import Job, Paths, Room
from actloom.evals.result import SHOWN, CaseVerdict


def details(folder: str | Path, model: str, ids: Sequence[str]) -> list[CaseVerdict]:
    """Returns the cases of a score folder in the order of `ids`, judged again.

    Calls of Java and JavaScript have source text as values, as the benchmark wants them.

    Args:
        folder: OUT of `actloom score bfcl`; the questions and outputs must still be where it says.
        model: one of its models.
        ids: ids of records; one that the outputs do not hold is left out.

    Raises:
        InputError: no score there, no such model, or its data moved.
    """
    found = _score_in(Path(folder))
    if all(of.model != model for of in found.models):
        raise InputError(
            f"this score has no model {model!r}",
            expected=", ".join(of.model for of in found.models),
            got=model,
            where=str(folder),
        )
    jobs = jobs_of(_config(found, model))
    room = Room(Paths(found.profile, found.questions, found.data))
    cases = {case.id: case for job in jobs for case in _cases(room, job, set(ids))}
    return [cases[name] for name in ids if name in cases]


def _score_in(folder: Path) -> Score:
    path = folder / SCORE
    try:
        return msgspec.json.decode(path.read_bytes(), type=Score)
    except (OSError, msgspec.DecodeError) as error:
        raise InputError(
            "this folder holds no score of BFCL",
            expected=f"{SCORE} as `actloom score bfcl` writes it",
            got=str(error),
            where=str(path),
        ) from error


def _config(found: Score, model: str) -> ScoreConfig:
    return ScoreConfig(
        profile=found.profile,
        data=found.data,
        questions=found.questions,
        outputs=found.outputs,
        dialect=found.dialect,
        models=[glob.escape(model)],
        underscores=found.underscores,
    )


def _cases(room: Room, job: Job, ids: Collection[str]) -> Iterator[CaseVerdict]:
    if job.category not in room.questions:
        return
    asked = {name: of for name, of in room.by_id(job.category).items() if name in ids}
    if not asked:
        return
    category = room.profile.category(job.category)
    if room.recordings.reason_not_to_score(category, job.model):
        return
    judge = room.judge(job, explained=True)
    given = [of for of in answers(job.path, asked, job.category).answers if of.id in asked]
    pairs = [(asked[of.id], of) for of in given]
    for (question, answer), of in zip(pairs, judge.judgements(category, pairs)):
        got = _got(answer.result, question, judge.reader(question))
        case = _case(question, of, room, job)
        yield msgspec.structs.replace(case, got=got, text=_text(answer.result))


def _case(question: Question, of: Judgement, room: Room, job: Job) -> CaseVerdict:
    rules = RULES[room.profile.rules]
    gold = gold_calls(question, rules) if question.expected else []
    return CaseVerdict(
        id=question.id,
        valid=of.verdict.valid,
        code=of.verdict.code,
        message=of.verdict.message,
        lenient_valid=of.lenient,
        query=_query(question),
        expected=list(_calls(cast("object", gold))) or _published(question.truth),
        groups={"category": job.category, "model": job.model},
        tools=list(_tools(question.functions)),
    )


def _got(result: Json, question: Question, decoder: Decoder) -> list[Call]:
    decoded = decoder.calls(result, question.language)
    return [] if decoded.error else list(_calls(decoded.value))


def _calls(value: object) -> Iterator[Call]:
    """Yields the calls in BFCL's form; whatever is no call is left out."""
    for item in cast("list[object]", value) if isinstance(value, list) else []:
        pairs = cast("dict[object, object]", item).items() if isinstance(item, dict) else ()
        for name, arguments in pairs:
            if isinstance(arguments, dict):
                found = cast("dict[object, object]", arguments)
                given = {str(key): _json(given) for key, given in found.items()}
                yield Call(str(name), given)
            else:
                yield Call(str(name), arguments_text=str(arguments))


def _json(value: object) -> Json:
    """Returns a decoded value as JSON: tuples as lists, what JSON has no form for as text."""
    return cast("Json", msgspec.to_builtins(value, str_keys=True, enc_hook=str))


def _published(truth: Json) -> list[Call]:
    """Returns gold calls that are published as source text."""
    lines = truth if isinstance(truth, list) else []
    texts = [text for line in lines for text in (line if isinstance(line, list) else [line])]
    return [_from_source(text) for text in texts if isinstance(text, str)]


def _from_source(text: str) -> Call:
    name, bracket, inside = text.partition("(")
    return (
        Call(name, arguments_text=inside.removesuffix(")")) if bracket else Call("", {}, "", text)
    )


def _query(question: Question) -> str:
    texts = [
        content
        for turn in question.turns
        for message in turn
        if message.get("role") == "user" and isinstance(content := message.get("content"), str)
    ]
    return "\n".join(texts)[:SHOWN]


def _tools(functions: Sequence[JsonObject]) -> Iterator[Tool]:
    for document in functions:
        try:
            yield normalise_tool(document)
        except ToolSchemaError:
            yield Tool(str(document.get("name", "")), "", msgspec.Raw(b"{}"))


def _text(result: Json) -> str:
    return (result if isinstance(result, str) else json_text(result))[:SHOWN]
