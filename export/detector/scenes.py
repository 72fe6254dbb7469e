"""Fields with their boxes, in memory: what a detector learns from and is judged by."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import Image
from tqdm import tqdm

from export.data.fields import Field
from export.data.readers import read_set
from export.data.samples import Sample
from export.data.splits import with_splits
from export.errors import DatasetError
from runtime.detection import KINDS, Boxes
from runtime.errors import ImageError
from runtime.images import Picture, decode
from runtime.smear import draw_blank

# Views are enlarged at most that much beside serving; more pixels would be held for nothing.
FINEST = 1.5
# Drawn fields without cells, and the width that they show, in micrometers.
BLANKS = 200
BLANK_UM = 64.0


@dataclass(frozen=True)
class Scene:
    """A field.

    Attributes:
        field: where it comes from.
        pixels: (height, width, 3) uint8 RGB, reduced to `FINEST` times what serving sees of it.
        boxes: (n, 4) float32 x0, y0, x1, y1 in these pixels.
        kinds: (n,) places in `KINDS`.
        scale: pixels of the network's input, in serving, to one of these.
    """

    field: Field
    pixels: Picture
    boxes: Boxes
    kinds: npt.NDArray[np.int64]
    scale: float

    @property
    def red_px(self) -> float:
        """Median size of its red cells in these pixels, 0 without any."""
        red = self.boxes[self.kinds == KINDS.index("rbc")]
        return float(np.median((red[:, 2:] - red[:, :2]).mean(axis=1))) if len(red) else 0.0


def read_fields(data: Path, seed: int) -> list[Field]:
    """Read the fields of a data set, split by chance where it names no splits.

    Raises:
        DatasetError: the set cannot be read, or has no boxes.
    """
    fields = read_set(data).fields
    if not any(field.boxes for field in fields):
        raise DatasetError(
            "dataset",
            f"{data} holds no boxes: a detector needs fields with boxes of white cells, red cells "
            "and platelets (Pascal VOC, YOLO or boxes.csv)",
        )
    cells = [Sample(f.path, "field", f.split, f.group) for f in fields]
    split = with_splits(cells, seed)
    return [replace(f, split=s.split) for f, s in zip(fields, split, strict=True)]


def fields_of(fields: Sequence[Field], split: str, data: Path) -> list[Field]:
    """Pick one split's fields.

    Raises:
        DatasetError: there are none.
    """
    picked = [f for f in fields if f.split == split]
    if not picked:
        raise DatasetError(
            "dataset", f"{data} has no '{split}' split: name train, val and test for its fields"
        )
    return picked


def kind_of(name: str) -> int:
    """Return the place in `KINDS` of what a box holds; a class of cells is one of white cells."""
    return KINDS.index(name) if name in KINDS else KINDS.index("wbc")  # type: ignore[arg-type]


def marked(fields: Sequence[Field]) -> list[Sample]:
    """List the boxes of fields as samples, for fingerprints."""
    return [
        Sample(f.path, KINDS[kind_of(m.kind)], f.split, f.group, m.box)
        for f in fields
        for m in f.boxes
    ]


def load_scenes(fields: Sequence[Field], shape_px: tuple[int, int], title: str) -> list[Scene]:
    """Decode and reduce fields.

    Args:
        fields: to load.
        shape_px: height and width of the network's input.
        title: what the progress bar says.

    Raises:
        DatasetError: a picture cannot be read; the first one is named.
    """
    try:
        with ThreadPoolExecutor() as pool:
            found = pool.map(lambda field: scene_of(field, decode(field.path), shape_px), fields)
            return list(tqdm(found, title, len(fields), unit="field", disable=None))
    except ImageError as error:
        raise DatasetError("dataset", f"{error} (remove it from the data set)") from error


def scene_of(field: Field, picture: Picture, shape_px: tuple[int, int]) -> Scene:
    """Reduce a field to what its views need."""
    rows, columns = picture.shape[:2]
    short, long = sorted(shape_px)
    serving = min(short / min(rows, columns), long / max(rows, columns))
    share = min(1.0, serving * FINEST)
    size = max(1, round(columns * share)), max(1, round(rows * share))
    pixels = np.asarray(Image.fromarray(picture).resize(size, Image.Resampling.BILINEAR))
    boxes = np.array([m.box for m in field.boxes], np.float32).reshape(-1, 4)
    boxes = boxes * np.array([size[0] / columns, size[1] / rows] * 2, np.float32)
    kinds = np.array([kind_of(m.kind) for m in field.boxes], np.int64)
    limits = np.array([size[0], size[1]] * 2, np.float32)
    return Scene(field, pixels, np.clip(boxes, 0, limits), kinds, serving / share)


def draw_blanks(shape_px: tuple[int, int], seed: int, count: int = BLANKS) -> list[Scene]:
    """Draw fields of glass, dust and precipitated stain, which hold no cells.

    Args:
        shape_px: height and width of the network's input.
        seed: on which all chance rests.
        count: how many.
    """
    rows, columns = shape_px
    fields = tqdm(range(count), "glass and dirt", unit="field", disable=None)
    return [
        scene_of(
            Field(Path(f"blank-{number}"), "train", (), "drawn"),
            draw_blank(BLANKS * seed + number, columns, rows, BLANK_UM / columns).picture,
            shape_px,
        )
        for number in fields
    ]
