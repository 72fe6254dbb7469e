"""A detector's figures as Markdown tables, aligned so that they read as well on a terminal."""

from collections.abc import Mapping, Sequence
from typing import Any

from export.detector.matching import EDGE_PX, SAME_CELL
from export.evaluation.resample import RESAMPLES
from export.evaluation.tables import aligned, with_interval

FIGURES = (
    ("precision", "precision %"),
    ("recall", "recall %"),
    ("f1", "F1 %"),
    ("ap50", "AP50 %"),
    ("count_error", "count error %"),
)
NOTES = (
    f"Found cells are matched greedily by score with labelled ones at an IoU of {SAME_CELL:g}; a "
    f"cell that comes within {EDGE_PX:g} px of the picture's edge is neither hit nor miss. "
    "Precision, recall and F1 are those at the bundle's thresholds, AP50 is of every box above a "
    "score of 0.05, the count error is the median over fields of |told - labelled| / labelled. "
    f"Brackets hold 95 % intervals, percentiles of {RESAMPLES} draws of the fields; fields of one "
    "patient or slide are not independent, so that every interval is rather too narrow. A field "
    "that cannot be read misses all of its cells."
)


def detections(columns: Mapping[str, Mapping[str, Any]], titles: Mapping[str, str]) -> list[str]:
    """Set detections side by side, kind by kind.

    Args:
        columns: what each is called, to the detection as JSON holds it.
        titles: kind to its title.
    """
    rows = [
        ["fields", *(str(c["n"]) for c in columns.values())],
        ["of them refused", *(str(c["refused"]) for c in columns.values())],
    ]
    for kind, title in titles.items():
        held = [c["kinds"].get(kind) for c in columns.values()]
        if not any(held):
            continue
        rows.append([f"{title}: labelled", *(str(k["labelled"]) if k else "-" for k in held)])
        for key, name in FIGURES:
            cells = [
                with_interval(k[key], k["intervals"].get(key), 100, 1) if k else "-" for k in held
            ]
            rows.append([f"{title}: {name}", *cells])
    return aligned(["", *columns], rows)


def false_white(columns: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """Tell what was found in pictures without cells."""
    rows = [
        [name, str(c["n"]), *(f"{c['false'][kind]:.2f}" for kind in ("wbc", "rbc", "platelet"))]
        for name, c in columns.items()
    ]
    header = ["no cells", "pictures", "white cells per 100", "red cells per 100"]
    return aligned([*header, "platelets per 100"], rows)


def of_refusals(refusals: Sequence[object]) -> list[str]:
    """Count what could not be read, where anything could not."""
    return [f"{len(refusals)} fields could not be read.", ""] if refusals else []
