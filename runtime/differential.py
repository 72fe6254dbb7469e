"""The differential: white cells counted over many fields, with what the count is worth.

A percentage is of the classified white cells. Nucleated red cells are counted beside them, per
100 white cells, and what could not be classified is kept apart from both. Counting ends with the
field in which the target is reached, and that field is counted to its end, as a laboratory does:
to stop within it would leave the choice of the last cells to the order in which they are listed,
and cells of one kind lie together on a smear. So `counted` may exceed `target`.

How many cells a field holds is told by the unbiased counting frame (Gundersen 1977, J. Microsc.
111:219, doi 10.1111/j.1365-2818.1977.tb00062.x): of those that an edge cuts off, the ones at the
left and upper edge are counted and the ones at the right and lower edge are not, so that a grid of
fields would count each cell once. To count all of them would add a sixth to the red cells of an
oil immersion field. Only means per field and what is estimated from them go by it.
"""

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Protocol

from runtime.intervals import clopper_pearson
from runtime.trust import UNFAMILIAR

# Routine, diagnostic and reference counts; 400 are the two times 200 cells of CLSI H20-A2.
TARGETS: Final = (100, 200, 400)
NUCLEATED_RED: Final = "erythroblast"
NOT_WHITE: Final = frozenset({NUCLEATED_RED, "platelet"})
RED, PLATELET = "rbc", "platelet"  # kinds of boxes
# What a field of an oil immersion objective shows: 20 mm field number, magnified 100 times.
OIL_FIELD_UM2: Final = math.pi * (200 / 2) ** 2
# 10^9 platelets a liter for each platelet in such a field: laboratories multiply by 15,000 to
# 20,000 a microliter (see Malok et al. 2007, doi 10.29074/ascls.20.3.154), each by its own factor.
PLATELET_FACTOR: Final = (15.0, 20.0)


class Typed(Protocol):
    """What is asked of an answer: its class and whether to believe it."""

    @property
    def label(self) -> str:
        """The id of the most probable class."""

    @property
    def status(self) -> str | None:
        """`unfamiliar` where the label means nothing."""


@dataclass(frozen=True)
class FieldCount:
    """What one field adds to a differential, or several that are counted as one.

    Attributes:
        white: the classifier's answers to the field's boxes of white cells.
        counts: kind of box to how many the counting frame of the field holds.
        area_um2: area of that frame in square micrometers; None where its scale is unknown.
        fields: how many fields these are.
    """

    white: Sequence[Typed]
    counts: Mapping[str, int]
    area_um2: float | None = None
    fields: int = 1


@dataclass(frozen=True)
class Share:
    """One class of a differential.

    Attributes:
        n: cells.
        percent: of the white cells that were classified; None of none.
        interval: exact 95 % interval of `percent`.
    """

    n: int
    percent: float | None
    interval: tuple[float, float]


@dataclass(frozen=True)
class Estimates:
    """What smears are used to estimate, good to a quarter or so, in the monolayer alone.

    Attributes:
        platelets_per_1000_rbc: times the red cells a liter, counted otherwise, over 1000 it gives
            the platelets a liter (Fonio's method); None without red cells.
        platelets_per_oil_field: platelets in the area of one oil immersion field; None where no
            field's scale is known.
        platelets_1e9_per_l: 10^9 platelets a liter by the lower and the higher of the usual
            factors; None as above.
    """

    platelets_per_1000_rbc: float | None
    platelets_per_oil_field: float | None
    platelets_1e9_per_l: tuple[float, float] | None


@dataclass(frozen=True)
class Differential:
    """A count of white cells by class, `differential` of the JSON contract.

    Attributes:
        target: white cells that were to be counted.
        fields: fields that were counted.
        counted: white cells that were classified, the sum of `classes`.
        unclassified: boxes of white cells that are of no known class, or a platelet's.
        classes: id of each class of white cells to its share, in the bundle's order.
        nrbc: nucleated red cells.
        nrbc_per_100_wbc: the same for each 100 of `counted`; None where that is 0.
        nrbc_interval: exact 95 % interval of it, by the share of nucleated red cells in both
            together; its upper end is None where nothing bounds it, both where none is known.
        per_field: kind of box to the mean number in a field, by the counting frame.
        estimates: what is estimated from those, and not counted.
    """

    target: int
    fields: int
    counted: int
    unclassified: int
    classes: Mapping[str, Share]
    nrbc: int
    nrbc_per_100_wbc: float | None
    nrbc_interval: tuple[float | None, float | None]
    per_field: Mapping[str, float]
    estimates: Estimates

    @property
    def complete(self) -> bool:
        """Whether the target was reached."""
        return self.counted >= self.target


