"""The model card: the manifest's facts as a page for people."""

import re
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import quote

from export.evaluation import tables

FIGURES = "figures"
CROSS_VALIDATED = (
    "A cell of the site was answered by a last layer that had been refitted without it, one of "
    "home by the one that ships, which has not been fitted to it. "
)


def card(manifest: dict[str, Any], limits: Sequence[str]) -> str:
    """Write a bundle's card in Markdown, every figure from its manifest.

    Args:
        manifest: of the bundle, with its metrics.
        limits: sentences about the data that the recipe adds to the limits of any such model.
    """
    training, variants = manifest["training"], manifest["variants"]
    sizes = ", ".join(
        f"{name} {v['bytes'] / 1e6:.2f} MB" for name, v in variants.items() if name != "default"
    )
    lines = [
        f"# {manifest['title']} (`{manifest['name']}` {manifest['version']})",
        "",
        "For Research Use Only. Not for use in diagnostic procedures.",
        "",
        f"Names the blood cell in the middle of a picture, one of {len(manifest['classes'])}: "
        + ", ".join(c["title"].lower() for c in manifest["classes"])
        + ".",
        "",
        f"Input: {_window(manifest['input'])} at {manifest['input']['size']} x "
        f"{manifest['input']['size']} px, uint8 RGB. Networks: {sizes}; "
        f"{variants['default']} answers unless another is asked for.",
        "",
        "## How right it is",
        "",
        (CROSS_VALIDATED if manifest.get("adapted") else tables.MEASURED) + tables.BOUNDS,
        "",
        *_metrics(manifest["metrics"], variants["default"]),
        *_adapted(manifest.get("adapted")),
        "## How it was made",
        "",
        f"Recipe {training['recipe_sha256'][:12]}, seed {training['seed']}, best epoch "
        f"{training['best_epoch']}, commit {training['commit'] or 'unknown'}. Trained on "
        f"{training['data']['train']['count']} pictures, epochs chosen on "
        f"{training['data']['val']['count']} others."
        + _earlier_passes(training.get("started_from")),
        "",
        "## Limits",
        "",
        *_of_trust(manifest.get("trust"), manifest.get("adapted")),
        "- Stains, cameras and magnifications unlike the training laboratory's cost accuracy; the "
        "figures above that are not of its own test split show how much.",
        *(f"- {limit}" for limit in limits),
        "",
    ]
    return "\n".join(lines)


def _window(spec: Mapping[str, Any]) -> str:
    framing = spec.get("framing")
    if framing is None:
        return "the centered square of the picture"
    return (
        f"a centered square of {framing['nuclei']:g} diameters of the cell's nucleus, at least "
        f"{framing['least']:g} of the picture's side and at most all of it,"
    )


def figure_file(kind: str, data: str) -> str:
    """Name a figure of a data set within its bundle."""
    return f"{FIGURES}/{kind}-{data}.png"


def _adapted(adapted: Mapping[str, Any] | None) -> list[str]:
    """Say what a bundle that was adapted to a site comes from, and what that changed."""
    if adapted is None:
        return []
    origin, site, home = adapted["from"], adapted["site"], adapted["home"]
    return [
        "## Adapted to a site",
        "",
        f"Its last layer was refitted to {adapted['data']['count']} cells of the site, its other "
        f"layers are those of `{origin['name']}` {origin['version']}, whose card tells of them. "
        f"Cross-validated, accuracy at the site went from {100 * site['before']:.1f} to "
        f"{100 * site['after']:.1f} % and mean recall from {100 * site['balanced_before']:.1f} to "
        f"{100 * site['balanced_after']:.1f} %; on {home['n']} cells of home that no fit "
        "has seen, of all classes alike, accuracy went from "
        f"{100 * home['before']:.1f} to {100 * home['after']:.1f} %.",
        "",
    ]


def _of_trust(trust: Mapping[str, Any] | None, adapted: Mapping[str, Any] | None) -> list[str]:
    """Say what confidence means, and what happens to pictures that are no cells."""
    if trust is None:
        return [
            "- The confidence is a softmax that has not been calibrated: on another laboratory's "
            "pictures it is often high when the answer is wrong.",
            "- It answers for any picture, also for one without a blood cell.",
        ]
    cells = "cells of its own laboratory, plain and varied"
    if adapted is not None:
        cells = "cells of the site, held out, and of its first laboratory"
    return [
        f"- The confidence was calibrated on {cells}: on "
        "another laboratory's pictures it can be too high.",
        "- Pictures that look like no stained cell are called unfamiliar, and named all the same.",
    ]


def _earlier_passes(training: Mapping[str, Any] | None) -> str:
    """Name the runs that this one went on from, the last one first."""
    if training is None:
        return ""
    return (
        f" It went on from an earlier pass (recipe {training['recipe_sha256'][:12]}, best epoch "
        f"{training['best_epoch']}, commit {training['commit'] or 'unknown'})."
    ) + _earlier_passes(training.get("started_from"))


def _metrics(metrics: Mapping[str, Any], default: str) -> list[str]:
    """Show every data set: figures, int8 beside fp32, and the default network class by class."""
    columns: dict[str, Any] = {}
    pairs: dict[str, Any] = {}
    details: list[str] = []
    for data, splits in metrics.items():
        for split, found in splits.items():
            title = tables.one_line(f"{data}, {split}")
            columns |= {f"{title}, {v}": found[v] for v in ("int8", "fp32") if v in found}
            if "int8_vs_fp32" in found:
                pairs[title] = found["int8_vs_fp32"]
            if default in found:
                details += [f"### {title}, {default}", "", *tables.classes(found[default]), ""]
                names = found["data"].get("names", {})
                if left_out := [name for name, model in names.items() if model is None]:
                    details += [f"Cells left out: {', '.join(left_out)}.", ""]
                for kind in ("confusion", "reliability"):
                    shown = re.sub(r"([\[\]\\])", r"\\\1", tables.one_line(data))
                    details += [f"![{kind} on {shown}]({quote(figure_file(kind, data))})", ""]
    beside = [*tables.comparison(pairs), ""] if pairs else []
    return [*tables.scores(columns), "", *beside, *details]
