"""Family TRAJ: how a record unfolds. Calls and observations that belong together, failures that go
unmentioned, calls made again and again, answers that are missing, invented or not the agent's.
"""

from __future__ import annotations

from actloom.core.finding import Finding
from actloom.core.record import Trajectory
from actloom.verify.failures import cut_observations, ignored_failures
from actloom.verify.links import orphans, unanswered, unanswered_user
from actloom.verify.loops import loops, repeats
from actloom.verify.numbers import invented_numbers
from actloom.verify.rule import Rule, Subject
from actloom.verify.speakers import role_labels, role_tokens
from actloom.verify.walk import Place, placed_steps, turns_of


def check_trajectory(subject: Subject) -> list[Finding]:
    """Returns the faults of a record's course, in order of rule."""
    record = subject.record
    if _only_calls(record):
        return []
    steps = placed_steps(record)
    found: list[tuple[Rule, list[Place]]] = [
        (TRAJ001, orphans(record, steps)),
        (TRAJ002, unanswered(steps)),
        (TRAJ007, unanswered_user(record, steps)),
        (TRAJ008, role_tokens(steps, record.query)),
        (TRAJ009, role_labels(steps, record.query)),
        (TRAJ010, cut_observations(steps)),
    ]
    for turn in turns_of(steps):
        if len(turn) > 1:
            found.append((TRAJ003, ignored_failures(turn)))
            found.append((TRAJ006, invented_numbers(record, turn)))
        if sum(1 for p in turn if p.step.reply is not None and p.step.reply.tool_calls) > 1:
            found.append((TRAJ004, repeats(turn)))
            found.append((TRAJ005, loops(turn)))
    return [subject.finding(rule, at, what) for rule, places in found for at, what in places]


def _only_calls(record: Trajectory) -> bool:
    """Tells whether a record is one reply with calls and nothing else, as gold answers are."""
    if len(record.steps) != 1:
        return not record.steps
    step = record.steps[0]
    if step.observations or step.reply is None or not step.reply.tool_calls:
        return False
    return not step.reply.text


TRAJ001 = Rule(
    code="TRAJ001",
    name="observation-without-call",
    severity="error",
    summary="an observation answers a call that nobody made",
    check=check_trajectory,
)
TRAJ002 = Rule(
    code="TRAJ002",
    name="call-without-observation",
    severity="error",
    summary="a call has no observation although the agent goes on",
    check=check_trajectory,
)
TRAJ003 = Rule(
    code="TRAJ003",
    name="failure-ignored",
    severity="warning",
    summary="a call failed and the answer speaks as if it had not",
    check=check_trajectory,
)
TRAJ004 = Rule(
    code="TRAJ004",
    name="repeated-call",
    severity="warning",
    summary="a later step makes the same call again and gets the same result",
    check=check_trajectory,
)
TRAJ005 = Rule(
    code="TRAJ005",
    name="loop",
    severity="warning",
    summary="the same calls go round and round",
    check=check_trajectory,
)
TRAJ006 = Rule(
    code="TRAJ006",
    name="number-out-of-nowhere",
    severity="warning",
    summary="the answer states a number that nothing before it holds or gives",
    check=check_trajectory,
)
TRAJ007 = Rule(
    code="TRAJ007",
    name="never-answers",
    severity="warning",
    summary="the record ends before the agent has answered",
    check=check_trajectory,
    default=False,  # data split at every reply, and whole formats, end at observations
)
TRAJ008 = Rule(
    code="TRAJ008",
    name="invented-user-turn",
    severity="error",
    summary="a reply holds a chat template's mark of a user turn",
    check=check_trajectory,
)
TRAJ009 = Rule(
    code="TRAJ009",
    name="speaks-for-the-user",
    severity="warning",
    summary="a reply goes on as the user in its own text",
    check=check_trajectory,
)
TRAJ010 = Rule(
    code="TRAJ010",
    name="observation-breaks-off",
    severity="warning",
    summary="an observation begins as JSON and breaks off",
    check=check_trajectory,
)
