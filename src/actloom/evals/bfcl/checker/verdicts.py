"""The official verdict about one record: decoded calls against the question's gold.

    judge = Judge(question, RULES["v4"])          # once a question
    judge.verdict(decoder.calls(result, question.language), underscores=False)

Verdicts and their error types equal the leaderboard's (specs/bfcl.md section 5). Where its checker
raises, and so ends the whole run, the record is a failure with the error type `CRASHED`.
"""

from __future__ import annotations

from functools import cache
from typing import TypeVar, cast

from actloom.core.jsonvalue import JsonObject
from actloom.core.verdict import Verdict
from actloom.evals.bfcl.checker.messages import message_of
from actloom.evals.bfcl.checker.parameters import CallRule
from actloom.evals.bfcl.checker.rules import Rules, kind_of
from actloom.evals.bfcl.checker.values import CRASHES
from actloom.evals.bfcl.decoding import Decoded
from actloom.evals.bfcl.question import Expected, Question

DECODER_FAILED = "ast_decoder:decoder_failed"
WRONG_FORMAT = "ast_decoder:decoder_wrong_output_format"
CRASHED = "checker:crashed"
"""Error type of a record at which the official checker raises; the message says what."""
MAX_JUDGES = 8192
"""Questions whose preparation `verdict_of` keeps."""

_VALID = Verdict(True)
_JUDGES: dict[tuple[int, str, type[Judge]], Judge] = {}
AnyJudge = TypeVar("AnyJudge", bound="Judge")


def verdict_of(
    question: Question, decoded: Decoded, rules: Rules, *, underscores: bool = False
) -> Verdict:
    """Returns the official verdict about one answer.

    What is prepared of the last few thousand questions is kept, for the answers of other models.

    Args:
        question: the record.
        decoded: what the model wrote, read by a decoder.
        rules: the version's rules, from `RULES`.
        underscores: whether the model was shown function names with `_` for their dots.
    """
    return judge_of(question, rules).verdict(decoded, underscores=underscores)


def judge_of(question: Question, rules: Rules) -> Judge:
    """Returns the judge of a question, the one made before when it is kept."""
    return kept_judge(Judge, question, rules)


def kept_judge(kind: type[AnyJudge], question: Question, rules: Rules) -> AnyJudge:
    """Returns the judge of that kind made before for this question, or makes it.

    A question is known by its identity: comparing a question costs more than preparing it.
    """
    key = (id(question), rules.profile, kind)
    judge = _JUDGES.get(key)
    if judge is None or judge.question is not question or judge.rules is not rules:
        if len(_JUDGES) >= MAX_JUDGES:
            _JUDGES.clear()
        judge = _JUDGES[key] = kind(question, rules)
    return cast("AnyJudge", judge)


