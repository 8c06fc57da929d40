"""A self-test as a table for people and as plain values for machines."""

from __future__ import annotations

from collections.abc import Iterator

from actloom.core.jsonvalue import Json, JsonObject
from actloom.core.stats import Interval, wilson
from actloom.verify.rules import RULES
from actloom.verify.selftest import FaultRow, RuleRow, SelfTest

ALONE = "-"
"""What stands for a share of nothing."""


def lines(result: SelfTest) -> Iterator[str]:
    """Yields the table of faults, then that of rules; shares in per cent with 95 % intervals."""
    alarmed = _share(wilson(result.alarmed, result.records))
    yield f"{result.records} clean records, {result.alarmed} with an error: {alarmed}"
    yield ""
    yield f"{'fault':<28}{'expects':<16}{'injected':>9}{'found':>7}  recall"
    for row in result.faults.values():
        expects = " ".join(row.expects)
        head = f"{row.fault:<28}{expects:<16}{row.injected:>9}{row.found:>7}  "
        yield head + _share(row.recall) + (f"  mended {row.mended}" if row.mends else "")
    yield ""
    heads = f"{'right':>7}{'stray':>7}{'clean':>7}"
    yield f"{'rule':<10}{'faults':>7}  {'recall':<20}{heads}  precision"
    for row in result.rules.values():
        recall, precision = _share(row.recall), _share(row.precision)
        counts = f"{row.right:>7}{row.wrong:>7}{row.clean:>7}"
        yield f"{row.code:<10}{row.injected:>7}  {recall:<20}{counts}  {precision}"


def _share(share: Interval) -> str:
    if share.n == 0:
        return ALONE
    return f"{100 * share.mean:.1f} [{100 * share.low:.1f}, {100 * share.high:.1f}]"


def plain(result: SelfTest) -> JsonObject:
    """Returns the self-test as plain values; intervals as [mean, low, high]."""
    faults: list[Json] = [_plain_fault(row) for row in result.faults.values()]
    rules: list[Json] = [_plain_rule(row) for row in result.rules.values()]
    return {
        "records": result.records,
        "alarmed": result.alarmed,
        "faults": faults,
        "rules": rules,
    }


def _plain_fault(row: FaultRow) -> JsonObject:
    return {
        "fault": row.fault,
        "family": row.family,
        "expects": [*row.expects],
        "injected": row.injected,
        "found": row.found,
        "recall": _numbers(row.recall),
        "mended": row.mended if row.mends else None,
    }


def _plain_rule(row: RuleRow) -> JsonObject:
    return {
        "code": row.code,
        "severity": RULES.get(row.code).severity,
        "faults": row.injected,
        "found": row.found,
        "recall": _numbers(row.recall),
        "right": row.right,
        "stray": row.wrong,
        "clean": row.clean,
        "precision": _numbers(row.precision),
    }


def _numbers(share: Interval) -> list[Json] | None:
    return [share.mean, share.low, share.high] if share.n else None
