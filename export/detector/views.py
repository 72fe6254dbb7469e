"""Square views of fields for training: cut, scaled, turned, with the boxes that are in them."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from PIL import Image

from export.detector.recipe import DetectorRecipe
from export.detector.scenes import Scene
from runtime.detection import KINDS, Boxes
from runtime.images import Picture
from runtime.preprocess import FILL

# Less of a cell in a view is not enough to ask for it.
LEAST_SEEN = 0.5
# Beyond the edge of a picture by this share of a red cell, so that a place there is told apart.
Flags = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class View:
    """A part of a field as a network's input.

    Attributes:
        pixels: (side, side, 3) uint8 RGB.
        boxes: (n, 4) float32 x0, y0, x1, y1 in its pixels, cut at its edges.
        kinds: (n,) places in `KINDS`.
        wanted: (n,) whether so much of the cell is seen that it must be found.
        border: x0, y0, x1, y1 in its pixels: outside of it, near the edge of the picture, cells
            are boxed or not at whim.
    """

    pixels: Picture
    boxes: Boxes
    kinds: npt.NDArray[np.int64]
    wanted: Flags
    border: tuple[float, float, float, float]


def cut(scene: Scene, recipe: DetectorRecipe, rng: np.random.Generator) -> View:
    """Cut a view by chance, as the recipe says."""
    side, vary = recipe.train.view_px, recipe.vary
    zoom = scene.scale * np.exp(rng.uniform(*np.log(vary.scale)))
    stretch = np.exp(rng.normal(0, vary.stretch) / 2)
    zooms = np.array([zoom * stretch, zoom / stretch])
    size = np.array([scene.pixels.shape[1], scene.pixels.shape[0]])
    window = side / zooms
    low, high = np.minimum(0, size - window), np.maximum(0, size - window)
    rare = np.flatnonzero(scene.kinds != KINDS.index("rbc"))
    if len(rare) and rng.random() < vary.rare_share:
        box = scene.boxes[rng.choice(rare)]
        center = (box[:2] + box[2:]) / 2
        low, high = np.maximum(low, center - window), np.minimum(high, center)
        high = np.maximum(low, high)
    start = rng.uniform(low, high)
    view = _of_window(scene, start, zooms, side, recipe.train.edge)
    return _turned(view, int(rng.integers(4)), mirrored=bool(rng.integers(2)))


def _of_window(
    scene: Scene,
    start: npt.NDArray[np.float64],
    zooms: npt.NDArray[np.float64],
    side: int,
    edge: float,
) -> View:
    """Take the square of `side / zooms` pixels that starts there, gray beyond the picture."""
    size = np.array([scene.pixels.shape[1], scene.pixels.shape[0]])
    low = np.maximum(0, start)
    high = np.minimum(size, start + side / zooms)
    to_low = np.rint((low - start) * zooms).astype(int)
    to_high = np.minimum(side, np.maximum(to_low + 1, np.rint((high - start) * zooms).astype(int)))
    pixels = np.full((side, side, 3), FILL, np.uint8)
    part = Image.fromarray(scene.pixels).resize(
        (int(to_high[0] - to_low[0]), int(to_high[1] - to_low[1])),
        Image.Resampling.BILINEAR,
        box=(*low.tolist(), *high.tolist()),
    )
    pixels[to_low[1] : to_high[1], to_low[0] : to_high[0]] = np.asarray(part)
    whole = (scene.boxes - np.tile(start, 2)) * np.tile(zooms, 2)
    seen = np.clip(whole, 0, side)
    share = (seen[:, 2:] - seen[:, :2]).prod(axis=1) / np.maximum(
        (whole[:, 2:] - whole[:, :2]).prod(axis=1), 1e-6
    )
    inside = share > 0
    reach = edge * scene.red_px * zooms
    border = (*(-start * zooms + reach), *((size - start) * zooms - reach))
    return View(
        pixels,
        seen[inside].astype(np.float32),
        scene.kinds[inside],
        share[inside] >= LEAST_SEEN,
        tuple(float(b) for b in border),  # type: ignore[arg-type]  # four of them
    )


def _turned(view: View, quarters: int, *, mirrored: bool) -> View:
    """Turn a view by quarters and mirror it: cells are cells in any direction."""
    side = view.pixels.shape[0]
    pixels = view.pixels
    corners = np.vstack([view.boxes, np.array([view.border], np.float32)])
    for _ in range(quarters):  # counter-clockwise, as np.rot90
        pixels = np.rot90(pixels)
        x0, y0, x1, y1 = corners.T
        corners = np.stack([y0, side - x1, y1, side - x0], axis=1)
    if mirrored:
        pixels = pixels[:, ::-1]
        x0, y0, x1, y1 = corners.T
        corners = np.stack([side - x1, y0, side - x0, y1], axis=1)
    x0, y0, x1, y1 = corners[-1].tolist()
    return View(
        np.ascontiguousarray(pixels), corners[:-1], view.kinds, view.wanted, (x0, y0, x1, y1)
    )
