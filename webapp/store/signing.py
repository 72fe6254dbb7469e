"""Signing: a slide's record frozen; a change needs a reason and opens the next revision."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy.orm import Session

from webapp.report.record import Act, ReviewClass, SlideRecord
from webapp.store.slides import Slide


@dataclass(frozen=True)
class SignedRecord:
    """A frozen record.

    Attributes:
        slide_id: of its slide.
        revision: from 1.
        signed: by whom, and when.
        reason: why there is a revision after the first, else empty.
        content: the JSON that was signed, letter by letter; `records.thawed` reads it.
        sha256: of `content` in UTF-8.
    """

    slide_id: int
    revision: int
    signed: Act
    reason: str
    content: str
    sha256: str


def current_record(
    session: Session, slide_id: int, classes: Sequence[ReviewClass], device: str
) -> SlideRecord:
    """Build the record of a slide as it is: what signing would freeze.

    Args:
        session: of `Database.read` or `Database.begin`.
        slide_id: of the slide.
        classes: that a person can give.
        device: name and version of the program.

    Raises:
        StoreError: `not_found`.
    """
    raise NotImplementedError


def sign_slide(
    session: Session,
    slide_id: int,
    by: str,
    classes: Sequence[ReviewClass],
    device: str,
    edition: int | None = None,
) -> SignedRecord:
    """Sign an open slide: freeze its record.

    Raises:
        StoreError: `not_found`, `no_person`, `changed`, `signed`, `no_cells`, `not_seen` or
            `unidentified`.
    """
    raise NotImplementedError


def reopen_slide(
    session: Session, slide_id: int, by: str, reason: str, edition: int | None = None
) -> Slide:
    """Open the next revision of a signed slide.

    Raises:
        StoreError: `not_found`, `no_person`, `no_reason`, `changed` or `not_signed`.
    """
    raise NotImplementedError


def records_of(session: Session, slide_id: int) -> list[SignedRecord]:
    """List the frozen records of a slide, the newest first; none of a slide never signed.

    Raises:
        StoreError: `not_found`.
    """
    raise NotImplementedError


def find_record(session: Session, slide_id: int, revision: int | None = None) -> SignedRecord:
    """Find a frozen record; None takes the newest.

    Raises:
        StoreError: `not_found`.
    """
    raise NotImplementedError


def thawed(content: str) -> SlideRecord:
    """Read a frozen record."""
    raise NotImplementedError
