"""What a bundle is known to get wrong, in sentences made of its figures."""

from collections.abc import Mapping
from typing import Any

from export.evaluation.evaluate import REFUSED
from runtime.trust import CONFIDENT, UNFAMILIAR

MOST = 2  # confusions, and classes, that a set's sentence names
FEWEST = 10  # pictures that a class needs for its recall to be worth a word


def of_cells(evaluation: Mapping[str, Any]) -> list[str]:
    """Tell the most frequent confusions, the worst classes, and errors that seemed sure.

    Args:
        evaluation: as a manifest holds it.

    Returns:
        Sentences; none where nothing was wrong.
    """
    counts = evaluation["confusion"]
    pairs = [
        (n, truth, found, sum(row.values()))
        for truth, row in counts.items()
        for found, n in row.items()
        if found not in (truth, REFUSED)
    ]
    told = []
    if pairs:
        worst = sorted(pairs, key=lambda pair: -pair[0])[:MOST]
        named = ", ".join(f"{n} of {of} {truth} as {found}" for n, truth, found, of in worst)
        told.append(f"most often named wrong: {named}")
    recall = {
        label: value
        for label, value in evaluation["recall"].items()
        if value < 1 and sum(counts[label].values()) >= FEWEST
    }
    if lowest := sorted(recall, key=recall.__getitem__)[:MOST]:
        named = ", ".join(f"{label} {100 * recall[label]:.1f} %" for label in lowest)
        told.append(f"lowest recall: {named}")
    trust = evaluation.get("trust")
    sure = trust and trust["statuses"][CONFIDENT]
    if sure and sure["n"] and (wrong := round(sure["n"] * (1 - sure["accuracy"]))):
        told.append(f"{wrong} of {sure['n']} answers called {CONFIDENT} are wrong")
    return told


def of_no_cells(found: Mapping[str, Any]) -> list[str]:
    """Tell which pictures without a cell pass for one, given what a manifest holds of them."""
    flagged = found["statuses"][UNFAMILIAR]
    missed = flagged["of"] - flagged["n"]
    told = [f"{missed} of {flagged['of']} pictures without a cell are not called {UNFAMILIAR}"]
    kinds = {k: s["of"] - s["n"] for k, s in found["unfamiliar"].items() if s["n"] < s["of"]}
    if worst := sorted(kinds, key=lambda kind: -kinds[kind])[:MOST]:
        named = ", ".join(f"{kinds[k]} of {found['unfamiliar'][k]['of']} {k}" for k in worst)
        told.append(f"most of them: {named}")
    return told
