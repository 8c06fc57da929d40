"""Two evaluations of the same cases: paired differences, tests, and the cases that flipped."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Literal, TypeAlias

import msgspec

from actloom.core.errors import InputError
from actloom.core.stats import (
    Interval,
    McNemar,
    bootstrap_difference,
    bootstrap_weighted,
    holm,
    mcnemar,
    wilson,
)
from actloom.evals.bfcl.versions.profiles import PROFILES
from actloom.evals.bfcl.versions.weights import overall_weights
from actloom.evals.outcomes import Outcomes, read_outcomes
from actloom.evals.result import CaseVerdict

RIGHT = "right"
"""Stands for the kind of failure of a case that is none."""
SIGNIFICANT = 0.05
"""Highest p at which a difference is said to be one."""
FEW = 10
"""Cases that differ below which the bootstrap interval is too narrow."""
RESAMPLES = 10_000
"""Resamples of a difference of right and wrong; its ends then move by less than 0.1 points."""
Pair = tuple[CaseVerdict, CaseVerdict]


class GroupDifference(msgspec.Struct, frozen=True, kw_only=True):
    """The difference within one group of cases."""

    grouping: str
    """`category`, `style`, `split`, ..."""
    group: str
    a: Interval
    """Share of right cases with its score interval."""
    b: Interval
    difference: Interval
    """Mean of a - b, -1 to 1, by paired bootstrap."""
    test: McNemar
    p_corrected: float
    """The test's p, corrected for the number of groups of this grouping (Holm)."""


class Change(msgspec.Struct, frozen=True):
    """How many cases went from one kind of answer to another."""

    b: str
    """Kind in `b`: a failure kind, or `right`."""
    a: str
    """Kind in `a`."""
    cases: int


class Flip(msgspec.Struct, frozen=True):
    """A case that only one of the two got right."""

    id: str
    group: str
    code: str
    """Failure kind of the one that got it wrong."""


class Comparison(msgspec.Struct, frozen=True, kw_only=True):
    """What changes from `b` to `a`, over the cases both were asked."""

    a: str
    """Name of the first: its model, with its folder where both are the same model."""
    b: str
    profile: str
    data: str
    """Digest of the data; both, when they differ."""
    warnings: list[str]
    """What a reader must know before the numbers are believed."""
    cases: int
    """Cases in both."""
    only_a: int
    only_b: int
    a_exact: Interval
    """Share of right cases over the shared ones, with its score interval."""
    b_exact: Interval
    exact: Interval
    """Mean of a - b over shared cases, -1 to 1, by paired bootstrap."""
    test: McNemar
    overall: Interval | None = None
    """Difference in BFCL's official total, resampled within categories; None where a category it
    needs is missing."""
    both_right: int
    both_wrong: int
    lenient: Interval | None = None
    """The same after repairs, where both folders say."""
    name: Interval | None = None
    """Difference in right functions; None for folders that hold verdicts alone."""
    argument: Interval | None = None
    groups: list[GroupDifference] = []
    changes: list[Change] = []
    """From kind to kind, most frequent first; cases whose kind stays the same are in it."""
    better: list[Flip] = []
    """Cases that are right in `a` only."""
    worse: list[Flip] = []
    """Cases that are right in `b` only."""


Reading: TypeAlias = Literal["better", "worse", "unclear"]


def reading(found: Comparison) -> Reading:
    """Returns what can be said of `a`: only what interval and test agree on.

    The bootstrap interval is too narrow where few cases differ; the exact test is not.
    """
    return readings([found])[0]


def readings(found: Sequence[Comparison]) -> list[Reading]:
    """Returns what can be said of `a` in each of several comparisons made together.

    The tests are corrected for their number (Holm).
    """
    return [_read(each, p) for each, p in zip(found, corrected(found), strict=True)]


def corrected(found: Sequence[Comparison]) -> list[float]:
    """Returns the p values of comparisons made together, corrected for their number (Holm)."""
    return holm([each.test.p for each in found])


def _read(found: Comparison, p: float) -> Reading:
    if p > SIGNIFICANT or found.exact.low <= 0 <= found.exact.high:
        return "unclear"
    return "better" if found.exact.low > 0 else "worse"


