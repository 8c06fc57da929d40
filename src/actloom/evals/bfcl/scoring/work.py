"""The unit of work: one model's outputs in one category, judged here or in another process."""

from __future__ import annotations

import gc
from collections.abc import Collection, Sequence

import msgspec

from actloom.evals.bfcl.checker.rules import RULES
from actloom.evals.bfcl.checker.selftest import QUARANTINE
from actloom.evals.bfcl.data.outputs import answers
from actloom.evals.bfcl.data.questions import QuestionSet, questions
from actloom.evals.bfcl.question import Question
from actloom.evals.bfcl.scoring.executable import NOT_RECORDED
from actloom.evals.bfcl.scoring.judging import Judgement, ModelJudge, Pair, Recordings
from actloom.evals.bfcl.scoring.tally import Tally, most_frequent
from actloom.evals.bfcl.scoring.traits import Traits
from actloom.evals.bfcl.versions.aggregation import FormatSensitivity, format_sensitivity
from actloom.evals.bfcl.versions.profiles import Profile, profile_of

_ENCODER = msgspec.json.Encoder()


class Paths(msgspec.Struct, frozen=True):
    """Where a worker finds what it needs."""

    profile: str
    questions: str
    data: str


class Job(msgspec.Struct, frozen=True):
    """One model's outputs in one category."""

    model: str
    category: str
    path: str
    traits: Traits


class Part(msgspec.Struct):
    """What came of a job."""

    model: str
    category: str
    lines: bytes = b""
    """Its lines of verdicts.jsonl."""
    tally: Tally | None = None
    reason: str = ""
    """Why it was not scored; "" when it was."""
    sensitivity: FormatSensitivity | None = None


class Line(msgspec.Struct, frozen=True, omit_defaults=True):
    """One line of verdicts.jsonl; `error_type` is None when valid."""

    model: str
    category: str
    id: str
    valid: bool
    error_type: str | None
    official: bool = False


class Room:
    """What one process has read and keeps between jobs."""

    def __init__(self, paths: Paths) -> None:
        self.paths = paths
        self.profile: Profile = profile_of(paths.profile)
        self.questions: QuestionSet = questions(paths.questions, self.profile)
        self.recordings = Recordings(paths.data)
        self.rules = RULES[self.profile.rules]
        self.quarantine: Collection[str] = QUARANTINE.get(paths.profile, {})
        self._by_id: dict[str, dict[str, Question]] = {}

    def by_id(self, category: str) -> dict[str, Question]:
        """Returns id -> question of a category."""
        if category not in self._by_id:
            self._by_id[category] = {q.id: q for q in self.questions[category]}
        return self._by_id[category]

    def judge(self, job: Job, *, explained: bool = False) -> ModelJudge:
        """Returns the judge of a job's records; `explained` says in a sentence what is wrong."""
        return self.judge_of(job.traits, job.model, explained=explained)

    def judge_of(self, traits: Traits, model: str = "", *, explained: bool = False) -> ModelJudge:
        """Returns the judge of outputs with these traits."""
        return ModelJudge(
            model,
            traits,
            rules=self.rules,
            recordings=self.recordings,
            explained=explained,
        )

    def part(self, job: Job) -> Part:
        """Returns what comes of a job.

        Raises:
            InputError: a file it needs is damaged.
        """
        category = self.profile.category(job.category)
        reason = self.recordings.reason_not_to_score(category, job.model)
        if reason or job.category not in self.questions:
            return Part(job.model, job.category, reason=reason or "no questions of this category")
        asked = self.by_id(job.category)
        given = answers(job.path, asked, job.category)
        unknown = Question(id="", category=category.name, turns=[], functions=[])
        pairs = [(asked.get(answer.id, unknown), answer) for answer in given.answers]
        judged = list(self.judge(job).judgements(category, pairs))
        tally = _tally(pairs, judged, self.quarantine)
        tally.questions = len(asked)
        tally.missing, tally.unknown = given.missing, given.unknown
        tally.repeated, tally.damaged = given.repeated, given.damaged
        lines = [_line(job, answer.id, of) for answer, of in zip(given.answers, judged)]
        part = Part(job.model, job.category, _ENCODER.encode_lines(lines), tally)
        if category.kind == "format_sensitivity":
            part.sensitivity = format_sensitivity([(j.id, j.valid) for j in lines])
        return part


def _tally(
    pairs: Sequence[Pair], judged: Sequence[Judgement], quarantine: Collection[str]
) -> Tally:
    held = [of for (question, _), of in zip(pairs, judged) if question.id in quarantine]
    return Tally(
        correct=sum(of.verdict.valid for of in judged),
        total=len(judged),
        lenient=sum(of.lenient for of in judged),
        official=sum(of.official for of in judged),
        quarantined=len(held),
        quarantined_correct=sum(of.verdict.valid for of in held),
        not_recorded=sum(of.verdict.code == NOT_RECORDED for of in judged),
        errors=most_frequent(of.verdict.code for of in judged if not of.verdict.valid),
    )


def _line(job: Job, record: str, judgement: Judgement) -> Line:
    verdict = judgement.verdict
    code = None if verdict.valid else verdict.code
    return Line(job.model, job.category, record, verdict.valid, code, judgement.official)


def collect_rarely() -> None:
    """Makes the garbage collector of a process that only scores look rarely.

    Questions and what is prepared of them stay, and going through them again and again takes a
    third of the time of scoring one model.
    """
    gc.set_threshold(200_000, 20, 100)


_rooms: dict[Paths, Room] = {}


def part_of(task: tuple[Paths, Job]) -> Part:
    """Returns what comes of a job, in whatever process; what was read stays for the next one.

    Raises:
        InputError: a file it needs is damaged.
    """
    paths, job = task
    if paths not in _rooms:
        _rooms.clear()
        _rooms[paths] = Room(paths)
    return _rooms[paths].part(job)
