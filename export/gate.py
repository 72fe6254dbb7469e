"""Whether an int8 network is as good as fp32, as far as so many pictures can tell."""

from scipy.stats import beta

from export.evaluation.evaluate import Comparison
from export.recipe import Export


def told(found: Comparison) -> str:
    """Say in a line how int8 differs from fp32."""
    return (
        f"int8 agrees with fp32 on {100 * found.agreement:.2f} % of {found.n} pictures and "
        f"{_change(found.points_lost)}"
    )


def failed(found: Comparison, limits: Export) -> list[str]:
    """List the criteria that int8 fails beyond doubt: a few pictures prove little.

    Args:
        found: on the validation split.
        limits: each is held against the favorable end of the figure's 95 % interval.
    """
    faults = []
    most = _highest_share(round(found.agreement * found.n), found.n)
    if most < limits.min_agreement:
        faults.append(
            f"min_agreement: int8 agrees with fp32 on {100 * found.agreement:.2f} % of {found.n} "
            f"validation pictures, at most {100 * most:.2f} % by its interval "
            f"({100 * limits.min_agreement:g} % is asked for)"
        )
    least = found.interval[0]
    if least > limits.max_points_lost:
        faults.append(
            f"max_points_lost: int8 {_change(found.points_lost)} on {found.n} validation pictures, "
            f"at least {least:.2f} by its interval ({limits.max_points_lost:g} are allowed)"
        )
    return faults


def _highest_share(count: int, n: int) -> float:
    """Return the upper end of a share's exact 95 % interval (Clopper and Pearson 1934)."""
    if n == 0:
        return 0.0
    return float(beta.ppf(0.975, count + 1, n - count)) if count < n else 1.0


def _change(points_lost: float) -> str:
    word = "gains" if points_lost < 0 else "loses"
    return f"{word} {abs(points_lost):.2f} points of accuracy"
