"""`actloom pull bfcl`: the benchmark's data and simulated classes, from its wheel to the cache."""

from __future__ import annotations

import sys
from typing import Annotated

from cyclopts import Parameter


def pull_bfcl(
    *,
    out: str = "",
    source: Annotated[str, Parameter(name="--from")] = "",
) -> int:
    """Fetch BFCL's questions, answers and simulated classes from its wheel, by version and hash.

    pip downloads the wheel (no dependency of it), its hash is checked, and the files that are
    needed are unpacked into the cache ($ACTLOOM_CACHE, else ~/.cache/actloom). A second call does
    nothing.

    Example: actloom pull bfcl --from downloads/

    Args:
        out: folder to make instead of the one in the cache.
        source: the wheel, a folder with it, or a folder in which it is unpacked or installed.
    """
    from pathlib import Path

    from actloom.io.pull.bfcl import VERSION, pull_bfcl_files

    pulled = pull_bfcl_files(Path(out) if out else None, source=Path(source) if source else None)
    state = "unpacked" if pulled.new else "already there"
    sys.stdout.write(
        f"BFCL {VERSION}: {pulled.files} files, {pulled.bytes / 1e6:.1f} MB {state} in"
        f" {pulled.folder}\n"
    )
    for project in pulled.missing:
        sys.stderr.write(
            f"{project} was not there; calls that need it fail unless it is installed:"
            f" pip install {project}\n"
        )
    return 0
