"""`actloom report`."""

from __future__ import annotations

import sys


def report(folder: str, *, out: str = "") -> int | None:
    """Write one HTML file about a run, a dataset folder, an evaluation or a score, for offline use.

    Example: actloom report runs/demo --out report.html

    Args:
        folder: folder of a run, a data set, an evaluation or a score; FOLDER:MODEL for one model
            of a score, with its failures side by side.
        out: file to write; report.html in the folder by default.
    """
    from actloom.report import write_report

    path = write_report(folder, out or None)
    sys.stdout.write(f"{path}\n")
    return 0
