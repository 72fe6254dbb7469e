"""Slides: opened, changed, deleted with their trace kept."""

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, cast

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from runtime.lines import many
from runtime.trust import UNFAMILIAR
from webapp.record import Act, Status
from webapp.store.audit import note as noted
from webapp.store.audit import person, reason_of
from webapp.store.errors import StoreError
from webapp.store.pictures import Pictures
from webapp.store.tables import (
    AuditRow,
    CellRow,
    FieldRow,
    RecordRow,
    SlideRow,
    TallyRow,
    now,
)
from webapp.store.tallies import fields_counted, tallies_of
from webapp.store.words import one_line

LONGEST_LABEL: Final = 200
LONGEST_NOTE: Final = 4000
MOST_CELLS: Final = 10_000  # of a target


@dataclass(frozen=True)
class Progress:
    """How far a slide is; of cells in fields that count, those of unusable fields are left out.

    Attributes:
        fields: pictures taken.
        usable: those of them that count.
        cells: white cells found.
        seen: those that a person has confirmed or classed.
        unidentified: unfamiliar to the model, and of no class by a person.
    """

    fields: int
    usable: int
    cells: int
    seen: int
    unidentified: int


@dataclass(frozen=True)
class Slide:
    """A slide as it is now.

    Attributes:
        id: in this database.
        uid: of no other slide on any device.
        label: what the person calls it.
        note: the person's words.
        target: white cells to count.
        status: `open`, `signed`, or `amended` when signed again.
        revision: of an open slide the one that would be signed, 1 for the first.
        reason: why a revision after the first was opened, else empty.
        edition: rises with each write; what `If-Match` is compared to.
        opened: who opened it, and when.
        changed_at: time of the last write.
        progress: how far it is.
    """

    id: int
    uid: str
    label: str
    note: str
    target: int
    status: Status
    revision: int
    reason: str
    edition: int
    opened: Act
    changed_at: datetime
    progress: Progress


def open_slide(session: Session, by: str, label: str, note: str = "", target: int = 100) -> Slide:
    """Open a slide.

    Args:
        session: of `Database.begin`.
        by: the person's name.
        label: 1 to 200 characters in a line.
        note: at most 4000 characters.
        target: white cells to count, 1 to 10,000.

    Raises:
        StoreError: `no_person` or `bad_request`.
    """
    time = now()
    row = SlideRow(
        uid=str(uuid.uuid4()),
        note=_note(note),
        target=_target(target),
        status="open",
        revision=1,
        reason="",
        edition=0,
        opened_by=person(by),
        opened_at=time,
        changed_at=time,
    )
    _name(row, label)
    session.add(row)
    session.flush()
    written(session, row, row.opened_by, "slide.open", {"label": row.label, "target": target})
    return slide_of(session, row)


def find_slide(session: Session, slide_id: int) -> Slide:
    """Find a slide.

    Raises:
        StoreError: `not_found`, also of one that was deleted.
    """
    return slide_of(session, row_of(session, slide_id))


def find_open_slide(session: Session, slide_id: int) -> Slide:
    """Find a slide that can be added to.

    Raises:
        StoreError: `not_found` or `signed`.
    """
    slide = find_slide(session, slide_id)
    if slide.status != "open":
        raise _signed(slide.label)
    return slide


def change_slide(
    session: Session,
    slide_id: int,
    by: str,
    *,
    label: str | None = None,
    note: str | None = None,
    target: int | None = None,
    edition: int | None = None,
) -> Slide:
    """Change label, note or target of an open slide; None leaves one as it is.

    Raises:
        StoreError: `not_found`, `no_person`, `changed`, `signed` or `bad_request`.
    """
    by = person(by)
    row = locked(session, slide_id, edition)
    before = {"label": row.label, "note": row.note, "target": row.target}
    if label is not None:
        _name(row, label)
    if note is not None:
        row.note = _note(note)
    if target is not None:
        row.target = _target(target)
    after = {"label": row.label, "note": row.note, "target": row.target}
    changed = {name: [before[name], after[name]] for name in after if before[name] != after[name]}
    if changed:
        written(session, row, by, "slide.change", changed)
    return slide_of(session, row)


