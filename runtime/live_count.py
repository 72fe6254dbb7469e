"""The count of a live view: each cell once, however long it stays in view."""

from collections import Counter
from collections.abc import Sequence

from runtime.detection import KINDS
from runtime.differential import (
    TARGETS,
    Differential,
    FieldCount,
    Typed,
    differential,
    is_white,
)
from runtime.field_answers import FieldAnalysis, field_count
from runtime.tracking import CellTracker


class LiveCount:
    """Adds up what a moving picture, or one field after another, shows."""

    def __init__(
        self, classes: Sequence[str], target: int = TARGETS[0], *, moving: bool = True
    ) -> None:
        """Begin with nothing counted.

        Args:
            classes: ids of the classifier's classes.
            target: white cells that are to be counted.
            moving: whether pictures follow one another on one slide, so that a cell may be in many
                of them; else each is a field of its own, all of whose cells count.
        """
        self._classes, self._target = classes, target
        self.fields = 0
        self.unusable = 0
        self._tracker = CellTracker() if moving else None
        self._shown = Counter[str]()
        self._white = list[Typed]()
        self._measured = _Frames()  # of fields whose scale is known
        self._others = _Frames()

    @property
    def counts(self) -> dict[str, int]:
        """Kind to how many different cells have been counted."""
        counts = self._tracker.counts if self._tracker else self._shown
        return {kind: counts.get(kind, 0) for kind in KINDS}

    @property
    def white(self) -> Sequence[Typed]:
        """What the different white cells are."""
        return self._tracker.white if self._tracker else self._white

    def add(self, field: FieldAnalysis) -> None:
        """Take what was found in the next picture; one that is not worth counting is left out."""
        if not field.quality.usable:
            self.unusable += 1
            return
        self.fields += 1
        self._shown.update(field.counts)
        here = field_count(field)
        (self._others if here.area_um2 is None else self._measured).add(here)
        if self._tracker:
            self._tracker.see(field.cells, field.width, field.height)
        else:
            self._white += here.white

    @property
    def complete(self) -> bool:
        """Whether the target is reached."""
        return sum(map(is_white, self.white)) >= self._target

    def differential(self) -> Differential:
        """Count the white cells so far.

        Red cells and platelets of a field are those of the mean picture, however long each was
        looked at.
        """
        # The white cells come with the last, because counting ends with the field that has enough.
        together = [self._measured.together(()), self._others.together(self.white)]
        return differential(together if self.fields else [], self._classes, self._target)


class _Frames:
    """What the counting frames of some fields hold together."""

    def __init__(self) -> None:
        self._fields = 0
        self._counts = Counter[str]()
        self._area_um2 = 0.0

    def add(self, field: FieldCount) -> None:
        self._fields += field.fields
        self._counts.update(field.counts)
        self._area_um2 += field.area_um2 or 0.0

    def together(self, white: Sequence[Typed]) -> FieldCount:
        """Give them as one count, with the white cells that are counted beside them."""
        return FieldCount(white, self._counts, self._area_um2 or None, self._fields)
