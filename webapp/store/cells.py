"""The white cells of a slide, page by page; a page begins after a key, not an offset."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal

from sqlalchemy import Select, select, tuple_
from sqlalchemy.orm import Session

from runtime.answers import Classification
from webapp.record import Act
from webapp.store.audit import check_limit
from webapp.store.errors import StoreError
from webapp.store.layout import answer_of
from webapp.store.queries import in_parts
from webapp.store.slides import row_of
from webapp.store.tables import LARGEST_ID, CellRow

Order = Literal["certainty", "taken"]
_KEYS: Final = {
    "certainty": (CellRow.certainty, CellRow.id),
    "taken": (CellRow.field_id, CellRow.id),
}


@dataclass(frozen=True)
class StoredCell:
    """A white cell.

    Attributes:
        id: of the cell.
        slide_id: of its slide.
        field_id: of its field.
        number: its number in the field, see `runtime.field_answers.Cell.id`.
        box: x0, y0, x1, y1 in pixels of the picture.
        score: how sure the detector is, 0 to 1.
        touches_edge: whether the picture's edge may cut it off.
        diameter_um: its size; None without a scale.
        counts: whether its field does, and so the cell.
        answer: all that the model said.
        named: the class it has now: the person's, else the model's, else `unfamiliar`.
        given: the person's class; None where not seen, and where unidentified.
        seen: by whom and when; None until then.
    """

    id: int
    slide_id: int
    field_id: int
    number: int
    box: tuple[float, float, float, float]
    score: float
    touches_edge: bool
    diameter_um: float | None
    counts: bool
    answer: Classification
    named: str
    given: str | None
    seen: Act | None


@dataclass(frozen=True)
class CellPage:
    """Cells in the order asked for; `after` is the key of the next page, None of the last one."""

    cells: tuple[StoredCell, ...]
    after: str | None


def find_cells(
    session: Session,
    slide_id: int,
    order: Order = "certainty",
    named: str | None = None,
    seen: bool | None = None,
    after: str | None = None,
    limit: int = 100,
) -> CellPage:
    """Page through the white cells of a slide's fields that count.

    Args:
        session: of `Database.read`.
        slide_id: of the slide.
        order: `certainty` gives the least certain first, unfamiliar ones before all; `taken` gives
            them in the order of fields.
        named: id of the class that they have now, or `unfamiliar`.
        seen: whether a person has seen them; None gives both.
        after: of the page before.
        limit: cells of a page, 1 to 200.

    Raises:
        StoreError: `not_found` or `bad_request`.
    """
    check_limit(limit)
    row_of(session, slide_id)
    query = _cells_query(slide_id, order, named, seen, after).limit(limit + 1)
    rows = session.scalars(query).all()
    cells = tuple(_cell(row) for row in rows[:limit])
    return CellPage(cells, _key(rows[limit - 1], order) if len(rows) > limit else None)


def find_cell(session: Session, cell_id: int) -> StoredCell:
    """Find a white cell.

    Raises:
        StoreError: `not_found`.
    """
    row = session.get(CellRow, cell_id)
    if row is None:
        raise StoreError("not_found", f"There is no cell {cell_id}: look at the slide's cells")
    return _cell(row)


def cells_by_id(session: Session, ids: Sequence[int]) -> list[StoredCell]:
    """Give some white cells in the order of their ids; those that are gone are left out."""
    found: list[StoredCell] = []
    for some in in_parts(ids):
        found += map(_cell, session.scalars(select(CellRow).where(CellRow.id.in_(some))))
    return sorted(found, key=lambda cell: cell.id)


def cells_of_field(session: Session, field_id: int) -> list[StoredCell]:
    """Give all white cells of a field, in the order of their numbers."""
    query = select(CellRow).where(CellRow.field_id == field_id).order_by(CellRow.number)
    return [_cell(row) for row in session.scalars(query)]


def _cells_query(
    slide_id: int, order: Order, named: str | None, seen: bool | None, after: str | None
) -> Select[CellRow]:
    """Say what cells are looked up.

    Raises:
        StoreError: `bad_request`.
    """
    if order not in _KEYS:
        raise StoreError("bad_request", f"order is {order!r}: choose {' or '.join(_KEYS)}")
    keys = _KEYS[order]
    query = select(CellRow).where(CellRow.slide_id == slide_id, CellRow.counts).order_by(*keys)
    if named is not None:
        query = query.where(CellRow.named == named)
    if seen is not None:
        query = query.where(CellRow.is_seen == seen)
    if after is not None:
        query = query.where(tuple_(*keys) > tuple_(*_parsed(after)))
    return query


def _key(row: CellRow, order: Order) -> str:
    first = row.certainty if order == "certainty" else row.field_id
    return f"{first!r}_{row.id}"


def _parsed(after: str) -> tuple[float, int]:
    try:
        first, second = after.split("_")
        key = float(first), int(second)
    except ValueError:
        key = math.nan, 0
    if not math.isfinite(key[0]) or not 0 <= key[1] <= LARGEST_ID:
        raise StoreError(
            "bad_request", f"after is {after[:40]!r}: give what the page before gave, or nothing"
        )
    return key


def _cell(row: CellRow) -> StoredCell:
    return StoredCell(
        id=row.id,
        slide_id=row.slide_id,
        field_id=row.field_id,
        number=row.number,
        box=(row.x0, row.y0, row.x1, row.y1),
        score=row.score,
        touches_edge=row.touches_edge,
        diameter_um=row.diameter_um,
        counts=row.counts,
        answer=answer_of(row),
        named=row.named,
        given=row.given,
        seen=Act(row.seen_by, row.seen_at) if row.seen_by and row.seen_at else None,
    )
