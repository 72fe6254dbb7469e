"""The chain of the audit: each entry holds a hash of itself and of the hash before it.

So an entry that is changed, removed or put between others breaks the chain from there on. Who can
write the file can also compute the whole chain anew: that shows only where a hash of its head was
noted elsewhere, on paper or in a backup.
"""

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from webapp.store.tables import AuditHeadRow, AuditRow, ReceivedRow, RecordRow, SlideRow

START: Final = "0" * 64  # stands before the first entry
HEAD_ID: Final = 1  # of the only row that tells the head
_AT_ONCE: Final = 500  # entries in memory
_RECORDS_AT_ONCE: Final = 20


@dataclass(frozen=True)
class Head:
    """The newest entry of the audit: its id and its hash; 0 and zeros before the first."""

    entry: int
    sha256: str


@dataclass(frozen=True)
class Chain:
    """What looking through the whole audit has found.

    Attributes:
        entries: how many were whole, up to the first broken link.
        head: the last of these.
        broken: the first broken link, and what that means; None where the chain is whole.
    """

    entries: int
    head: Head
    broken: str | None


def link(
    before: str,
    *,
    id: int,
    at: datetime,
    by: str,
    action: str,
    slide_id: int | None,
    revision: int | None,
    edition: int | None,
    detail: Mapping[str, Any],
) -> str:
    """Compute the hash of an entry; the form is for ever, for there are chains made of it.

    Args:
        before: hash of the entry before, `START` for the first.
        id: of the entry, as the rest of its columns.
        at: aware, to the millisecond.
        by: who.
        action: what.
        slide_id: of the slide.
        revision: of the slide.
        edition: of the slide.
        detail: as JSON gives it back.

    Returns:
        SHA-256 in hexadecimal, of `before`, a line feed and the entry as JSON: keys sorted, no
        space, ASCII.
    """
    entry = {
        "id": id,
        "at": at.astimezone(UTC).isoformat(timespec="milliseconds"),
        "by": by,
        "action": action,
        "slide_id": slide_id,
        "revision": revision,
        "edition": edition,
        "detail": detail,
    }
    text = json.dumps(entry, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(f"{before}\n{text}".encode("ascii")).hexdigest()


def link_of(before: str, row: AuditRow) -> str:
    """Compute the hash that a row must have behind another."""
    return link(
        before,
        id=row.id,
        at=row.at,
        by=row.by,
        action=row.action,
        slide_id=row.slide_id,
        revision=row.revision,
        edition=row.edition,
        detail=row.detail,
    )


def content_sha256(content: str) -> str:
    """Compute the hash of a record's JSON, letter by letter as it is kept."""
    return hashlib.sha256(content.encode()).hexdigest()


def is_as_signed(content: object, sha256: str) -> bool:
    """Tell whether a record's JSON has this hash."""
    # A column of SQLite may hold what is no text, put there behind the program's back.
    return isinstance(content, str) and content_sha256(content) == sha256


def head_of(session: Session) -> Head:
    """Tell the newest entry, as its own row says it."""
    row = session.get(AuditHeadRow, HEAD_ID)
    return Head(row.entry_id, row.sha256) if row else Head(0, START)


def verify(session: Session) -> Chain:
    """Look through the whole audit, from the first entry, for the first broken link.

    Beside the hashes it looks whether the last entry is the one that was written last, and whether
    each record that was signed, or received, is the one that its entry names, letter by letter:
    it reads all of them.

    Args:
        session: of `Database.read`.
    """
    few = {"yield_per": _RECORDS_AT_ONCE}
    signed_rows = select(
        RecordRow.slide_id, RecordRow.revision, RecordRow.sha256, RecordRow.content
    )
    records: dict[tuple[int | None, int | None], str] = {
        (row.slide_id, row.revision): _proved(row.sha256, row.content)
        for row in session.execute(signed_rows, execution_options=few)
    }
    received_rows = select(ReceivedRow.device, ReceivedRow.sha256, ReceivedRow.content)
    received = {
        (row.device, _proved(row.sha256, row.content))
        for row in session.execute(received_rows, execution_options=few)
    }
    gone = set(session.scalars(select(SlideRow.id).where(SlideRow.deleted_at.is_not(None))))
    head, entries = Head(0, START), 0
    for row in _rows(session):
        if row is None:
            return Chain(entries, head, f"the entry after entry {head.entry} cannot be read")
        if row.sha256 != link_of(head.sha256, row):
            after = f"entry {head.entry}" if head.entry else "the beginning"
            return Chain(
                entries,
                head,
                f"{_named(row)} does not follow from {after}: it was changed, or entries between "
                "were removed or put in",
            )
        if row.action == "slide.sign" and row.slide_id not in gone:
            signed = (row.slide_id, row.revision)
            if records.pop(signed, None) != row.detail["sha256"]:
                return Chain(
                    entries,
                    head,
                    f"{_named(row)} names a record of slide {row.slide_id}, revision "
                    f"{row.revision}, that is not the one which is kept",
                )
        if row.action == "record.receive":
            came = (row.detail["device"], row.detail["sha256"])
            if came not in received:
                problem = f"{_named(row)} names a record of a device that is not kept, or changed"
                return Chain(entries, head, problem)
            received.remove(came)
        head, entries = Head(row.id, row.sha256), entries + 1
    last = head_of(session)
    if last != head:
        return Chain(
            entries,
            head,
            f"entry {last.entry} was written last, but entry {head.entry} is the last one there: "
            "entries at the end were removed or put in",
        )
    if records:
        slide_id, revision = next(iter(records))
        return Chain(
            entries,
            head,
            f"the record of slide {slide_id}, revision {revision}, was signed by no entry",
        )
    if received:
        device, sha256 = min(received)
        problem = f"the record {sha256[:12]} of device {device} was received by no entry"
        return Chain(entries, head, problem)
    return Chain(entries, head, None)


def _proved(sha256: str, content: str) -> str:
    """Give the hash of a record that has it; of another one what no entry names."""
    return sha256 if is_as_signed(content, sha256) else "damaged"


def _rows(session: Session) -> Iterator[AuditRow | None]:
    """Give all entries in order; None ends them at the first that holds no JSON, or no time."""
    last, many = 0, _AT_ONCE
    while True:
        query = select(AuditRow).where(AuditRow.id > last).order_by(AuditRow.id).limit(many)
        try:
            rows = session.scalars(query).all()
        except (ValueError, TypeError):
            if many == 1:
                yield None
                return
            many = 1
            continue
        yield from rows
        if not rows:
            return
        last = rows[-1].id
        session.expunge_all()


def _named(row: AuditRow) -> str:
    return f"entry {row.id} ({row.at:%Y-%m-%d %H:%M:%S} UTC, {row.by}, {row.action})"
