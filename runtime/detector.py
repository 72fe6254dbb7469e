"""The detector: a bundle's network that finds the cells of a whole field, loaded once.

May be shared by any number of threads; as in the engine, a semaphore bounds how many infer at once.
"""

import math
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np
import numpy.typing as npt

from runtime.answers import ModelId
from runtime.bundle import Bundle, load_bundle
from runtime.detection import KINDS, Boxes, Found, Kind, Picking, distinct
from runtime.errors import BundleError
from runtime.images import MIN_SIDE_PX, Picture
from runtime.nuclei import lowest_needed, weighed
from runtime.preprocess import Fitted, fit
from runtime.session import any_number, open_session
from runtime.threads import default_threads
from runtime.tiles import tiles

if TYPE_CHECKING:
    from onnxruntime import InferenceSession

BOXES, SCORES, PLACES = "boxes", "scores", "kinds"
# Sizes of red cells in pixels of the input: smaller ones than training showed, and what they are
# brought to.
SMALL_PX: Final = 18.0
GOOD_PX: Final = 30.0
KNOWN_FROM: Final = 10  # red cells, from which on their size is known
# Pixels of the input to one of the picture, below which cells may be too small to be seen at all.
LEAST_SCALE: Final = 0.35
MOST_PARTS: Final = 6  # along a side: 36 times the time of one go
OVERLAP: Final = 3.0  # of tiles, in red cells: a white cell is up to so large
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
        assert bundle.picking is not None  # noqa: S101 - every bundle to detect has one
        return cls(bundle, bundle.picking, model, session)

    @property
    def thresholds(self) -> Mapping[Kind, float]:
        """The least score of each kind that the bundle takes for a cell."""
        return self._picking.thresholds

    def detect(self, picture: Picture, least: float | None = None) -> list[Found]:
        """Find the cells of a field.

        Args:
            picture: (height, width, 3) uint8 RGB, upright, of any size. Where its red cells would
                be too small in the network's input, it is looked at in overlapping parts.
            least: least score, 0 to 1; None takes the threshold that the bundle has for each kind.

        Returns:
            Cells by falling score, boxes in pixels of the picture.

        Raises:
            BundleError: the network's answer is not finite.
        """
        picking = self._picking if least is None else self._picking.down_to(least)
        found = self._everywhere(picture, _before_weighing(picking))
        told = (
            cell
            for cell in weighed(picture, found, self.thresholds["rbc"])
            if cell.score >= picking.thresholds[cell.kind]
        )
        return sorted(told, key=lambda cell: -cell.score)

    def _everywhere(self, picture: Picture, picking: Picking) -> list[Found]:
        """Find the cells of a picture at one go, or in parts where they are small in it."""
        found, scale = self._find(picture, picking)
        red_px = self._red_px(picture, found, scale)
        parts = _parts(red_px * scale, scale)
        if parts == 1:
            return found
        height, width, _ = picture.shape
        several = [
            cell
            for tile in tiles(width, height, parts, OVERLAP * red_px)
            for cell in tile.whole(self._find(tile.of(picture), picking)[0], width, height)
        ]
        return _once(several, picking.overlap)

    def _red_px(self, picture: Picture, found: list[Found], scale: float) -> float:
        """Return the size of the red cells, looked for in ever smaller parts of a large picture."""
        least, part = self._picking.thresholds["rbc"], picture
        red_px = _median_red_px(found, least)
        while not red_px and scale < LEAST_SCALE and min(part.shape[:2]) >= 4 * MIN_SIDE_PX:
            rows, columns = part.shape[0] // 4, part.shape[1] // 4
            part = part[rows:-rows, columns:-columns]
            found, scale = self._find(part, self._picking)
            red_px = _median_red_px(found, least)
        return red_px

    def _find(self, picture: Picture, picking: Picking) -> tuple[list[Found], float]:
        """Find the cells of a picture at one go.

        Returns:
            The cells, and the scale that they were seen at: pixels of the input to one of the
            picture.
        """
        fitted = fit(picture, self.bundle.shape_px)
        size = (picture.shape[1], picture.shape[0])
        return cells_of(self._infer(fitted), fitted, size, picking), min(fitted.scale)

    def _infer(self, fitted: Fitted) -> "Peaks":
        names = [BOXES, SCORES, PLACES]
        with self._inferring:
            given = self._session.run(names, {"pictures": fitted.pixels[None]})
        boxes, scores, places = (np.asarray(array)[0] for array in given)
        if not (np.isfinite(boxes).all() and np.isfinite(scores).all()):
            raise BundleError(
                "bundle_damaged",
                f"{self.bundle.path}, {self.model.variant}, computes numbers that are not finite: "
                "run the command 'verify', then copy the bundle again or take another "
                "--variant",
            )
        return Peaks(boxes, scores, places)


