"""One record's verdict, of any category: checked, replayed, or taken as published."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, TypeAlias

import msgspec

from actloom.core.errors import InputError
from actloom.core.jsonvalue import Json
from actloom.core.verdict import Verdict
from actloom.evals.bfcl.checker.lenient import lenient_verdict
from actloom.evals.bfcl.checker.rules import Rules
from actloom.evals.bfcl.checker.verdicts import judge_of
from actloom.evals.bfcl.data.outputs import DAMAGED, Answer
from actloom.evals.bfcl.decoding import Decoder
from actloom.evals.bfcl.question import Question
from actloom.evals.bfcl.scoring.executable import Tape, replayed_verdict, tape_of
from actloom.evals.bfcl.scoring.official import OfficialVerdicts, official_verdicts
from actloom.evals.bfcl.scoring.traits import Traits
from actloom.evals.bfcl.versions.profiles import Category
from actloom.evals.bfcl.versions.variations import variation_of

if TYPE_CHECKING:
    from actloom.envs.bfcl.classes import ClassSet

ASKED_FORMS = ("auto", "default@bfcl_v4")
"""Decoders that read the records of format sensitivity in the form each was asked for."""
Pair: TypeAlias = tuple[Question, Answer]


class Judgement(msgspec.Struct, frozen=True):
    """The strict verdict of a record and the lenient one beside it."""

    verdict: Verdict
    lenient: bool
    """Whether the lenient rules accept it."""
    official: bool = False
    """True when the verdict is the published one."""


class Recordings:
    """What a folder recorded of live calls, read when it is first needed."""

    def __init__(self, folder: str) -> None:
        self._folder = folder

    @cached_property
    def tape(self) -> Tape | None:
        """Recorded outputs of calls; None when the folder has none."""
        return tape_of(self._folder) if self._folder else None

    @cached_property
    def official(self) -> OfficialVerdicts:
        """Published verdicts of what cannot be replayed."""
        return official_verdicts(self._folder) if self._folder else OfficialVerdicts()

    @cached_property
    def classes(self) -> ClassSet | None:
        """The simulated classes of multi-turn categories; None when they were never pulled."""
        from actloom.envs.bfcl.classes import official_classes

        try:
            return official_classes()
        except InputError:
            return None

    def reason_not_to_score(self, category: Category, model: str) -> str:
        """Returns why a category of a model cannot be scored, "" when it can."""
        if category.kind == "executable" and self.tape is None:
            return "no recorded outputs of calls (exec_outputs.jsonl.gz, exec_expected.jsonl.gz)"
        if category.kind == "rest" and model not in self.official.models:
            return "no published verdicts of this model (failures.jsonl.gz)"
        if category.kind == "multi_turn" and self.classes is None:
            return "no simulated classes; get them: actloom pull bfcl"
        return ""


class ModelJudge:
    """Judges the records of one model.

    Args:
        explained: whether verdicts say in a sentence what is wrong, which takes longer.
    """

    def __init__(
        self,
        model: str,
        traits: Traits,
        *,
        rules: Rules,
        recordings: Recordings,
        explained: bool = False,
    ) -> None:
        self.model = model
        self._rules = rules
        self._explained = explained
        self._traits = traits
        self._recordings = recordings

    @cached_property
    def decoder(self) -> Decoder:
        """The decoder of the model's outputs."""
        from actloom.evals.bfcl.decoders import decoder

        return decoder(self._traits.decoder)

    def judgements(self, category: Category, pairs: Sequence[Pair]) -> Iterator[Judgement]:
        """Yields the judgement of each answer; damage is an error entry, never an exception."""
        if category.kind == "multi_turn":
            yield from self._replayed(pairs)
            return
        for question, answer in pairs:
            if answer.problem:
                yield _strict(Verdict(valid=False, code=DAMAGED, message=answer.problem))
            elif category.kind in ("executable", "rest"):
                yield self._executed(question, answer.result, category)
            elif category.kind == "agentic":
                yield self._answered(question, answer.result)
            else:
                abstains = category.kind == "irrelevance"
                yield self._checked(question, answer.result, abstains=abstains)

    def _replayed(self, pairs: Sequence[Pair]) -> Iterator[Judgement]:
        from actloom.evals.bfcl.turns.multi_turn import multi_turn_verdicts

        whole = [question for question, answer in pairs if not answer.problem]
        results = {answer.id: answer.result for _, answer in pairs if not answer.problem}
        classes = self._recordings.classes
        found = dict(multi_turn_verdicts(whole, results, self.decoder, classes=classes))
        for _, answer in pairs:
            damage = Verdict(valid=False, code=DAMAGED, message=answer.problem)
            yield _strict(damage if answer.problem else found[answer.id])

    def _answered(self, question: Question, result: Json) -> Judgement:
        from actloom.evals.bfcl.turns.agentic import agentic_verdict

        return _strict(agentic_verdict(question, result, self.decoder))

    def _executed(self, question: Question, result: Json, category: Category) -> Judgement:
        official = self._recordings.official
        if official.covers(self.model, category.name, question.id):
            return _strict(official.verdict(self.model, question.id), official=True)
        tape = self._recordings.tape or Tape({}, {})
        return _strict(replayed_verdict(question, self.decoder.call_texts(result), tape))

    def _checked(self, question: Question, result: Json, *, abstains: bool) -> Judgement:
        decoded = self.reader(question).calls(result, question.language)
        underscores = self._underscored(result)
        judge = judge_of(question, self._rules)
        verdict = judge.explained if self._explained else judge.verdict
        strict = verdict(decoded, underscores=underscores)
        if strict.valid and not abstains:  # lenient rules accept every right call, not all silence
            return Judgement(strict, lenient=True)
        lenient = lenient_verdict(
            question, decoded, self._rules, underscores=underscores, result=result
        )
        return Judgement(strict, lenient=lenient.valid)

    def reader(self, question: Question) -> Decoder:
        """Returns the decoder of a record: of the form it was asked for, where it names one."""
        variation = variation_of(question.id)
        if variation is None or self._traits.decoder not in ASKED_FORMS:
            return self.decoder
        from actloom.evals.bfcl.decoders import format_decoder

        return format_decoder(variation.returns, has_tool_call_tag=variation.tagged)

    def _underscored(self, result: Json) -> bool:
        if self._traits.underscores == "auto":
            return not isinstance(result, str)
        return self._traits.underscores == "yes"


def _strict(verdict: Verdict, *, official: bool = False) -> Judgement:
    return Judgement(verdict, lenient=verdict.valid, official=official)
