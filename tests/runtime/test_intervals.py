"""Exact intervals are those of the reference, and hold what they promise."""

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from runtime.intervals import clopper_pearson

totals = st.one_of(st.integers(1, 500), st.integers(1, 20_000))


@pytest.mark.parametrize(
    ("n", "total", "low", "high"),
    [
        # Percent, as laboratories print them.
        (1, 1, 2.5, 100.0),
        (5, 100, 1.6, 11.3),
        (10, 200, 2.4, 9.0),
        (20, 400, 3.1, 7.6),
        (0, 200, 0.0, 1.8),
        (40, 200, 14.7, 26.2),
    ],
)
def test_known_intervals(n: int, total: int, low: float, high: float) -> None:
    found = clopper_pearson(n, total)
    assert [round(100 * end, 1) for end in found] == [low, high]


@settings(max_examples=100)
@given(totals.flatmap(lambda total: st.tuples(st.integers(0, total), st.just(total))))
def test_they_are_the_quantiles_of_the_beta_distribution(counted: tuple[int, int]) -> None:
    beta = pytest.importorskip("scipy.stats", reason="scipy is the reference").beta
    n, total = counted
    low, high = clopper_pearson(n, total)
    assert low == pytest.approx(beta.ppf(0.025, n, total - n + 1) if n else 0, rel=1e-9)
    expected = beta.ppf(0.975, n + 1, total - n) if n < total else 1
    assert high == pytest.approx(expected, rel=1e-9)


@settings(max_examples=50)
@given(st.integers(1, 60).flatmap(lambda t: st.tuples(st.integers(0, t), st.just(t))))
def test_at_their_ends_the_count_is_just_improbable_enough(counted: tuple[int, int]) -> None:
    n, total = counted

    def chance(p: float, counts: range) -> float:
        return math.fsum(math.comb(total, k) * p**k * (1 - p) ** (total - k) for k in counts)

    low, high = clopper_pearson(n, total, 0.9)
    assert low <= n / total <= high
    assert n == 0 or chance(low, range(n, total + 1)) == pytest.approx(0.05, rel=1e-9)
    assert n == total or chance(high, range(n + 1)) == pytest.approx(0.05, rel=1e-9)


def test_the_ends_of_all_and_none_have_closed_forms() -> None:
    assert clopper_pearson(0, 50) == (0.0, pytest.approx(1 - 0.025 ** (1 / 50), rel=1e-12))
    assert clopper_pearson(50, 50) == (pytest.approx(0.025 ** (1 / 50), rel=1e-12), 1.0)
    assert clopper_pearson(0, 0) == (0.0, 1.0)


@pytest.mark.parametrize(
    ("n", "total", "level"), [(-1, 5, 0.95), (6, 5, 0.95), (1, 5, 0.0), (1, 5, 1.0)]
)
def test_what_is_no_share_is_refused(n: int, total: int, level: float) -> None:
    with pytest.raises(ValueError, match=r"give|count"):
        clopper_pearson(n, total, level)
