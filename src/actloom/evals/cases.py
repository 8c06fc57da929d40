"""Cases from records: the conversation up to an agent's step, and the calls it made there."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

import msgspec

from actloom.core.case import Case
from actloom.core.errors import EmptyDataError
from actloom.core.ids import derived_id
from actloom.core.jsonvalue import canonical_json
from actloom.core.record import Call, Step, Trajectory, agent_steps
from actloom.evals.config import EvalConfig, Which
from actloom.rollout.single import offered_tools

UNSPLIT = "(none)"


class CaseProblem(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """A case that cannot be asked, and why."""

    line: int
    """Where it begins in its file, from 1."""
    id: str = ""
    path: str = ""
    """JSON pointer of the trouble inside the case; in a file of one array, inside the file."""
    message: str
    """What is wrong: expected, got."""
    todo: str = ""
    """What to do about it."""


class CaseSet(msgspec.Struct, frozen=True):
    """Cases of a data set and what did not become one."""

    cases: list[Case]
    skipped: dict[str, int]
    """Reason -> records or steps that gave no case."""
    digest: str
    """Digest of ids, questions and expected calls: equal digests are equal tests."""
    problems: list[CaseProblem] = []
    """Cases that could not be read."""


def collect(records: Iterable[Trajectory], config: EvalConfig) -> CaseSet:
    """Returns the cases of the records of one split.

    Raises:
        EmptyDataError: no record of that split gave a case; names the splits there are.
    """
    cases: list[Case] = []
    skipped: Counter[str] = Counter()
    splits: Counter[str] = Counter()
    for record in records:
        split = record.provenance.split or UNSPLIT
        splits[split] += 1
        if config.split not in ("all", split):
            skipped[f"split {split}"] += 1
            continue
        for case in _cases_of(record, config, skipped):
            if config.limit is None or len(cases) < config.limit:
                cases.append(case)
            else:
                skipped["limit"] += 1
    if not cases:
        found = ", ".join(f"{name}: {count}" for name, count in sorted(splits.items()))
        raise EmptyDataError(
            f"no record of split {config.split!r} gives a case",
            expected="records of that split with an agent's step that has calls or text",
            got=f"records by split: {found or 'none'}",
            todo="choose another split, or `all` for every record",
        )
    return CaseSet(cases, dict(skipped), cases_digest(cases))


def cases_digest(cases: Iterable[Case]) -> str:
    """Returns 16 hex digits that are equal for equal questions, answers and order."""
    whole = hashlib.blake2b(digest_size=8)
    for case in cases:
        whole.update(hashlib.blake2b(canonical_json(case)).digest())
    return whole.hexdigest()


def _cases_of(record: Trajectory, config: EvalConfig, skipped: Counter[str]) -> Iterator[Case]:
    chosen = _chosen(agent_steps(record), config.which)
    if not chosen:
        skipped["no agent step"] += 1
    for index, step in chosen:
        expected = step.reply.tool_calls if step.reply else []
        if any(call.arguments_text is not None for call in expected):
            skipped["expected arguments do not parse"] += 1
            continue
        case = case_at(record, index, expected, groups=config.groups)
        if not expected and not offered_tools(case.record):
            skipped["no tools offered and no call expected"] += 1
            continue
        yield case


def _chosen(steps: Sequence[tuple[int, Step]], which: Which) -> Sequence[tuple[int, Step]]:
    if which == "every" or not steps:
        return steps
    if which == "last_call":
        calling = [pair for pair in steps if pair[1].reply and pair[1].reply.tool_calls]
        return calling[-1:] or steps[-1:]
    return steps[-1:]


def case_at(
    record: Trajectory, index: int, expected: list[Call], *, groups: Sequence[str] = ()
) -> Case:
    """Returns the case that asks for a record's step `index`: what was known just before it.

    Args:
        record: the whole conversation.
        index: number of the step in `record.steps`.
        expected: calls that are right there.
        groups: breakdowns, as in `EvalConfig.groups`.
    """
    before = list(record.steps[:index])
    delta = record.steps[index].tools_delta
    if delta is not None:  # the tools change just before the step that is asked for
        before.append(Step(tools_delta=delta))
    asked = msgspec.structs.replace(record, steps=before, outcome=None)
    labels = {key: label for key in groups if (label := _label(key, asked, expected))}
    return Case(derived_id(record.id, step=index), asked, expected, groups=labels)


def _label(key: str, record: Trajectory, expected: list[Call]) -> str:
    if key == "split":
        return record.provenance.split or UNSPLIT
    if key == "source":
        return record.source
    for fields in (record.extra, *reversed(record.provenance.applied)):
        label = fields.get(key)
        if isinstance(label, str) and label:
            return label
    return style_of(record, expected) if key == "style" else ""


def style_of(record: Trajectory, expected: Sequence[Call]) -> str:
    """Returns the style of a question as APIGen names it (arXiv 2406.18518, section 3.3).

    `simple` is one call with one tool offered, `multiple` one call among several tools, `parallel`
    several calls with one tool, `parallel_multiple` several calls among several; `irrelevance` no
    call.
    """
    if not expected:
        return "irrelevance"
    several = len(offered_tools(record)) > 1
    if len(expected) == 1:
        return "multiple" if several else "simple"
    return "parallel_multiple" if several else "parallel"
