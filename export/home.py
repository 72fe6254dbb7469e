"""A sample of home in a bundle: what its network sees in cells of the laboratory it learnt from.

With it a site can fit a head without the home laboratory's pictures, keep home in mind, and see
what is lost there. No picture is in it: a cell is a few hundred numbers of the last layer.
"""

import io
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from export.data.arrays import load_inputs, targets
from export.data.samples import Sample
from export.data.selection import stratified
from export.errors import ExportError
from export.head import Array, Cells, Labels
from export.run import HOME_FILE
from export.views import ask
from runtime.arrays import read_arrays
from runtime.bundle import Bundle
from runtime.framing import Framing
from runtime.judgement import FEATURES, TEXTURES

LEARNT, JUDGED = 2048, 1536  # cells of train and val, at most: 0.9 MB for 1280 features


@dataclass(frozen=True)
class Home:
    """Home cells as the int8 network sees them.

    Attributes:
        learnt: training cells, to be fitted beside a site's.
        judged: validation cells, to see what a fit costs at home.
        textures: (n, d) float32, of `judged`.
    """

    learnt: Cells
    judged: Cells
    textures: Array

    def as_bytes(self) -> bytes:
        """Write `home.npz`; half precision is finer than the steps of int8."""
        stream = io.BytesIO()
        arrays = {
            "learnt": self.learnt.served,
            "judged": self.judged.served,
            "textures": self.textures,
        }
        np.savez_compressed(
            stream,
            learnt_labels=self.learnt.labels.astype(np.int16),
            judged_labels=self.judged.labels.astype(np.int16),
            **{name: array.astype(np.float16) for name, array in arrays.items()},
        )
        return stream.getvalue()


def draw_home(
    network: Path,
    learn: list[Sample],
    judged: list[Sample],
    class_ids: tuple[str, ...],
    size_px: int,
    framing: Framing | None,
    seed: int,
) -> Home:
    """Ask a network for a balanced draw of home cells.

    Args:
        network: the int8 ONNX file.
        learn: the train split.
        judged: the val split.
        class_ids: the classes, in the order of its outputs.
        size_px: side of its input.
        framing: how large a window it sees.
        seed: the same seed draws the same cells.
    """

    def seen(samples: list[Sample], title: str) -> tuple[Cells, Array]:
        pictures = load_inputs(samples, size_px, title, framing)
        found = ask(network, pictures, [FEATURES, TEXTURES], title)
        return Cells(found[FEATURES][:, None], targets(samples, class_ids)), found[TEXTURES]

    kept, _ = seen(stratified(learn, LEARNT, seed, class_ids), "home, to keep")
    others, textures = seen(stratified(judged, JUDGED, seed, class_ids), "home, to judge")
    return Home(kept, others, textures)


def read_home(bundle: Bundle, width: int) -> Home:
    """Read the sample of home in a bundle.

    Args:
        bundle: one whose manifest may have the key `home`.
        width: how many features the bundle's head takes.

    Raises:
        ExportError: it has none, or one that does not fit its network.
        BundleError: the file is not the one that the manifest describes.
    """
    entry: Any = bundle.manifest.get("home")
    if not isinstance(entry, dict) or entry.get("file") != HOME_FILE:
        raise ExportError(
            "export",
            f"{bundle.path} holds no sample of home cells, without which home would be forgotten: "
            "take a bundle that was published with one, or convert and publish its run anew",
        )
    content = bundle.read(HOME_FILE, str(entry.get("sha256")))
    try:
        arrays = read_arrays(content, ("learnt", "judged", "textures"))
        learnt, judged, textures = (array.astype(np.float32) for array in arrays)
        numbers = read_arrays(content, ("learnt_labels", "judged_labels"))
        labels = [array.astype(np.int64) for array in numbers]
        _refuse_unfit(bundle, [learnt, judged], labels, width)
    except (TypeError, ValueError) as error:
        raise ExportError(
            "export",
            f"{bundle.path / HOME_FILE} does not fit its bundle ({error}): copy the bundle again",
        ) from error
    return Home(Cells(learnt[:, None], labels[0]), Cells(judged[:, None], labels[1]), textures)


def _refuse_unfit(bundle: Bundle, rows: list[Array], labels: list[Labels], width: int) -> None:
    for features, numbers in zip(rows, labels, strict=True):
        if features.shape != (len(numbers), width) or not len(numbers):
            raise ValueError(f"{features.shape} features for {len(numbers)} labels")
        if not 0 <= numbers.min() <= numbers.max() < len(bundle.classes):
            raise ValueError("a class number that the bundle does not have")
