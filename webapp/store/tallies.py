"""How many white cells of a slide are alike: kept with each write, so that none is counted twice.

Cells of fields that do not count are in no tally.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from runtime.trust import UNFAMILIAR
from webapp.store.tables import CellRow, FieldRow, TallyRow


class Alike(NamedTuple):
    """What cells of one tally share.

    Attributes:
        model: the model's class, or `unfamiliar`.
        named: the class that holds: the person's, else the model's.
        is_seen: whether a person has seen them.
    """

    model: str
    named: str
    is_seen: bool


def model_class(label: str, status: str | None) -> str:
    """Give the model's class of a cell, `unfamiliar` where its label means nothing."""
    return UNFAMILIAR if status == UNFAMILIAR else label


def alike(cell: CellRow) -> Alike:
    """Tell which tally a cell is in."""
    return Alike(model_class(cell.label, cell.status), cell.named, cell.is_seen)


def count(session: Session, slide_id: int, gone: Iterable[Alike], come: Iterable[Alike]) -> None:
    """Move cells of a slide, whose row the caller has locked, from tallies to others."""
    changes = Counter(come)
    changes.subtract(Counter(gone))
    for key, change in changes.items():
        if not change:
            continue
        row = session.get(TallyRow, (slide_id, *key))
        if row is None:
            session.add(TallyRow(slide_id=slide_id, **key._asdict(), n=change))
        elif row.n + change:
            row.n += change
        else:
            session.delete(row)
    session.flush()


def tallies_of(session: Session, slide_ids: Sequence[int]) -> Mapping[int, Counter[Alike]]:
    """Give the tallies of some slides."""
    found: dict[int, Counter[Alike]] = {slide_id: Counter() for slide_id in slide_ids}
    query = select(
        TallyRow.slide_id, TallyRow.model, TallyRow.named, TallyRow.is_seen, TallyRow.n
    ).where(TallyRow.slide_id.in_(slide_ids))
    for slide_id, model, named, is_seen, n in session.execute(query):
        found[slide_id][Alike(model, named, is_seen)] += n
    return found


def fields_counted(session: Session, slide_ids: Sequence[int]) -> Mapping[int, tuple[int, int]]:
    """Give how many fields some slides have, and how many of them count."""
    found = dict.fromkeys(slide_ids, (0, 0))
    query = (
        select(FieldRow.slide_id, FieldRow.usable, func.count())
        .where(FieldRow.slide_id.in_(slide_ids))
        .group_by(FieldRow.slide_id, FieldRow.usable)
    )
    for slide_id, usable, n in session.execute(query):
        fields, counted = found[slide_id]
        found[slide_id] = (fields + n, counted + n * usable)
    return found
