"""The shapes of the audit, of what a person sets, and of what is told of the device."""

from typing import Annotated, Any

from pydantic import Field, RootModel

from webapp.api.schemas import Answer, Body, Request
from webapp.api.slide_schemas import Id
from webapp.device.facts import DeviceDocument
from webapp.device.selftest import Step
from webapp.laboratory.push import PushState
from webapp.record import CountsAs, ReviewClass
from webapp.store.audit import MOST, Entry, EntryPage
from webapp.store.options import (
    LONGEST_CLASS,
    LONGEST_FOLDER,
    MOST_CLASSES,
    MOST_COPIES,
    MOST_DAYS,
    MOST_FREE_MB,
)


class AuditOf(Request):
    """Whose entries of the audit are asked for."""

    slide: Id | None = Field(None, description="id of a slide; without it those of all")


class AuditWish(AuditOf):
    """Which entries of the audit are asked for, page by page."""

    after: Id | None = Field(None, description="`after` of the page before")
    limit: int = Field(100, ge=1, le=MOST, description="entries of a page")


class AuditAnswer(Answer, RootModel[EntryPage]):
    """Entries of the audit."""


class WholeAuditAnswer(Answer):
    """All entries of the audit."""

    entries: list[Entry]


class GivenClass(Body):
    """A class that a person can give a cell."""

    id: str = Field(
        max_length=LONGEST_CLASS,
        description="small letters, digits, `_` and `-`",
        examples=["blast"],
        json_schema_extra={"pattern": "^[a-z][a-z0-9_-]*$"},
    )
    title: str = Field(max_length=LONGEST_CLASS, examples=["Blast"])
    key: str = Field("", max_length=1, description="the key that gives it; empty takes a free one")
    color: str = Field(
        description="as `#rrggbb`",
        examples=["#be123c"],
        json_schema_extra={"pattern": "^#[0-9a-f]{6}$"},
    )
    counts_as: CountsAs
    named_by_model: bool = Field(False, description="passed over: the bundle says it")


class OptionsChange(Body):
    """What is to be set; what is not named stays."""

    keep_pictures: bool | None = Field(None, description="whether pictures of fields are kept")
    retention_days: int | None = Field(
        None, ge=1, le=MOST_DAYS, description="days that a picture is kept; null keeps it"
    )
    least_free_mb: int | None = Field(
        None, ge=0, le=MOST_FREE_MB, description="megabytes of the disk below which is warned"
    )
    copy_folder: str | None = Field(
        None,
        max_length=LONGEST_FOLDER,
        description="folder that a copy goes to each day when it is there; empty makes none",
        examples=["/media/stick"],
    )
    copies_kept: int | None = Field(
        None, ge=1, le=MOST_COPIES, description="how many copies are kept there"
    )
    classes: Annotated[list[GivenClass], Field(max_length=MOST_CLASSES)] | None = None

    def changes(self) -> dict[str, Any]:
        """Give what is named, as the store takes it; only the days may be named null."""
        told: dict[str, Any] = {name: getattr(self, name) for name in self.model_fields_set}
        if self.classes is not None:
            told["classes"] = tuple(ReviewClass(**each.model_dump()) for each in self.classes)
        return {n: v for n, v in told.items() if v is not None or n == "retention_days"}


class OptionsAnswer(Answer):
    """What is set."""

    keep_pictures: bool
    retention_days: int | None
    least_free_mb: int
    copy_folder: str
    copies_kept: int
    classes: list[ReviewClass]


class DeviceAnswer(Answer, RootModel[DeviceDocument]):
    """What this device is and how it is."""


class PushAnswer(Answer, RootModel[PushState]):
    """How it is with what is to be sent to the laboratory's server."""


class TrialWish(Request):
    """Which steps of the self-test are asked for."""

    step: str | None = Field(
        None, description="id of one step; without it all are taken", examples=["database"]
    )


class TrialAnswer(Answer):
    """What the self-test found."""

    ok: bool
    steps: list[Step]
