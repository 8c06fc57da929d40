"""Findings as SARIF 2.1.0, the format of code scanning.

Source: OASIS, "Static Analysis Results Interchange Format (SARIF) Version 2.1.0", 3.13 to 3.49.
"""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import quote

from actloom import __version__
from actloom.core.finding import Finding
from actloom.core.ids import digest_bytes
from actloom.core.jsonvalue import JsonObject
from actloom.report.markup import visible
from actloom.run.codes import meaning_of
from actloom.run.lint_text import shown_path

HEAD = (
    '{"$schema": "https://json.schemastore.org/sarif-2.1.0.json", "version": "2.1.0",'
    ' "runs": [{"columnKind": "unicodeCodePoints", "results": ['
)
"""What stands before the results; after them come `tool` and the closing brackets."""
LEVELS = {"error": "error", "warning": "warning", "info": "note"}


def result(finding: Finding) -> JsonObject:
    """Returns a `result` object: the finding at its file and line, and its place in the record."""
    location: JsonObject = {}
    if finding.file:
        location["physicalLocation"] = {
            "artifactLocation": {"uri": uri_of(finding.file)},
            "region": {"startLine": max(finding.line, 1)},
        }
    if finding.id or finding.path:
        name = visible(f"{finding.id}{finding.path}")
        location["logicalLocations"] = [{"fullyQualifiedName": name, "kind": "member"}]
    known_by = f"{finding.code}\0{finding.id}\0{finding.path}"
    return {
        "ruleId": finding.code,
        "level": LEVELS[finding.severity],
        "message": {"text": visible(finding.message) or finding.code},
        "locations": [location] if location else [],
        "partialFingerprints": {"actloom/v1": digest_bytes(known_by.encode(errors="replace"))},
    }


def uri_of(file: str) -> str:
    """Returns a file as a URI reference, relative to the working directory where it is below it."""
    if "://" in file:
        return quote(file, safe=":/?#[]@!$&'()*+,;=%~")
    path = quote(shown_path(file).replace("\\", "/").encode(errors="replace"), safe="/~")
    return f"file://{path}" if path.startswith("/") else path


def tool(codes: Sequence[str]) -> JsonObject:
    """Returns the `tool` object, with the rules that `codes` name."""
    driver: JsonObject = {
        "name": "actloom",
        "version": __version__,
        "rules": [_rule(code) for code in codes],
    }
    return {"driver": driver}


def _rule(code: str) -> JsonObject:
    return {"id": code, "shortDescription": {"text": visible(meaning_of(code)) or code}}
