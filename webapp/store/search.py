"""The history, page by page; a page begins after a key, not an offset."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from unicodedata import normalize

from sqlalchemy import ColumnElement, Select, func, or_, select
from sqlalchemy.orm import Session

from webapp.record import Status
from webapp.store.audit import check_limit
from webapp.store.errors import StoreError
from webapp.store.slides import Slide, slides_of
from webapp.store.tables import RecordRow, ReviewRow, SlideRow, TallyRow
from webapp.store.tallies import tallies_of


@dataclass(frozen=True)
class Wanted:
    """Which slides are searched; None asks for nothing.

    Attributes:
        label: a part of the label, upper and lower case alike.
        named: id of a class that its white cells have now, or `unfamiliar`.
        status: of the slide.
        person: who opened, reviewed or signed it.
        since: opened at this time or later.
        until: opened before this time.
        least: cells of the class, at least 1.
    """

    label: str | None = None
    named: str | None = None
    status: Status | None = None
    person: str | None = None
    since: datetime | None = None
    until: datetime | None = None
    least: int = 1


@dataclass(frozen=True)
class SlidePage:
    """Slides, the newest first.

    Attributes:
        slides: the slides.
        after: key of the next page, of older ones; None of the last page.
        before: key of the page before, of newer ones; None of the first page.
    """

    slides: tuple[Slide, ...]
    after: int | None
    before: int | None


def find_slides(
    session: Session,
    wanted: Wanted | None = None,
    after: int | None = None,
    limit: int = 50,
    before: int | None = None,
) -> SlidePage:
    """Page through slides, the newest first.

    Args:
        session: of `Database.read`.
        wanted: None takes all.
        after: of a page; gives the next one, of older slides.
        limit: slides of a page, 1 to 200.
        before: of a page, in place of `after`; gives the one before, of newer slides.

    Raises:
        StoreError: `bad_request`.
    """
    check_limit(limit)
    wanted = wanted or Wanted()
    if wanted.least < 1:
        raise StoreError("bad_request", f"least is {wanted.least}: ask for 1 cell or more")
    if before is not None:
        query = _slides_query(wanted, None).where(SlideRow.id > before)
        newer = session.scalars(query.order_by(None).order_by(SlideRow.id).limit(limit + 1)).all()
        rows, has_older, has_newer = newer[:limit][::-1], True, len(newer) > limit
    else:
        older = session.scalars(_slides_query(wanted, after).limit(limit + 1)).all()
        rows, has_older, has_newer = older[:limit], len(older) > limit, after is not None
    slides = tuple(slides_of(session, rows))
    return SlidePage(
        slides,
        after=slides[-1].id if slides and has_older else None,
        before=slides[0].id if slides and has_newer else None,
    )


def last_signed(session: Session, limit: int) -> list[Slide]:
    """Give the slides that were signed last, the newest signature first.

    Raises:
        StoreError: `bad_request`.
    """
    check_limit(limit)
    query = (
        select(SlideRow)
        .where(SlideRow.deleted_at.is_(None), SlideRow.status != "open")
        .order_by(SlideRow.changed_at.desc(), SlideRow.id.desc())  # signing was the last change
        .limit(limit)
    )
    return slides_of(session, session.scalars(query).all())


def named_cells(session: Session, ids: Sequence[int]) -> dict[int, Counter[str]]:
    """Tell how many white cells of some slides are of each class now, or `unfamiliar`."""
    found = {slide_id: Counter[str]() for slide_id in ids}
    for slide_id, tallies in tallies_of(session, ids).items():
        for alike, n in tallies.items():
            found[slide_id][alike.named] += n
    return found


def _slides_query(wanted: Wanted, after: int | None) -> Select[SlideRow]:
    """Say what slides are looked up; ids rise with the time at which slides were opened."""
    query = select(SlideRow).where(SlideRow.deleted_at.is_(None)).order_by(SlideRow.id.desc())
    if after is not None:
        query = query.where(SlideRow.id < after)
    if wanted.label:
        folded = normalize("NFC", wanted.label).casefold()
        query = query.where(SlideRow.folded.contains(folded, autoescape=True))
    if wanted.status is not None:
        query = query.where(SlideRow.status == wanted.status)
    if wanted.since is not None:
        query = query.where(SlideRow.opened_at >= wanted.since)
    if wanted.until is not None:
        query = query.where(SlideRow.opened_at < wanted.until)
    if wanted.named is not None and wanted.least > 1:
        cells = select(func.sum(TallyRow.n)).where(
            TallyRow.slide_id == SlideRow.id, TallyRow.named == wanted.named
        )
        query = query.where(cells.scalar_subquery() >= wanted.least)
    elif wanted.named is not None:
        query = query.where(_has(TallyRow.slide_id, TallyRow.named == wanted.named))
    if wanted.person is not None:
        name = normalize("NFC", wanted.person)
        query = query.where(
            or_(
                SlideRow.opened_by == name,
                _has(ReviewRow.slide_id, ReviewRow.by == name),
                _has(RecordRow.slide_id, RecordRow.signed_by == name),
            )
        )
    return query


def _has(slide_id: Any, wanted: ColumnElement[bool]) -> ColumnElement[bool]:
    """Ask whether a row of another table that is wanted belongs to the slide."""
    return select(slide_id).where(slide_id == SlideRow.id, wanted).exists()
