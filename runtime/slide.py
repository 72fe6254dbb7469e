"""Fields of one slide: seen through one microscope, they share its scale."""

from collections import defaultdict, deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from runtime.answers import Refusal
from runtime.field_answers import Cell, FieldAnalysis, FieldAnswer
from runtime.scale import Scale, diameter_um, of_slide

WAITING = 50  # fields at most, so that a slide without any red cells is answered as it comes


Size = tuple[int, int]  # width and height in pixels


def of_one_slide(
    answers: Iterable[FieldAnswer], earlier: Mapping[Size, Sequence[Scale]] | None = None
) -> Iterator[FieldAnswer]:
    """Give fields with too few red cells the scale of other fields.

    Pictures of one folder and one size in pixels are taken for fields of one slide. A field without
    a scale of its own, or one from the outline of white cells alone, gets that of the median field
    so far; where there is none yet it waits for the next, for `WAITING` at most.

    Args:
        answers: as they come.
        earlier: scales of fields that the same slide has already, by their size; from any folder.

    Yields:
        The answers in that order, a field that has waited before those that came after it.
    """
    known = defaultdict[tuple[Path, int, int], list[Scale]](list)
    waiting = deque[FieldAnswer]()
    for answer in answers:
        waiting.append(answer)
        if isinstance(answer, FieldAnalysis) and (scale := _own_scale(answer)):
            known[_slide(answer)].append(scale)
        while waiting:
            told = _told(waiting[0], known, earlier or {})
            if told is None and len(waiting) <= WAITING:
                break
            waited = waiting.popleft()
            yield told or waited
    yield from waiting


def scaled(answer: FieldAnalysis, scale: Scale | None) -> FieldAnalysis:
    """Give an answer the scale of its picture, and its cells their diameters."""
    if scale is None:
        return answer

    def measured(cell: Cell) -> Cell:
        across_um = diameter_um(cell.box, answer.width, answer.height, scale)
        named = cell.classification
        if named:
            named = replace(named, um_per_px=scale.um_per_px, scale_source=scale.source)
        return replace(cell, diameter_um=across_um, classification=named)

    return replace(
        answer,
        um_per_px=scale.um_per_px,
        um_per_px_interval=scale.interval,
        scale_source=scale.source,
        cells=[measured(cell) for cell in answer.cells],
    )


def _slide(answer: FieldAnalysis) -> tuple[Path, int, int]:
    return Path(answer.source).parent, answer.width, answer.height


def _own_scale(answer: FieldAnalysis) -> Scale | None:
    """Return the scale that a field tells others: by its red cells, if it should be counted."""
    if not answer.quality.usable or answer.scale_source != "red_cells":
        return None
    if answer.um_per_px is None or answer.um_per_px_interval is None:
        return None
    return Scale(answer.um_per_px, answer.um_per_px_interval, answer.scale_source)


def _told(
    answer: FieldAnswer,
    known: defaultdict[tuple[Path, int, int], list[Scale]],
    earlier: Mapping[Size, Sequence[Scale]],
) -> FieldAnswer | None:
    """Return an answer with the scale that it can get by now, None while it can get none."""
    if isinstance(answer, Refusal) or answer.scale_source in ("red_cells", "given"):
        return answer
    scale = of_slide([*earlier.get((answer.width, answer.height), ()), *known[_slide(answer)]])
    if scale:
        return scaled(answer, scale)
    return None if answer.cells else answer  # without any there is nothing to measure
