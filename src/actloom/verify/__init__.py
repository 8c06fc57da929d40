"""Verification: records in, findings and fixes out, one file a family of rules.

`actloom.verify` is this package and, because `actloom.verify(record)` reads best, also callable.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence
from types import ModuleType

from actloom.core.finding import Finding
from actloom.core.record import Trajectory
from actloom.verify.rules import verify

__all__ = ["verify"]


class _CallablePackage(ModuleType):
    # Importing any submodule sets the attribute `actloom.verify` to this package, so the name can
    # stay the function only if the package itself can be called.
    def __call__(
        self,
        records: Trajectory | Iterable[Trajectory],
        *,
        select: Sequence[str] = (),
        ignore: Sequence[str] = (),
        against: Iterable[Trajectory] = (),
    ) -> list[Finding]:
        return verify(records, select=select, ignore=ignore, against=against)


sys.modules[__name__].__class__ = _CallablePackage
