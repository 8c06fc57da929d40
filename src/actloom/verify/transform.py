"""The verify stage: a record in; the record, mended where asked, or a reject with findings, out."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from actloom.core.finding import Finding, Reject
from actloom.core.jsonvalue import JsonObject
from actloom.core.record import Trajectory
from actloom.core.rows import encode_row
from actloom.core.transform import Produced
from actloom.verify.config import VerifyConfig
from actloom.verify.patch import patched_record
from actloom.verify.policy import Judging, Policy

ROUNDS = 4
"""Rounds of fixing; a fix may bring a fault to light that has a fix itself."""


class Mended(msgspec.Struct, frozen=True):
    """What fixing did to a record."""

    record: Trajectory
    """The record after the fixes; the same object when none was made."""
    findings: list[Finding]
    """What is still wrong with it."""
    fixed: list[Finding]
    """Findings whose fixes were made, places as they were at that moment."""


def mend(record: Trajectory, chosen: Judging) -> Mended:
    """Returns the record with every safe fix made and checked again."""
    came = findings = chosen.findings(record)
    fixed: list[Finding] = []
    new = record
    for _ in range(ROUNDS):
        todo = [finding for finding in findings if finding.fix]
        if not todo:
            break
        try:
            tried = patched_record(new, [op for finding in todo for op in finding.fix])
        except (LookupError, ValueError):
            break
        new, findings = tried, chosen.findings(tried)
        fixed += todo
    if not fixed or _errors(findings) > _errors(came):
        return Mended(record, came, [])
    return Mended(_with_history(new, fixed), findings, fixed)


def _errors(findings: list[Finding]) -> int:
    return sum(finding.severity == "error" for finding in findings)


def _with_history(record: Trajectory, fixed: list[Finding]) -> Trajectory:
    history: list[JsonObject] = [
        {"by": "verify", "fix": f.code, "version": f.rule_version, "path": f.path} for f in fixed
    ]
    origin = record.provenance
    new = msgspec.structs.replace(origin, applied=[*origin.applied, *history])
    return msgspec.structs.replace(record, provenance=new)


class VerifyTransform:
    """Lets clean records pass, mends what can be mended if asked, rejects what has an error.

    Args:
        config: rules to apply and whether to fix.

    Raises:
        RecipeError: the configuration names no rule.
    """

    name = "verify"

    def __init__(self, config: VerifyConfig | None = None) -> None:
        self.config = config or VerifyConfig()
        self.policy = Policy(self.config)
        self.version = self.policy.version

    def __call__(self, record: Trajectory, *, seed: int = 0) -> Iterable[Produced]:
        """Returns the record or its reject, which holds the record as it came; `seed` is unused."""
        del seed
        return self.judged(record, [])

    def judged(self, record: Trajectory, about_set: list[Finding]) -> Iterable[Produced]:
        """Returns the record or its reject, given what was found about it in its set."""
        beside = self.policy.graded(record, about_set)
        findings = self.policy.findings(record) + beside
        if not findings:
            return (record,)
        if not self.config.fix:
            return (self._judged(record, record, findings),)
        mended = mend(record, self.policy)
        stays = _errors(mended.findings) or _errors(beside)
        return (self._judged(record, mended.record, findings if stays else []),)

    def _judged(self, came: Trajectory, new: Trajectory, findings: list[Finding]) -> Produced:
        if not _errors(findings):
            return new
        # Counts per reason go by the first finding.
        errors_first = sorted(findings, key=lambda finding: finding.severity != "error")
        return Reject(came.id, self.name, errors_first, row=_row(came))


def _row(record: Trajectory) -> msgspec.Raw:
    try:
        return msgspec.Raw(encode_row(record))
    except ValueError:  # a number JSON cannot hold; the findings still name the record
        return msgspec.Raw(b"null")
