"""Records that devices have sent to this server: kept as they were signed, each once."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final
from unicodedata import normalize

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from runtime import HematoVisionError
from webapp.record import Act, SlideRecord
from webapp.record_json import record_of
from webapp.store.audit import check_limit, note
from webapp.store.chain import is_as_signed
from webapp.store.errors import StoreError
from webapp.store.outbox import Outgoing
from webapp.store.slides import LONGEST_LABEL
from webapp.store.tables import LARGEST_ID, ReceivedRow, now
from webapp.store.words import LONGEST_NAME

LONGEST_DEVICE: Final = 80  # characters of a device's name
_SHOWN: Final = [
    column for column in ReceivedRow.__table__.columns if column.name not in ("content", "folded")
]


@dataclass(frozen=True)
class Received:
    """A record that a device has sent.

    Attributes:
        id: in this database.
        device: uid of the device.
        device_name: what it calls itself, its computer's name unless it was told another.
        entry: of the device's trail, which says the signature.
        received_at: when it came.
        uid: of the slide.
        label: of the slide.
        status: `signed`, or `amended` when it was signed again.
        revision: of the slide.
        signed: by whom, and when.
        sha256: of the record's bytes.
        account: name of the one that sent it; None of what came before devices had accounts.
    """

    id: int
    device: str
    device_name: str
    entry: int
    received_at: datetime
    uid: str
    label: str
    status: str
    revision: int
    signed: Act
    sha256: str
    account: str | None


@dataclass(frozen=True)
class ReceivedPage:
    """Records, the newest first; `after` is the key of the next page, None of the last one."""

    records: tuple[Received, ...]
    after: int | None


def receive(
    session: Session, account: str, device: str, device_name: str, record: Outgoing
) -> tuple[Received, bool]:
    """Keep a record that a device has signed; one that is there already stays as it is.

    Args:
        session: of `Database.begin`.
        account: name of the one that sends.
        device: its uid.
        device_name: what it calls itself, its computer's name unless it was told another.
        record: as the device's `outbox` gives it.

    Returns:
        The record, and whether it is new here.

    Raises:
        StoreError: `bad_request`, it is not what was signed; `gap`, the one that the device has
            sent before is not here, and it has to begin from its first.
    """
    if known := _known(session, device, record.sha256):
        return known, False
    if record.after is not None and _known(session, device, record.after) is None:
        raise StoreError(
            "gap", f"The record before entry {record.entry} is not here: send all from the first"
        )
    told = _read(record)
    assert told.signed is not None  # noqa: S101 (see `_read`)
    row = ReceivedRow(
        device=device,
        device_name=device_name,
        entry=record.entry,
        received_at=now(),
        uid=told.uid,
        label=told.label,
        folded=told.label.casefold(),
        status=told.status,
        revision=told.revision,
        signed_by=told.signed.by,
        signed_at=told.signed.at,
        content=record.content,
        sha256=record.sha256,
        account=account,
    )
    session.add(row)
    detail = {
        "device": device,
        "device_name": device_name,
        "entry": record.entry,
        "sha256": record.sha256,
        "label": told.label,
        "revision": told.revision,
    }
    note(session, account, "record.receive", detail)
    return _told(row), True


def find_received(
    session: Session,
    label: str | None = None,
    device: str | None = None,
    person: str | None = None,
    after: int | None = None,
    limit: int = 50,
) -> ReceivedPage:
    """Page through what devices have sent, the newest first.

    Args:
        session: of `Database.read`.
        label: a part of the slide's label, upper and lower case alike.
        device: uid of a device.
        person: who signed.
        after: of the page before.
        limit: records of a page, 1 to 200.

    Raises:
        StoreError: `bad_request`.
    """
    check_limit(limit)
    query = select(*_SHOWN).order_by(ReceivedRow.id.desc()).limit(limit + 1)
    if label:
        folded = normalize("NFC", label).casefold()
        query = query.where(ReceivedRow.folded.contains(folded, autoescape=True))
    if device:
        query = query.where(ReceivedRow.device == device)
    if person:
        query = query.where(ReceivedRow.signed_by == normalize("NFC", person))
    if after is not None:
        query = query.where(ReceivedRow.id < min(after, LARGEST_ID))
    rows = session.execute(query).all()
    found = tuple(_told(row) for row in rows[:limit])
    return ReceivedPage(found, found[-1].id if len(rows) > limit else None)


def count_received(session: Session) -> int:
    """Count the records that devices have sent."""
    return int(session.scalar(select(func.count()).select_from(ReceivedRow)) or 0)


def received_record(session: Session, received_id: int) -> tuple[Received, str]:
    """Give a record that was received, and its JSON letter by letter.

    Raises:
        StoreError: `not_found`, or `record_damaged` where it is not what was signed.
    """
    row = session.get(ReceivedRow, received_id)
    if row is None:
        raise StoreError(
            "not_found", f"No device has sent a record {received_id}: look it up in the history"
        )
    if not is_as_signed(row.content, row.sha256):
        raise StoreError(
            "record_damaged",
            f"The record of {row.label} from {row.device_name} is not what was signed: restore it "
            "from a backup",
        )
    return _told(row), row.content


def _known(session: Session, device: str, sha256: str) -> Received | None:
    query = select(*_SHOWN).where(ReceivedRow.device == device, ReceivedRow.sha256 == sha256)
    row = session.execute(query).one_or_none()
    return None if row is None else _told(row)


def _read(record: Outgoing) -> SlideRecord:
    """Read a record that is the one that was signed."""
    try:
        if not is_as_signed(record.content, record.sha256):
            raise ValueError("its hash is another one")
        document = json.loads(record.content)
        if not isinstance(document, dict):
            raise ValueError("it is no record")
        told = record_of(document)
        if told.signed is None or told.signed.at.tzinfo is None:
            raise ValueError("it is not signed")
        _check_shown(document, told)
        texts = ((told.uid, 36), (told.label, LONGEST_LABEL), (told.signed.by, LONGEST_NAME))
        if any(len(text) > most for text, most in texts) or not 1 <= told.revision <= LARGEST_ID:
            raise ValueError("a text or a number in it is too long")
    except (HematoVisionError, ValueError, OverflowError, RecursionError) as error:
        raise StoreError(
            "bad_request", f"The record of entry {record.entry} is not what was signed: {error}"
        ) from error
    return told


def _check_shown(document: Mapping[str, object], told: SlideRecord) -> None:
    """Refuse letters, numbers and times that no report could show, for a record stays for good.

    Raises:
        ValueError: halves of letters, which UTF-8 cannot hold, and numbers that are none.
        OverflowError: a time that in UTC is of no year.
    """
    json.dumps(document, ensure_ascii=False, allow_nan=False).encode()
    fields, cells = [each.taken for each in told.fields], [each.seen for each in told.cells]
    for act in (told.opened, told.signed, *fields, *cells):
        if act is not None:
            act.at.astimezone(UTC)


def _told(row: object) -> Received:
    names = [column.name for column in _SHOWN if not column.name.startswith("signed_")]
    told = {name: getattr(row, name) for name in names}
    signed = Act(row.signed_by, row.signed_at)  # type: ignore[attr-defined] # a row, or some columns
    return Received(**told, signed=signed)
