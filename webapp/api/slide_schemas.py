"""The shapes of what is asked of the store and told of it; rows are those of `webapp.store`."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated

from pydantic import AfterValidator, AwareDatetime, BeforeValidator, Field, RootModel

from runtime.answers import Refusal
from runtime.field_answers import FieldAnalysis, FieldModels
from webapp.api.schemas import Answer, Body, Request
from webapp.record import Act, FieldFacts, SlideRecord, Status
from webapp.store.audit import LONGEST_REASON, MOST
from webapp.store.cells import CellPage, Order, StoredCell
from webapp.store.fields import StoredField
from webapp.store.options import LONGEST_CLASS
from webapp.store.overview import SlideOverview
from webapp.store.review import MOST_CELLS as MOST_REVIEWED
from webapp.store.search import SlidePage, Wanted
from webapp.store.signing import SignedRecord
from webapp.store.slides import LONGEST_LABEL, LONGEST_NOTE, MOST_CELLS
from webapp.store.tables import LARGEST_ID
from webapp.store.words import LONGEST_NAME

# A number, `_` and an id, as `find_cells` gives it.
PAGE_KEY = r"^-?[0-9]+(\.[0-9]+)?(e-?[0-9]{1,2})?_[0-9]{1,9}$"
Id = Annotated[int, Field(ge=1, le=LARGEST_ID)]
Limit = Annotated[int, Field(ge=1, le=MOST, description="at most so many at once")]
Label = Annotated[str, Field(min_length=1, max_length=LONGEST_LABEL)]
Note = Annotated[str, Field(max_length=LONGEST_NOTE)]
Target = Annotated[int, Field(ge=1, le=MOST_CELLS, description="white cells to count")]
ClassId = Annotated[str, Field(max_length=LONGEST_CLASS)]


def _written(moment: object) -> object:
    """Refuse a mere number, which would be taken for seconds."""
    if not isinstance(moment, str) or not re.match(r"[0-9]{4}-", moment):
        raise ValueError("it is no time such as 2026-01-31T08:00:00Z")
    return moment


def _in_utc(moment: datetime) -> datetime:
    try:
        return moment.astimezone(UTC)
    except OverflowError as error:
        raise ValueError("it lies before or after all time in UTC") from error


Moment = Annotated[AwareDatetime, BeforeValidator(_written), AfterValidator(_in_utc)]


class SlideWish(Body):
    """A slide to open."""

    label: Label
    note: Note = ""
    target: Target = 100


class SlideChange(Body):
    """What to change of a slide; what is left out, or null, stays."""

    label: Label | None = None
    note: Note | None = None
    target: Target | None = None


class Reason(Body):
    """Why something is done."""

    reason: str = Field(min_length=1, max_length=LONGEST_REASON)


class SlideFilter(Request):
    """Which slides are looked up; what is left out asks for nothing."""

    label: str | None = Field(
        None, max_length=LONGEST_LABEL, description="part of the label, in capitals or not"
    )
    named: ClassId | None = Field(
        None, alias="class", description="class that one of its white cells has, or `unfamiliar`"
    )
    least: int = Field(1, ge=1, le=LARGEST_ID, description="cells of the class")
    status: Status | None = None
    person: str | None = Field(
        None, max_length=LONGEST_NAME, description="who opened, reviewed or signed it"
    )
    since: Moment | None = Field(None, alias="from", description="opened then or later")
    until: Moment | None = Field(None, alias="to", description="opened before")

    @property
    def wanted(self) -> Wanted:
        """What is looked up."""
        return Wanted(
            self.label,
            self.named,
            self.status,
            self.person,
            self.since,
            self.until,
            self.least,
        )


class SlideSearch(SlideFilter):
    """Which slides to list, page by page."""

    after: Id | None = Field(None, description="`after` of a page, for older slides")
    before: Id | None = Field(
        None, description="`before` of a page, for newer slides; goes before `after`"
    )
    limit: Limit = 50


class CellSearch(Request):
    """Which cells to list, and how."""

    order: Order = Field(
        "certainty",
        description="`certainty`: the least certain first, unfamiliar ones before all; "
        "`taken`: by field",
    )
    named: ClassId | None = Field(
        None, alias="class", description="class that they have now, or `unfamiliar`"
    )
    seen: bool | None = Field(None, description="whether a person has seen them")
    after: str | None = Field(
        None,
        max_length=64,
        description="`after` of the page before",
        json_schema_extra={"pattern": PAGE_KEY},
    )
    limit: Limit = 100


class CellSide(Request):
    """How large to draw a cell."""

    side: int | None = Field(
        None, ge=16, le=1024, description="pixels; left out, those of the picture"
    )


class PictureSide(Request):
    """How small to draw a field."""

    side: int | None = Field(
        None,
        ge=16,
        le=1024,
        description="pixels of the longer side; left out, the picture as it is",
    )


class ReviewWish(Body):
    """Cells, and what a person says of them."""

    cells: list[Id] = Field(min_length=1, max_length=MOST_REVIEWED)
    given: ClassId | None = Field(
        alias="class", description="id of a class; null confirms what each is called now"
    )


class Revision(Request):
    """Which record a report is made from."""

    revision: Id | None = Field(
        None,
        description="of a frozen record; left out, the newest of a signed slide, and of an open "
        "one what it is now",
    )


class CaptureWish(Body):
    """Where to put the newest picture of the camera."""

    slide: Id


@dataclass(frozen=True)
class FieldDocument(FieldFacts):
    """A field of a slide: what the record tells of it, and beside it where it belongs.

    Attributes:
        slide_id: of its slide.
        number: its place in the slide, from 1.
        models: networks that answered.
        picture_kept: whether its picture is on the disk.
    """

    slide_id: int
    number: int
    models: FieldModels
    picture_kept: bool

    @classmethod
    def of(cls, field: StoredField) -> "FieldDocument":
        """Tell a field that is kept."""
        return cls(
            **vars(field.facts),
            slide_id=field.slide_id,
            number=field.number,
            models=field.models,
            picture_kept=field.picture_kept,
        )


@dataclass(frozen=True)
class WholeField(FieldDocument):
    """A field with every box.

    Attributes:
        analysis: what was found, the object of `POST /analyze`.
        white_cells: the white cells as they are now; `number` is the `id` in `analysis.cells`.
    """

    analysis: FieldAnalysis
    white_cells: list[StoredCell]


@dataclass(frozen=True)
class Added:
    """What became of pictures, in order, and the slide after it.

    Attributes:
        results: a field, or why there is none.
        slide: the slide.
        known: ids of those fields that show the same bytes as one the slide had already: that one
            is told as it is, and nothing was added.
    """

    results: list[FieldDocument | Refusal]
    slide: SlideOverview
    known: list[int]


@dataclass(frozen=True)
class Reviewed:
    """The cells that were reviewed as they are now, and the slide after it."""

    cells: list[StoredCell]
    slide: SlideOverview


@dataclass(frozen=True)
class RecordEntry:
    """A frozen record, without its content."""

    slide_id: int
    revision: int
    signed: Act
    reason: str
    sha256: str

    @classmethod
    def of(cls, record: SignedRecord) -> "RecordEntry":
        """Tell a frozen record."""
        return cls(record.slide_id, record.revision, record.signed, record.reason, record.sha256)


class SlideAnswer(Answer, RootModel[SlideOverview]):
    """A slide with its differential."""


class SlidesAnswer(Answer, RootModel[SlidePage]):
    """Slides, the newest first, and the key of the next page."""


class FieldsAnswer(Answer):
    """The fields of a slide."""

    fields: list[FieldDocument]


class FieldAnswer(Answer, RootModel[WholeField]):
    """A field with every box."""


class AddedAnswer(Answer, RootModel[Added]):
    """What became of each picture."""


class CellsAnswer(Answer, RootModel[CellPage]):
    """White cells, and the key of the next page."""


class ReviewedAnswer(Answer, RootModel[Reviewed]):
    """What a review did, or undoing one."""


class RecordsAnswer(Answer):
    """The frozen records of a slide, the newest first."""

    records: list[RecordEntry]


class RecordAnswer(Answer, RootModel[SlideRecord]):
    """A record: what was signed, and what reports are made from."""
