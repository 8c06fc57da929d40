"""Every kind of failure that can be named has a meaning, on the page and in `explain`."""

from __future__ import annotations

import ast
import gzip
import json
import re
from pathlib import Path

import pytest

from actloom.cli import main
from actloom.evals.kinds import BFCL, KINDS
from actloom.evals.result import FAILURES

ROOT = Path(__file__).parents[2]
FAMILIES = {kind.partition(":")[0] for kind in BFCL}


def named_in_sources() -> set[str]:
    """Returns the texts of the sources of evals that have the form of an error type."""
    found: set[str] = set()
    for path in (ROOT / "src" / "actloom" / "evals").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                family, colon, what = node.value.partition(":")
                if colon and family in FAMILIES and re.fullmatch(r"[a-z_/]+", what):
                    found.add(node.value)
    return found


def test_every_error_type_named_in_the_sources_has_a_meaning() -> None:
    assert named_in_sources() - {*KINDS} == set()


def test_every_error_type_of_the_published_scores_has_a_meaning(shared_data: Path) -> None:
    packed = (shared_data / "bfcl_v1" / "failures.jsonl.gz").read_bytes()
    published = {json.loads(line)["error_type"] for line in gzip.decompress(packed).splitlines()}
    assert len(published) > 30
    assert published - {*BFCL} == set()


def test_the_page_lists_every_kind_with_its_meaning() -> None:
    page = (ROOT / "docs" / "failures.md").read_text()
    rows = dict(re.findall(r"^\| `(.+?)` \| (.+?) \|$", page, re.MULTILINE))
    assert rows == KINDS
    assert len(KINDS) == len(FAILURES) + len(BFCL)


@pytest.mark.parametrize("kind", ["type_error:nested", "no_call", "TYPE_ERROR:java", "CALL005"])
def test_explain_knows_kinds_of_failure_and_codes_in_any_case(kind: str, capsys) -> None:
    assert main(["explain", kind]) == 0
    printed = capsys.readouterr().out
    found = next((meaning for name, meaning in KINDS.items() if name == kind.lower()), "")
    assert found in printed
    assert kind.lower() in printed.lower()


def test_explain_names_the_nearest_kind(capsys) -> None:
    assert main(["explain", "value_error:strin"]) == 2
    assert "'value_error:string'" in capsys.readouterr().err