def compare(a: str | Path, b: str | Path, *, force: bool = False) -> Comparison:
    """Returns the paired difference of two evaluations, `a` minus `b`.

    Args:
        a: `FOLDER` or `FOLDER:MODEL`, as `read_outcomes` takes it.
        b: what it is compared with.
        force: compare although profile or data differ; the result says so.

    Raises:
        InputError: a folder holds no evaluation, both are the same, they share no case, or their
            rules or data differ.
    """
    return compare_outcomes(read_outcomes(a), read_outcomes(b), force=force)


def compare_outcomes(a: Outcomes, b: Outcomes, *, force: bool = False) -> Comparison:
    """Returns the paired difference of two models' outcomes, as `compare` does.

    Raises:
        InputError: as for `compare`.
    """
    _refuse_same(a, b)
    pairs = _shared(a, b)
    warnings = _differences(a, b, pairs, force=force)
    named = _names(a, b)
    better = [_flip(x, y) for x, y in pairs if x.valid and not y.valid]
    worse = [_flip(y, x) for x, y in pairs if y.valid and not x.valid]
    right = sum(x.valid and y.valid for x, y in pairs)
    calls = a.kind == b.kind == "eval"
    return Comparison(
        a=named[0],
        b=named[1],
        profile=a.profile if a.profile == b.profile else f"{a.profile} and {b.profile}",
        data=a.data if a.data == b.data else f"{a.data} and {b.data}",
        warnings=warnings,
        cases=len(pairs),
        only_a=len(a.verdicts) - len(pairs),
        only_b=len(b.verdicts) - len(pairs),
        a_exact=wilson(sum(x.valid for x, _ in pairs), len(pairs)),
        b_exact=wilson(sum(y.valid for _, y in pairs), len(pairs)),
        exact=_difference(pairs),
        test=mcnemar(len(better), len(worse)),
        overall=_overall(pairs, a) if a.kind == b.kind == "score" else None,
        both_right=right,
        both_wrong=len(pairs) - right - len(better) - len(worse),
        lenient=_mean_difference(pairs, lambda v: float(v.lenient_valid))
        if a.lenient and b.lenient
        else None,
        name=_mean_difference(pairs, lambda v: v.name) if calls else None,
        argument=_mean_difference(pairs, lambda v: v.argument) if calls else None,
        groups=_groups(pairs),
        changes=_changes(pairs),
        better=better,
        worse=worse,
    )


def _difference(pairs: Sequence[Pair]) -> Interval:
    """Returns the difference of right and wrong, of which many resamples are cheap."""
    a, b = [float(x.valid) for x, _ in pairs], [float(y.valid) for _, y in pairs]
    return bootstrap_difference(a, b, resamples=RESAMPLES)


def _mean_difference(pairs: Sequence[Pair], score: Callable[[CaseVerdict], float]) -> Interval:
    return bootstrap_difference([score(x) for x, _ in pairs], [score(y) for _, y in pairs])


def _overall(pairs: Sequence[Pair], side: Outcomes) -> Interval | None:
    profile = PROFILES.get(side.profile)
    by_category: dict[str, list[float]] = {}
    for x, y in pairs:
        by_category.setdefault(x.groups["category"], []).append(float(x.valid) - float(y.valid))
    counts = {name: len(found) for name, found in by_category.items()}
    weights = overall_weights(counts, profile) if profile else None
    if weights is None:
        return None
    parts = [(weight, by_category[name]) for name, weight in weights.items() if weight]
    return bootstrap_weighted(parts, resamples=RESAMPLES)


def _flip(right: CaseVerdict, wrong: CaseVerdict) -> Flip:
    return Flip(right.id, next(iter(right.groups.values()), ""), wrong.code)


def _groups(pairs: Sequence[Pair]) -> list[GroupDifference]:
    """Returns the differences by group, groupings in the order of the cases, groups sorted."""
    parts: dict[str, dict[str, list[Pair]]] = {}
    for pair in pairs:
        for grouping, group in pair[0].groups.items():
            parts.setdefault(grouping, {}).setdefault(group, []).append(pair)
    return [found for grouping, groups in parts.items() for found in _of(grouping, groups)]


