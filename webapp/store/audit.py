"""Who did what when to which slide and revision: rows that are only ever added."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy.orm import Session

from webapp.report.record import Act


@dataclass(frozen=True)
class Entry:
    """A write.

    Attributes:
        id: rises with time.
        act: by whom, and when.
        action: `slide.open`, `slide.change`, `slide.delete`, `slide.sign`, `slide.reopen`,
            `field.add`, `field.remove`, `cells.review`, `cells.undo`, `options.change`,
            `pictures.expire`.
        slide_id: of the slide; None where it was to none.
        revision: of the slide.
        edition: of the slide after the write.
        detail: what was done.
    """

    id: int
    act: Act
    action: str
    slide_id: int | None
    revision: int | None
    edition: int | None
    detail: Mapping[str, Any]


@dataclass(frozen=True)
class EntryPage:
    """Entries, the newest first; `after` is the key of the next page, None of the last one."""

    entries: tuple[Entry, ...]
    after: int | None


def entries(
    session: Session, slide_id: int | None = None, after: int | None = None, limit: int = 100
) -> EntryPage:
    """Page through the audit, the newest first; also of slides that were deleted.

    Args:
        session: of `Database.read`.
        slide_id: of one slide; None takes all.
        after: of the page before.
        limit: entries of a page, 1 to 200.

    Raises:
        StoreError: `bad_request`.
    """
    raise NotImplementedError
