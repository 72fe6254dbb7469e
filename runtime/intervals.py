"""Exact intervals of a share that was counted, without a statistics package.

Clopper and Pearson 1934 (Biometrika 26:404): the shares that would give a count as high, or as
low, as the one seen with a chance of at least half of what the level leaves. Such an interval is
never too narrow, for rare classes and few cells either.
"""

import math
from typing import Final

LEVEL: Final = 0.95
# Far more than the continued fraction needs: some square root of the larger parameter.
_MOST_STEPS = 100_000
_MOST_TRIES = 200  # halving alone needs some 60 for what is not next to 0
_EXACT = 1e-14
_TINY = 1e-300


def clopper_pearson(n: int, total: int, level: float = LEVEL) -> tuple[float, float]:
    """Bound the share of which `n` of `total` were seen.

    Args:
        n: how many of them were of the kind.
        total: how many were counted; of none, nothing is known.
        level: how often the interval holds the share at least, between 0 and 1.

    Returns:
        The lowest and the highest share, 0 to 1.

    Raises:
        ValueError: `n` is not between 0 and `total`, or `level` not between 0 and 1.
    """
    if not 0 <= n <= total:
        raise ValueError(f"{n} of {total} is no share: count 0 to {total}")
    if not 0 < level < 1:
        raise ValueError(f"level is {level}: give a number between 0 and 1")
    beyond = (1 - level) / 2
    low = _beta_quantile(beyond, n, total - n + 1) if n > 0 else 0.0
    # The upper end is the lower one of all the others, seen from 1.
    high = 1 - _beta_quantile(beyond, total - n, n + 1) if n < total else 1.0
    return low, high


def _beta_quantile(chance: float, a: float, b: float) -> float:
    """Find where the beta distribution of `a` and `b` reaches a chance.

    Newton's method, halving what is left wherever a step would leave it.
    """
    low, high, x = 0.0, 1.0, a / (a + b)
    for _ in range(_MOST_TRIES):
        beyond = _beta_chance(x, a, b) - chance
        low, high = (x, high) if beyond < 0 else (low, x)
        density = math.exp(_log_height(x, a, b)) / (x * (1 - x))
        step = x - beyond / density if density > 0 else low
        if not low < step < high:
            step = (low + high) / 2
        if abs(step - x) <= _EXACT * x:
            return step
        x = step
    return x


def _log_height(x: float, a: float, b: float) -> float:
    height = math.lgamma(a + b) - math.lgamma(a) - math.lgamma(b)
    return height + a * math.log(x) + b * math.log1p(-x)


def _beta_chance(x: float, a: float, b: float) -> float:
    """Give the regularized incomplete beta function (DLMF 8.17.22, by Lentz's method)."""
    if x > (a + 1) / (a + b + 2):  # where the fraction converges slowly, its mirror does not
        return 1 - _beta_chance(1 - x, b, a)
    c, d = 1.0, 1 / _off_zero(1 - (a + b) * x / (a + 1))
    fraction = d
    for m in range(1, _MOST_STEPS):
        for term in (
            m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m)),
            -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1)),
        ):
            d = 1 / _off_zero(1 + term * d)
            c = _off_zero(1 + term / c)
            fraction *= c * d
        if abs(c * d - 1) < 1e-15:
            break
    return math.exp(_log_height(x, a, b)) * fraction / a


def _off_zero(value: float) -> float:
    return value if abs(value) > _TINY else _TINY