@dataclass(frozen=True)
class Peaks:
    """The best places of a network's heat maps.

    Attributes:
        boxes: (n, 4) float32 x0, y0, x1, y1 in pixels of the network's input.
        scores: (n,) float32, 0 to 1.
        kinds: (n,) int64, places in `KINDS`.
    """

    boxes: Boxes
    scores: npt.NDArray[np.float32]
    kinds: npt.NDArray[np.int64]


def cells_of(peaks: Peaks, fitted: Fitted, size: tuple[int, int], picking: Picking) -> list[Found]:
    """Turn peaks into cells: those with enough score, each cell once.

    Args:
        peaks: what the network gives.
        fitted: how the picture was brought into its input.
        size: width and height of the picture in pixels.
        picking: what is enough, and what is the same cell.

    Returns:
        Cells by falling score, boxes in pixels of the picture.
    """
    # Most peaks are of nothing.
    some = np.flatnonzero(peaks.scores >= min(picking.thresholds.values()))
    scores, kinds = peaks.scores[some], peaks.kinds[some]
    boxes = _to_picture(peaks.boxes[some], fitted, *size)
    inside = (boxes[:, 2:] - boxes[:, :2] >= LEAST_SIDE_PX).all(axis=1)
    found = []
    for place, kind in enumerate(KINDS):
        own = np.flatnonzero((kinds == place) & (scores >= picking.thresholds[kind]) & inside)
        own = own[distinct(boxes[own], scores[own], picking.overlap)]
        told = zip(boxes[own].tolist(), scores[own].tolist(), strict=True)
        found += [Found(kind, (x0, y0, x1, y1), score) for (x0, y0, x1, y1), score in told]
    return sorted(found, key=lambda cell: -cell.score)


def _before_weighing(picking: Picking) -> Picking:
    """Let by what may rise to the threshold once nuclei are looked at."""
    lowest = {kind: picking.thresholds[kind] for kind in KINDS}
    lowest["wbc"] = min(lowest["wbc"], lowest_needed(lowest["wbc"]))
    return Picking(lowest, picking.overlap)


def _median_red_px(cells: list[Found], least: float) -> float:
    """Return the median size of the red cells in pixels of the picture, 0 where few are found."""
    sizes = [
        (c.box[2] - c.box[0] + c.box[3] - c.box[1]) / 2
        for c in cells
        if c.kind == "rbc" and c.score >= least
    ]
    return float(np.median(sizes)) if len(sizes) >= KNOWN_FROM else 0.0


def _parts(seen_px: float, scale: float) -> int:
    """Return into how many parts along a side a picture is cut, 1 where it is seen well enough.

    Args:
        seen_px: size of its red cells in pixels of the input, 0 where it is not known.
        scale: pixels of the input to one of the picture; parts are not enlarged.
    """
    if not 0 < seen_px < SMALL_PX:
        return 1
    return max(1, min(MOST_PARTS, math.ceil(GOOD_PX / seen_px), math.floor(1 / scale)))


def _once(cells: list[Found], overlap: float) -> list[Found]:
    """Tell each cell once that several tiles show."""
    found = []
    for kind in KINDS:
        own = [c for c in cells if c.kind == kind]
        boxes = np.array([c.box for c in own], np.float32).reshape(-1, 4)
        scores = np.array([c.score for c in own], np.float32)
        found += [own[i] for i in distinct(boxes, scores, overlap)]
    return sorted(found, key=lambda cell: -cell.score)


def _to_picture(boxes: Boxes, fitted: Fitted, width: int, height: int) -> Boxes:
    """Turn boxes from pixels of the input into pixels of the picture, and cut them at its edge."""
    boxes = np.asarray(boxes / np.array(fitted.scale * 2, np.float32), np.float32)
    if fitted.turned:
        boxes = boxes[:, [1, 0, 3, 2]]
    return np.clip(boxes, 0, np.array([width, height, width, height], np.float32))


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
