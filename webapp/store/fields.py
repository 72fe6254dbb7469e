"""Fields: what an analysis found in a picture, kept whole and given back as it was."""

from dataclasses import dataclass

from sqlalchemy.orm import Session

from runtime.field_answers import FieldAnalysis, FieldModels
from webapp.report.record import Act, FieldFacts
from webapp.store.pictures import Pictures
from webapp.store.slides import Slide


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
) -> StoredField:
    """Keep what was found in a picture, and the picture unless the options say otherwise.

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

    Raises:
        StoreError: `not_found`, `no_person`, `changed`, `signed`, `disk_full` or `unwritable`.
    """
    raise NotImplementedError


def fields_of(session: Session, slide_id: int) -> list[StoredField]:
    """List the fields of a slide in the order in which they were taken.

    Raises:
        StoreError: `not_found`.
    """
    raise NotImplementedError


def find_field(session: Session, field_id: int) -> StoredField:
    """Find a field.

    Raises:
        StoreError: `not_found`.
    """
    raise NotImplementedError


def analysis_of(session: Session, field_id: int) -> FieldAnalysis:
    """Give what was found in a field, every box of it, as it was found.

    Raises:
        StoreError: `not_found`.
    """
    raise NotImplementedError


def remove_field(
    session: Session, pictures: Pictures, field_id: int, by: str, edition: int | None = None
) -> Slide:
    """Remove a field of an open slide with its cells; what persons said of them is in the audit.

    Raises:
        StoreError: `not_found`, `no_person`, `changed` or `signed`.
    """
    raise NotImplementedError


__all__ = [
    "Act",
    "StoredField",
    "add_field",
    "analysis_of",
    "fields_of",
    "find_field",
    "remove_field",
]
