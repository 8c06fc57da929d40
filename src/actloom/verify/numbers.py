"""Numbers of an answer that nothing before it holds and simple arithmetic does not give."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Sequence

from actloom.core.jsonvalue import json_text
from actloom.core.record import Step, Trajectory, text_of
from actloom.verify.walk import Place, PlacedStep

_NUMBER = re.compile(
    r"(?<![\w.,/:#-])[$€£¥]?(\d{1,3}(?:,\d{3}){1,5}|\d{1,15})(\.\d{1,12})?(?![\w/:]|[.,-]\d)"
)
_SOURCE = re.compile(r"\d{1,3}(?:,\d{3}){1,5}(?:\.\d{1,12})?|\d{1,15}(?:\.\d{1,12})?")
_SKIPPED = re.compile(
    r"```.*?(?:```|\Z)|`[^`\n]*`|https?://\S+|\\[\(\[].{0,300}?\\[\)\]]|\$\$.{0,300}?\$\$",
    re.DOTALL,
)
_ABOUT = re.compile(
    r"(?:about|around|approx\w*|roughly|nearly|almost|over|under|~|than|least)\s*[$€£¥]?$", re.I
)
_DIGIT = re.compile(r"[0-9]")
LEAST = 32
"""Whole numbers below are counts, days, hours: too common to say anything."""
MOST_SOURCES = 60
"""Distinct numbers before the answer above which nearly any number follows from some two."""
TEXT_LIMIT = 20_000
"""Characters before the answer above which its numbers are not looked at."""
_SCALES = (100.0, 1e3, 1e6, 1e9, 60.0, 3600.0, 24.0, 7.0, 12.0, 365.0, 1024.0)
_UNITS = (1.609344, 0.3048, 2.54, 0.45359237, 28.3495, 4.184, 3.6, 1.852, 3.78541)


def invented_numbers(record: Trajectory, turn: Sequence[PlacedStep]) -> list[Place]:
    """Returns the answer of a turn that holds a number with no source, if it looked things up.

    Sources are all texts, arguments and observations before the answer. A number has one when it
    stands there, in any spelling or rounding; when a scale or unit leads to it; or when two numbers
    there give it by +, -, *, / or per cent. Lists, codes, dates, years and small counts pass.
    """
    last = turn[-1]
    reply = last.step.reply
    if reply is None or reply.tool_calls or not any(p.step.observations for p in turn[:-1]):
        return []
    answer = text_of(reply.text)
    wanted = _numbers_of(answer[:TEXT_LIMIT])
    if not wanted:
        return []
    before = _texts_before(record, last.step)
    if before is None:
        return []
    for number, (shown, value, decimals) in enumerate(wanted):
        others = [other for _, other, _ in wanted[:number] + wanted[number + 1 :]]
        if not Sources(before, others).give(shown, value, decimals):
            message = f"the answer says {shown}, which nothing before it holds or gives"
            return [(f"/messages/{last.at}/content", message)]
    return []


def _numbers_of(answer: str) -> list[tuple[str, float, int]]:
    """Returns the numbers worth a look: as written, their value, their decimals."""
    if not _DIGIT.search(answer):
        return []
    text = _SKIPPED.sub(" ", answer)
    found: list[tuple[str, float, int]] = []
    for match in _NUMBER.finditer(text):
        whole, fraction = match[1].replace(",", ""), match[2] or ""
        value = float(whole + fraction)
        usual = not fraction and (value < LEAST or 1900 <= value <= 2100 or _is_round(value))
        if not usual and not _ABOUT.search(text[max(0, match.start() - 20) : match.start()]):
            found.append((whole + fraction, value, max(0, len(fraction) - 1)))
    return found


def _is_round(value: float) -> bool:
    digits = str(int(value)).rstrip("0")
    return len(digits) <= 1


def _texts_before(record: Trajectory, end: Step) -> list[str] | None:
    """Returns everything said, called and observed before step `end`; None when it is too long."""
    parts = [f"{record.task_instruction}\n{text_of(record.query)}"]
    parts += [text_of(message.content) for message in record.opening]
    for step in record.steps:
        if step is end:
            break
        parts += _texts_of(step)
    return parts if sum(map(len, parts)) <= TEXT_LIMIT else None


def _texts_of(step: Step) -> Iterable[str]:
    if step.reply is not None:
        yield step.reply.thought
        yield text_of(step.reply.text)
        for call in step.reply.tool_calls:
            yield call.arguments_text or json_text(call.arguments)
    for observation in step.observations:
        yield text_of(observation.content)
    yield text_of(step.user_input)


class Sources:
    """What stands before an answer, as texts, and the numbers in them.

    Args:
        before: the texts.
        answer: numbers of the answer itself, which may be added up there.
    """

    def __init__(self, before: Sequence[str], answer: Sequence[float]) -> None:
        self._bare = "\n".join(before).replace(",", "")
        groups = [_values_in(text) for text in before]
        self._all = list(dict.fromkeys(value for group in groups for value in group))
        # Of many numbers, some two give nearly anything: then only what stands together is paired.
        together = [*groups, list(answer)]
        self._groups = together if len(self._all) > MOST_SOURCES else [[*self._all, *answer]]

    def give(self, shown: str, value: float, decimals: int) -> bool:
        """Tells whether the number `shown` stands in the texts or follows from numbers there."""
        if shown in self._bare:
            return True
        cut = 10.0**-decimals
        if any(0 <= source - value < cut for source in self._all):
            return True
        if any(_same(source, value, decimals) for source in _variants(self._all)):
            return True
        return any(
            _same(result, value, decimals)
            for group in self._groups
            for result in (_results(group) if len(group) <= MOST_SOURCES else _sums(group, value))
        )


def _values_in(text: str) -> list[float]:
    return list(dict.fromkeys(float(m[0].replace(",", "")) for m in _SOURCE.finditer(text)))


def _same(source: float, value: float, decimals: int) -> bool:
    """Tells whether `source`, rounded as `value` is written, gives it."""
    if source == value:
        return True
    if decimals == 0 and source.is_integer():
        return False
    return abs(source - value) <= 0.5000001 * 10.0**-decimals


def _variants(values: Sequence[float]) -> Iterable[float]:
    for value in values:
        yield value
        for factor in (*_SCALES, *_UNITS):
            yield value * factor
            yield value / factor
        yield value * 1.8 + 32
        yield (value - 32) / 1.8
        yield value - 273.15
        yield 100 - value
        yield math.sqrt(value)
        yield value * value
    yield float(len(values))
    yield math.fsum(values)


def _sums(values: Sequence[float], value: float) -> Iterable[float]:
    known = set(values)
    for a in values:
        if value - a in known or value + a in known:
            yield value
    yield math.fsum(values)


def _results(values: Sequence[float]) -> Iterable[float]:
    for at, a in enumerate(values):
        for b in values[at:]:
            yield from (a + b, abs(a - b), a * b, a * b / 100, (a + b) / 2)
            yield from (a * (1 + b / 100), b * (1 + a / 100))
            yield from (abs(a * (1 - b / 100)), abs(b * (1 - a / 100)))
            for one, other in ((a, b), (b, a)):
                if other:
                    yield from (one / other, 100 * one / other, 100 * abs(a - b) / other)
    yield math.fsum(values)
