"""A configuration at work: which rules speak about a record of which source, how severely."""

from __future__ import annotations

from collections.abc import Mapping
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Protocol

import msgspec

from actloom.core.finding import Finding, Severity
from actloom.core.record import Trajectory
from actloom.verify.config import VerifyConfig
from actloom.verify.rule import Rule
from actloom.verify.rules import Selection, selection

if TYPE_CHECKING:
    from actloom.verify.over_set import MakeSetCheck

COMPARING = ("SET006", "SET007", "SET008")
"""Rules that compare records with benchmark packs."""


class Judging(Protocol):
    """What finds faults in records: a choice of rules, or a policy."""

    def findings(self, record: Trajectory) -> list[Finding]:
        """Returns what is wrong with a record, in order of place."""
        ...


class _Part(msgspec.Struct, frozen=True):
    chosen: Selection
    severity: Mapping[str, Severity]
    """Code -> severity, for rules whose own does not hold."""

    def findings(self, record: Trajectory) -> list[Finding]:
        found = self.chosen.findings(record)
        return [self._regraded(finding) for finding in found] if self.severity else found

    def graded(self, found: list[Finding]) -> list[Finding]:
        return [self._regraded(finding) for finding in found if finding.code in self.chosen.codes]

    def _regraded(self, finding: Finding) -> Finding:
        severity = self.severity.get(finding.code, finding.severity)
        if severity == finding.severity:
            return finding
        return msgspec.structs.replace(finding, severity=severity)


class Policy:
    """Applies a configuration.

    Args:
        config: the rules, their severities, and what holds for some sources alone.

    Raises:
        RecipeError: the configuration names no rule.
    """

    def __init__(self, config: VerifyConfig) -> None:
        self._config = config
        # Asked for the error alone: a code that no rule has is refused at once.
        selection(list(config.severity))
        for entry in config.per_source:
            selection(list(entry.severity), entry.ignore)
        self._whole = _part(config, "")
        self._parts: dict[str, _Part] = {}

    @property
    def rules(self) -> tuple[Rule, ...]:
        """The rules that speak about some source."""
        return self._whole.chosen.rules

    @property
    def set_makers(self) -> tuple[MakeSetCheck, ...]:
        """What makes the checks of rules about sets; none when no such rule is chosen."""
        return self._whole.chosen.set_makers

    @property
    def version(self) -> int:
        """Sum of the versions of the rules that speak about some source."""
        return sum(rule.version for rule in self._whole.chosen.rules)

    def findings(self, record: Trajectory) -> list[Finding]:
        """Returns what is wrong with a record, in order of place."""
        return self._part(record).findings(record)

    def graded(self, record: Trajectory, found: list[Finding]) -> list[Finding]:
        """Returns what was found about a record in its set, as its source wants it."""
        return self._part(record).graded(found) if found else found

    def _part(self, record: Trajectory) -> _Part:
        if not self._config.per_source:
            return self._whole
        part = self._parts.get(record.source)
        if part is None:
            part = self._parts[record.source] = _part(self._config, record.source)
        return part


def _selected(config: VerifyConfig) -> list[str]:
    """Returns what is selected; a pack to compare with asks for the rules that do so."""
    if config.select or not config.against:
        return config.select
    return [*sorted(selection().codes), *COMPARING]


def _part(config: VerifyConfig, source: str) -> _Part:
    entries = [entry for entry in config.per_source if source and fnmatchcase(source, entry.source)]
    ignore = [*config.ignore, *(code for entry in entries for code in entry.ignore)]
    chosen = selection(_selected(config), ignore)
    severity: dict[str, Severity] = {}
    for table in (config.severity, *(entry.severity for entry in entries)):
        for rule in chosen.rules:
            matches = [prefix for prefix in table if rule.code.startswith(prefix)]
            if matches:
                severity[rule.code] = table[max(matches, key=len)]
    return _Part(chosen, severity)
