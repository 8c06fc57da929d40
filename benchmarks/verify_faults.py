"""Claim: injected faults are found, clean records are not accused, and fixes give values back.

Clean records are BFCL v4 questions (single-turn Python and live) with their first accepted answers
and the samples of API-Bank, Seal-Tools and ToolAlpaca; with `--observed`, the records of all
formats that hold observations are a second set, for the trajectory rules. Into each record every
kind of fault is injected that it has a place for (`actloom.verify.selftest`). Records that alarm
before a fault is injected are listed by `--alarms`.

Claims: errors on at most 1 % of the clean records; recall of 99.5 % for faults of calls and schemas
and of 95 % for those of the trajectory; 98 % of wrong types fixed to the value they were; and no
new finding after fixes.
Run: `python benchmarks/verify_faults.py --v4 DIR --formats DIR [--observed] [--alarms] [--json]`.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections import Counter, defaultdict
from collections.abc import Iterator
from pathlib import Path

from actloom.core.record import Trajectory
from actloom.core.stats import wilson
from actloom.unify import UnifyStage
from actloom.verify.faults import CALL_FAULTS, SCHEMA_FAULTS
from actloom.verify.rules import RULES, Selection, selection
from actloom.verify.selftest import SelfTest, random_of, self_test
from actloom.verify.selftest_text import lines, plain
from actloom.verify.transform import mend
from verify_clean import sample_records, v4_records

CLAIMS = {"calls": 0.995, "schemas": 0.995, "trajectory": 0.95}
CLAIM_ALARMS, CLAIM_MENDED = 0.01, 0.98


def observed_records(folder: Path) -> Iterator[Trajectory]:
    """Yields the records of all formats that hold observations."""
    for path in sorted(folder.rglob("*")):
        if path.suffix not in (".json", ".jsonl") or not path.is_file():
            continue
        stage = UnifyStage([str(path)])
        for shard in stage.plan():
            for produced in stage.produce(shard):
                if isinstance(produced, Trajectory) and any(s.observations for s in produced.steps):
                    yield produced


def worse_after_fixing(records: list[Trajectory], chosen: Selection) -> int:
    """Returns how many faulty records have a finding after fixing that came of the fix.

    What the clean record has too is no news: a call that did not parse hid it.
    """
    worse = 0
    for record in records:
        clean = Counter(f.code for f in chosen.findings(record))
        for fault in (*CALL_FAULTS, *SCHEMA_FAULTS):
            faulty = fault.inject(record, random_of(record, fault), records)
            if faulty is None:
                continue
            before = Counter(f.code for f in chosen.findings(faulty))
            after = Counter(f.code for f in mend(faulty, chosen).findings)
            worse += bool(after - before - clean)
    return worse


def recall(result: SelfTest, family: str) -> tuple[int, int]:
    """Returns found and injected faults of a family."""
    rows = [row for row in result.faults.values() if row.family == family]
    return sum(row.found for row in rows), sum(row.injected for row in rows)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--v4", required=True)
    parser.add_argument("--formats", type=Path, required=True)
    parser.add_argument("--observed", action="store_true")
    parser.add_argument("--alarms", action="store_true")
    parser.add_argument("--missed", action="store_true")
    parser.add_argument("--select", default="", help="codes or beginnings, with commas")
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args()
    if given.observed:
        records = list(observed_records(given.formats))
    else:
        clean = (*v4_records(given.v4), *sample_records(given.formats))
        records = [record for _, record in clean]
    select = [code for code in given.select.split(",") if code]
    result = self_test(records, select=select)
    families = {family: recall(result, family) for family in CLAIMS}
    mends = [row for row in result.faults.values() if row.mends]
    mended = (sum(row.mended for row in mends), sum(row.injected for row in mends))
    worse = worse_after_fixing(records, selection(select))
    if given.json:
        extra = {"families": families, "mended": mended, "worse_after_fixing": worse}
        print(json.dumps({**plain(result), **extra}, indent=1))
    else:
        print("\n".join(lines(result)))
        for family, (found, injected) in families.items():
            print(f"{family}: {found} of {injected}, {wilson(found, injected)}")
        print(f"type faults fixed to the value they were: {mended[0]} of {mended[1]}")
        print(f"faulty records with a new finding after fixing: {worse}")
    if given.alarms:
        shown: defaultdict[str, list[str]] = defaultdict(list)
        for finding in result.alarms:
            shown[finding.code].append(f"{finding.id} {finding.path} {finding.message}")
        for code in sorted(shown):
            print(f"{code} {RULES.get(code).name}: {len(shown[code])}")
            print("\n".join(f"  {line}" for line in shown[code]))
    if given.missed:
        print("\n".join(f"missed {fault}: {record}" for record, fault in result.missed))
    ok = result.alarmed <= CLAIM_ALARMS * result.records and worse == 0
    ok &= mended[0] >= CLAIM_MENDED * mended[1]
    ok &= all(found >= CLAIMS[family] * n for family, (found, n) in families.items())
    return 0 if ok else 1


if __name__ == "__main__":
    sys.exit(main())
