"""Trust chosen on drawn logits and textures, whose right answers are known."""

from collections.abc import Mapping

import numpy as np
import pytest

from export.calibration import Shown, as_manifest, choose
from export.recipe import Trusting
from runtime.trust import Trust

CLASSES, CELLS = 4, 2000


class Drawn:
    """A network that knows each picture by its number: what it answers was drawn beforehand."""

    def __init__(self, sharpness: float) -> None:
        rng = np.random.default_rng(5)
        self.labels = rng.integers(0, CLASSES, CELLS)
        evidence = rng.normal(0, 1, (2, CELLS, CLASSES))
        evidence[:, np.arange(CELLS), self.labels] += np.array([[4.0], [2.0]])
        spread = rng.normal(0, 1, (3 * CELLS, 2)) @ rng.normal(0, 3, (2, 6))
        rest = rng.normal(0, 1, (3 * CELLS, 6)) * np.repeat([0.1, 0.1, 0.2], CELLS)[:, None]
        self.textures = np.concatenate([spread + rest, rng.normal(0, 30, (300, 6))])
        # The log-likelihoods are 4 and 2 times the evidence: 8 times is too sure.
        logits = np.concatenate([evidence[0], *evidence, np.zeros((300, CLASSES))])
        self.logits = sharpness * logits

    def shown(self) -> Shown:
        numbers = np.arange(3 * CELLS + 300).reshape(-1, 1, 1, 1)
        learnt, plain, shifted, strange = np.split(numbers, [CELLS, 2 * CELLS, 3 * CELLS])
        return Shown(learnt, plain, shifted, self.labels, strange)

    def __call__(self, pictures: np.ndarray) -> Mapping[str, np.ndarray]:
        places = pictures.ravel()
        return {
            "logits": self.logits[places].astype(np.float32),
            "textures": self.textures[places].astype(np.float32),
        }


@pytest.fixture(scope="module")
def chosen() -> tuple[Drawn, Trust]:
    network = Drawn(sharpness=8.0)
    settings = Trusting(directions=2, confident_at_home=0.99, confident_when_shifted=0.9)
    return network, choose(network, network.shown(), settings)


def test_strange_pictures_are_unfamiliar_and_cells_are_not(chosen: tuple[Drawn, Trust]) -> None:
    network, trust = chosen
    found = trust.unfamiliarity(network.textures.astype(np.float32))
    assert (found[3 * CELLS :] >= trust.unfamiliar).mean() >= 0.99
    assert (found[: 3 * CELLS] < trust.unfamiliar).mean() >= 0.99


def test_probabilities_become_frequencies(chosen: tuple[Drawn, Trust]) -> None:
    network, trust = chosen
    outputs = network(network.shown().plain)
    rows = trust.probabilities(outputs["logits"], trust.unfamiliarity(outputs["textures"]))
    right = rows.argmax(axis=1) == network.labels
    assert trust.temperature > 1
    assert rows.max(axis=1).mean() == pytest.approx(right.mean(), abs=0.03)


def test_sets_hold_the_truth_and_sure_answers_are_right(chosen: tuple[Drawn, Trust]) -> None:
    network, trust = chosen
    outputs = network(network.shown().plain)
    rows = trust.probabilities(outputs["logits"], trust.unfamiliarity(outputs["textures"]))
    held = rows[np.arange(CELLS), network.labels] >= trust.included
    assert held.mean() >= 0.99
    sure = rows.max(axis=1) >= trust.confident
    assert sure.mean() > 0.5
    assert (rows.argmax(axis=1) == network.labels)[sure].mean() >= 0.99


def test_a_manifest_gives_the_same_trust(chosen: tuple[Drawn, Trust]) -> None:
    network, trust = chosen
    numbers, arrays = as_manifest(trust)
    again = Trust.of(numbers, arrays)
    textures = network.textures.astype(np.float32)
    assert again.unfamiliarity(textures) == pytest.approx(trust.unfamiliarity(textures))
    assert again.confident == pytest.approx(trust.confident, abs=1e-6)
