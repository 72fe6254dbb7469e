"""Review: white cells confirmed or classed by a person, several at once, and undone.

Both answers stay: the model's whole, and each one of a person, in rows that are only added. What
holds of a cell now stands in its own row beside the model's answer.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from runtime.lines import many
from runtime.trust import UNFAMILIAR
from webapp.record import ReviewClass
from webapp.store.audit import person
from webapp.store.errors import StoreError
from webapp.store.queries import in_parts
from webapp.store.slides import Slide, locked, slide_of, written
from webapp.store.tables import AuditRow, CellRow, ReviewRow, SlideRow
from webapp.store.tallies import alike, count, model_class

MOST_CELLS: Final = 1000  # reviewed at once


@dataclass(frozen=True)
class Reviewed:
    """What a review, or undoing one, did: the slide after it, and the ids of the cells."""

    slide: Slide
    cells: tuple[int, ...]


def review_cells(
    session: Session,
    slide_id: int,
    by: str,
    cells: Sequence[int],
    given: str | None,
    classes: Sequence[ReviewClass],
    edition: int | None = None,
) -> Reviewed:
    """Confirm white cells of an open slide, or give them a class; they are seen from then on.

    Args:
        session: of `Database.begin`.
        slide_id: of the slide.
        by: the person's name.
        cells: ids of 1 to 1000 of its cells.
        given: id of a class; None confirms what each cell is called now. An unfamiliar cell that
            is confirmed is seen and stays unidentified.
        classes: that may be given, see `options.review_classes`.
        edition: that the caller has seen of the slide.

    Raises:
        StoreError: `not_found`, `no_person`, `changed`, `signed` or `bad_request`.
    """
    by = person(by)
    slide = locked(session, slide_id, edition)
    if given is not None and given not in {each.id for each in classes}:
        raise StoreError(
            "bad_request",
            f"There is no class {given[:64]!r}: choose {', '.join(each.id for each in classes)}",
        )
    rows = _cells(session, slide, cells)
    detail = {
        "given": given,
        "cells": [{"cell": row.id, "label": row.label, "before": row.named} for row in rows],
    }
    entry = written(session, slide, by, "cells.review", detail)
    before = [alike(row) for row in rows]
    reviews = session.scalars(
        insert(ReviewRow).returning(ReviewRow, sort_by_parameter_order=True),
        [
            {
                **_columns(slide, entry, row),
                "given": _confirmed(row) if given is None else given,
                "is_confirmed": given is None,
                "before_id": row.review_id,
                "undone_id": None,
            }
            for row in rows
        ],
    ).all()
    for row, review in zip(rows, reviews, strict=True):
        _hold(row, review)
    count(session, slide.id, before, map(alike, rows))
    return Reviewed(slide_of(session, slide), tuple(row.id for row in rows))


def undo_review(session: Session, slide_id: int, by: str, edition: int | None = None) -> Reviewed:
    """Take back the last review of a person in this revision, then the one before, and so on.

    Raises:
        StoreError: `not_found`, `no_person`, `changed` (also where another person has reviewed one
            of the cells since), `signed` or `nothing_to_undo`.
    """
    by = person(by)
    slide = locked(session, slide_id, edition)
    last = _last_act(session, slide, by)
    taken_back = session.scalars(
        select(ReviewRow).where(ReviewRow.audit_id == last).order_by(ReviewRow.id)
    ).all()
    rows = {row.id: row for row in _cells(session, slide, [each.cell_id for each in taken_back])}
    if others := [each for each in taken_back if rows[each.cell_id].review_id != each.id]:
        raise StoreError(
            "changed",
            f"{many(len(others), 'cell')} of {by}'s last review were reviewed by another since: "
            "give them a class anew",
        )
    entry = written(session, slide, by, "cells.undo", {"review": last, "cells": sorted(rows)})
    before = [alike(row) for row in rows.values()]
    earlier = _held_before(session, taken_back)
    for each in taken_back:
        row, held = rows[each.cell_id], earlier.get(each.id)
        _hold(row, held)
        session.add(
            ReviewRow(
                **_columns(slide, entry, row),
                given=held.given if held else None,
                is_confirmed=held.is_confirmed if held else False,
                before_id=each.id,
                undone_id=last,
            )
        )
    count(session, slide.id, before, map(alike, rows.values()))
    return Reviewed(slide_of(session, slide), tuple(sorted(rows)))


def _last_act(session: Session, slide: SlideRow, by: str) -> int:
    """Find the `audit_id` of what a person reviewed last in this revision and did not undo."""
    undone = select(ReviewRow.undone_id).where(
        ReviewRow.slide_id == slide.id, ReviewRow.undone_id.is_not(None)
    )
    last = session.scalar(
        select(ReviewRow.audit_id)
        .where(
            ReviewRow.slide_id == slide.id,
            ReviewRow.by == by,
            ReviewRow.revision == slide.revision,
            ReviewRow.undone_id.is_(None),
            ReviewRow.audit_id.not_in(undone),
        )
        .order_by(ReviewRow.audit_id.desc())
        .limit(1)
    )
    if last is None:
        raise StoreError(
            "nothing_to_undo",
            f"{by} has no review of {slide.label} that could be undone: "
            "give the cells a class anew",
        )
    return last


def _held_before(session: Session, reviews: Sequence[ReviewRow]) -> dict[int, ReviewRow]:
    """Find what held before some reviews, by their ids; cells that were not seen have none."""
    before = {each.before_id: each.id for each in reviews if each.before_id is not None}
    found: dict[int, ReviewRow] = {}
    for some in in_parts(list(before)):
        rows = session.scalars(select(ReviewRow).where(ReviewRow.id.in_(some)))
        found.update({before[row.id]: row for row in rows})
    return found


def _columns(slide: SlideRow, entry: AuditRow, cell: CellRow) -> dict[str, Any]:
    """Say of a review which cell it is of, and as part of which write."""
    return {
        "slide_id": slide.id,
        "cell_id": cell.id,
        "audit_id": entry.id,
        "revision": slide.revision,
        "by": entry.by,
        "at": entry.at,
    }


def _cells(session: Session, slide: SlideRow, ids: Sequence[int]) -> list[CellRow]:
    """Find cells that may be reviewed, each once, in the order of their ids."""
    wanted = sorted(set(ids))
    if not 1 <= len(wanted) <= MOST_CELLS:
        raise StoreError(
            "bad_request", f"Review 1 to {MOST_CELLS} cells at once, not {len(wanted)}"
        )
    rows: list[CellRow] = []
    for some in in_parts(wanted):
        rows += session.scalars(
            select(CellRow)
            .where(CellRow.id.in_(some), CellRow.slide_id == slide.id, CellRow.counts)
            .order_by(CellRow.id)
        )
    if strange := set(wanted) - {row.id for row in rows}:
        raise StoreError(
            "not_found",
            f"{slide.label} has no cell {min(strange)} to review: load its cells again",
        )
    return rows


def _confirmed(row: CellRow) -> str | None:
    """Give the class that a cell has when it is confirmed; None where nobody has named one."""
    return None if row.named == UNFAMILIAR else row.named


def _hold(row: CellRow, review: ReviewRow | None) -> None:
    """Let a review hold of a cell, or none again."""
    row.review_id = review.id if review else None
    row.given = review.given if review else None
    row.named = row.given or model_class(row.label, row.status)
    row.is_seen = review is not None
    row.seen_by = review.by if review else None
    row.seen_at = review.at if review else None
