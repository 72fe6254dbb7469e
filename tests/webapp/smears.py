"""Drawn fields that are crowded with white cells, most of which the shipped bundles name."""

from collections.abc import Iterator
from itertools import cycle, islice

import numpy as np

from runtime.images import Picture
from runtime.optics import draw_optics
from runtime.smear import draw_smear

WIDTH_PX, HEIGHT_PX = 640, 480
UM_PER_PX = 0.18
MIX = ("neutrophil", "lymphocyte", "neutrophil", "monocyte", "eosinophil", "neutrophil")
WHITE, COVERAGE = 20, 0.3
STAIN = 7  # one under which the classifier knows most drawn cells


def crowded_fields(number: int) -> Iterator[Picture]:
    """Draw so many fields of one slide: other cells, the same stain, lamp and lens.

    Every second one is the one before, mirrored: it is drawn in no time, and shows other places.
    """
    optics = draw_optics(np.random.default_rng(STAIN), defocus_um=0.05)
    white = list(islice(cycle(MIX), WHITE))
    for seed in range(0, number, 2):
        field = draw_smear(
            seed, WIDTH_PX, HEIGHT_PX, UM_PER_PX, white=white, coverage=COVERAGE, optics=optics
        ).picture
        yield from (field, np.ascontiguousarray(field[:, ::-1]))[: number - seed]
