"""Cells without a class, named by a network that has learnt already: self-training.

Other laboratories' white cells are boxed more often than they are typed. A teacher that sees each
of them in several windows and turns knows more than it can tell in one pass; a student that learns
its soft labels on varied pictures gets better than the teacher (noisy student, Xie et al. 2020,
arXiv 1911.04252).
"""

import sys
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from tqdm import tqdm

from export.augment import Floats
from export.data.arrays import load_windows
from export.data.fields import untyped_cells
from export.data.readers import read_set
from export.data.samples import Sample, in_order
from export.errors import DatasetError
from export.recipe import Recipe, Untyped
from export.teacher import Teacher
from export.training_data import Split
from export.views import turns
from runtime.judgement import LOGITS
from runtime.preprocess import Batch
from runtime.trust import softmax

CELLS = 512  # whose pictures are in memory at once
CHUNK = 64

Ask = Callable[[Batch], Floats]


def read_untyped(paths: Sequence[Path], leave_out: Sequence[str] = ()) -> list[Sample]:
    """List the white cells without a class of some data sets, those of test splits left out.

    Args:
        paths: the sets.
        leave_out: sources, by a set's `sources.csv`, whose cells are not taken.

    Raises:
        DatasetError: a set cannot be read or has no such cell.
    """
    cells = []
    for path in paths:
        found = [s for s in untyped_cells(read_set(path).fields, leave_out) if s.split != "test"]
        if not found:
            raise DatasetError(
                "dataset",
                f"{path} has no white cells without a class to learn from (boxes of the kind wbc, "
                "outside of a test split): leave it out of --untyped",
            )
        cells += found
    return in_order(cells)


def taught(teacher: Teacher, cells: Sequence[Sample], recipe: Recipe, settings: Untyped) -> Split:
    """Let a teacher name cells, and keep those of which it is sure.

    Args:
        teacher: who names them.
        cells: what to name.
        recipe: the student's.
        settings: how the teacher looks, and how sure is sure.

    Raises:
        DatasetError: a picture cannot be read, or the teacher is sure of none.
    """
    theirs, seen = teacher.recipe, []
    for start in range(0, len(cells), CELLS):
        part = cells[start : start + CELLS]
        title = f"untyped, from {start + 1} of {len(cells)}"
        size_px = theirs.input.size_px
        windows = load_windows(part, size_px, title, theirs.framing, settings.windows)
        seen.append(
            [turned(lambda batch: teacher.ask(batch)[LOGITS], w) for w in windows.swapaxes(0, 1)]
        )
    targets, sure = named(np.concatenate(seen, axis=1), theirs.class_ids, settings)
    kept = [cell for cell, is_sure in zip(cells, sure, strict=True) if is_sure]
    names = [recipe.class_ids[place] for place in targets[sure].argmax(axis=1)]
    told = ", ".join(f"{name} {count}" for name, count in sorted(Counter(names).items()))
    run = teacher.run
    if not kept:
        raise DatasetError("dataset", f"{run} is sure of none of {len(cells)} cells: lower 'least'")
    line = f"{run} is sure of {len(kept)} of {len(cells)} cells without a class: {told}"
    tqdm.write(line, file=sys.stderr)
    values = sum(len(a.values) for a in recipe.attributes)
    return Split(kept, targets[sure], np.zeros((len(kept), values), np.float32))


def turned(ask: Ask, pictures: Batch) -> Floats:
    """Average what a network says of pictures in all quarter turns, mirrored and not.

    Args:
        ask: gives (n, classes) logits for pictures.
        pictures: (n, size, size, 3) uint8 RGB.

    Returns:
        (n, classes) float32 probabilities.
    """
    parts = np.array_split(pictures, len(pictures) // CHUNK + 1)
    found = []
    for part in tqdm(parts, "naming", unit="batch", disable=None, leave=False):
        said = [softmax(ask(np.ascontiguousarray(way))) for way in turns(part)]
        found.append(np.mean(said, axis=0))
    return np.concatenate(found).astype(np.float32)


def named(
    seen: Floats, class_ids: Sequence[str], settings: Untyped
) -> tuple[Floats, np.typing.NDArray[np.bool_]]:
    """Turn what was said of cells in several windows into soft labels.

    Args:
        seen: (windows, n, classes) probabilities.
        class_ids: the classes.
        settings: how often each comes, and how sure is sure.

    Returns:
        (n, classes) float32 soft labels, and which cells all windows agree on surely enough, (n,).
    """
    left = (seen + 1e-9) * np.array([settings.odds.get(name, 1.0) for name in class_ids])
    left /= left.sum(axis=2, keepdims=True)
    mean = left.mean(axis=0)
    agree = (left.argmax(axis=2) == mean.argmax(axis=1)).all(axis=0)
    return mean.astype(np.float32), agree & (mean.max(axis=1) >= settings.least)
