"""Slides: opened, changed, deleted with their trace kept."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from webapp.report.record import Act, Status
from webapp.store.pictures import Pictures


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
        edition: rises with each write; the slide's ETag.
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
        label: 1 to 200 characters.
        note: at most 4000 characters.
        target: white cells to count, 1 to 10,000.

    Raises:
        StoreError: `no_person` or `bad_request`.
    """
    raise NotImplementedError


def find_slide(session: Session, slide_id: int) -> Slide:
    """Find a slide.

    Raises:
        StoreError: `not_found`, also of one that was deleted.
    """
    raise NotImplementedError


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
    raise NotImplementedError


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
    raise NotImplementedError
