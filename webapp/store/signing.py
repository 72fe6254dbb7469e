"""Signing: a slide's record frozen; a change needs a reason and opens the next revision."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace

from sqlalchemy import select
from sqlalchemy.orm import Session

from runtime.lines import many
from webapp.record import Act, ReviewClass, SlideRecord
from webapp.record_json import document_of, record_of
from webapp.store.audit import person, reason_of
from webapp.store.chain import content_sha256, is_as_signed
from webapp.store.clock import refuse_past
from webapp.store.errors import StoreError
from webapp.store.records import current_record
from webapp.store.slides import Slide, locked, row_of, slide_of, written
from webapp.store.tables import RecordRow, now


@dataclass(frozen=True)
class SignedRecord:
    """A frozen record.

    Attributes:
        slide_id: of its slide.
        revision: from 1.
        signed: by whom, and when.
        reason: why there is a revision after the first, else empty.
        content: the JSON that was signed, letter by letter; `thawed` reads it.
        sha256: of `content` in UTF-8.
    """

    slide_id: int
    revision: int
    signed: Act
    reason: str
    content: str
    sha256: str


def sign_slide(
    session: Session,
    slide_id: int,
    by: str,
    classes: Sequence[ReviewClass],
    device: str,
    edition: int | None = None,
) -> SignedRecord:
    """Sign an open slide: freeze its record.

    Args:
        session: of `Database.begin`.
        slide_id: of the slide.
        by: the person's name.
        classes: that a person can give, see `options.review_classes`.
        device: name and version of the program.
        edition: that the caller has seen.

    Raises:
        StoreError: `not_found`, `no_person`, `changed`, `signed`, `no_cells`, `not_seen`,
            `unidentified` or `clock_behind`.
    """
    by = person(by)
    row = locked(session, slide_id, edition)
    _refuse_unfinished(slide_of(session, row))
    refuse_past(session)
    row.status = "signed" if row.revision == 1 else "amended"
    signed = Act(by, now())
    record = replace(current_record(session, slide_id, classes, device), signed=signed)
    content = json.dumps(document_of(record), ensure_ascii=False, separators=(",", ":"))
    frozen = RecordRow(
        slide_id=slide_id,
        revision=row.revision,
        signed_by=by,
        signed_at=signed.at,
        reason=row.reason,
        content=content,
        sha256=content_sha256(content),
    )
    session.add(frozen)
    written(session, row, by, "slide.sign", {"sha256": frozen.sha256})
    return _told(frozen)


def reopen_slide(
    session: Session, slide_id: int, by: str, reason: str, edition: int | None = None
) -> Slide:
    """Open the next revision of a signed slide.

    Raises:
        StoreError: `not_found`, `no_person`, `no_reason`, `changed` or `not_signed`.
    """
    by, reason = person(by), reason_of(reason)
    row = locked(session, slide_id, edition, is_open=False)
    row.status, row.reason = "open", reason
    row.revision += 1
    written(session, row, by, "slide.reopen", {"reason": reason})
    return slide_of(session, row)


def records_of(session: Session, slide_id: int) -> list[SignedRecord]:
    """List the frozen records of a slide, the newest first; none of a slide never signed.

    Raises:
        StoreError: `not_found`.
    """
    row_of(session, slide_id)
    query = select(RecordRow).where(RecordRow.slide_id == slide_id)
    return [_told(row) for row in session.scalars(query.order_by(RecordRow.revision.desc()))]


def find_record(session: Session, slide_id: int, revision: int | None = None) -> SignedRecord:
    """Find a frozen record; None takes the newest.

    Raises:
        StoreError: `not_found`, or `record_damaged` where it is not what was signed.
    """
    row = row_of(session, slide_id)
    query = select(RecordRow).where(RecordRow.slide_id == slide_id)
    if revision is not None:
        query = query.where(RecordRow.revision == revision)
    found = session.scalars(query.order_by(RecordRow.revision.desc()).limit(1)).one_or_none()
    if found is None:
        which = "record" if revision is None else f"record of revision {revision}"
        raise StoreError("not_found", f"{row.label} has no {which}: sign it first")
    if not is_as_signed(found.content, found.sha256):
        raise StoreError(
            "record_damaged",
            f"The record of {row.label}, revision {found.revision}, is not what was signed: "
            "restore it from a backup",
        )
    return _told(found)


def thawed(content: str) -> SlideRecord:
    """Read a frozen record.

    Raises:
        HematoVisionError: `record_damaged`.
    """
    return record_of(json.loads(content))


def reported(
    session: Session,
    slide_id: int,
    classes: Sequence[ReviewClass],
    device: str,
    revision: int | None = None,
) -> SlideRecord:
    """Give the record that reports are made from.

    Args:
        session: of `Database.read`.
        slide_id: of the slide.
        classes: that a person can give, see `options.review_classes`.
        device: name and version of the program.
        revision: of a frozen record; None takes the newest of a signed slide, and of an open one
            what it is now, which says so.

    Raises:
        StoreError: `not_found` or `record_damaged`.
        HematoVisionError: `record_damaged`.
    """
    if revision is None and row_of(session, slide_id).status == "open":
        return current_record(session, slide_id, classes, device)
    return thawed(find_record(session, slide_id, revision).content)


def _refuse_unfinished(slide: Slide) -> None:
    progress = slide.progress
    if not progress.cells:
        raise StoreError(
            "no_cells", f"{slide.label} has no white cell to sign for: take a field that counts"
        )
    if unseen := progress.cells - progress.seen:
        raise StoreError(
            "not_seen",
            f"{many(unseen, 'white cell')} of {slide.label} were not seen: "
            "confirm or class them, then sign",
        )
    if progress.unidentified:
        raise StoreError(
            "unidentified",
            f"{many(progress.unidentified, 'white cell')} of {slide.label} are of no class: "
            "give them one, then sign",
        )


def _told(row: RecordRow) -> SignedRecord:
    signed = Act(row.signed_by, row.signed_at)
    return SignedRecord(row.slide_id, row.revision, signed, row.reason, row.content, row.sha256)
