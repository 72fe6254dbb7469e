"""What a device still has to send to its laboratory's server: signed records, in their order.

The trail is the list of them: its entries of signing rise and are never given again. How far they
were sent is kept beside it, so that a backup which is brought back remembers what it knew. A record
that is damaged here is passed over and counted: no server would take it, and others wait behind it.
One that the server refuses is set aside for the same reason, and can be offered again.
"""

import uuid
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Select, and_, func, select
from sqlalchemy.orm import Session

from webapp.store.tables import AuditRow, OptionRow, RecordRow, SlideRow, now

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
class Refused:
    """A record that a server has refused: by its entry of the audit; when, and why."""

    entry: int
    at: datetime
    why: str


@dataclass(frozen=True)
class RefusedRecord:
    """A record that a server has refused, for people.

    Attributes:
        slide_id: of its slide.
        label: of its slide.
        revision: that was signed.
        at: when it was refused last.
        why: as the server said it.
    """

    slide_id: int
    label: str
    revision: int
    at: datetime
    why: str


@dataclass(frozen=True)
class Sent:
    """How far a server was sent what is signed.

    Attributes:
        entry: of the last record that it has, or that was passed over or set aside; 0 before the
            first.
        sha256: of the last one that it has said to have; None before the first.
        at: when it said so.
        damaged: records before it that were passed over.
        refused: records before it that were set aside, in the order of their signing.
    """

    entry: int
    sha256: str | None
    at: datetime | None
    damaged: int
    refused: tuple[Refused, ...] = ()


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
    refused = tuple(
        Refused(each["entry"], datetime.fromisoformat(each["at"]), each["why"])
        for each in told.get("refused", ())
    )
    return Sent(int(told["entry"]), told["sha256"], at, int(told.get("damaged", 0)), refused)


def waiting(session: Session, server: str) -> int:
    """Count the records that are still to be sent, but those that were set aside."""
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


def refused_outgoing(session: Session, server: str, entry: int) -> Outgoing | None:
    """Give a record that was set aside, to be sent now; None where its slide was deleted."""
    row = session.execute(_signed().where(AuditRow.id == entry)).one_or_none()
    if row is None:
        return None
    after = last_sent(session, server).sha256
    return Outgoing(row.id, after, row.detail["sha256"], row.content)


def refused_records(session: Session, server: str) -> tuple[RefusedRecord, ...]:
    """List what was set aside; records of slides that were deleted are left out."""
    refused = {each.entry: each for each in last_sent(session, server).refused}
    rows = session.execute(
        _signed()
        .with_only_columns(
            AuditRow.id, SlideRow.id.label("slide_id"), SlideRow.label, AuditRow.revision
        )
        .join(SlideRow, SlideRow.id == AuditRow.slide_id)
        .where(AuditRow.id.in_(refused))
    )
    return tuple(
        RefusedRecord(
            row.slide_id, row.label, row.revision, refused[row.id].at, refused[row.id].why
        )
        for row in rows
    )


def note_sent(session: Session, server: str, record: Outgoing) -> None:
    """Remember that a server has a record, and so all before it but those set aside."""
    sent = _passed(session, server, record.entry)
    _remember(session, server, replace(sent, sha256=record.sha256, at=now()))


def note_damaged(session: Session, server: str, record: Outgoing) -> None:
    """Pass over a record that is not what was signed; the next one follows the one before it."""
    sent = _passed(session, server, record.entry)
    _remember(session, server, replace(sent, damaged=sent.damaged + 1))


def note_refused(session: Session, server: str, record: Outgoing, why: str) -> None:
    """Set a record aside that the server refuses; the next one follows the one before it."""
    sent = _passed(session, server, record.entry)
    refused = sorted(
        [*sent.refused, Refused(record.entry, now(), why)], key=lambda each: each.entry
    )
    _remember(session, server, replace(sent, refused=tuple(refused)))


def forget_refused(session: Session, server: str, entry: int) -> None:
    """Offer a record that was set aside no more."""
    _remember(session, server, _passed(session, server, entry))


def forget_sent(session: Session) -> None:
    """Begin from the first record again; a server keeps none twice."""
    row = session.get(OptionRow, _SENT)
    if row is not None:
        session.delete(row)


def _passed(session: Session, server: str, entry: int) -> Sent:
    """Give how far a server was sent it with one more entry, which is set aside no more."""
    sent = last_sent(session, server)
    others = tuple(each for each in sent.refused if each.entry != entry)
    return replace(sent, entry=max(sent.entry, entry), refused=others)


def _remember(session: Session, server: str, sent: Sent) -> None:
    at = sent.at.isoformat() if sent.at else None
    refused = [{**asdict(each), "at": each.at.isoformat()} for each in sent.refused]
    told = {"server": server, **asdict(sent), "at": at, "refused": refused}
    session.merge(OptionRow(name=_SENT, value=told))


def _signed(after: int = 0) -> Select[int, dict[str, Any], str]:
    signs = and_(RecordRow.slide_id == AuditRow.slide_id, RecordRow.revision == AuditRow.revision)
    return (
        select(AuditRow.id, AuditRow.detail, RecordRow.content)
        .join(RecordRow, signs)
        .where(AuditRow.action == "slide.sign", AuditRow.id > after)
        .order_by(AuditRow.id)
    )
