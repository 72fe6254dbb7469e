"""The tables; nothing outside of this folder knows a column.

Ids of what may be deleted are never given again, so that the audit tells of one thing only.
"""

from datetime import UTC, datetime
from typing import Any, Final

from sqlalchemy import (
    JSON,
    DateTime,
    Dialect,
    Float,
    ForeignKey,
    Index,
    MetaData,
    String,
    Text,
    TypeDecorator,
    UniqueConstraint,
)
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

# Without names, constraints could not be dropped by a later migration on SQLite.
NAMES: Final = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}
LARGEST_ID: Final = 2**31 - 1


class UtcTime(TypeDecorator[datetime]):
    """A moment in UTC, aware, to the millisecond."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Refuse a time without a zone: nobody could tell which moment it was."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"{value} has no time zone")
        value = value.astimezone(UTC)
        return value.replace(microsecond=value.microsecond // 1000 * 1000)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Give the zone back where the database keeps none."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


def now() -> datetime:
    """Return the time in UTC, as it will be read back."""
    time = datetime.now(UTC)
    return time.replace(microsecond=time.microsecond // 1000 * 1000)


class Base(DeclarativeBase):
    """The tables of the bench."""

    metadata = MetaData(naming_convention=NAMES)
    type_annotation_map = {datetime: UtcTime, dict[str, Any]: JSON, list[Any]: JSON}  # noqa: RUF012 (SQLAlchemy reads it from the class)


class SlideRow(Base):
    """A slide; of a deleted one `deleted_at` is set and nothing hangs on it but its audit."""

    __tablename__ = "slides"
    __table_args__ = (
        Index(None, "status", "id"),
        Index(None, "opened_at", "id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    uid: Mapped[str] = mapped_column(String(36), unique=True)
    label: Mapped[str] = mapped_column(String(200))
    folded: Mapped[str] = mapped_column(String(600))  # the label as it is searched
    note: Mapped[str] = mapped_column(Text)
    target: Mapped[int]
    status: Mapped[str] = mapped_column(String(16))
    revision: Mapped[int]
    reason: Mapped[str] = mapped_column(Text)
    edition: Mapped[int]
    opened_by: Mapped[str] = mapped_column(String(100))
    opened_at: Mapped[datetime]
    changed_at: Mapped[datetime]
    deleted_at: Mapped[datetime | None]


class ModelRow(Base):
    """A network that answered."""

    __tablename__ = "models"
    __table_args__ = (UniqueConstraint("sha256", "name", "version", "variant"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(Text)
    version: Mapped[str] = mapped_column(Text)
    variant: Mapped[str] = mapped_column(Text)
    sha256: Mapped[str] = mapped_column(String(64))


class PictureRow(Base):
    """A picture that is on the disk."""

    __tablename__ = "pictures"

    sha256: Mapped[str] = mapped_column(String(64), primary_key=True)
    media_type: Mapped[str] = mapped_column(String(100))
    size_bytes: Mapped[int]
    kept_at: Mapped[datetime] = mapped_column(index=True)


class FieldRow(Base):
    """A field of a slide: calibration, quality, and its red cells and platelets in one piece."""

    __tablename__ = "fields"
    __table_args__ = (UniqueConstraint("slide_id", "number"), {"sqlite_autoincrement": True})

    id: Mapped[int] = mapped_column(primary_key=True)
    slide_id: Mapped[int] = mapped_column(ForeignKey("slides.id"))
    number: Mapped[int]
    source: Mapped[str] = mapped_column(Text)
    taken_by: Mapped[str] = mapped_column(String(100))
    taken_at: Mapped[datetime]
    picture_sha256: Mapped[str | None] = mapped_column(String(64), index=True)
    detect_id: Mapped[int] = mapped_column(ForeignKey("models.id"))
    classify_id: Mapped[int] = mapped_column(ForeignKey("models.id"))
    width: Mapped[int]
    height: Mapped[int]
    um_per_px: Mapped[float | None]
    um_per_px_low: Mapped[float | None]
    um_per_px_high: Mapped[float | None]
    scale_source: Mapped[str | None] = mapped_column(String(32))
    usable: Mapped[bool]
    white_balance: Mapped[list[Any]]
    reasons: Mapped[list[Any]]
    counts: Mapped[dict[str, Any]]
    framed: Mapped[dict[str, Any]]  # those that the unbiased counting frame holds
    ms: Mapped[dict[str, Any]]
    others: Mapped[list[Any]] = mapped_column(deferred=True)


class CellRow(Base):
    """A white cell: what the model said, and beside it what holds by the persons' reviews."""

    __tablename__ = "cells"
    __table_args__ = (
        UniqueConstraint("field_id", "number"),
        Index(None, "slide_id", "counts", "certainty", "id"),
        Index(None, "slide_id", "counts", "field_id", "id"),
        Index(None, "slide_id", "counts", "named", "certainty", "id"),
        Index(None, "slide_id", "counts", "is_seen", "certainty", "id"),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    slide_id: Mapped[int] = mapped_column(ForeignKey("slides.id"))
    field_id: Mapped[int] = mapped_column(ForeignKey("fields.id", ondelete="CASCADE"))
    number: Mapped[int]
    counts: Mapped[bool]  # whether its field does
    x0: Mapped[float]
    y0: Mapped[float]
    x1: Mapped[float]
    y1: Mapped[float]
    score: Mapped[float]
    touches_edge: Mapped[bool]
    diameter_um: Mapped[float | None]
    label: Mapped[str] = mapped_column(String(64))
    confidence: Mapped[float]
    status: Mapped[str | None] = mapped_column(String(16))
    certainty: Mapped[float] = mapped_column(Float)  # the confidence, 1 less where unfamiliar
    answer: Mapped[dict[str, Any]]
    named: Mapped[str] = mapped_column(String(64))
    given: Mapped[str | None] = mapped_column(String(64))
    is_seen: Mapped[bool]
    seen_by: Mapped[str | None] = mapped_column(String(100))
    seen_at: Mapped[datetime | None]
    review_id: Mapped[int | None]  # the review that holds; none before the first, or all undone


class TallyRow(Base):
    """How many cells of a slide's fields that count are alike; kept so that none is counted twice.

    `model` is the model's class, or `unfamiliar`; `named` the class that holds.
    """

    __tablename__ = "tallies"
    __table_args__ = (Index(None, "named", "slide_id"),)

    slide_id: Mapped[int] = mapped_column(ForeignKey("slides.id"), primary_key=True)
    model: Mapped[str] = mapped_column(String(64), primary_key=True)
    named: Mapped[str] = mapped_column(String(64), primary_key=True)
    is_seen: Mapped[bool] = mapped_column(primary_key=True)
    n: Mapped[int]


class AuditRow(Base):
    """A write; triggers refuse to change or delete one. `sha256` is its link, see `chain`."""

    __tablename__ = "audit"
    __table_args__ = (Index(None, "slide_id", "id"), Index(None, "action", "id"))

    id: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[datetime]
    by: Mapped[str] = mapped_column(String(100))
    action: Mapped[str] = mapped_column(String(32))
    slide_id: Mapped[int | None] = mapped_column(ForeignKey("slides.id"))
    revision: Mapped[int | None]
    edition: Mapped[int | None]
    detail: Mapped[dict[str, Any]]
    sha256: Mapped[str] = mapped_column(String(64), server_default="")


class AuditHeadRow(Base):
    """The newest entry of the audit, in one row: who adds the next one holds it meanwhile."""

    __tablename__ = "audit_head"

    id: Mapped[int] = mapped_column(primary_key=True)
    entry_id: Mapped[int]
    sha256: Mapped[str] = mapped_column(String(64))


class ReviewRow(Base):
    """What a person said of a cell; triggers refuse to change one, it goes with its cell only.

    Attributes:
        audit_id: the same for cells that were reviewed at once.
        before_id: the review that held before; None of a cell that was not seen.
        undone_id: of a row that takes a review back, the `audit_id` of that.
    """

    __tablename__ = "reviews"
    __table_args__ = (
        Index(None, "slide_id", "by", "revision", "audit_id"),
        Index(None, "slide_id", "undone_id"),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    slide_id: Mapped[int] = mapped_column(ForeignKey("slides.id"))
    cell_id: Mapped[int] = mapped_column(ForeignKey("cells.id", ondelete="CASCADE"), index=True)
    audit_id: Mapped[int] = mapped_column(ForeignKey("audit.id"), index=True)
    revision: Mapped[int]
    by: Mapped[str] = mapped_column(String(100))
    at: Mapped[datetime]
    given: Mapped[str | None] = mapped_column(String(64))
    is_confirmed: Mapped[bool]
    before_id: Mapped[int | None]
    undone_id: Mapped[int | None]


class RecordRow(Base):
    """A signed record; triggers refuse to change one, it goes with its slide only."""

    __tablename__ = "records"
    __table_args__ = (UniqueConstraint("slide_id", "revision"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    slide_id: Mapped[int] = mapped_column(ForeignKey("slides.id"))
    revision: Mapped[int]
    signed_by: Mapped[str] = mapped_column(String(100), index=True)
    signed_at: Mapped[datetime]
    reason: Mapped[str] = mapped_column(Text)
    content: Mapped[str] = mapped_column(Text)
    sha256: Mapped[str] = mapped_column(String(64))


class ReceivedRow(Base):
    """A signed record that another device has sent; triggers refuse to change or remove one.

    Attributes:
        device: uid of the device.
        entry: of the device's audit, which says the signature; rises with them.
        uid: of the slide.
        folded: the label as it is searched.
        content: the JSON that was signed, letter by letter.
        account: name of the one that sent it.
    """

    __tablename__ = "received"
    __table_args__ = (
        UniqueConstraint("device", "sha256"),
        Index(None, "device", "id"),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    device: Mapped[str] = mapped_column(String(36))
    device_name: Mapped[str] = mapped_column(String(100))
    entry: Mapped[int]
    received_at: Mapped[datetime]
    uid: Mapped[str] = mapped_column(String(36), index=True)
    label: Mapped[str] = mapped_column(String(200))
    folded: Mapped[str] = mapped_column(String(600))
    status: Mapped[str] = mapped_column(String(16))
    revision: Mapped[int]
    signed_by: Mapped[str] = mapped_column(String(100), index=True)
    signed_at: Mapped[datetime]
    content: Mapped[str] = mapped_column(Text)
    sha256: Mapped[str] = mapped_column(String(64))
    account: Mapped[str | None] = mapped_column(String(100))


class OptionRow(Base):
    """A setting that a person has changed."""

    __tablename__ = "options"

    name: Mapped[str] = mapped_column(String(64), primary_key=True)
    value: Mapped[dict[str, Any]]
