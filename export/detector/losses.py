"""How wrong heat maps and boxes are."""

from typing import Any

from keras import ops

from export.detector.network import boxes_of
from runtime.detection import KINDS

# Exponents of CornerNet's focal loss (Law and Deng 2018, arXiv 1808.01244).
EASY, NEAR = 2.0, 4.0


def heat_loss(truth: Any, logits: Any) -> Any:
    """Focal loss of heat maps, over all places that count, for each cell.

    Args:
        truth: (n, rows, columns, 2 * kinds) heat maps and weights, see `export.detector.targets`.
        logits: (n, rows, columns, kinds).
    """
    wanted, counts = truth[..., : len(KINDS)], truth[..., len(KINDS) :]
    log_yes, log_no = ops.log_sigmoid(logits), ops.log_sigmoid(-logits)
    yes = ops.sigmoid(logits)
    center = ops.cast(wanted >= 1, logits.dtype)
    hit = center * (1 - yes) ** EASY * log_yes
    miss = (1 - center) * (1 - wanted) ** NEAR * yes**EASY * log_no
    return -ops.sum(counts * (hit + miss)) / ops.maximum(ops.sum(center), 1.0)


def sides_loss(truth: Any, sides: Any) -> Any:
    """One minus the generalized IoU (Rezatofighi et al. 2019, arXiv 1902.09630), for each cell.

    Args:
        truth: (n, rows, columns, 5) boxes and weights, see `export.detector.targets`.
        sides: (n, rows, columns, 4) as the network gives them.
    """
    found, wanted, counts = boxes_of(sides), truth[..., :4], truth[..., 4]
    both = _area(
        ops.maximum(found[..., :2], wanted[..., :2]), ops.minimum(found[..., 2:], wanted[..., 2:])
    )
    either = _area(found[..., :2], found[..., 2:]) + _area(wanted[..., :2], wanted[..., 2:]) - both
    around = _area(
        ops.minimum(found[..., :2], wanted[..., :2]), ops.maximum(found[..., 2:], wanted[..., 2:])
    )
    score = both / ops.maximum(either, 1e-6) - (around - either) / ops.maximum(around, 1e-6)
    return ops.sum(counts * (1 - score)) / ops.maximum(ops.sum(counts), 1.0)


def _area(low: Any, high: Any) -> Any:
    sides = ops.maximum(high - low, 0.0)
    return sides[..., 0] * sides[..., 1]
