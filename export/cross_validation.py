"""Whether a refitted head is better at a site: nested cross-validation, and the rule to publish.

How much home holds a head back is chosen within the cells that a fold learns from,
so what is found on the cells that it holds back is not flattered by the choice (Varma and Simon
2006, doi 10.1186/1471-2105-7-91). One of the choices is to leave the head as it is.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from threadpoolctl import threadpool_limits
from tqdm import tqdm

from export.evaluation.metrics import Interval, paired_difference, wilson
from export.head import Array, Cells, Head, Labels, fit

HOLDS = (1.0, 3.0, 10.0)  # how much home counts against the site
FOLDS, INNER_FOLDS = 5, 3
Z_90 = 1.282  # one-sided
HOME_POINTS = 1.0  # of accuracy that may be lost at home

Right = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Beside:
    """Two heads on the same cells: the shipped one before, the refitted one after.

    Attributes:
        n: cells.
        before: accuracy, 0 to 1.
        after: the same.
        balanced_before: mean recall over the classes that the cells have.
        balanced_after: the same.
        interval_before: 95 % Wilson interval of `before`.
        interval_after: the same of `after`.
        gain: 95 % interval of `after` less `before`, paired by cell.
        sure_gain: lower end of a one-sided 90 % interval of it.
    """

    n: int
    before: float
    after: float
    balanced_before: float
    balanced_after: float
    interval_before: Interval
    interval_after: Interval
    gain: Interval
    sure_gain: float


@dataclass(frozen=True)
class Adapted:
    """The head for a site, and what cross-validation says of it.

    Attributes:
        head: fitted to all of the site's cells; the shipped one where `hold`
            is None.
        hold: how much home counted against the site; None for unchanged.
        held_out: (n, classes) logits for each cell of the site, of heads that had not seen it.
        site: judged by `held_out`.
        home: judged on the home cells that no fit has seen.
    """

    head: Head
    hold: float | None
    held_out: Array
    site: Beside
    home: Beside

    @property
    def faults(self) -> list[str]:
        """Say why this head must not be published; nothing where it may."""
        if self.hold is None:
            return ["no head that was fitted to these cells and keeps home beats the shipped one"]
        found = []
        if not self.site.sure_gain > 0:
            found.append(
                f"cross-validation does not show it to be better there: {_points(self.site)}, "
                f"which chance alone could be (at least {100 * self.site.sure_gain:+.1f} by its "
                "one-sided 90 % interval)"
            )
        if self.site.balanced_after < self.site.balanced_before:
            lost = 100 * (self.site.balanced_before - self.site.balanced_after)
            found.append(f"the mean recall of the site's classes falls by {lost:.1f} points")
        return found


def adapt_head(
    shipped: Head, site: Cells, groups: Sequence[str], home: Cells, judged: Cells, seed: int
) -> Adapted:
    """Choose how far to move the head, judge the choice, and fit it to all of a site's cells.

    Args:
        shipped: head of the bundle.
        site: labelled cells of the site, of at least two classes.
        groups: a name for each; cells of one group are never on both sides of a fold.
        home: cells that are fitted beside the site's.
        judged: home cells that no fit sees.
        seed: the same seed draws the same folds.
    """
    outer = folds(site.labels, groups, FOLDS, seed)
    steps = len(outer) * (INNER_FOLDS + 1) * len(HOLDS) + len(HOLDS)
    # On arrays of this size the threads of BLAS wait for each other longer than they work.
    bar = tqdm(total=steps, desc="cross-validate", unit="fit", disable=None)
    with threadpool_limits(1), bar:

        def refit(cells: Cells) -> dict[float | None, Head]:
            heads: dict[float | None, Head] = {None: shipped}
            for hold in HOLDS:
                heads[hold] = fit(shipped, cells, home, hold)
                bar.update()
            return heads

        def hold_out(cells: Cells, names: Sequence[str], count: int, draw: int) -> list[_Fold]:
            parts = folds(cells.labels, names, count, draw)
            return [_Fold(part, refit(cells.part(rest))) for part, rest in sides(parts)]

        found, held_out = hold_out(site, groups, FOLDS, seed), shipped(site.served)
        for number, (fold, (part, rest)) in enumerate(zip(found, sides(outer), strict=True)):
            cells = site.part(rest)
            inner = hold_out(cells, [groups[i] for i in rest], INNER_FOLDS, seed + number + 1)
            chosen = _choose(cells, inner, fold.heads, judged)
            held_out[part] = fold.heads[chosen](site.served[part])
        heads = refit(site)
        hold = _choose(site, found, heads, judged)
        bar.update(steps - bar.n)  # small classes can leave a fold empty
    return Adapted(
        heads[hold],
        hold,
        held_out,
        beside(site.labels, shipped(site.served), held_out),
        beside(judged.labels, shipped(judged.served), heads[hold](judged.served)),
    )


@dataclass(frozen=True)
class _Fold:
    """The cells that were held back, by number, and heads fitted to the others, by `HOLDS`."""

    part: Labels
    heads: Mapping[float | None, Head]


def _choose(
    cells: Cells, found: Sequence[_Fold], heads: Mapping[float | None, Head], judged: Cells
) -> float | None:
    """Take the best of `HOLDS` that keeps home, the most careful among equals."""
    shipped = heads[None](judged.served)

    def worth(hold: float | None) -> tuple[float, bool, float]:
        rows = heads[hold](cells.served)
        for fold in found:
            rows[fold.part] = fold.heads[hold](cells.served[fold.part])
        return _score(cells.labels, rows), hold is None, hold or 0.0

    kept = [
        hold
        for hold, head in heads.items()
        if not _forgets(beside(judged.labels, shipped, head(judged.served)))
    ]
    return max(kept, key=worth)


def _forgets(home: Beside) -> bool:
    return round(100 * (home.before - home.after), 6) > HOME_POINTS


def folds(labels: Labels, groups: Sequence[str], count: int, seed: int) -> list[Labels]:
    """Deal cells into folds, each class in turn, whole groups together.

    Args:
        labels: (n,) class numbers.
        groups: a name for each cell.
        count: folds, at least 2.
        seed: the same seed deals alike.

    Returns:
        The numbers of the cells of each fold, sorted; at least two, none of them empty.

    Raises:
        ValueError: all cells are of one group, so that nothing would be left to learn from.
    """
    members: dict[str, list[int]] = {}
    for place, group in enumerate(groups):
        members.setdefault(group, []).append(place)
    if len(members) < 2:
        raise ValueError(f"{len(labels)} cells of {len(members)} groups cannot be dealt into folds")
    named = sorted(members)
    shuffled = [named[i] for i in np.random.default_rng(seed).permutation(len(named))]
    # A stable sort: chance orders the groups within a class, and classes go on dealing in turn.
    dealt = sorted(shuffled, key=lambda g: int(labels[members[g][0]]))
    parts: list[list[int]] = [[] for _ in range(count)]
    for turn, group in enumerate(dealt):
        parts[turn % count] += members[group]
    return [np.array(sorted(part), np.int64) for part in parts if part]


def beside(labels: Labels, before: Array, after: Array) -> Beside:
    """Hold two heads' (n, classes) logits for the same cells against their labels."""
    first, second = (rows.argmax(axis=1) == labels for rows in (before, after))
    n = len(labels)
    counts = int((second & ~first).sum()), int((first & ~second).sum())
    return Beside(
        n,
        float(first.mean()),
        float(second.mean()),
        _balanced(labels, first),
        _balanced(labels, second),
        wilson(int(first.sum()), n),
        wilson(int(second.sum()), n),
        paired_difference(*counts, n),
        paired_difference(*counts, n, Z_90)[0],
    )


def sides(parts: Sequence[Labels]) -> Iterator[tuple[Labels, Labels]]:
    """Give each of two or more folds beside all others, as numbers of cells."""
    for number, part in enumerate(parts):
        rest = [other for i, other in enumerate(parts) if i != number]
        yield part, np.sort(np.concatenate(rest))


def _score(labels: Labels, logits: Array) -> float:
    """Average accuracy and mean recall: neither common nor rare classes alone should decide."""
    right = logits.argmax(axis=1) == labels
    return round(0.5 * (float(right.mean()) + _balanced(labels, right)), 6)


def _balanced(labels: Labels, right: Right) -> float:
    return float(np.mean([right[labels == label].mean() for label in np.unique(labels)]))


def _points(found: Beside) -> str:
    return f"{100 * (found.after - found.before):+.1f} points of accuracy on {found.n} cells"
