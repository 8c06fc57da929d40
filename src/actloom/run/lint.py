"""Linting: records of a dataset folder, or the user's own files in any known format, verified.

Where `unify` and `verify` meet: neither knows the other.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

import msgspec

from actloom.core.errors import InputError
from actloom.core.finding import Finding, Reject
from actloom.core.transform import Preparing, Produced, ShardSpec, Stage
from actloom.io.folder import dataset_of
from actloom.io.urls import is_folder, names_in
from actloom.run.set_pass import examine, findings_about, pack_digest, pack_records
from actloom.run.stages import MapStage
from actloom.verify.config import VerifyConfig
from actloom.verify.over_set import SetFindings
from actloom.verify.policy import Policy
from actloom.verify.transform import Mended, VerifyTransform, mend

SET_FINDINGS = "about_set.sqlite"
"""Where a running stage keeps what it found about the whole set."""


class Linted(msgspec.Struct, frozen=True):
    """One record or unreadable item, and what was found."""

    item: Produced
    """The record as it came, or the reject of an item that could not be read."""
    findings: list[Finding]
    mended: Mended | None = None
    """What fixing would give; None when nothing was found or no fix was asked for."""


class Tally(msgspec.Struct):
    """Counts over a lint."""

    records: int = 0
    """Records that could be read."""
    unreadable: int = 0
    """Items that could not."""
    clean: int = 0
    """Records without an error."""
    mended: int = 0
    """Records with an error that fixes removed."""
    rejected: int = 0
    """Records with an error that stays."""
    findings: Counter[str] = msgspec.field(default_factory=Counter[str])
    """By code."""
    fixable: Counter[str] = msgspec.field(default_factory=Counter[str])
    """Findings with a fix, by code."""
    severities: dict[str, str] = {}
    """Code -> severity."""
    files: dict[str, None] = {}
    """Source files, in order."""

    def add(self, linted: Linted) -> None:
        """Counts one record or item."""
        for finding in linted.findings:
            self.findings[finding.code] += 1
            self.fixable[finding.code] += bool(finding.fix)
            self.severities[finding.code] = finding.severity
        if isinstance(linted.item, Reject):
            self.unreadable += 1
            for finding in linted.findings:
                self.files[finding.file] = None
            return
        self.files[linted.item.provenance.file] = None
        self.records += 1
        if not has_error(linted.findings):
            self.clean += 1
        elif linted.mended is not None and not has_error(linted.mended.findings):
            self.mended += 1
        else:
            self.rejected += 1


def has_error(findings: Sequence[Finding]) -> bool:
    """Tells whether a finding keeps its record out."""
    return any(finding.severity == "error" for finding in findings)


def source_stage(paths: Sequence[str], *, format: str = "auto") -> Stage:
    """Returns the stage that yields the records at `paths`, as they are.

    Args:
        paths: dataset folders or runs, or else the user's own files and folders of files.
        format: reader of own files; told by content when `auto`.

    Raises:
        InputError: nothing there, or dataset folders mixed with other files.
        ActloomError: unknown format.
    """
    datasets = [is_dataset(path) for path in paths]
    if paths and all(datasets):
        return MapStage("records", list(paths), [])
    if any(datasets):
        raise InputError(
            "dataset folders and other files cannot be read in one go", where=", ".join(paths)
        )
    from actloom import unify
    from actloom.unify.config import UnifyConfig

    return unify.stage(list(paths), UnifyConfig(format=format))


def is_dataset(path: str) -> bool:
    """Tells whether `path` is a dataset folder or a run.

    Raises:
        InputError: it is a dataset folder that was never finished.
    """
    try:
        dataset_of(path)
    except InputError:
        if is_folder(path) and {"data", "recipe.yaml"} <= set(names_in(path)):
            raise
        return False
    return True


def lint(source: Stage, config: VerifyConfig, *, mends: bool = False) -> Iterator[Linted]:
    """Yields every record and every unreadable item of `source` with what was found.

    Args:
        source: stage whose output is linted.
        config: rules to apply.
        mends: True to work out what fixing gives.

    Raises:
        RecipeError: the configuration names no rule.
        InputError: the source cannot be read.
    """
    chosen = Policy(config)
    found = _set_findings(source, chosen, config)
    for shard in source.plan():
        for item, about_set in findings_about(source.produce(shard), shard, found):
            if isinstance(item, Reject):
                yield Linted(item, item.findings)
                continue
            beside = chosen.graded(item, about_set)
            findings = chosen.findings(item)
            mended = mend(item, chosen) if mends and findings else None
            if beside and mended is not None:
                mended = msgspec.structs.replace(mended, findings=mended.findings + beside)
            yield Linted(item, findings + beside, mended)
    if found is not None:
        found.close()


def _set_findings(
    source: Stage, policy: Policy, config: VerifyConfig, *, path: str = ""
) -> SetFindings | None:
    """Returns what rules about sets find, in a pass of its own; None when no such rule applies."""
    if not policy.set_makers:
        return None
    return examine(source, policy, pack_records(config.against, _pack_source), path=path)


def _pack_source(path: str) -> Stage:
    return source_stage([path])


class VerifiedStage:
    """A source stage with verification behind it, without a folder between.

    One pass, or two where rules about sets apply.

    Args:
        source: yields records and rejects; rejects pass through.
        transform: applied to every record.
    """

    name = "verify"

    def __init__(self, source: Stage, transform: VerifyTransform) -> None:
        self.source = source
        self.transform = transform
        self._found_in = ""

    @property
    def version(self) -> int:
        """Sum of both versions, which only ever rise."""
        return self.source.version + self.transform.version

    def inputs(self) -> dict[str, str]:
        """Returns the inputs of the source, and the benchmark packs."""
        inputs = self.source.inputs()
        if against := self.transform.config.against:
            inputs["against"] = pack_digest(against, _pack_source)
        return inputs

    def prepare(self, scratch: str) -> None:
        """Keeps what is found about the set there; hands the folder to a source that wants one."""
        self._found_in = str(Path(scratch) / SET_FINDINGS)
        if isinstance(self.source, Preparing):
            self.source.prepare(scratch)

    def plan(self) -> list[ShardSpec]:
        """Returns the shards of the source, after a look at the whole set where rules ask for it.

        Raises:
            RuntimeError: rules about sets apply and `prepare` was not called.
        """
        transform = self.transform
        if transform.policy.set_makers:
            if not self._found_in:
                raise RuntimeError("rules about sets need `prepare` before `plan`")
            config = transform.config
            if found := _set_findings(self.source, transform.policy, config, path=self._found_in):
                found.close()
        return self.source.plan()

    def produce(self, shard: ShardSpec) -> Iterator[Produced]:
        """Yields what one shard becomes."""
        found = SetFindings(self._found_in) if self.transform.policy.set_makers else None
        for item, about_set in findings_about(self.source.produce(shard), shard, found):
            if isinstance(item, Reject):
                yield item
            else:
                yield from self.transform.judged(item, about_set)
        if found is not None:
            found.close()


def verified_stage(source: Stage, config: VerifyConfig) -> VerifiedStage:
    """Returns the stage that verifies what `source` yields."""
    return VerifiedStage(source, VerifyTransform(config))
