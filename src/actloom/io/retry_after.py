"""How long a server asks to be left alone."""

from __future__ import annotations

import datetime as dt
from email.utils import parsedate_to_datetime


def retry_wait(given: str | None, attempt: int) -> float:
    """Returns seconds to wait: what `Retry-After` says, in seconds or as a date, else doubling.

    Args:
        given: the header; None when the server sent none.
        attempt: failed attempts before this one; 0 gives one second without a header.
    """
    if given is None:
        return 2.0**attempt
    if given.strip().isdecimal():
        return float(given)
    try:
        until = parsedate_to_datetime(given)
        now = dt.datetime.now(until.tzinfo or dt.UTC)
        if until.tzinfo is None:
            now = now.replace(tzinfo=None)
        return max((until - now).total_seconds(), 0.0)
    except (ValueError, OverflowError):
        return 2.0**attempt
