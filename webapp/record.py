"""The record of a slide: what is signed, and what every report is made from."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal

from runtime.answers import ModelId
from runtime.differential import Estimates, Share

CountsAs = Literal["white", "nrbc", "beside", "nothing"]
Status = Literal["open", "signed", "amended"]

RESEARCH_USE: Final = "For Research Use Only. Not for use in diagnostic procedures."


@dataclass(frozen=True)
class ReviewClass:
    """A class that a person can give a cell.

    Attributes:
        id: stable lower-case key, the model's own for its classes.
        title: what people read.
        key: the one key that gives it, shown on screen.
        color: CSS color.
        counts_as: `white` is in the denominator of percentages, `nrbc` and `beside` are told per
            100 white cells, `nothing` is not told.
        named_by_model: whether the model can give it too.
    """

    id: str
    title: str
    key: str
    color: str
    counts_as: CountsAs
    named_by_model: bool


@dataclass(frozen=True)
class Act:
    """Who did it, and when (UTC)."""

    by: str
    at: datetime


@dataclass(frozen=True)
class Beside:
    """Cells that are told beside the differential.

    Attributes:
        n: cells.
        per_100_wbc: for each 100 white cells; None without any.
        interval: exact 95 % interval of it; its upper end is None where nothing bounds it.
    """

    n: int
    per_100_wbc: float | None
    interval: tuple[float | None, float | None]


def value_of(found: Share | Beside) -> float | None:
    """Give what is told of a class: its percent of the white cells, or cells per 100 of them.

    Args:
        found: of `Count.white` or `Count.beside`.

    Returns:
        0 or more; None where no white cell was counted.
    """
    return found.per_100_wbc if isinstance(found, Beside) else found.percent


@dataclass(frozen=True)
class Count:
    """A differential, by the person's classes or by the model's.

    Attributes:
        counted: white cells in the denominator, the sum of `white`.
        white: class id to its share, in the order of the classes.
        beside: class id to what is told per 100 white cells: nucleated red cells, smudge cells.
        unidentified: white cells that are of no class yet.
    """

    counted: int
    white: Mapping[str, Share]
    beside: Mapping[str, Beside]
    unidentified: int


@dataclass(frozen=True)
class FieldFacts:
    """A field of the record: what it shows, and the calibration of its picture."""

    id: int
    source: str
    taken: Act
    picture_sha256: str | None
    width: int
    height: int
    um_per_px: float | None
    um_per_px_interval: tuple[float, float] | None
    scale_source: str | None
    white_balance: tuple[float, float, float]
    usable: bool
    reasons: Sequence[str]
    counts: Mapping[str, int]


@dataclass(frozen=True)
class CellFacts:
    """A white cell of the record: what the model said and what the person said.

    Attributes:
        id: of the cell.
        field: id of its field.
        box: x0, y0, x1, y1 in pixels of its field.
        label: the model's class.
        confidence: 0 to 1.
        status: the model's status; None of a bundle without thresholds.
        given: the person's class; None until it is seen, and while nobody has named it.
        seen: by whom and when; None until then.
    """

    id: int
    field: int
    box: tuple[float, float, float, float]
    label: str
    confidence: float
    status: str | None
    given: str | None
    seen: Act | None


@dataclass(frozen=True)
class SlideRecord:
    """A slide as it was signed, or as it is now.

    Attributes:
        uid: of the slide; no other slide on any device has it.
        label: what the person calls it.
        note: the person's words.
        target: white cells that were to be counted.
        status: `open` until it is signed; `amended` when it was signed before.
        revision: 1 for the first; of an open slide the one that would be signed.
        reason: why a revision after the first was needed, else empty.
        opened: who opened the slide, and when.
        signed: who signed, and when; None of an open slide.
        models: networks that answered for its fields.
        device: name and version of the program.
        classes: that a person could give, in order.
        by_person: the count of what the person said, of cells not seen what the model said.
        by_model: the count of what the model said.
        per_field: kind of box to the mean number in a field that counts.
        estimates: what is estimated from those, and not counted.
        cannot_name: titles of classes that the model does not know.
        fields: its pictures, in the order they were taken.
        cells: white cells of fields that count, in the order of `fields`.
    """

    uid: str
    label: str
    note: str
    target: int
    status: Status
    revision: int
    reason: str
    opened: Act
    signed: Act | None
    models: Sequence[ModelId]
    device: str
    classes: Sequence[ReviewClass]
    by_person: Count
    by_model: Count
    per_field: Mapping[str, float]
    estimates: Estimates
    cannot_name: Sequence[str]
    fields: Sequence[FieldFacts]
    cells: Sequence[CellFacts]
    schema: str = "hematovision.record/1"
