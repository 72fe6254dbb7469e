"""Evaluations as Markdown tables, aligned so that they read as well on a terminal.

They take evaluations as JSON holds them, because a model card is written from a manifest alone.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from export.evaluation.evaluate import REFUSED
from export.evaluation.metrics import BINS
from export.evaluation.resample import RESAMPLES

MEASURED = "Measured through the engine that ships. "
BOUNDS = (
    "Brackets hold 95 % intervals: Wilson's for shares, "
    f"for the others the percentiles of {RESAMPLES} resamples drawn within the classes, for the "
    "calibration error less what resampling itself adds. Macro figures are means over the classes "
    "that the set holds; *own classes*: only these may be answered. A refused picture counts as "
    "wrong; having no confidence, it is left out of AUC and calibration error "
    f"({BINS} bins of confidence). Pictures of one patient or slide are not independent, so that "
    "every interval is rather too narrow."
)
NOTES = MEASURED + BOUNDS
NONE = "-"
GAINED = "accuracy less that of fp32, points"
SCORES = (
    # key, what it is called, what it is multiplied by, digits
    ("accuracy", "accuracy %", 100, 2),
    ("macro_recall", "macro recall %", 100, 2),
    ("macro_precision", "macro precision %", 100, 2),
    ("macro_f1", "macro F1 %", 100, 2),
    ("macro_auc", "macro AUC", 1, 4),
    ("ece", "calibration error %", 100, 2),
)


def aligned(header: Sequence[str], rows: Sequence[Sequence[str]], *, words: int = 1) -> list[str]:
    """Lay out a Markdown table; the first columns are words, the others are figures."""
    cells = [[_cell(c) for c in line] for line in (header, *rows)]
    widths = [max(3, *(len(c) for c in column)) for column in zip(*cells, strict=True)]
    lines = [
        [
            c.ljust(w) if i < words else c.rjust(w)
            for i, (c, w) in enumerate(zip(line, widths, strict=True))
        ]
        for line in cells
    ]
    rule = ["-" * w if i < words else "-" * (w - 1) + ":" for i, w in enumerate(widths)]
    return [f"| {' | '.join(line)} |" for line in (lines[0], rule, *lines[1:])]


def scores(columns: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """Set evaluations side by side: all figures, then those among the set's own classes.

    The second part is left away where every set holds every class.

    Args:
        columns: what each is called, to the evaluation.
    """
    found = list(columns.values())
    rows = [
        ["pictures", *(str(e["n"]) for e in found)],
        ["of them refused", *(str(e["refused"]) for e in found)],
    ]
    parts_of = {"": found, "own classes: ": [e["among"] for e in found]}
    if all(e[key] == value for e in found for key, value in e["among"].items()):
        del parts_of["own classes: "]
    for prefix, parts in parts_of.items():
        for key, title, factor, digits in SCORES:
            intervals = [p["intervals"] | {"accuracy": p["interval"]} for p in parts]
            cells = [
                with_interval(part[key], given.get(key), factor, digits)
                for part, given in zip(parts, intervals, strict=True)
            ]
            rows.append([prefix + title, *cells])
    return aligned(["", *columns], rows)


def classes(evaluation: Mapping[str, Any]) -> list[str]:
    """Judge each class that the set holds."""
    rows = [
        [
            label,
            str(sum(evaluation["confusion"][label].values())),
            with_interval(recall, evaluation["recall_intervals"][label], 100, 1),
            f"{100 * evaluation['precision'][label]:.1f}",
            f"{100 * evaluation['f1'][label]:.1f}",
        ]
        for label, recall in evaluation["recall"].items()
    ]
    return aligned(["class", "pictures", "recall %", "precision %", "F1 %"], rows)


def confusion(evaluation: Mapping[str, Any]) -> list[str]:
    """Count truths (rows) against answers (columns)."""
    counts = evaluation["confusion"]
    found = found_labels(counts)
    rows = [[truth, *(str(row.get(label, 0)) for label in found)] for truth, row in counts.items()]
    return aligned(["truth \\ found", *found], rows)


def comparison(pairs: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """Tell how int8 differs from fp32; what it gains has a plus.

    Args:
        pairs: what each data set is called, to the comparison on it.
    """
    rows = [
        [
            title,
            str(pair["n"]),
            f"{100 * pair['agreement']:.2f}",
            _gain(pair["points_lost"], pair["interval"]),
        ]
        for title, pair in pairs.items()
    ]
    return aligned(["int8 beside fp32", "pictures", "same label %", GAINED], rows)


def found_labels(counts: Mapping[str, Mapping[str, int]]) -> list[str]:
    """Name the columns of a confusion: its truths, other answers, and refusals at the end."""
    others = {label for row in counts.values() for label in row} - counts.keys()
    return [*counts, *sorted(others - {REFUSED}), *sorted(others & {REFUSED})]


def one_line(text: str) -> str:
    """Keep a name with line breaks or control characters on one line."""
    return "".join(c if c.isprintable() else repr(c)[1:-1] for c in text)


def with_interval(
    value: float | None, interval: Sequence[float] | None, factor: float, digits: int
) -> str:
    """Write a figure and its bounds, or a dash where there is none."""
    if value is None or interval is None:
        return NONE
    low, high = (factor * bound for bound in interval)
    return f"{factor * value:.{digits}f} ({low:.{digits}f} to {high:.{digits}f})"


def _cell(text: str) -> str:
    """Escape what would end a cell, and the backslashes that would undo the escape."""
    return re.sub(r"(\\*)\|", r"\1\1\\|", one_line(text))


def _gain(lost: float, interval: Sequence[float]) -> str:
    value, high, low = (f"{round(-points, 2) + 0.0:+.2f}" for points in (lost, *interval))
    return f"{value} ({low} to {high})"
