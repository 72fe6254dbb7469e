"""Who did what when to which slide and revision: rows that are only ever added, in a chain."""

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from webapp.record import Act
from webapp.store.chain import HEAD_ID, START, link_of
from webapp.store.errors import StoreError
from webapp.store.tables import AuditHeadRow, AuditRow, SlideRow, now
from webapp.store.words import person_name

MOST: Final = 200  # of a page
LONGEST_REASON: Final = 1000


@dataclass(frozen=True)
class Entry:
    """A write.

    Attributes:
        id: rises with time.
        act: by whom, and when.
        action: `slide.open`, `slide.change`, `slide.delete`, `slide.sign`, `slide.reopen`,
            `field.add`, `field.remove`, `cells.review`, `cells.undo`, `options.change`,
            `pictures.expire`, `record.receive`, `store.copy`, `store.restore`, `store.undo`;
            `account.add`, `account.role`, `account.password`,
            `account.disable`, `account.enable`, `token.add`, `token.revoke`, `session.begin`,
            `session.end`, `session.refused`.
        slide_id: of the slide; None where it was to none.
        revision: of the slide.
        edition: of the slide after the write.
        detail: what was done.
        sha256: hash of the entry and of the one before it, see `chain.link`.
    """

    id: int
    act: Act
    action: str
    slide_id: int | None
    revision: int | None
    edition: int | None
    detail: Mapping[str, Any]
    sha256: str


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
    check_limit(limit)
    query = select(AuditRow).order_by(AuditRow.id.desc()).limit(limit + 1)
    if slide_id is not None:
        query = query.where(AuditRow.slide_id == slide_id)
    if after is not None:
        query = query.where(AuditRow.id < after)
    rows = session.scalars(query).all()
    told = tuple(
        Entry(
            row.id,
            Act(row.by, row.at),
            row.action,
            row.slide_id,
            row.revision,
            row.edition,
            row.detail,
            row.sha256,
        )
        for row in rows[:limit]
    )
    return EntryPage(told, told[-1].id if len(rows) > limit else None)


def labels_of(session: Session, ids: Collection[int]) -> dict[int, str]:
    """Give the labels of slides by their ids, also of those that were deleted."""
    query = select(SlideRow.id, SlideRow.label).where(SlideRow.id.in_(ids))
    return {row.id: row.label for row in session.execute(query)}


def note(
    session: Session,
    by: str,
    action: str,
    detail: Mapping[str, Any],
    slide: SlideRow | None = None,
) -> AuditRow:
    """Add a row for a write, within its transaction; the row's time is that of the write."""
    locked = select(AuditHeadRow).where(AuditHeadRow.id == HEAD_ID).with_for_update()
    head = session.scalars(locked.execution_options(populate_existing=True)).one_or_none()
    if head is None:  # somebody took it away: work goes on, and the break is seen
        head = AuditHeadRow(id=HEAD_ID, entry_id=0, sha256=START)
        session.add(head)
    last = session.scalar(select(func.max(AuditRow.id))) or 0
    row = AuditRow(
        id=max(last, head.entry_id) + 1,
        at=now(),
        by=by,
        action=action,
        slide_id=slide.id if slide else None,
        revision=slide.revision if slide else None,
        edition=slide.edition if slide else None,
        detail=json.loads(json.dumps(detail)),
    )
    row.sha256 = link_of(head.sha256, row)
    session.add(row)
    head.entry_id, head.sha256 = row.id, row.sha256
    session.flush()
    return row


def person(by: str) -> str:
    """Check the name of who writes, and give it as records hold it.

    Raises:
        StoreError: `no_person`.
    """
    try:
        return person_name(by)
    except ValueError as error:
        raise StoreError("no_person", f"Say who you are: {error}") from error


def reason_of(text: str) -> str:
    """Check why something is done that needs a reason.

    Raises:
        StoreError: `no_reason`.
    """
    text = text.strip()
    if not text or len(text) > LONGEST_REASON:
        raise StoreError("no_reason", f"Give a reason of 1 to {LONGEST_REASON} characters")
    return text


def check_limit(limit: int) -> None:
    """Bound the length of a page.

    Raises:
        StoreError: `bad_request`.
    """
    if not 1 <= limit <= MOST:
        raise StoreError("bad_request", f"limit is {limit}: ask for 1 to {MOST} at once")