class Judge:
    """Judges answers to one question; what can be prepared of it is.

    Args:
        question: the record.
        rules: the version's rules, from `RULES`.
    """

    def __init__(self, question: Question, rules: Rules) -> None:
        self.question = question
        self.rules = rules
        self.kind = kind_of(question.category, question.id, rules)
        self.call_rules: list[CallRule | Exception | None] = []
        if self.kind not in ("no_call", "any_call"):
            self.call_rules = [self._call_rule(expected) for expected in question.expected]

    def verdict(self, decoded: Decoded, *, underscores: bool = False) -> Verdict:
        """Returns the official verdict, without a message."""
        found = self._fault(decoded, underscores)
        return _VALID if found is None else _wrong(found[0])

    def explained(self, decoded: Decoded, *, underscores: bool = False) -> Verdict:
        """Returns the verdict with a message that names the place, what was expected and got."""
        found = self._fault(decoded, underscores)
        if found is None:
            return _VALID
        return Verdict(False, found[0], message_of(found, self.question, decoded.value))

    def call_rule(self, document: JsonObject, expected: Expected) -> CallRule:
        """Returns the rule of an expected call.

        Raises:
            One of `values.CRASHES` when the document is malformed.
        """
        return CallRule(
            document,
            expected,
            language=self.question.language,
            counted_dicts=self.rules.counted_dicts,
        )

    def _fault(self, decoded: Decoded, underscores: bool) -> tuple[str, str] | None:
        if self.kind in ("no_call", "any_call"):
            return self._relevance_fault(decoded)
        if decoded.error:
            return DECODER_FAILED, decoded.error
        if not is_well_formed(decoded.value, one_key_calls=self.rules.one_key_calls):
            return WRONG_FORMAT, ""
        calls = cast("list[JsonObject]", decoded.value)
        try:
            if self.kind == "unordered":
                return self._unordered_fault(calls, underscores)
            return self._single_fault(calls, underscores)
        except CRASHES as error:
            return CRASHED, f"{type(error).__name__}: {error}"

    def _relevance_fault(self, decoded: Decoded) -> tuple[str, str] | None:
        called = not decoded.error and has_call(
            decoded.value, one_key_calls=self.rules.one_key_calls
        )
        if called is (self.kind == "any_call"):
            return None
        if called:
            family = "irrelevance" if "irrelevance" in self.question.category else "relevance"
            return f"{family}_error:decoder_success", ""
        return "relevance_error:decoder_failed", decoded.error

    def _single_fault(self, calls: list[JsonObject], underscores: bool) -> tuple[str, str] | None:
        if self.kind == "named" and len(calls) != len(self.call_rules):
            return "multiple_function_checker:wrong_count", ""
        if self.kind == "single" and len(calls) != 1:
            return "simple_function_checker:wrong_count", ""
        return raised(self.call_rules[0]).fault(calls[0], underscores)

    def _unordered_fault(
        self, calls: list[JsonObject], underscores: bool
    ) -> tuple[str, str] | None:
        if len(calls) != len(self.call_rules):
            return "parallel_function_checker_no_order:wrong_count", ""
        place = self.unmatched(calls, underscores)
        if place is None:
            return None
        if self.call_rules[place] is None:
            code = "parallel_function_checker_no_order:cannot_find_description"
            return code, self.question.expected[place].name
        return "parallel_function_checker_no_order:cannot_find_match", str(place)

    def unmatched(self, calls: list[JsonObject], underscores: bool) -> int | None:
        """Returns the place of the first expected call without a match, None when all have one.

        Each expected call in turn takes the first call left that passes and keeps it: greedy.
        In v1 an expected call without a document has no match; later versions raise.
        """
        left = list(calls)
        for index, rule in enumerate(self.call_rules):
            if rule is None and self.rules.suffixed_names:
                return index
            for at, call in enumerate(left):
                if raised(rule).fault(call, underscores) is None:
                    del left[at]
                    break
            else:
                return index
        return None

    def _call_rule(self, expected: Expected) -> CallRule | Exception | None:
        """Returns the rule of an expected call, None without a document, or what making it raised.

        Raised is it only when the call's turn comes, as in the official checker.
        """
        try:
            document = self._document(expected.name)
            return None if document is None else self.call_rule(document, expected)
        except CRASHES as error:
            return error

    def _document(self, name: str) -> JsonObject | None:
        functions = self.question.functions
        if self.kind == "single":
            return functions[0]
        for document in functions:
            own = cast("str", document["name"])
            if own == name or (self.rules.suffixed_names and own in name):
                return document
        return None


def is_well_formed(value: object, *, one_key_calls: bool) -> bool:
    """Tells whether a decoded value is a list of calls; an empty one is."""
    if type(value) is not list:
        return False
    for item in cast("list[object]", value):
        if type(item) is not dict:
            return False
        if one_key_calls:
            call = cast("dict[object, object]", item)
            if len(call) != 1 or type(next(iter(call.values()))) is not dict:
                return False
    return True


def has_call(value: object, *, one_key_calls: bool) -> bool:
    """Tells whether a decoded value holds a call, as the leaderboard's relevance categories ask."""
    if not is_well_formed(value, one_key_calls=one_key_calls):
        return False
    return value not in ([], [{}])


@cache
def _wrong(code: str) -> Verdict:
    return Verdict(False, code)


def raised(rule: CallRule | Exception | None) -> CallRule:
    """Returns a rule, or raises what making it raised, as the official checker does."""
    if rule is None:
        raise TypeError("no function document has the expected name")
    if isinstance(rule, Exception):
        raise rule.with_traceback(None)
    return rule
