"""How far an answer can be trusted: calibrated probabilities, a status, a prediction set.

A network is surest where it knows least (Hein et al. 2019, arXiv 1812.05720), so what it says of
itself is not enough. A picture is unfamiliar when the textures that its early layers see cannot be
composed of those of stained cells: the part of them that is left over beside the directions in
which cells vary (residual of a principal component analysis, as in Wang et al. 2022,
arXiv 2203.10807). The farther from the cells that it was calibrated on, the less a logit counts.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from runtime.arrays import read_arrays

CONFIDENT, UNCERTAIN, UNFAMILIAR = "confident", "uncertain", "unfamiliar"
Array = npt.NDArray[np.float32]


@dataclass(frozen=True)
class Trust:
    """What was learnt of a network's answers on cells that it was not trained on.

    Attributes:
        temperature: what logits are divided by at the unfamiliarity of home cells.
        caution: how much ln(temperature) rises with each unit of unfamiliarity above theirs.
        familiar: the unfamiliarity of home cells, their median.
        unfamiliar: the unfamiliarity from which on a picture is called unfamiliar.
        confident: the least confidence of an answer that is called confident.
        included: the least probability that puts a class into the prediction set.
        center: (d,) float32, mean of the textures of stained cells.
        spread: (d,) float32, their standard deviation.
        directions: (d, k) float32, orthonormal, in which they vary most.
    """

    temperature: float
    caution: float
    familiar: float
    unfamiliar: float
    confident: float
    included: float
    center: Array
    spread: Array
    directions: Array

    def unfamiliarity(self, textures: Array) -> Array:
        """Measure how little pictures look like stained cells.

        Args:
            textures: (n, d) float32, the network's output of that name.

        Returns:
            (n,) float32, ln of the root mean square of what the directions leave over.
        """
        scaled = (textures - self.center) / self.spread
        rest = scaled - (scaled @ self.directions) @ self.directions.T
        return np.asarray(0.5 * np.log(np.mean(rest**2, axis=1) + 1e-12), np.float32)

    def probabilities(self, logits: Array, unfamiliarity: Array) -> Array:
        """Turn (n, classes) logits into calibrated probabilities, (n, classes) float32."""
        beyond = np.maximum(0.0, unfamiliarity - self.familiar)
        return softmax(logits / (self.temperature * np.exp(self.caution * beyond))[:, None])

    def status(self, confidence: float, unfamiliarity: float) -> str:
        """Say what an answer is worth: `confident`, `uncertain` or `unfamiliar`."""
        if not unfamiliarity < self.unfamiliar:
            return UNFAMILIAR
        return CONFIDENT if confidence >= self.confident else UNCERTAIN

    def prediction_set(self, probabilities: Mapping[str, float]) -> list[str]:
        """List the classes that hold the truth at the nominal coverage, most probable first.

        Split conformal prediction with the least ambiguous sets (Sadinle et al. 2019,
        doi 10.1080/01621459.2017.1395341); the most probable class is always among them.
        """
        ranked = sorted(probabilities, key=probabilities.__getitem__, reverse=True)
        return ranked[:1] + [c for c in ranked[1:] if probabilities[c] >= self.included]

    @classmethod
    def of(cls, numbers: Mapping[str, Any], content: bytes) -> "Trust":
        """Take the manifest's numbers and the bytes of the bundle's `trust.npz`.

        Raises:
            ValueError: a number or an array is missing or impossible.
        """
        try:
            center, spread, directions = (
                np.asarray(array, np.float32)
                for array in read_arrays(content, ("center", "spread", "directions"))
            )
        except (TypeError, ValueError) as error:
            raise ValueError(f"trust.npz cannot be read ({error})") from error
        if not (center.shape == spread.shape == directions.shape[:1] and directions.ndim == 2):
            raise ValueError("the arrays of trust.npz do not belong together")
        values = {
            name: float(numbers[name])
            for name in (
                "temperature",
                "caution",
                "familiar",
                "unfamiliar",
                "confident",
                "included",
            )
        }
        if not all(map(math.isfinite, values.values())) or not values["temperature"] > 0:
            raise ValueError("a number of trust is not finite, or the temperature not positive")
        return cls(**values, center=center, spread=spread, directions=directions)


def softmax(logits: Array) -> Array:
    """Turn (n, classes) logits into probabilities, (n, classes) float32."""
    # A logit that is not finite gives a row that is not, without a word: the engine refuses it.
    with np.errstate(invalid="ignore"):
        raised = np.exp(logits.astype(np.float64) - logits.max(axis=1, keepdims=True))
        return np.asarray(raised / raised.sum(axis=1, keepdims=True), dtype=np.float32)
