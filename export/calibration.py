"""Choose what a network's answers are worth, on cells that it did not learn from.

Home cells as they are, and stained and cut anew as training varies them, stand for this laboratory
and for the next ones; pictures that are no cells say from where on one is unfamiliar.
"""

import io
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from export.recipe import Trusting
from runtime.judgement import LOGITS, TEXTURES
from runtime.preprocess import Batch
from runtime.trust import Trust

Array = npt.NDArray[np.float32]
Ask = Callable[[Batch], Mapping[str, Array]]
TEMPERATURES = np.geomspace(0.3, 4.0, 61)
CAUTIONS = np.linspace(0.0, 3.0, 31)


@dataclass(frozen=True)
class Shown:
    """Pictures that a network's answers are weighed on, (n, size, size, 3) uint8 RGB each.

    Attributes:
        learnt: training cells, as they are and varied: what stained cells look like.
        plain: validation cells.
        shifted: the same cells, varied.
        labels: class numbers of both.
        strange: pictures that are no cells.
    """

    learnt: Batch
    plain: Batch
    shifted: Batch
    labels: npt.NDArray[np.int64]
    strange: Batch

    def counts(self) -> dict[str, int]:
        """Tell how many pictures of each kind there are."""
        kinds = {"val": self.plain, "val, varied": self.shifted, "strange": self.strange}
        return {name: len(pictures) for name, pictures in kinds.items()}


def choose(ask: Ask, shown: Shown, settings: Trusting) -> Trust:
    """Choose temperature, thresholds and the directions of stained cells.

    Args:
        ask: gives the network's outputs for pictures.
        shown: what to choose on.
        settings: how many directions, and how sure is sure.
    """
    center, spread, directions = _directions(ask(shown.learnt)[TEXTURES], settings.directions)
    draft = Trust(1.0, 0.0, 0.0, np.inf, 1.0, 0.0, center, spread, directions)
    plain, shifted, strange = (
        ask(pictures) for pictures in (shown.plain, shown.shifted, shown.strange)
    )
    home, away, none = (
        draft.unfamiliarity(outputs[TEXTURES]) for outputs in (plain, shifted, strange)
    )
    familiar = float(np.median(home))
    # As low as strange pictures demand, but never among the home cells themselves.
    unfamiliar = max(
        float(np.quantile(none, 1 - settings.strange_flagged)),
        float(np.quantile(home, 1 - settings.home_flagged)),
    )
    logits = np.concatenate([plain[LOGITS], shifted[LOGITS]])
    beyond = np.concatenate([home, away])
    labels = np.tile(shown.labels, 2)
    temperature, caution = temperature_and_caution(logits, beyond - familiar, labels)
    found = Trust(temperature, caution, familiar, unfamiliar, 1.0, 0.0, center, spread, directions)
    at_home = found.probabilities(plain[LOGITS], home)
    both = found.probabilities(logits, beyond)
    confident = max(
        sure_from(at_home, shown.labels, settings.confident_at_home),
        sure_from(both, labels, settings.confident_when_shifted),
    )
    included = included_from(at_home, shown.labels, settings.coverage)
    return Trust(
        temperature,
        caution,
        familiar,
        unfamiliar,
        confident,
        included,
        center,
        spread,
        directions,
    )


def as_manifest(trust: Trust) -> tuple[dict[str, Any], bytes]:
    """Split what was chosen into the manifest's numbers and the bytes of `trust.npz`."""
    numbers = {
        name: round(float(getattr(trust, name)), 6)
        for name in ("temperature", "caution", "familiar", "unfamiliar", "confident", "included")
    }
    stream = io.BytesIO()
    np.savez(stream, center=trust.center, spread=trust.spread, directions=trust.directions)
    return numbers, stream.getvalue()


def _directions(textures: Array, count: int) -> tuple[Array, Array, Array]:
    """Find the principal directions of (n, d) textures, each channel scaled to unit variance."""
    center, spread = textures.mean(axis=0), textures.std(axis=0) + 1e-6
    scaled = (textures - center) / spread
    _, vectors = np.linalg.eigh(scaled.T.astype(np.float64) @ scaled)
    return center, spread, vectors[:, : -count - 1 : -1].astype(np.float32)


def temperature_and_caution(
    logits: Array, beyond: Array, labels: npt.NDArray[np.int64]
) -> tuple[float, float]:
    """Find the temperature and caution of least negative log-likelihood.

    One number is temperature scaling (Guo et al. 2017, arXiv 1706.04599); that it grows with the
    distance from known cells follows Tomani et al. 2023 (arXiv 2302.05118).
    """
    above = np.maximum(0.0, beyond)
    best = (np.inf, 1.0, 0.0)
    for caution in CAUTIONS:
        flatter = logits / np.exp(caution * above)[:, None]
        for temperature in TEMPERATURES:
            scaled = flatter / temperature
            top = scaled.max(axis=1, keepdims=True)
            total = np.log(np.exp(scaled - top).sum(axis=1)) + top[:, 0]
            cost = float(np.mean(total - scaled[np.arange(len(labels)), labels]))
            best = min(best, (cost, float(temperature), float(caution)))
    return best[1], best[2]


def sure_from(probabilities: Array, labels: npt.NDArray[np.int64], accuracy: float) -> float:
    """Find the least confidence from which on so large a share of the answers is right."""
    confidence, right = probabilities.max(axis=1), probabilities.argmax(axis=1) == labels
    order = np.argsort(-confidence)
    share = np.cumsum(right[order]) / np.arange(1, len(order) + 1)
    enough = np.flatnonzero(share >= accuracy)
    return float(confidence[order[enough[-1]]]) if enough.size else 1.0


def included_from(probabilities: Array, labels: npt.NDArray[np.int64], coverage: float) -> float:
    """Find the least probability that puts so large a share of the truths into prediction sets."""
    true = np.sort(probabilities[np.arange(len(labels)), labels])
    left_out = int((1 - coverage) * (len(true) + 1))  # split conformal, n + 1 for the new
    return float(true[max(0, left_out - 1)])