def delete_slide(
    session: Session,
    pictures: Pictures,
    slide_id: int,
    by: str,
    reason: str,
    edition: int | None = None,
) -> None:
    """Delete a slide, its records and what no other slide uses; its audit rows and name stay.

    Raises:
        StoreError: `not_found`, `no_person`, `no_reason` or `changed`.
    """
    by, reason = person(by), reason_of(reason)
    row = locked(session, slide_id, edition, is_open=None)
    progress = slide_of(session, row).progress
    records = select(RecordRow.revision, RecordRow.sha256).where(RecordRow.slide_id == slide_id)
    detail = {
        "label": row.label,
        "reason": reason,
        "status": row.status,
        "fields": progress.fields,
        "cells": progress.cells,
        "records": {str(revision): sha256 for revision, sha256 in session.execute(records)},
    }
    row.note, row.deleted_at = "", now()
    written(session, row, by, "slide.delete", detail)
    shown = select(FieldRow.picture_sha256).where(
        FieldRow.slide_id == slide_id, FieldRow.picture_sha256.is_not(None)
    )
    hashes = cast(set[str], set(session.scalars(shown)))
    for table in (RecordRow, TallyRow, CellRow, FieldRow):
        session.execute(delete(table).where(table.slide_id == slide_id))
    pictures.release(session, hashes)


def row_of(session: Session, slide_id: int) -> SlideRow:
    """Find the row of a slide that was not deleted.

    Raises:
        StoreError: `not_found`.
    """
    row = session.get(SlideRow, slide_id)
    if row is None or row.deleted_at is not None:
        raise StoreError("not_found", f"There is no slide {slide_id}: look it up in the history")
    return row


def locked(
    session: Session, slide_id: int, edition: int | None, is_open: bool | None = True
) -> SlideRow:
    """Take a slide for a write: nobody else writes to it before this transaction ends.

    Args:
        session: of `Database.begin`.
        slide_id: of the slide.
        edition: that the caller has seen; None takes any.
        is_open: whether it must be open, or must not; None takes both.

    Raises:
        StoreError: `not_found`, `changed`, `signed` or `not_signed`.
    """
    query = select(SlideRow).where(SlideRow.id == slide_id).with_for_update()
    session.scalars(query.execution_options(populate_existing=True)).one_or_none()
    row = row_of(session, slide_id)
    if edition is not None and edition != row.edition:
        raise StoreError(
            "changed",
            f"{row.label} was changed by another since (edition {row.edition}, not {edition}): "
            "load it again, then repeat what you did",
        )
    if is_open is True and row.status != "open":
        raise _signed(row.label)
    if is_open is False and row.status == "open":
        raise StoreError("not_signed", f"{row.label} is open: it can be changed as it is")
    return row


def written(
    session: Session, row: SlideRow, by: str, action: str, detail: Mapping[str, Any]
) -> AuditRow:
    """End a write to a slide: the next edition, and a row of the audit."""
    row.edition += 1
    session.flush()
    entry = noted(session, by, action, detail, row)
    row.changed_at = entry.at
    session.flush()
    return entry


def slide_of(session: Session, row: SlideRow) -> Slide:
    """Tell a slide as it is now."""
    return slides_of(session, [row])[0]


def slides_of(session: Session, rows: Sequence[SlideRow]) -> list[Slide]:
    """Tell some slides as they are now, with one look at all of their tallies."""
    ids = [row.id for row in rows]
    tallies, fields = tallies_of(session, ids), fields_counted(session, ids)
    return [
        Slide(
            id=row.id,
            uid=row.uid,
            label=row.label,
            note=row.note,
            target=row.target,
            status=cast(Status, row.status),
            revision=row.revision,
            reason=row.reason,
            edition=row.edition,
            opened=Act(row.opened_by, row.opened_at),
            changed_at=row.changed_at,
            progress=Progress(
                *fields[row.id],
                cells=tallies[row.id].total(),
                seen=sum(n for key, n in tallies[row.id].items() if key.is_seen),
                unidentified=sum(n for k, n in tallies[row.id].items() if k.named == UNFAMILIAR),
            ),
        )
        for row in rows
    ]


def _signed(label: str) -> StoreError:
    return StoreError("signed", f"{label} is signed: reopen it with a reason to change it")


def _name(row: SlideRow, label: str) -> None:
    try:
        row.label = one_line(label, LONGEST_LABEL)
    except ValueError as error:
        raise StoreError(
            "bad_request",
            f"Give the slide a label of 1 to {LONGEST_LABEL} characters in one line: {error}",
        ) from error
    row.folded = row.label.casefold()


def _note(text: str) -> str:
    if len(text) > LONGEST_NOTE:
        raise StoreError(
            "bad_request",
            f"The note has {many(len(text), 'character')}: shorten it to {LONGEST_NOTE}",
        )
    return text


def _target(cells: int) -> int:
    if not 1 <= cells <= MOST_CELLS:
        raise StoreError("bad_request", f"target is {cells}: count 1 to {MOST_CELLS} white cells")
    return cells
