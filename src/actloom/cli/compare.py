"""`actloom compare`."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Annotated

import msgspec
from cyclopts import Parameter

if TYPE_CHECKING:
    from actloom.core.stats import Interval, McNemar
    from actloom.evals.compare import Comparison, Flip, GroupDifference, Reading

CHANGES_SHOWN = 12
"""Changes from kind to kind that are printed."""
FLIPS_SHOWN = 10
"""Flipped cases printed each way; `--json` and the page have more."""


def compare(
    *evaluations: str,
    out: str = "",
    force: bool = False,
    fail_below: float | None = None,
    examples: int = 3,
    json: Annotated[bool, Parameter(name="--json")] = False,
) -> int | None:
    """Compare evaluations of the same cases, the first minus each of the others, case by case.

    Prints the paired difference with its bootstrap interval, McNemar's test, the difference by
    group and by kind of failure, and the cases that flipped. Evaluations by other rules or of other
    data are refused.

    Example: actloom compare runs/new runs/old --out comparison.html

    Args:
        evaluations: two or more folders of eval, eval bfcl or score; FOLDER:MODEL names one model
            of a folder that holds several.
        out: HTML file to write, with the flipped cases side by side.
        force: compare shared cases although rules or data differ; the result says so.
        fail_below: percentage points; exit with 1 when the first is worse (interval and test
            agree) and the whole interval lies below: 0, or =-2 for worse by more than 2 points.
        examples: cases shown of each kind in the HTML file.
        json: print the comparison as JSON on stdout, a list when there are several.
    """
    from actloom.evals.compare import compare_outcomes, readings
    from actloom.evals.outcomes import read_outcomes

    _refuse_few(evaluations)
    first, *others = [read_outcomes(spec) for spec in evaluations]
    found = [compare_outcomes(first, other, force=force) for other in others]
    if out:
        from actloom.report.comparison import comparison_data
        from actloom.report.page import write_report

        write_report(comparison_data(found, [first, *others], examples=examples), out)
    if json:
        text = msgspec.json.encode(found[0] if len(found) == 1 else found).decode()
    else:
        text = "\n".join(_several(found) if len(found) > 1 else _lines(found[0]))
    sys.stdout.write(text + "\n")
    if out:
        sys.stderr.write(f"-> {out}\n")
    if fail_below is None:
        return 0
    worse = [each for each, said in zip(found, readings(found), strict=True) if said == "worse"]
    return int(any(each.exact.high < fail_below / 100 for each in worse))


def _refuse_few(evaluations: Sequence[str]) -> None:
    from actloom.core.errors import InputError

    if len(evaluations) < 2:
        raise InputError(
            "a comparison needs two evaluations",
            expected="two or more folders, or FOLDER:MODEL",
            got=", ".join(evaluations) or "none",
            todo="actloom compare NEW OLD",
        )


def _lines(found: Comparison) -> Iterator[str]:
    from actloom.evals.compare import reading
    from actloom.report.words import count

    width = max(len(found.a), len(found.b)) + 5
    yield f"{'A  ' + found.a:<{width}}{_share(found.a_exact)}"
    yield f"{'B  ' + found.b:<{width}}{_share(found.b_exact)}"
    yield f"{'A - B':<{width}}{_points(found.exact)} points: {_words(reading(found))}"
    yield f"McNemar: {_test(found.test)}"
    for label, interval in (
        ("official Overall", found.overall),
        ("after repairs", found.lenient),
        ("functions", found.name),
        ("arguments", found.argument),
    ):
        if interval is not None:
            yield f"A - B, {label}: {_points(interval).lstrip()} points"
    yield (
        f"{count(found.cases, 'shared case')}, {found.both_right:,} right in both and"
        f" {found.both_wrong:,} in neither; only in A {found.only_a:,}, only in B {found.only_b:,}"
    )
    yield f"profile {found.profile or 'not named'}, data {found.data or 'not named'}"
    yield from (f"warning: {words}" for words in found.warnings)
    yield from _group_lines(found.groups)
    yield from _change_lines(found)
    yield from _flip_lines("A only", found.better)
    yield from _flip_lines("B only", found.worse)


def _words(said: Reading) -> str:
    return "no difference can be told" if said == "unclear" else f"A is {said}"


def _several(found: Sequence[Comparison]) -> Iterator[str]:
    from actloom.evals.compare import corrected, readings
    from actloom.report.words import chance

    width = max(len(name) for each in found for name in (each.a, each.b)) + 2
    yield f"{found[0].a:<{width}}{_share(found[0].a_exact)}  (A)"
    for each, p, said in zip(found, corrected(found), readings(found), strict=True):
        yield (
            f"{each.b:<{width}}{_share(each.b_exact)}  A - it {_points(each.exact)} points,"
            f" McNemar p {chance(p)}: {_words(said)}"
        )
    yield f"p corrected for {len(found)} comparisons (Holm); all over the cases shared with A"
    yield from sorted({f"warning: {words}" for each in found for words in each.warnings})


def _group_lines(groups: Sequence[GroupDifference]) -> Iterator[str]:
    from actloom.report.words import chance

    width = max((len(g.group) for g in groups), default=0) + 2
    for grouping in dict.fromkeys(g.grouping for g in groups):
        inside = [g for g in groups if g.grouping == grouping]
        yield ""
        yield (
            f"{grouping:<{width}}{'n':>6}  {'A':>7}  {'B':>7}  {'A - B, points':<24}"
            f"{'A only':>7}{'B only':>7}  p"
        )
        for g in inside:
            yield (
                f"{g.group:<{width}}{g.a.n:>6,}  {g.a.mean:>7.1%}  {g.b.mean:>7.1%}"
                f"  {_points(g.difference):<24}{g.test.better:>7,}{g.test.worse:>7,}"
                f"  {chance(g.p_corrected)}"
            )
        if len(inside) > 1:
            yield (
                f"  {len(inside)} groups are {len(inside)} tests: p is corrected for their number"
                " (Holm), the intervals are not"
            )


def _change_lines(found: Comparison) -> Iterator[str]:
    changed = [change for change in found.changes if change.a != change.b]
    if not changed:
        return
    width = max(len("kind in B"), *(len(change.b) for change in changed)) + 2
    yield ""
    yield f"{'cases':>7}  {'kind in B':<{width}}-> kind in A"
    for change in changed[:CHANGES_SHOWN]:
        yield f"{change.cases:>7,}  {change.b:<{width}}-> {change.a}"
    rest = changed[CHANGES_SHOWN:]
    if rest:
        yield f"{sum(change.cases for change in rest):>7,}  in {len(rest)} rarer changes"


def _flip_lines(label: str, flips: Sequence[Flip]) -> Iterator[str]:
    if not flips:
        return
    yield ""
    yield f"right in {label}: {len(flips):,}"
    for flip in flips[:FLIPS_SHOWN]:
        yield f"  {flip.id}  {flip.group}  {flip.code}"
    if len(flips) > FLIPS_SHOWN:
        yield f"  and {len(flips) - FLIPS_SHOWN:,} more"


def _share(interval: Interval) -> str:
    from actloom.report.words import bounds, percent

    return f"{percent(interval.mean):>7} [{bounds(interval)}] of {interval.n:,}"


def _points(interval: Interval) -> str:
    from actloom.report.words import signed

    return f"{signed(interval.mean):>5} [{signed(interval.low)}, {signed(interval.high)}]"


def _test(test: McNemar) -> str:
    from actloom.report.words import chance

    return (
        f"{test.better:,} cases right in A only, {test.worse:,} in B only,"
        f" p {chance(test.p)} ({test.method})"
    )
