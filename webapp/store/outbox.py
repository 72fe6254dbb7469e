"""What a device still has to send to its laboratory's server: signed records, in their order.

The trail is the list of them: its entries of signing rise and are never given again. How far they
were sent is kept beside it, so that a backup which is brought back remembers what it knew.
"""

import uuid
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import Select, and_, func, select
from sqlalchemy.orm import Session

from webapp.store.tables import AuditRow, OptionRow, RecordRow, now

_DEVICE: Final = "device"
_SENT: Final = "sent"


@dataclass(frozen=True)
class Outgoing:
    """A record to be sent.

    Attributes:
        entry: of the audit, which says its signature.
        after: hash of the record that was sent before it; None of the first.
        sha256: of `content` in UTF-8.
        content: the JSON that was signed, letter by letter.
    """

    entry: int
    after: str | None
    sha256: str
    content: str


@dataclass(frozen=True)
class Sent:
    """The last record that a server has said to have; entry 0 before the first."""

    entry: int
    sha256: str | None
    at: datetime | None


def device_uid(session: Session) -> str:
    """Give the number that no other device has; drawn when it is first asked for.

    Args:
        session: of `Database.begin`.
    """
    row = session.get(OptionRow, _DEVICE)
    if row is None:
        row = OptionRow(name=_DEVICE, value={"uid": str(uuid.uuid4())})
        session.add(row)
    return str(row.value["uid"])


def last_sent(session: Session, server: str) -> Sent:
    """Tell what a server had last; of another server than before nothing is known."""
    row = session.get(OptionRow, _SENT)
    if row is None or row.value["server"] != server:
        return Sent(0, None, None)
    told = row.value
    return Sent(int(told["entry"]), told["sha256"], datetime.fromisoformat(told["at"]))


def waiting(session: Session, server: str) -> int:
    """Count the records that a server has not said to have."""
    after = last_sent(session, server).entry
    found = _signed(after).with_only_columns(func.count()).order_by(None)
    return int(session.scalar(found) or 0)


def next_outgoing(session: Session, server: str) -> Outgoing | None:
    """Give the record that is to be sent next; those of slides that were deleted are left out."""
    sent = last_sent(session, server)
    row = session.execute(_signed(sent.entry).limit(1)).one_or_none()
    return None if row is None else Outgoing(row.id, sent.sha256, row.sha256, row.content)


def note_sent(session: Session, server: str, record: Outgoing) -> None:
    """Remember that a server has a record, and so all before it."""
    told = {"entry": record.entry, "sha256": record.sha256, "at": now().isoformat()}
    session.merge(OptionRow(name=_SENT, value={"server": server, **told}))


def forget_sent(session: Session) -> None:
    """Begin from the first record again; a server keeps none twice."""
    row = session.get(OptionRow, _SENT)
    if row is not None:
        session.delete(row)


def _signed(after: int) -> Select[int, str, str]:
    signs = and_(RecordRow.slide_id == AuditRow.slide_id, RecordRow.revision == AuditRow.revision)
    return (
        select(AuditRow.id, RecordRow.sha256, RecordRow.content)
        .join(RecordRow, signs)
        .where(AuditRow.action == "slide.sign", AuditRow.id > after)
        .order_by(AuditRow.id)
    )
