"""What a device still has to send to its laboratory's server: signed records, in their order.

The trail is the list of them: its entries of signing rise and are never given again. How far they
were sent is kept beside it, so that a backup which is brought back remembers what it knew. A record
that is damaged here is passed over and counted: no server would take it, and others wait behind it.
"""

import uuid
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from typing import Any, Final

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
        sha256: of the JSON that was signed, in UTF-8; as the audit says it.
        content: that JSON, letter by letter.
    """

    entry: int
    after: str | None
    sha256: str
    content: str


@dataclass(frozen=True)
class Sent:
    """How far a server was sent what is signed.

    Attributes:
        entry: of the last record that it has, or that was passed over; 0 before the first.
        sha256: of the last one that it has said to have; None before the first.
        at: when it said so.
        damaged: records before it that were passed over.
    """

    entry: int
    sha256: str | None
    at: datetime | None
    damaged: int


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
    """Tell how far a server was sent it; of another server than before nothing is known."""
    row = session.get(OptionRow, _SENT)
    if row is None or row.value["server"] != server:
        return Sent(0, None, None, 0)
    told = row.value
    at = datetime.fromisoformat(told["at"]) if told["at"] else None
    return Sent(int(told["entry"]), told["sha256"], at, int(told.get("damaged", 0)))


def waiting(session: Session, server: str) -> int:
    """Count the records that are still to be sent."""
    after = last_sent(session, server).entry
    found = _signed(after).with_only_columns(func.count()).order_by(None)
    return int(session.scalar(found) or 0)


def next_outgoing(session: Session, server: str) -> Outgoing | None:
    """Give the record that is to be sent next; those of slides that were deleted are left out."""
    sent = last_sent(session, server)
    row = session.execute(_signed(sent.entry).limit(1)).one_or_none()
    if row is None:
        return None
    return Outgoing(row.id, sent.sha256, row.detail["sha256"], row.content)


def note_sent(session: Session, server: str, record: Outgoing) -> None:
    """Remember that a server has a record, and so all before it."""
    damaged = last_sent(session, server).damaged
    _remember(session, server, Sent(record.entry, record.sha256, now(), damaged))


def note_damaged(session: Session, server: str, record: Outgoing) -> None:
    """Pass over a record that is not what was signed; the next one follows the one before it."""
    sent = last_sent(session, server)
    _remember(session, server, replace(sent, entry=record.entry, damaged=sent.damaged + 1))


def forget_sent(session: Session) -> None:
    """Begin from the first record again; a server keeps none twice."""
    row = session.get(OptionRow, _SENT)
    if row is not None:
        session.delete(row)


def _remember(session: Session, server: str, sent: Sent) -> None:
    at = sent.at.isoformat() if sent.at else None
    session.merge(OptionRow(name=_SENT, value={"server": server, **asdict(sent), "at": at}))


def _signed(after: int) -> Select[int, dict[str, Any], str]:
    signs = and_(RecordRow.slide_id == AuditRow.slide_id, RecordRow.revision == AuditRow.revision)
    return (
        select(AuditRow.id, AuditRow.detail, RecordRow.content)
        .join(RecordRow, signs)
        .where(AuditRow.action == "slide.sign", AuditRow.id > after)
        .order_by(AuditRow.id)
    )
