"""Files that grow by a line at a time and whose writer may be killed at any byte."""

from __future__ import annotations

import os
from pathlib import Path

_TAIL_BLOCK = 1 << 16


def drop_cut_line(path: Path) -> None:
    """Cuts off what follows the last line end of a file."""
    with path.open("rb+") as file:
        end = file.seek(0, os.SEEK_END)
        keep = end
        while keep > 0:
            start = max(0, keep - _TAIL_BLOCK)
            file.seek(start)
            newline = file.read(keep - start).rfind(b"\n")
            if newline >= 0:
                keep = start + newline + 1
                break
            keep = start
        if keep < end:
            file.truncate(keep)
