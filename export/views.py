"""What a network sees in cells: its outputs for each as served, and for turned and cut variants.

No stage of training is needed: the ONNX file of a bundle is asked.
"""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
import onnxruntime as ort
from tqdm import tqdm

from runtime.preprocess import Batch

Array = npt.NDArray[np.float32]
ZOOMS = (1.0, 0.85, 1.15)  # of the window that serving cuts
VIEWED = (0, 5, 2, 7)  # of the eight `turns`: four right angles, every other one mirrored
VIEWS = len(ZOOMS) * len(VIEWED)
CHUNK = 48


def turns(pictures: Batch) -> Iterator[Batch]:
    """Turn pictures by four right angles, then the same mirrored: blood has no upright.

    Args:
        pictures: (n, size, size, 3) uint8 RGB.

    Yields:
        Eight batches of that shape, views; the first as it was.
    """
    turned = [np.rot90(pictures, turn, (1, 2)) for turn in range(4)]
    yield from turned
    yield from (way[:, :, ::-1] for way in turned)


def views(windows: Batch) -> Batch:
    """Turn and mirror the windows of cells.

    Args:
        windows: (n, ZOOMS, size, size, 3) uint8 RGB, see `export.data.arrays.load_windows`.

    Returns:
        (n * VIEWS, size, size, 3) uint8 RGB, those of one cell after another, the first of each as
        serving would cut it.
    """
    size = windows.shape[2:]
    ways = [way.reshape(-1, len(ZOOMS), *size) for way in turns(windows.reshape(-1, *size))]
    kept = np.stack([ways[turn] for turn in VIEWED], axis=2)
    return kept.reshape(-1, *size)


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
