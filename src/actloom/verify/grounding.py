"""Family GROUND: argument values that come from nowhere (argument hallucination, xLAM paper 3.3).

A value needs a source: the user's words, an earlier observation, the system text, the tool's own
schema, or something that follows from them (`verify.origins`). An `error` is said of numbers,
names and ids only, which nobody guesses rightly; of other words it is a `warning`.
"""

from __future__ import annotations

from actloom.core.finding import Finding
from actloom.core.jsonvalue import json_text
from actloom.core.record import text_of
from actloom.verify.origins import Origin, origins
from actloom.verify.rule import Rule, Subject


def check_grounding(subject: Subject) -> list[Finding]:
    """Returns the values of the agent's calls that come from nowhere, in order."""
    if not _asks_something(text_of(subject.record.query)):
        return []
    return [
        subject.finding(_rule(origin), origin.path, _sentence(origin))
        for origin in origins(subject)
        if origin.lack
    ]


def _asks_something(query: str) -> bool:
    """Tells whether a query has two words: values cannot be looked for in less."""
    words = query.split(None, 2)
    return len(words) > 1 or len(query) > MAX_WORD


def _rule(origin: Origin) -> Rule:
    if origin.lack == "number":
        return GROUND001
    if origin.lack == "percent":
        return GROUND005
    if origin.lack == "unsure":
        return GROUND003
    return GROUND004 if origin.lack == "words" and not origin.required else GROUND002


def _sentence(origin: Origin) -> str:
    value = json_text(origin.value)
    shown = value if len(value) <= 80 else value[:77] + "..."
    if origin.lack == "percent":
        return f"argument {origin.argument!r}: {shown} percent was said, which is a fraction of 1"
    return (
        f"argument {origin.argument!r}: {shown} is found neither in what was said before"
        " nor in the tool's schema"
    )


MAX_WORD = 8
"""Characters above which a text without blanks is no single word: Chinese has none."""
GROUND001 = Rule(
    code="GROUND001",
    name="number-from-nowhere",
    severity="error",
    summary="a number in a call is mentioned nowhere and follows from nothing mentioned",
    check=check_grounding,
)
GROUND002 = Rule(
    code="GROUND002",
    name="name-from-nowhere",
    severity="error",
    summary="a name, id, date or word in a call is mentioned nowhere",
    check=check_grounding,
)
GROUND003 = Rule(
    code="GROUND003",
    name="wording-from-nowhere",
    severity="warning",
    summary="most words of an argument, or its code or date, are mentioned nowhere",
    check=check_grounding,
)
GROUND004 = Rule(
    code="GROUND004",
    name="invented-option",
    severity="error",
    summary="an optional argument is given words nobody mentioned",
    check=check_grounding,
)
GROUND005 = Rule(
    code="GROUND005",
    name="percent-for-fraction",
    severity="error",
    summary="the number of a percentage is given where the type asks for a fraction",
    check=check_grounding,
)
