"""Review: white cells confirmed or classed by a person, several at once, and undone.

Both answers stay: the model's whole, and each one of a person, in rows that are only added.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy.orm import Session

from webapp.report.record import ReviewClass
from webapp.store.slides import Slide


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
    raise NotImplementedError


def undo_review(session: Session, slide_id: int, by: str, edition: int | None = None) -> Reviewed:
    """Take back the last review of a person in this revision, then the one before, and so on.

    Raises:
        StoreError: `not_found`, `no_person`, `changed` (also where another person has reviewed one
            of the cells since), `signed` or `nothing_to_undo`.
    """
    raise NotImplementedError
