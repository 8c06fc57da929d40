"""How good the rules are: faults injected into clean records, and what the rules say of them.

The accuracy of every rule is a number anybody can have on records of their own. Everything is
deterministic: the random numbers of a fault follow from the record's id and the fault's name.
"""

from __future__ import annotations

import hashlib
import random
from collections import Counter
from collections.abc import Iterable, Sequence

import msgspec

from actloom.core.finding import Finding
from actloom.core.record import Trajectory
from actloom.core.stats import Interval, wilson
from actloom.verify.course_faults import COURSE_FAULTS
from actloom.verify.faults import CALL_FAULTS, SCHEMA_FAULTS, Fault
from actloom.verify.rules import RULES, Selection, selection
from actloom.verify.transform import mend
from actloom.verify.value_faults import VALUE_FAULTS

FAULTS: tuple[Fault, ...] = (*CALL_FAULTS, *SCHEMA_FAULTS, *VALUE_FAULTS, *COURSE_FAULTS)


class FaultRow(msgspec.Struct):
    """How one kind of fault fares."""

    fault: str
    family: str
    expects: tuple[str, ...]
    injected: int = 0
    found: int = 0
    """Records in which a rule of `expects` spoke that had not spoken before."""
    mended: int = 0
    """Records that fixing gave back as they were; counted for faults with `mends`."""
    mends: bool = False

    @property
    def recall(self) -> Interval:
        """Returns the share found, with its interval."""
        return wilson(self.found, self.injected)


class RuleRow(msgspec.Struct):
    """How one rule fares."""

    code: str
    injected: int = 0
    """Faults that this rule, by its code, is expected to find."""
    found: int = 0
    """Those it found."""
    right: int = 0
    """Records where it spoke of an injected fault it may speak of."""
    wrong: int = 0
    """Faulty records where it spoke of another fault."""
    clean: int = 0
    """Clean records where it spoke."""

    @property
    def recall(self) -> Interval:
        """Returns the share of its faults found, with its interval."""
        return wilson(self.found, self.injected)

    @property
    def precision(self) -> Interval:
        """Returns the share of records it spoke on, faulty and clean, where it was right."""
        return wilson(self.right, self.right + self.wrong + self.clean)


class SelfTest(msgspec.Struct):
    """What a self-test found."""

    records: int = 0
    """Clean records."""
    alarmed: int = 0
    """Clean records with a finding of severity error from a rule that speaks by default."""
    faults: dict[str, FaultRow] = {}
    rules: dict[str, RuleRow] = {}
    alarms: list[Finding] = []
    """The errors on clean records."""
    missed: list[tuple[str, str]] = []
    """Record and fault, for faults that were not found; the first `MOST_MISSED`."""


MOST_MISSED = 1000


def self_test(
    records: Iterable[Trajectory], *, select: Sequence[str] = (), ignore: Sequence[str] = ()
) -> SelfTest:
    """Returns the accuracy of rules on faults injected into `records`.

    Args:
        records: records taken to be clean; all are held in memory, as faults borrow values.
        select: codes of rules or their beginnings; all rules when empty.
        ignore: codes or beginnings to leave out.

    Raises:
        RecipeError: `select` or `ignore` names no rule.
    """
    clean = list(records)
    selection(select)  # names what matches no rule
    codes = [code for code in RULES.names() if not select or code.startswith(tuple(select))]
    every = selection(codes, ignore)
    faults = [f for f in FAULTS if any(code.startswith(f.expects) for code in every.codes)]
    result = SelfTest(
        records=len(clean),
        faults={f.name: FaultRow(f.name, f.family, f.expects, mends=f.mends) for f in faults},
        rules={rule.code: RuleRow(rule.code) for rule in every.rules},
    )
    for record in clean:
        before = every.findings(record)
        _count_clean(result, before)
        spoken = {finding.code for finding in before}
        for fault in faults:
            if any(code.startswith(fault.expects) for code in spoken):
                continue  # not clean for this fault
            faulty = fault.inject(record, random_of(record, fault), clean)
            if faulty is not None:
                _count_fault(result, fault, _Pair(record, faulty, before), every)
    return result


class _Pair(msgspec.Struct, frozen=True):
    """A record and its faulty twin."""

    clean: Trajectory
    faulty: Trajectory
    before: list[Finding]
    """Findings of the clean one."""


def random_of(record: Trajectory, fault: Fault) -> random.Random:
    """Returns the random numbers of a fault in a record, the same every time."""
    digest = hashlib.sha256(f"{record.id}\n{fault.name}".encode(errors="replace")).digest()
    return random.Random(int.from_bytes(digest[:8]))


def _count_clean(result: SelfTest, found: list[Finding]) -> None:
    for code in {finding.code for finding in found}:
        result.rules[code].clean += 1
    errors = [f for f in found if f.severity == "error" and RULES.get(f.code).default]
    result.alarms += errors
    result.alarmed += bool(errors)


def _count_fault(result: SelfTest, fault: Fault, pair: _Pair, every: Selection) -> None:
    old = Counter(finding.code for finding in pair.before)
    new = Counter(finding.code for finding in every.findings(pair.faulty)) - old
    row = result.faults[fault.name]
    row.injected += 1
    hit = any(code.startswith(fault.expects) for code in new)
    row.found += hit
    if not hit and len(result.missed) < MOST_MISSED:
        result.missed.append((pair.clean.id, fault.name))
    for code in fault.expects:
        if code in result.rules:
            result.rules[code].injected += 1
            result.rules[code].found += code in new
    for code in new:
        rule = result.rules[code]
        rightly = code.startswith((*fault.expects, *fault.also))
        rule.right += rightly
        rule.wrong += not rightly
    if fault.mends:
        row.mended += _steps(mend(pair.faulty, every).record) == _steps(pair.clean)


def _steps(record: Trajectory) -> bytes:
    """Returns what was said and done, with 3 told from 3.0 and true."""
    return msgspec.json.encode(record.steps)
