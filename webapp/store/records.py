"""The record of a slide as it is: what a report of it shows, and what signing would freeze."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import cast

from sqlalchemy import select
from sqlalchemy.orm import Session

from runtime.differential import Differential
from webapp.record import Act, CellFacts, Count, ReviewClass, SlideRecord, Status
from webapp.store.counting import boxes, by_model, by_person, counted, with_unlisted
from webapp.store.fields import fields_of
from webapp.store.options import OTHER
from webapp.store.slides import row_of
from webapp.store.tables import CellRow, FieldRow, RecordRow
from webapp.store.tallies import tallies_of


@dataclass(frozen=True)
class Running:
    """The differential of a slide as it is, from its tallies.

    Attributes:
        by_person: by what persons said, of cells not seen by what the model said.
        by_model: by what the model said.
        boxes: `per_field` and `estimates` of the fields that count; of no white cells.
        classes: that can be given, and those that cells have beside them.
    """

    by_person: Count
    by_model: Count
    boxes: Differential
    classes: Sequence[ReviewClass]


def running(session: Session, slide_id: int, classes: Sequence[ReviewClass]) -> Running:
    """Count a slide as it is, in a time that does not grow with its cells.

    Args:
        session: of `Database.read` or `Database.begin`.
        slide_id: of the slide.
        classes: that a person can give, see `options.review_classes`.

    Raises:
        StoreError: `not_found`.
    """
    row_of(session, slide_id)
    tallies = tallies_of(session, [slide_id])[slide_id]
    shown = session.execute(
        select(FieldRow.framed, FieldRow.width, FieldRow.height, FieldRow.um_per_px)
        .where(FieldRow.slide_id == slide_id, FieldRow.usable)
        .order_by(FieldRow.number)
    )
    listed = with_unlisted(classes, tallies)
    return Running(by_person(tallies, listed), by_model(tallies, listed), boxes(shown), listed)


def counted_of(
    session: Session, slide_ids: Sequence[int], classes: Sequence[ReviewClass]
) -> Mapping[int, int]:
    """Give how many white cells some slides have that stand against their targets."""
    tallies = tallies_of(session, slide_ids)
    return {slide_id: counted(found, classes) for slide_id, found in tallies.items()}


def current_record(
    session: Session, slide_id: int, classes: Sequence[ReviewClass], device: str
) -> SlideRecord:
    """Build the record of a slide as it is; of a signed one it is the newest one's, built anew.

    Args:
        session: of `Database.read` or `Database.begin`.
        slide_id: of the slide.
        classes: that a person can give, see `options.review_classes`.
        device: name and version of the program.

    Raises:
        StoreError: `not_found`.
    """
    row = row_of(session, slide_id)
    counts = running(session, slide_id, classes)
    fields = fields_of(session, slide_id)
    answered = (model for f in fields for model in (f.models.detect, f.models.classify))
    return SlideRecord(
        uid=row.uid,
        label=row.label,
        note=row.note,
        target=row.target,
        status=cast(Status, row.status),
        revision=row.revision,
        reason=row.reason,
        opened=Act(row.opened_by, row.opened_at),
        signed=None if row.status == "open" else _signed(session, slide_id, row.revision),
        models=list(dict.fromkeys(answered)),
        device=device,
        classes=counts.classes,
        by_person=counts.by_person,
        by_model=counts.by_model,
        per_field=counts.boxes.per_field,
        estimates=counts.boxes.estimates,
        cannot_name=[
            each.title
            for each in counts.classes
            if not each.named_by_model and each.counts_as != "nothing" and each.id != OTHER
        ],
        fields=[field.facts for field in fields],
        cells=_cells(session, slide_id),
    )


def _signed(session: Session, slide_id: int, revision: int) -> Act | None:
    row = session.scalars(
        select(RecordRow).where(RecordRow.slide_id == slide_id, RecordRow.revision == revision)
    ).one_or_none()
    return Act(row.signed_by, row.signed_at) if row else None


def _cells(session: Session, slide_id: int) -> list[CellFacts]:
    """Tell the white cells of fields that count, without the model's whole answers."""
    rows = session.execute(
        select(
            CellRow.id,
            CellRow.field_id,
            CellRow.x0,
            CellRow.y0,
            CellRow.x1,
            CellRow.y1,
            CellRow.label,
            CellRow.confidence,
            CellRow.status,
            CellRow.given,
            CellRow.seen_by,
            CellRow.seen_at,
        )
        .where(CellRow.slide_id == slide_id, CellRow.counts)
        .order_by(CellRow.field_id, CellRow.id)
    )
    return [
        CellFacts(
            id=row.id,
            field=row.field_id,
            box=(row.x0, row.y0, row.x1, row.y1),
            label=row.label,
            confidence=row.confidence,
            status=row.status,
            given=row.given,
            seen=Act(row.seen_by, row.seen_at) if row.seen_by and row.seen_at else None,
        )
        for row in rows
    ]
