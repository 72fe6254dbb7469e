"""How much is kept, told without looking at every cell."""

from dataclasses import dataclass

from alembic.migration import MigrationContext
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from webapp.store.chain import head_of
from webapp.store.received import count_received
from webapp.store.tables import AuditRow, FieldRow, PictureRow, SlideRow, TallyRow


@dataclass(frozen=True)
class Extent:
    """How much is kept.

    Attributes:
        slides: those that were not deleted.
        fields: of all slides.
        cells: white cells of fields that count.
        pictures: on the disk.
        picture_bytes: their size in bytes.
        received: records that devices have sent.
        writes: entries of the audit.
        head: hash of the newest of these, in which all of them are, see `chain`.
        tables: version of the tables.
    """

    slides: int
    fields: int
    cells: int
    pictures: int
    picture_bytes: int
    received: int
    writes: int
    head: str
    tables: str | None


def extent_of(session: Session) -> Extent:
    """Count what is kept.

    Args:
        session: of `Database.read`.
    """

    def told(query: object) -> int:
        return int(session.scalar(query) or 0)  # type: ignore[call-overload] # any of these

    pictures, picture_bytes = session.execute(
        select(func.count(), func.sum(PictureRow.size_bytes)).select_from(PictureRow)
    ).one()
    return Extent(
        slides=told(
            select(func.count()).select_from(SlideRow).where(SlideRow.deleted_at.is_(None))
        ),
        fields=told(select(func.count()).select_from(FieldRow)),
        cells=told(select(func.sum(TallyRow.n))),
        pictures=int(pictures),
        picture_bytes=int(picture_bytes or 0),
        received=count_received(session),
        writes=told(select(func.max(AuditRow.id))),  # rows are only ever added
        head=head_of(session).sha256,
        tables=MigrationContext.configure(session.connection()).get_current_revision(),
    )
