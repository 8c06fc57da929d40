"""The rule table, the choice of rules by code, and `verify`."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING

import msgspec

from actloom.core.errors import RecipeError
from actloom.core.finding import Finding
from actloom.core.record import Trajectory
from actloom.core.registry import Group
from actloom.verify.rule import Check, Rule, Subject

if TYPE_CHECKING:
    from actloom.verify.over_set import MakeSetCheck

FAMILIES = {
    "calls": [f"CALL{n:03d}" for n in range(1, 9)],
    "schemas": [f"SCHEMA{n:03d}" for n in range(1, 4)],
    "schema_advice": [f"SCHEMA{n:03d}" for n in range(4, 9)],
    "grounding": [f"GROUND{n:03d}" for n in range(1, 6)],
    "coverage": [f"COVER{n:03d}" for n in range(1, 7)],
    "trajectory": [f"TRAJ{n:03d}" for n in range(1, 11)],
    "sets": [f"SET{n:03d}" for n in range(1, 11)],
}
"""Module of a family -> its rule codes. Each code names a `Rule` there and a page in `pages/`."""

RULES: Group[Rule] = Group(
    "rule",
    {
        code: f"actloom.verify.{family}:{code}"
        for family, codes in FAMILIES.items()
        for code in codes
    },
)
"""Rules by code; other packages add theirs by entry points in the group `actloom.rule`."""


class Selection(msgspec.Struct, frozen=True):
    """The rules a run applies."""

    rules: tuple[Rule, ...]
    """In order of code."""
    checks: tuple[Check, ...]
    """The distinct checks of rules about single records."""
    codes: frozenset[str]
    """Their codes."""
    set_makers: tuple[MakeSetCheck, ...] = ()
    """What makes the distinct checks of rules about whole sets."""

    def findings(self, record: Trajectory) -> list[Finding]:
        """Returns what the chosen rules find in a record, in order of their place."""
        subject = Subject(record)
        found: list[Finding] = []
        for check in self.checks:
            found += check(subject)
        return [f for f in found if f.code in self.codes] if found else found


def selection(select: Sequence[str] = (), ignore: Sequence[str] = ()) -> Selection:
    """Returns the rules whose codes begin with one of `select` and none of `ignore`.

    With an empty `select`, all rules that speak by default.

    Raises:
        RecipeError: an entry matches no rule; the message lists the codes.
    """
    return _selection(tuple(select), tuple(ignore))


@lru_cache(maxsize=64)
def _selection(select: tuple[str, ...], ignore: tuple[str, ...]) -> Selection:
    codes = RULES.names()
    for prefix in (*select, *ignore):
        if not any(code.startswith(prefix) for code in codes):
            raise _no_such_rule(prefix, codes)
    chosen = [
        rule
        for rule in (RULES.get(code) for code in codes)
        if (rule.code.startswith(select) if select else rule.default)
        and not (ignore and rule.code.startswith(ignore))
    ]
    return Selection(
        rules=tuple(chosen),
        checks=tuple(dict.fromkeys(rule.check for rule in chosen if rule.over_set is None)),
        codes=frozenset(rule.code for rule in chosen),
        set_makers=tuple(dict.fromkeys(r.over_set for r in chosen if r.over_set is not None)),
    )


def _no_such_rule(prefix: str, codes: Sequence[str]) -> RecipeError:
    import difflib

    near = difflib.get_close_matches(prefix.upper(), codes, n=1, cutoff=0.5)
    return RecipeError(
        f"no rule begins with {prefix!r}",
        expected=f"a code or the beginning of one: {', '.join(codes)}",
        got=prefix,
        todo=f"did you mean {near[0]!r}?" if near else "`actloom explain` lists every rule",
    )


def verify(
    records: Trajectory | Iterable[Trajectory],
    *,
    select: Sequence[str] = (),
    ignore: Sequence[str] = (),
    against: Iterable[Trajectory] = (),
) -> list[Finding]:
    """Returns what is wrong with a record or with several; empty when nothing is.

    Findings about the records as a set (rules `SET`, when selected) come after the others.

    Args:
        records: one record, or any iterable of records.
        select: rule codes or their beginnings (`CALL`, `CALL002`); the default ones when empty.
        ignore: rule codes or beginnings to leave out.
        against: benchmark questions that the records are compared with by `SET006` to `SET008`.

    Raises:
        RecipeError: `select` or `ignore` names no rule.
    """
    chosen = selection(select, ignore)
    if isinstance(records, Trajectory):
        records = (records,)
    if not chosen.set_makers:
        return [finding for record in records for finding in chosen.findings(record)]
    return _verified_set(records, chosen, against)


def _verified_set(
    records: Iterable[Trajectory], chosen: Selection, against: Iterable[Trajectory]
) -> list[Finding]:
    from actloom.verify.over_set import SetExamination, SetFindings

    found: list[Finding] = []
    about_set = SetFindings()
    with SetExamination(chosen.rules, chosen.set_makers, against) as examination:
        for record in records:
            found += chosen.findings(record)
            examination.add(record, about_set)
        examination.end(about_set)
    found += about_set
    about_set.close()
    return found
