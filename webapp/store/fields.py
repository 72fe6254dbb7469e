"""Fields: what an analysis found in a picture, kept whole and given back as it was."""

import hashlib
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import cast

from sqlalchemy import delete, func, insert, select
from sqlalchemy.orm import Session, undefer

from runtime.answers import ModelId
from runtime.field_answers import FieldAnalysis, FieldModels, FieldTiming
from runtime.quality import Quality, Reason
from runtime.scale import Scale, ScaleSource
from webapp.record import FieldFacts
from webapp.store.audit import person
from webapp.store.errors import StoreError
from webapp.store.layout import (
    columns_of_cell,
    columns_of_field,
    facts_of,
    is_counted_white,
    loosened,
    white_cell,
)
from webapp.store.options import read_options
from webapp.store.pictures import Pictures
from webapp.store.slides import Slide, locked, row_of, slide_of, written
from webapp.store.tables import CellRow, FieldRow, ModelRow, PictureRow, now
from webapp.store.tallies import Alike, alike, count


@dataclass(frozen=True)
class StoredField:
    """A field of a slide.

    Attributes:
        slide_id: of its slide.
        number: its place in the slide, from 1.
        facts: what the record tells of it; `facts.id` is the field's id.
        models: networks that answered.
        picture_kept: whether its picture is on the disk.
    """

    slide_id: int
    number: int
    facts: FieldFacts
    models: FieldModels
    picture_kept: bool


@dataclass(frozen=True)
class AddedField:
    """A field that was to be added; `is_new` unless the slide had the picture already."""

    field: StoredField
    is_new: bool


def add_field(
    session: Session,
    pictures: Pictures,
    slide_id: int,
    by: str,
    analysis: FieldAnalysis,
    models: FieldModels,
    content: bytes | None = None,
    media_type: str = "application/octet-stream",
    edition: int | None = None,
    white_reference: str | None = None,
) -> AddedField:
    """Keep what was found in a picture, and the picture unless the options say otherwise.

    The same bytes on the same slide are the same field, which stays as it is: who tries again after
    a lost answer counts no cell twice.

    Args:
        session: of `Database.begin`.
        pictures: where the picture goes.
        slide_id: of an open slide.
        by: the person's name.
        analysis: what was found.
        models: networks that found it.
        content: bytes of the picture; its hash is kept even where the picture is not.
        media_type: of `content`.
        edition: that the caller has seen of the slide.
        white_reference: SHA-256 of the one that corrected the picture, told by the audit.

    Returns:
        The field, and whether it is new.

    Raises:
        StoreError: `not_found`, `no_person`, `changed`, `signed`, `disk_full` or `unwritable`.
    """
    by = person(by)
    slide = locked(session, slide_id, edition)
    sha256 = None if content is None else hashlib.sha256(content).hexdigest()
    # Before the field is looked for: a picture that was removed meanwhile comes back with it.
    if content is not None and read_options(session).keep_pictures:
        pictures.keep(session, content, media_type)
    if sha256 is not None and (known := _showing(session, slide_id, sha256)):
        return AddedField(_told(session, known), is_new=False)
    last = select(func.max(FieldRow.number)).where(FieldRow.slide_id == slide_id)
    row = FieldRow(
        slide_id=slide_id,
        number=(session.scalar(last) or 0) + 1,
        taken_by=by,
        taken_at=now(),
        picture_sha256=sha256,
        detect_id=_model_id(session, models.detect),
        classify_id=_model_id(session, models.classify),
        **columns_of_field(analysis),
    )
    session.add(row)
    session.flush()
    if cells := [columns_of_cell(row, cell) for cell in analysis.cells if is_counted_white(cell)]:
        session.execute(insert(CellRow), cells)
    if row.usable:
        count(session, slide_id, (), [Alike(c["named"], c["named"], False) for c in cells])
    detail = {
        "field": row.id,
        "source": row.source,
        "picture_sha256": sha256,
        "usable": row.usable,
        "counts": row.counts,
        "white_reference": white_reference,
    }
    written(session, slide, by, "field.add", detail)
    return AddedField(_told(session, row), is_new=True)


def fields_of(session: Session, slide_id: int) -> list[StoredField]:
    """List the fields of a slide in the order in which they were taken.

    Raises:
        StoreError: `not_found`.
    """
    row_of(session, slide_id)
    query = select(FieldRow).where(FieldRow.slide_id == slide_id).order_by(FieldRow.number)
    return _all_told(session, session.scalars(query).all())


def find_field(session: Session, field_id: int) -> StoredField:
    """Find a field.

    Raises:
        StoreError: `not_found`.
    """
    return _told(session, _row(session, field_id))


def models_of(session: Session, slide_id: int) -> list[ModelId]:
    """List the networks that answered for a slide's fields, each once."""
    answered = select(FieldRow.detect_id).where(FieldRow.slide_id == slide_id)
    named = select(FieldRow.classify_id).where(FieldRow.slide_id == slide_id)
    query = select(ModelRow).where(ModelRow.id.in_(answered.union(named))).order_by(ModelRow.id)
    return [_model(row) for row in session.scalars(query)]