def _of(grouping: str, groups: dict[str, list[Pair]]) -> list[GroupDifference]:
    names = sorted(groups)
    tests = [
        mcnemar(
            sum(x.valid and not y.valid for x, y in groups[name]),
            sum(y.valid and not x.valid for x, y in groups[name]),
        )
        for name in names
    ]
    return [
        GroupDifference(
            grouping=grouping,
            group=name,
            a=wilson(sum(x.valid for x, _ in groups[name]), len(groups[name])),
            b=wilson(sum(y.valid for _, y in groups[name]), len(groups[name])),
            difference=_difference(groups[name]),
            test=test,
            p_corrected=corrected,
        )
        for name, test, corrected in zip(names, tests, holm([t.p for t in tests]), strict=True)
    ]


def _changes(pairs: Sequence[Pair]) -> list[Change]:
    counts = Counter((y.code or RIGHT, x.code or RIGHT) for x, y in pairs)
    ranked = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    return [Change(b=before, a=after, cases=number) for (before, after), number in ranked]


def _names(a: Outcomes, b: Outcomes) -> tuple[str, str]:
    if a.model != b.model:
        return a.model, b.model
    return f"{a.model} ({a.folder})", f"{b.model} ({b.folder})"


def _refuse_same(a: Outcomes, b: Outcomes) -> None:
    if a.model == b.model and Path(a.folder).resolve() == Path(b.folder).resolve():
        raise InputError(
            "both sides are the same evaluation",
            expected="two folders, or two models of one folder as FOLDER:MODEL",
            got=f"{a.model} of {a.folder} twice",
        )


def _shared(a: Outcomes, b: Outcomes) -> list[Pair]:
    shared = [case for case in a.verdicts if case in b.verdicts]
    if not shared:
        raise InputError(
            "the two evaluations share no case",
            expected="verdicts over the same data",
            got=f"{_sample(a)} and {_sample(b)}, none in both",
            where=f"{a.folder}, {b.folder}",
            todo="evaluate both on the same data and categories",
        )
    return [(a.verdicts[case], b.verdicts[case]) for case in shared]


def _sample(side: Outcomes) -> str:
    return f"{len(side.verdicts):,} cases ({next(iter(side.verdicts), 'none')}, ...)"


def _differences(a: Outcomes, b: Outcomes, pairs: Sequence[Pair], *, force: bool) -> list[str]:
    """Returns what makes the numbers less than a fair comparison; refuses what makes them none.

    Raises:
        InputError: other rules, or other questions or answers under the same ids.
    """
    found: list[InputError] = []
    warnings: list[str] = []
    if a.profile != b.profile:
        found.append(_differ("rules", f"profile {a.profile}", f"profile {b.profile}", a, b))
    if a.data != b.data:
        other = next((x.id for x, y in pairs if _asked(x, a) != _asked(y, b)), "")
        if a.kind == b.kind and not other:
            warnings.append("The data sets differ; the shared cases are the same in both.")
        else:
            seen = f", case {other} for one" if other else ""
            found.append(_differ("data", f"data {a.data}", f"data {b.data}{seen}", a, b))
    if not (a.profile and a.data and b.profile and b.data):
        warnings.append("A folder does not say its profile and data, so they are not compared.")
    differ = sum(x.valid != y.valid for x, y in pairs)
    if 0 < differ < FEW:
        warnings.append(
            f"Only {differ} shared {'case' if differ == 1 else 'cases'} got another verdict: the"
            " bootstrap interval is too narrow for so few, McNemar's test is not."
        )
    if found and not force:
        raise found[0]
    return [*warnings, *(f"{e.message}: {e.expected}; {e.got}." for e in found)]


def _asked(verdict: CaseVerdict, side: Outcomes) -> str | tuple[str, bytes]:
    """Returns what is equal for equal questions with equal answers."""
    if side.kind == "score":
        return side.data_parts.get(verdict.groups["category"], side.data)
    return verdict.query, msgspec.json.encode(verdict.expected)


def _differ(what: str, first: str, second: str, a: Outcomes, b: Outcomes) -> InputError:
    return InputError(
        f"the two evaluations were made by different {what}",
        expected=f"{first} of {a.folder} in both",
        got=f"{second} in {b.folder}",
        todo=f"score both by the same {what}, or give --force to compare shared cases all the same",
    )
