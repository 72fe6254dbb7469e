"""Prove that a bundle on this machine answers as it did where it was published."""

from dataclasses import dataclass
from pathlib import Path

from runtime.bundle import Bundle
from runtime.engine import Engine
from runtime.errors import BundleError
from runtime.images import decode


@dataclass(frozen=True)
class Check:
    """One variant, proved.

    Attributes:
        variant: name of the variant.
        difference: largest difference of a probability from the published answer.
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
    engine = Engine.load(path, variant)
    golden = engine.bundle.golden
    expected = golden.probabilities.get(variant, {})
    picture = decode(engine.bundle.read(golden.file, golden.sha256), golden.file)
    found = engine.classify(picture, golden.file).probabilities
    if expected.keys() != found.keys():
        raise BundleError(
            "bundle_damaged",
            f"{path / 'manifest.json'} has no golden answer for {variant}: copy the bundle again",
        )
    difference = max(abs(found[c] - expected[c]) for c in found)
    if not difference <= golden.tolerance:
        raise BundleError(
            "bundle_incompatible",
            f"{path}, {variant}, answers its golden picture with a probability that is off by "
            f"{difference:.3f} (at most {golden.tolerance:g}): update onnxruntime or the bundle",
        )
    return Check(variant, difference, golden.tolerance)


def verify_all(bundle: Bundle) -> list[Check]:
    """Check every variant of a bundle.

    Raises:
        BundleError: as `verify`, for the first variant that fails.
    """
    return [verify(bundle.path, variant) for variant in bundle.variants]
