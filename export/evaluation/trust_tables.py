"""Tables of how far answers can be trusted, and of the attributes, as `tables` lays them out."""

from collections.abc import Mapping, Sequence
from typing import Any

from export.evaluation.tables import NONE, aligned, with_interval
from export.evaluation.trusted import STATUSES
from runtime.trust import UNFAMILIAR

TRUST_NOTES = (
    "Shares are of the answered pictures. The prediction set is the list of classes beside an "
    "answer that should hold the truth. The area under the risk-coverage curve is the share of "
    "wrong answers averaged over how many are believed, the surest first and unfamiliar ones last."
)
ATTRIBUTE_NOTES = (
    "F1 is averaged over the values that the cells have. An attribute that is not told, because "
    "the cell took the name of a class without it, is a miss."
)


def has_trust(evaluation: Mapping[str, Any]) -> bool:
    """Tell whether an evaluation, or what was found on pictures that are no cells, holds marks."""
    return "statuses" in evaluation or bool(evaluation.get("trust"))


def trust(columns: Mapping[str, Mapping[str, Any]], nominal: float | None) -> list[str]:
    """Set the marks of trust side by side.

    Args:
        columns: what each is called, to an evaluation with `trust`, or to what was found on
            pictures that are no cells: these have statuses alone.
        nominal: share of prediction sets that should hold the truth, 0 to 1; None is unknown.
    """
    found = [e if "statuses" in e else e["trust"] for e in columns.values()]
    rows = [["pictures answered", *(str(e["n"] - e["refused"]) for e in columns.values())]]
    for name in STATUSES:
        each = [e["statuses"][name] for e in found]
        rows.append([f"{name} %", *(_percent(s["share"], s["interval"]) for s in each)])
        right = [_percent(s.get("accuracy"), s.get("accuracy_interval")) for s in each]
        rows.append([f"{name}: right among them %", *right])
    asked = "" if nominal is None else f" ({100 * nominal:g} asked for)"
    for key, title, factor in (
        ("coverage", f"prediction set holds the truth %{asked}", 100),
        ("set_size", "classes in a prediction set, mean", 1),
        ("aurc", "area under risk-coverage %", 100),
    ):
        bounds = [e.get("intervals", {}).get(key) for e in found]
        pairs = zip(found, bounds, strict=True)
        rows.append([title, *(with_interval(e.get(key), b, factor, 2) for e, b in pairs)])
    return aligned(["", *columns], [row for row in rows if set(row[1:]) != {NONE}])


def attributes(columns: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """Set the macro F1 of each attribute side by side.

    Args:
        columns: what each is called, to an evaluation with `attributes`.
    """
    found = [e["attributes"] for e in columns.values()]
    names = dict.fromkeys(name for e in found for name in e["by_attribute"])
    rows = [[name, *(_score(e["by_attribute"].get(name)) for e in found)] for name in names]
    rows.append(["mean", *(_score(e) for e in found)])
    return aligned(["macro F1 % and cells", *columns], rows)


def strange(evaluation: Mapping[str, Any]) -> list[str]:
    """Tell for each kind of pictures that are no cells how many were called unfamiliar."""
    rows = [
        [label, str(s["of"]), str(s["n"]), _percent(s["share"], s["interval"])]
        for label, s in evaluation["unfamiliar"].items()
    ]
    if len(rows) > 1:
        every = evaluation["statuses"][UNFAMILIAR]
        share = _percent(every["share"], every["interval"])
        rows.append(["all", str(every["of"]), str(every["n"]), share])
    return aligned(["pictures of", "answered", UNFAMILIAR, f"{UNFAMILIAR} %"], rows)


def _score(found: Mapping[str, Any] | None) -> str:
    if found is None:
        return NONE
    return f"{with_interval(found['macro_f1'], found['interval'], 100, 1)}, {found['n']}"


def _percent(value: float | None, interval: Sequence[float] | None) -> str:
    return with_interval(value, interval, 100, 1)