def scales_of(session: Session, slide_id: int) -> dict[tuple[int, int], list[Scale]]:
    """Give the scales that red cells told in a slide's usable fields, by width and height."""
    query = select(
        FieldRow.width,
        FieldRow.height,
        FieldRow.um_per_px,
        FieldRow.um_per_px_low,
        FieldRow.um_per_px_high,
    ).where(FieldRow.slide_id == slide_id, FieldRow.usable, FieldRow.scale_source == "red_cells")
    scales = defaultdict[tuple[int, int], list[Scale]](list)
    for width, height, um_per_px, low, high in session.execute(query):
        if um_per_px and low and high:
            scales[width, height].append(Scale(um_per_px, (low, high), "red_cells"))
    return scales


def analysis_of(session: Session, field_id: int) -> FieldAnalysis:
    """Give what was found in a field, every box of it, as it was found.

    Raises:
        StoreError: `not_found`.
    """
    row = session.get(FieldRow, field_id, options=[undefer(FieldRow.others)])
    if row is None:
        raise _missing(field_id)
    white = session.scalars(select(CellRow).where(CellRow.field_id == field_id))
    cells = [loosened(each) for each in row.others] + [white_cell(each) for each in white]
    facts = facts_of(row)
    return FieldAnalysis(
        source=row.source,
        width=row.width,
        height=row.height,
        um_per_px=row.um_per_px,
        um_per_px_interval=facts.um_per_px_interval,
        scale_source=cast(ScaleSource | None, row.scale_source),
        white_balance=facts.white_balance,
        quality=Quality(row.usable, tuple(Reason(**reason) for reason in row.reasons)),
        cells=sorted(cells, key=lambda cell: cell.id),
        counts=row.counts,
        ms=FieldTiming(**row.ms),
    )


def remove_field(
    session: Session, pictures: Pictures, field_id: int, by: str, edition: int | None = None
) -> Slide:
    """Remove a field of an open slide with its cells; what persons said of them is in the audit.

    Raises:
        StoreError: `not_found`, `no_person`, `changed` or `signed`.
    """
    by = person(by)
    row = _row(session, field_id)
    slide = locked(session, row.slide_id, edition)
    cells = session.scalars(select(CellRow).where(CellRow.field_id == field_id)).all()
    if row.usable:
        count(session, slide.id, map(alike, cells), ())
    detail = {
        "field": row.id,
        "source": row.source,
        "picture_sha256": row.picture_sha256,
        "cells": [
            {"cell": c.id, "label": c.label, "given": c.given, "by": c.seen_by}
            for c in cells
            if c.is_seen
        ],
    }
    session.execute(delete(CellRow).where(CellRow.field_id == field_id))
    session.execute(delete(FieldRow).where(FieldRow.id == field_id))
    written(session, slide, by, "field.remove", detail)
    if row.picture_sha256 is not None:
        pictures.release(session, {row.picture_sha256})
    return slide_of(session, slide)


def _row(session: Session, field_id: int) -> FieldRow:
    row = session.get(FieldRow, field_id)
    if row is None:
        raise _missing(field_id)
    return row


def _showing(session: Session, slide_id: int, picture_sha256: str) -> FieldRow | None:
    """Find the first field of a slide that shows a picture."""
    query = select(FieldRow).where(
        FieldRow.slide_id == slide_id, FieldRow.picture_sha256 == picture_sha256
    )
    return session.scalars(query.order_by(FieldRow.number).limit(1)).one_or_none()


def _missing(field_id: int) -> StoreError:
    return StoreError("not_found", f"There is no field {field_id}: look at the slide's fields")


def _model_id(session: Session, model: ModelId) -> int:
    found = session.scalar(select(ModelRow).filter_by(**asdict(model)))
    if found is None:
        found = ModelRow(**asdict(model))
        session.add(found)
        session.flush()
    return found.id


def _model(row: ModelRow) -> ModelId:
    return ModelId(row.name, row.version, row.variant, row.sha256)


def _told(session: Session, row: FieldRow) -> StoredField:
    return _all_told(session, [row])[0]


def _all_told(session: Session, rows: Sequence[FieldRow]) -> list[StoredField]:
    hashes = {row.picture_sha256 for row in rows if row.picture_sha256}
    kept = set(session.scalars(select(PictureRow.sha256).where(PictureRow.sha256.in_(hashes))))
    ids = {row.detect_id for row in rows} | {row.classify_id for row in rows}
    models = {
        each.id: _model(each)
        for each in session.scalars(select(ModelRow).where(ModelRow.id.in_(ids)))
    }
    return [
        StoredField(
            slide_id=row.slide_id,
            number=row.number,
            facts=facts_of(row),
            models=FieldModels(models[row.detect_id], models[row.classify_id]),
            picture_kept=row.picture_sha256 in kept,
        )
        for row in rows
    ]
