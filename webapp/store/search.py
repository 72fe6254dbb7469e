"""The history and the cells of a slide, page by page; a page begins after a key, not an offset."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal

from sqlalchemy.orm import Session

from runtime.answers import Classification
from webapp.report.record import Act, Status
from webapp.store.slides import Slide

MOST: Final = 200  # of a page
Order = Literal["certainty", "taken"]


@dataclass(frozen=True)
class Wanted:
    """Which slides are searched; None asks for nothing.

    Attributes:
        label: a part of the label, upper and lower case alike.
        named: id of a class that one of its white cells has now, or `unfamiliar`.
        status: of the slide.
        person: who opened, reviewed or signed it.
        since: opened at this time or later.
        until: opened before this time.
    """

    label: str | None = None
    named: str | None = None
    status: Status | None = None
    person: str | None = None
    since: datetime | None = None
    until: datetime | None = None


@dataclass(frozen=True)
class SlidePage:
    """Slides, the newest first; `after` is the key of the next page, None of the last one."""

    slides: tuple[Slide, ...]
    after: int | None


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
    answer: Classification
    named: str
    given: str | None
    seen: Act | None


@dataclass(frozen=True)
class CellPage:
    """Cells in the order asked for; `after` is the key of the next page, None of the last one."""

    cells: tuple[StoredCell, ...]
    after: str | None


def find_slides(
    session: Session, wanted: Wanted | None = None, after: int | None = None, limit: int = 50
) -> SlidePage:
    """Page through slides, the newest first.

    Args:
        session: of `Database.read`.
        wanted: None takes all.
        after: of the page before.
        limit: slides of a page, 1 to 200.

    Raises:
        StoreError: `bad_request`.
    """
    raise NotImplementedError


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
    raise NotImplementedError


def find_cell(session: Session, cell_id: int) -> StoredCell:
    """Find a white cell.

    Raises:
        StoreError: `not_found`.
    """
    raise NotImplementedError


def classes_of(session: Session, slide_id: int) -> Mapping[str, tuple[int, int]]:
    """Give for each class that white cells of a slide have now how many, and how many are seen."""
    raise NotImplementedError
