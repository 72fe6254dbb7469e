"""Whether the clock tells a time that is over: a small computer without one wakes in the past."""

import time
from datetime import datetime
from typing import Final

from sqlalchemy.orm import Session

from webapp.store.audit import entries
from webapp.store.errors import StoreError

AHEAD_S: Final = 1.0  # that the last write may lie ahead by, in times that are cut


def last_write(session: Session) -> datetime | None:
    """Tell when something was kept last; None where nothing ever was."""
    last = entries(session, limit=1).entries
    return last[0].act.at if last else None


def is_over(moment: datetime) -> bool:
    """Tell whether the clock is behind a moment."""
    return time.time() + AHEAD_S < moment.timestamp()


def refuse_past(session: Session) -> None:
    """Refuse what must bear the right time.

    Raises:
        StoreError: `clock_behind`; something was kept here at a time that is yet to come.
    """
    known = last_write(session)
    if known and is_over(known):
        raise StoreError(
            "clock_behind",
            f"The clock is behind {known:%Y-%m-%d %H:%M} UTC, when something was kept here: "
            "set date and time, then sign",
        )
