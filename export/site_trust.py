"""What answers are worth at a site and at home, chosen anew after the head was refitted.

The cells of the site count as held out: each is judged by a head, and by directions, that were
found without it.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from export.calibration import included_from, sure_from, temperature_and_caution
from export.cross_validation import FOLDS, folds, sides
from export.head import Array, Labels
from export.recipe import Trusting
from runtime.trust import Trust

DIRECTIONS = 8  # that a site may add to those in which stained cells vary
CELLS_A_DIRECTION = 5
FLAGGED = 0.95  # of drawn pictures that are no cells, whatever the site's cells look like


@dataclass(frozen=True)
class Judged:
    """Cells as a head that has not seen them answers: logits, textures, class numbers, n each."""

    logits: Array
    textures: Array
    labels: Labels


@dataclass(frozen=True)
class SiteTrust:
    """What was chosen, and what it does.

    Attributes:
        trust: the choice.
        unfamiliarity: (n,) float32, of the site's cells, each held out.
        home_unfamiliarity: (n,) float32, of the home cells.
        familiar_before: share of the site's cells that the shipped bundle finds familiar.
        familiar_after: the same after adapting.
        strange_flagged: share of drawn pictures that are no cells and are called unfamiliar.
    """

    trust: Trust
    unfamiliarity: Array
    home_unfamiliarity: Array
    familiar_before: float
    familiar_after: float
    strange_flagged: float


def retrust(
    shipped: Trust,
    site: Judged,
    groups: Sequence[str],
    home: Judged,
    strange: Array,
    settings: Trusting,
    seed: int,
) -> SiteTrust:
    """Choose temperature, thresholds and, where its cells look strange, directions for a site.

    The shipped directions stay where nearly all cells of the site are familiar. Else the ones in
    which its cells lie beside them are added, and a picture is unfamiliar beyond nearly all cells
    of home and of the site, but `FLAGGED` of the drawn strange pictures stay unfamiliar unless
    home itself lies among them.

    Args:
        shipped: the bundle's.
        site: its cells.
        groups: a name for each, as in `export.cross_validation`.
        home: cells of home that were not fitted.
        strange: (n, d) float32, textures of pictures that are no cells.
        settings: how sure is sure, as when the bundle was made.
        seed: the same seed draws the same folds.
    """
    near = shipped.unfamiliarity(site.textures)
    before = float((near < shipped.unfamiliar).mean())
    changed, known = shipped, 1 - settings.home_flagged
    if before < known:
        changed = extended(shipped, site.textures)
        for part, rest in sides(folds(site.labels, groups, FOLDS, seed)):
            near[part] = extended(shipped, site.textures[rest]).unfamiliarity(site.textures[part])
        at_home = changed.unfamiliarity(home.textures)
        most = float(np.quantile(changed.unfamiliarity(strange), 1 - FLAGGED))
        changed = replace(
            changed,
            familiar=float(np.median(at_home)),
            unfamiliar=max(
                float(np.quantile(at_home, known)), min(float(np.quantile(near, known)), most)
            ),
        )
    at_home = changed.unfamiliarity(home.textures)
    # Each cell of the site so often that it counts as much as home.
    again = np.repeat(np.arange(len(near)), max(1, round(len(at_home) / len(near))))
    temperature, caution = temperature_and_caution(
        np.concatenate([home.logits, site.logits[again]]),
        np.concatenate([at_home, near[again]]) - changed.familiar,
        np.concatenate([home.labels, site.labels[again]]),
    )
    changed = replace(changed, temperature=temperature, caution=caution)
    rows = [
        (changed.probabilities(cells.logits, beyond), cells.labels, sure)
        for cells, beyond, sure in (
            (home, at_home, settings.confident_at_home),
            (site, near, settings.confident_when_shifted),
        )
    ]
    changed = replace(
        changed,
        confident=max(sure_from(*row) for row in rows),
        included=min(included_from(*row[:2], settings.coverage) for row in rows),
    )
    return SiteTrust(
        changed,
        near,
        at_home,
        before,
        float((near < changed.unfamiliar).mean()),
        float((changed.unfamiliarity(strange) >= changed.unfamiliar).mean()),
    )


def extended(trust: Trust, textures: Array) -> Trust:
    """Add the directions in which a site's cells lie beside those of stained cells.

    Args:
        trust: whose directions to add to.
        textures: (n, d) float32, of the site's cells.
    """
    scaled = (textures - trust.center) / trust.spread
    rest = scaled - (scaled @ trust.directions) @ trust.directions.T
    _, _, found = np.linalg.svd(rest, full_matrices=False)
    room = len(trust.center) - trust.directions.shape[1] - 1  # something must be left over
    count = max(0, min(DIRECTIONS, len(textures) // CELLS_A_DIRECTION, room))
    return replace(
        trust,
        directions=np.concatenate([trust.directions, found[:count].T], axis=1).astype(np.float32),
    )
