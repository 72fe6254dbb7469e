"""What a network sees in cells: its outputs for each as served, and for turned and cut variants.

No stage of training is needed: the ONNX file of a bundle is asked.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
import onnxruntime as ort
from tqdm import tqdm

from export.data.samples import Sample
from export.errors import DatasetError
from runtime.crops import crop
from runtime.errors import ImageError
from runtime.framing import Framing
from runtime.images import Picture, decode
from runtime.preprocess import Batch, resample, square, to_batch, window

Array = npt.NDArray[np.float32]
FEATURES = "features"  # a network's output: what its last layer takes
ZOOMS = (1.0, 0.85, 1.15)  # of the window that serving cuts
VIEWS = 12  # of a cell: each zoom turned by four right angles, every other one mirrored
CHUNK = 48


def views(picture: Picture, size_px: int, framing: Framing | None) -> Batch:
    """Cut a cell a little tighter and wider, and turn and mirror it: blood has no upright.

    Args:
        picture: (height, width, 3) uint8 RGB.
        size_px: side of the network's input.
        framing: as in `runtime.preprocess.window`.

    Returns:
        (VIEWS, size_px, size_px, 3) uint8 RGB, the first as serving would cut it.
    """
    whole, served = square(picture), len(window(picture, framing))
    found = []
    for zoom in ZOOMS:
        side = min(len(whole), round(zoom * served))
        start = (len(whole) - side) // 2
        cut = resample(whole[start : start + side, start : start + side], size_px)
        for turn in range(4):
            turned = np.rot90(cut, turn)
            found.append(turned[:, ::-1] if turn % 2 else turned)
    return to_batch(found)


def load_views(
    samples: Sequence[Sample], size_px: int, framing: Framing | None, title: str
) -> Batch:
    """Load the views of cells, those of one cell after another.

    Args:
        samples: cells, at least one.
        size_px: side of the network's input.
        framing: as in `views`.
        title: what the progress bar says.

    Returns:
        (n * VIEWS, size_px, size_px, 3) uint8 RGB.

    Raises:
        DatasetError: a picture cannot be read.
    """
    loaded = []
    try:
        for sample in tqdm(samples, title, unit="pic", disable=None):
            picture = decode(sample.path)
            cell = picture if sample.box is None else crop(picture, sample.box)
            loaded.append(views(cell, size_px, framing))
    except ImageError as error:
        raise DatasetError("dataset", f"{error} (remove it from the data set)") from error
    return np.concatenate(loaded)


def ask(network: Path, pictures: Batch, outputs: Sequence[str], title: str) -> Mapping[str, Array]:
    """Return some outputs of a network for pictures, with a progress bar.

    Args:
        network: an ONNX file.
        pictures: (n, size, size, 3) uint8 RGB, at least one.
        outputs: their names.
        title: what the bar says.

    Returns:
        Each name to an array of n rows.
    """
    session = ort.InferenceSession(network, providers=["CPUExecutionProvider"])
    parts = np.array_split(pictures, -(-len(pictures) // CHUNK))
    bar = tqdm(parts, title, unit="part", disable=None)
    answers = [session.run(list(outputs), {"pictures": part}) for part in bar]
    return {
        name: np.concatenate(rows)
        for name, rows in zip(outputs, zip(*answers, strict=True), strict=True)
    }
