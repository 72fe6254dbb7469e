"""Prove that a bundle on this machine answers as it did where it was published."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePath
from typing import Any

import numpy as np

from runtime.bundle import Bundle, read_bundle
from runtime.detection import Found, overlaps
from runtime.detector import Detector
from runtime.engine import Engine
from runtime.errors import BundleError
from runtime.images import Picture, decode

# What of a manifest describes files.
FILES = ("variants", "trust", "home", "golden", "comparison", "run")
SAME_CELL = 0.8  # intersection over union; other kernels move a box by less than a pixel


@dataclass(frozen=True)
class Check:
    """One variant, proved.

    Attributes:
        variant: name of the variant.
        difference: largest difference of a probability or score from the published answer.
        tolerance: largest one that is allowed.
    """

    variant: str
    difference: float
    tolerance: float


def verify(path: Path, variant: str) -> Check:
    """Check hashes, graph and answer of one variant of a bundle.

    Args:
        path: folder of the bundle.
        variant: `int8` or `fp32`.

    Raises:
        BundleError: a file is damaged, the graph does not fit, or the golden picture is answered
            differently by more than the tolerance.
    """
    bundle = read_bundle(path)
    golden = bundle.golden
    picture = decode(bundle.read(golden.file, golden.sha256), golden.file)
    compare = _of_cells if bundle.task == "detect" else _of_probabilities
    difference = compare(bundle, variant, picture)
    number = "score" if bundle.task == "detect" else "probability"
    if not difference <= golden.tolerance:
        raise BundleError(
            "bundle_incompatible",
            f"{path}, {variant}, answers its golden picture with a {number} that is off by "
            f"{difference:.3f} (at most {golden.tolerance:g}): update onnxruntime or the bundle",
        )
    return Check(variant, difference, golden.tolerance)


def _of_probabilities(bundle: Bundle, variant: str, picture: Picture) -> float:
    """Return the largest difference of a probability."""
    expected = bundle.golden.probabilities.get(variant, {})
    found = Engine.load(bundle.path, variant).classify(picture, bundle.golden.file).probabilities
    if expected.keys() != found.keys():
        raise _no_answer(bundle, variant)
    return max(abs(found[c] - expected[c]) for c in found)


def _of_cells(bundle: Bundle, variant: str, picture: Picture) -> float:
    """Return the largest difference of a score, 1 where a cell is not there at all."""
    expected = bundle.golden.cells.get(variant)
    detector = Detector.load(bundle.path, variant)
    if not expected:
        raise _no_answer(bundle, variant)
    # A score may fall below its threshold by rounding, and is compared all the same.
    found = detector.detect(picture, 0.0)
    differences = [
        min((abs(c.score - cell.score) for c in found if _same(c, cell)), default=1.0)
        for cell in expected
    ]
    unexpected = len(detector.detect(picture)) - len(expected)
    return max(*differences, 1.0 if unexpected > len(expected) // 10 else 0.0)


def _same(one: Found, other: Found) -> bool:
    boxes = np.array([one.box, other.box], np.float32)
    return one.kind == other.kind and float(overlaps(boxes[:1], boxes[1:])[0, 0]) >= SAME_CELL


def _no_answer(bundle: Bundle, variant: str) -> BundleError:
    return BundleError(
        "bundle_damaged",
        f"{bundle.path / 'manifest.json'} has no golden answer for {variant}: "
        "copy the bundle again",
    )


def verify_all(bundle: Bundle) -> list[Check]:
    """Check every file whose hash the manifest tells, and every variant of a bundle.

    What belongs into a folder of the bundle (`run/`, `comparison/`) is checked where that folder
    is: a device is given neither.

    Raises:
        BundleError: as `verify`, for the first file or variant that fails.
    """
    for file, sha256 in _described(bundle.manifest):
        path = PurePath(file)
        if path.is_absolute() or ".." in path.parts:
            raise BundleError(
                "bundle_damaged",
                f"{bundle.path / 'manifest.json'} names a file outside of the bundle: "
                "copy the bundle again",
            )
        if (bundle.path / path.parent).is_dir():
            bundle.read(file, sha256)
    return [verify(bundle.path, variant) for variant in bundle.variants]


def _described(manifest: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Give the name and the hash of each file that a manifest describes."""
    ahead = [manifest.get(key) for key in FILES]
    while ahead:
        told = ahead.pop(0)
        if not isinstance(told, Mapping):
            continue
        if "file" in told and "sha256" in told:
            yield str(told["file"]), str(told["sha256"])
        else:
            ahead += told.values()
