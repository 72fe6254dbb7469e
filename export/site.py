"""A site's labelled cells, and what a bundle's network sees in them."""

import sys
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from tqdm import tqdm

from export.data.arrays import load_inputs, load_windows, targets
from export.data.samples import Sample, in_order
from export.data.selection import stratified
from export.data.usable import read_whole
from export.drawn_strange import draw_strangers
from export.errors import DatasetError
from export.evaluation.class_names import Names, match, rename
from export.head import Cells
from export.views import VIEWS, ZOOMS, Array, ask, views
from runtime.bundle import Bundle
from runtime.judgement import FEATURES, TEXTURES

MIN_CELLS = 20
MOST_CELLS = 2000  # 120 MB of features where a network has 1280, in twelve views
CHUNK = 256  # cells whose pictures are in memory at once: 150 MB at 128 px
MIN_GROUPS = 3  # one to hold back, and two of the others to choose between within
FEW = 5  # cells of a class: too few to tell how well it is known
STRANGE = 200


@dataclass(frozen=True)
class Site:
    """A site's labelled cells, and what the bundle's network sees in them.

    Attributes:
        samples: with class ids of the bundle.
        names: the site's class names to these, None where the cells were left out.
        cells: their features.
        textures: (n, d) float32, of the view that serving sees.
        strange: (n, d) float32, textures of drawn pictures that are no cells.
    """

    samples: Sequence[Sample]
    names: Names
    cells: Cells
    textures: Array
    strange: Array

    @property
    def groups(self) -> list[str]:
        """Name for each cell what must stay on one side of a fold."""
        return groups(self.samples)


def groups(samples: Sequence[Sample]) -> list[str]:
    """Name for each cell what it must not be parted from: its group, or its picture."""
    return [s.group or str(s.path) for s in samples]


def look(bundle: Bundle, data: Path, table: Names, seed: int) -> Site:
    """Read a site's cells, and ask the bundle's default network for all of their views.

    Of more than `MOST_CELLS` a balanced draw is taken.

    Args:
        bundle: whose network and classes.
        data: the cells, in any layout; splits that they name are of no account.
        table: their class names, as from `class_names.read_class_names`.
        seed: of the draw, and of the strange pictures.

    Raises:
        DatasetError: the cells cannot be read, are too few, of too few pictures or groups, or of
            classes that the bundle lacks.
    """
    samples = read_whole(data)
    names = match(sorted({s.label for s in samples}), bundle.classes, table)
    samples = rename(samples, names)
    counts = Counter(s.label for s in samples)
    if len(samples) < MIN_CELLS or len(counts) < 2:
        raise DatasetError(
            "dataset",
            f"{data} holds {len(samples)} cells of {len(counts)} classes that can be used, and "
            f"{MIN_CELLS} of 2 are the least: label more, best 100, and some of each class",
        )
    if len(samples) > MOST_CELLS:
        samples = in_order(stratified(samples, MOST_CELLS, seed, sorted(counts)))
        tqdm.write(
            f"{data} holds {counts.total()} cells: {len(samples)} of them are drawn, the same "
            "number of each class where there are so many",
            file=sys.stderr,
        )
    if (count := len(set(groups(samples)))) < MIN_GROUPS:
        raise DatasetError(
            "dataset",
            f"all cells of {data} are of {count} pictures or groups, and cross-validation needs "
            f"{MIN_GROUPS} at least, since cells of one are never learnt from and judged on: add "
            "cells of other pictures, patients or slides",
        )
    if few := [f"{label} {count}" for label, count in sorted(counts.items()) if count < FEW]:
        tqdm.write(f"few cells of a class tell little of it: {', '.join(few)}", file=sys.stderr)
    network = bundle.path / bundle.variant().file
    features, textures = _seen(bundle, network, samples)
    labels = targets(samples, [c.id for c in bundle.classes])
    strange = np.zeros((0, 0), np.float32)
    if bundle.trust:
        some = samples[:: -(-len(samples) // STRANGE)]
        served = load_inputs(some, bundle.size_px, "cells to blur", bundle.framing)
        drawn = draw_strangers(served, STRANGE, seed)
        strange = ask(network, drawn, [TEXTURES], "strange pictures")[TEXTURES]
    return Site(samples, names, Cells(features, labels), textures, strange)


def _seen(bundle: Bundle, network: Path, samples: Sequence[Sample]) -> tuple[Array, Array]:
    """Return features of all views, (n, VIEWS, features), and textures of what serving sees."""
    wanted = [FEATURES] + ([TEXTURES] if bundle.trust else [])
    features, textures = list[Array](), list[Array]()
    for start in range(0, len(samples), CHUNK):
        part = samples[start : start + CHUNK]
        title = f"cells from {start + 1} of {len(samples)}"
        windows = load_windows(part, bundle.size_px, title, bundle.framing, ZOOMS)
        found = ask(network, views(windows), wanted, "network")
        features.append(found[FEATURES].reshape(len(part), VIEWS, -1))
        textures.append(found[TEXTURES][::VIEWS] if bundle.trust else np.zeros((len(part), 0)))
    return np.concatenate(features), np.concatenate(textures).astype(np.float32)