@dataclass(frozen=True)
class Counted:
    """The white cells of a field that was counted on its own.

    Attributes:
        classes: id of each class of white cells to its cells.
        nrbc: nucleated red cells.
        unclassified: white cells of no class.
    """

    classes: Mapping[str, int]
    nrbc: int
    unclassified: int


@dataclass(frozen=True)
class Together:
    """Fields that were counted on their own, put together; each value is as in `Differential`."""

    fields: int
    counted: int
    unclassified: int
    classes: Mapping[str, Share]
    nrbc: int
    nrbc_per_100_wbc: float | None
    nrbc_interval: tuple[float | None, float | None]


def differential(
    fields: Iterable[FieldCount], classes: Sequence[str], target: int = TARGETS[0]
) -> Differential:
    """Count the white cells of fields until the target is reached.

    Args:
        fields: those worth counting, in the order in which they were taken; no more are asked for
            once the target is reached, and what follows is not counted.
        classes: ids of the classifier's classes; those that are no white cells are left out.
        target: white cells to count, usually one of `TARGETS`.

    Raises:
        ValueError: `target` is below 1.
    """
    if target < 1:
        raise ValueError(f"target is {target}: count at least 1 cell")
    labels, unclassified, taken = Counter[str](), 0, list[FieldCount]()
    for field in fields:
        taken.append(field)
        for cell in field.white:
            if _is_unclassified(cell):
                unclassified += 1
            else:
                labels[cell.label] += 1
        if labels.total() - labels[NUCLEATED_RED] >= target:
            break
    nrbc = labels.pop(NUCLEATED_RED, 0)
    counted = labels.total()
    kinds = sorted({kind for field in taken for kind in field.counts})
    fields_taken = sum(field.fields for field in taken)
    white = [label for label in [*classes, *labels] if label not in NOT_WHITE]
    return Differential(
        target=target,
        fields=fields_taken,
        counted=counted,
        unclassified=unclassified,
        classes={label: share(labels[label], counted) for label in white},
        nrbc=nrbc,
        nrbc_per_100_wbc=_per_100(nrbc, counted),
        nrbc_interval=ratio_interval(nrbc, counted),
        per_field={kind: _boxes(taken, kind) / fields_taken for kind in kinds},
        estimates=_estimates(taken),
    )


def together(fields: Sequence[Counted]) -> Together:
    """Put fields together that were counted on their own, all of them, whatever the target."""
    classes = Counter[str]()
    for field in fields:
        classes.update(field.classes)
    counted, nrbc = classes.total(), sum(field.nrbc for field in fields)
    return Together(
        fields=len(fields),
        counted=counted,
        unclassified=sum(field.unclassified for field in fields),
        classes={label: share(n, counted) for label, n in classes.items()},
        nrbc=nrbc,
        nrbc_per_100_wbc=_per_100(nrbc, counted),
        nrbc_interval=ratio_interval(nrbc, counted),
    )


def share(n: int, counted: int) -> Share:
    """Give the share of `n` of the `counted` white cells."""
    low, high = clopper_pearson(n, counted)
    return Share(n, _per_100(n, counted), (100 * low, 100 * high))


def ratio_interval(beside: int, white: int) -> tuple[float | None, float | None]:
    """Bound what is seen per 100 white cells, by its exact 95 % share in both together.

    Args:
        beside: cells seen beside the white ones.
        white: white cells.

    Returns:
        The lowest and the highest ratio; the upper is None where nothing bounds it, both where
        none of either was seen.
    """
    if beside + white == 0:
        return None, None
    low, high = clopper_pearson(beside, beside + white)
    return 100 * low / (1 - low), 100 * high / (1 - high) if high < 1 else None


def is_white(cell: Typed) -> bool:
    """Tell whether an answer to a white cell's box counts as a white cell of its class."""
    return not _is_unclassified(cell) and cell.label != NUCLEATED_RED


def _per_100(n: int, counted: int) -> float | None:
    return 100 * n / counted if counted else None


def _is_unclassified(cell: Typed) -> bool:
    return cell.status == UNFAMILIAR or (cell.label in NOT_WHITE and cell.label != NUCLEATED_RED)


def _estimates(fields: Sequence[FieldCount]) -> Estimates:
    red, platelets = _boxes(fields, RED), _boxes(fields, PLATELET)
    measured = [field for field in fields if field.area_um2]
    area_um2 = sum(field.area_um2 or 0.0 for field in measured)
    in_oil_field = _boxes(measured, PLATELET) * OIL_FIELD_UM2 / area_um2 if measured else None
    low, high = PLATELET_FACTOR
    return Estimates(
        1000 * platelets / red if red else None,
        in_oil_field,
        (low * in_oil_field, high * in_oil_field) if in_oil_field is not None else None,
    )


def _boxes(fields: Iterable[FieldCount], kind: str) -> int:
    return sum(field.counts.get(kind, 0) for field in fields)
