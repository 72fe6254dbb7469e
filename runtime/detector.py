"""The detector: a bundle's network that finds the cells of a whole field, loaded once.

May be shared by any number of threads; as in the engine, a semaphore bounds how many infer at once.
"""

import threading
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np
import numpy.typing as npt

from runtime.answers import ModelId
from runtime.bundle import Bundle, load_bundle
from runtime.detection import KINDS, Boxes, Found, Picking, distinct
from runtime.errors import BundleError
from runtime.images import Picture
from runtime.preprocess import Fitted, fit
from runtime.session import any_number, open_session
from runtime.threads import default_threads

if TYPE_CHECKING:
    from onnxruntime import InferenceSession

BOXES, SCORES, PLACES = "boxes", "scores", "kinds"
LEAST_SIDE_PX: Final = 1.0  # of a box: what is less of a cell lies outside of the picture


class Detector:
    """Finds cells with the network of one bundle; open it with `Detector.load`."""

    def __init__(
        self, bundle: Bundle, picking: Picking, model: ModelId, session: "InferenceSession"
    ) -> None:
        """Keep a session that `load` has checked."""
        self.bundle = bundle
        self.model = model
        self.threads = session.get_session_options().intra_op_num_threads
        self._picking = picking
        self._session = session
        self._inferring = threading.BoundedSemaphore(max(1, default_threads() // self.threads))

    @classmethod
    def load(
        cls, path: Path | None = None, variant: str | None = None, threads: int | None = None
    ) -> "Detector":
        """Open a bundle, check its files, and make it ready to find cells.

        Args:
            path: folder of the bundle; None takes the default one to detect, see `load_bundle`.
            variant: `int8` or `fp32`; None takes the bundle's default.
            threads: threads of one inference, at least 1; None takes the physical cores, at most 4.

        Raises:
            BundleError: `bundle_missing`, `bundle_damaged` or `bundle_incompatible`.
        """
        bundle = load_bundle(path, "detect")
        chosen = bundle.variant(variant)
        network = bundle.read(chosen.file, chosen.sha256)
        where = f"{bundle.path / chosen.file}"
        session = open_session(network, threads or default_threads(), where)
        _check_signature(session, bundle, where)
        model = ModelId(bundle.name, bundle.version, chosen.name, chosen.sha256)
        # `load_bundle` has read it: a bundle to detect has one.
        picking = bundle.picking or Picking({}, 1.0)
        return cls(bundle, picking, model, session)

    def detect(self, picture: Picture, least: float | None = None) -> list[Found]:
        """Find the cells of a field.

        Args:
            picture: (height, width, 3) uint8 RGB, upright, of any size.
            least: least score, 0 to 1; None takes the threshold that the bundle has for each kind.

        Returns:
            Cells by falling score, boxes in pixels of the picture.

        Raises:
            BundleError: the network's answer is not finite.
        """
        fitted = fit(picture, self.bundle.shape_px)
        boxes, scores, places = self._infer(fitted)
        boxes = _to_picture(boxes, fitted, picture.shape[1], picture.shape[0])
        inside = (boxes[:, 2:] - boxes[:, :2]).min(axis=1) >= LEAST_SIDE_PX
        found = []
        for place, kind in enumerate(KINDS):
            threshold = self._picking.thresholds[kind] if least is None else least
            own = np.flatnonzero((places == place) & (scores >= threshold) & inside)
            own = own[distinct(boxes[own], scores[own], self._picking.overlap)]
            found += [Found(kind, _corners(boxes[i]), float(scores[i])) for i in own]
        return sorted(found, key=lambda cell: -cell.score)

    def _infer(self, fitted: Fitted) -> tuple[Boxes, Boxes, npt.NDArray[np.int64]]:
        """Return boxes in pixels of the input, scores and kinds of the network's best places."""
        names = [BOXES, SCORES, PLACES]
        with self._inferring:
            given = self._session.run(names, {"pictures": fitted.pixels[None]})
        boxes, scores, places = (np.asarray(array)[0] for array in given)
        if not (np.isfinite(boxes).all() and np.isfinite(scores).all()):
            raise BundleError(
                "bundle_damaged",
                f"{self.bundle.path}, {self.model.variant}, computes numbers that are not finite: "
                "run 'python -m runtime verify', then copy the bundle again or take another "
                "--variant",
            )
        return boxes, scores, places


def _to_picture(boxes: Boxes, fitted: Fitted, width: int, height: int) -> Boxes:
    """Turn boxes from pixels of the input into pixels of the picture, and cut them at its edge."""
    boxes = np.asarray(boxes / np.array(fitted.scale * 2, np.float32), np.float32)
    if fitted.turned:
        boxes = boxes[:, [1, 0, 3, 2]]
    return np.clip(boxes, 0, np.array([width, height, width, height], np.float32))


def _corners(box: Boxes) -> tuple[float, float, float, float]:
    x0, y0, x1, y1 = box.tolist()
    return x0, y0, x1, y1


def _check_signature(session: "InferenceSession", bundle: Bundle, where: str) -> None:
    """Refuse a graph that does not take and give what a bundle to detect promises."""
    takes = [(a.name, a.type, any_number(a.shape)) for a in session.get_inputs()]
    gives = {a.name: (a.type, len(a.shape)) for a in session.get_outputs()}
    promised = (
        [("pictures", "tensor(uint8)", ["n", *bundle.shape_px, 3])],
        {BOXES: ("tensor(float)", 3), SCORES: ("tensor(float)", 2), PLACES: ("tensor(int64)", 2)},
    )
    if (takes, gives) != promised:
        raise BundleError(
            "bundle_incompatible",
            f"{where} takes {takes} and gives {gives}, a bundle to detect promises {promised[0]} "
            f"and {promised[1]}: export the bundle again",
        )
