"""The model card: the manifest's facts as a page for people."""

import re
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import quote

from export.evaluation import failures, tables, trust_tables

FIGURES = "figures"
RISK_FIGURE = f"{FIGURES}/risk-coverage.png"
UNFAMILIARITY_FIGURE = f"{FIGURES}/unfamiliarity.png"
STATUSES = (
    "- `confident`: so sure that on its own laboratory's cells, plain and varied, almost every "
    "such answer was right.",
    "- `uncertain`: the picture looks like a stained cell, but the name needs a person's look.",
    "- `unfamiliar`: the picture looks like none of the stained cells that taught it: it may show "
    "no cell, and its name is a guess.",
)
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
        "## Intended use",
        "",
        "Research, teaching and the measuring of methods, on pictures of single cells of stained "
        "blood, one in the middle. It decides nothing about a person: what it says is checked by "
        "someone who is trained to name cells.",
        "",
        "## Limits",
        "",
        "- Whatever it is shown gets one of its names: a kind of cell that is not among them gets "
        "the name of another.",
        *(f"- {limit}" for limit in limits),
        "- Stains, cameras and magnifications unlike the training laboratory's cost accuracy; the "
        "figures below that are not of its own test split show how much.",
        *_of_trust(manifest.get("trust"), manifest.get("adapted")),
        "",
        "## How right it is",
        "",
        (CROSS_VALIDATED if manifest.get("adapted") else tables.MEASURED) + tables.BOUNDS,
        "",
        *_metrics(manifest["metrics"], variants["default"]),
        *_adapted(manifest.get("adapted")),
        *_trust(manifest),
        *_attributes(manifest),
        *_failures(manifest["metrics"], variants["default"]),
        *_data(manifest.get("data", [])),
        "## How it was made",
        "",
        f"Recipe {training['recipe_sha256'][:12]}, seed {training['seed']}, best epoch "
        f"{training['best_epoch']}, commit {training['commit'] or 'unknown'}. Trained on "
        f"{training['data']['train']['count']} pictures, epochs chosen on "
        f"{training['data']['val']['count']} others."
        + _untyped(training)
        + _earlier_passes(training.get("started_from")),
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
        "has seen, the same number of each class as far as there were so many, accuracy went from "
        f"{100 * home['before']:.1f} to {100 * home['after']:.1f} %.",
        "",
    ]


def _of_trust(trust: Mapping[str, Any] | None, adapted: Mapping[str, Any] | None) -> list[str]:
    """Say what confidence means, and what happens to pictures that are no cells."""
    if trust is None:
        return [
            "- The confidence is a softmax that has not been calibrated: on another laboratory's "
            "pictures it is often high when the answer is wrong.",
            "- It answers for any picture, also for one without a blood cell, and does not say so.",
        ]
    cells = "cells of its own laboratory, plain and varied"
    if adapted is not None:
        cells = "cells of the site, held out, and of its first laboratory"
    return [
        f"- The confidence was calibrated on {cells}: on "
        "another laboratory's pictures it can be too high.",
        "- Pictures that look like no stained cell are called unfamiliar, and named all the same.",
    ]


def _untyped(training: Mapping[str, Any]) -> str:
    """Tell of cells that had no class, from which it learnt what another run made of them."""
    if "untyped" not in training:
        return ""
    return (
        " Beside them it learnt from white cells of other sets that had no class: those among "
        f"{training['untyped']['count']} of whose name the network of recipe "
        f"{training['teacher']['recipe_sha256'][:12]} was sure."
    )


def _earlier_passes(training: Mapping[str, Any] | None) -> str:
    """Name the runs that this one went on from, the last one first."""
    if training is None:
        return ""
    return (
        f" It went on from an earlier pass (recipe {training['recipe_sha256'][:12]}, best epoch "
        f"{training['best_epoch']}, commit {training['commit'] or 'unknown'})."
        + _untyped(training)
        + _earlier_passes(training.get("started_from"))
    )


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


def _evaluations(metrics: Mapping[str, Any], default: str) -> dict[str, Any]:
    """List what each set was found to be worth by the default network, sets of no cells last."""
    cells, others = {}, {}
    for data, splits in metrics.items():
        for split, found in splits.items():
            title = tables.one_line(f"{data}, {split}")
            if default in found:
                cells[title] = found[default]
            if default in found.get("strange", {}):
                others[f"{title}, no cells"] = found["strange"][default]
    return cells | others


def _trust(manifest: Mapping[str, Any]) -> list[str]:
    """Say what the statuses mean, and how often they come on each set."""
    default = manifest["variants"]["default"]
    found = _evaluations(manifest["metrics"], default)
    columns = {title: e for title, e in found.items() if trust_tables.has_trust(e)}
    if not columns:
        return []
    return [
        f"## How far an answer can be trusted, {default}",
        "",
        *STATUSES,
        "",
        *trust_tables.trust(columns, manifest["trust"].get("coverage")),
        "",
        trust_tables.TRUST_NOTES,
        "",
        f"![risk and coverage]({RISK_FIGURE})",
        "",
        f"![unfamiliarity]({UNFAMILIARITY_FIGURE})",
        "",
    ]


def _attributes(manifest: Mapping[str, Any]) -> list[str]:
    """Explain the attributes, and tell how right they are where the data tell them."""
    told = manifest.get("attributes")
    if not told:
        return []
    header = ["attribute", "in answers", "values", "told of"]
    rows = [[a["title"], f"`{a['id']}`", ", ".join(a["values"]), ", ".join(a["of"])] for a in told]
    of = "the last column tells which"
    if len({row[-1] for row in rows}) == 1:
        of, header, rows = rows[0][-1], header[:-1], [row[:-1] for row in rows]
    lines = [
        "## What the attributes mean",
        "",
        "Words for what a cell looks like, each chosen among the values that the training data "
        f"use. They are told of cells of some names alone ({of}). They describe the cell "
        "and do not explain why its name was chosen.",
        "",
        *tables.aligned(header, rows, words=len(header)),
        "",
    ]
    default = manifest["variants"]["default"]
    found = _evaluations(manifest["metrics"], default)
    if columns := {title: e for title, e in found.items() if e.get("attributes")}:
        lines += [*trust_tables.attributes(columns), "", trust_tables.ATTRIBUTE_NOTES, ""]
    return lines


def _failures(metrics: Mapping[str, Any], default: str) -> list[str]:
    """Name what went wrong most on each set."""
    lines = []
    for title, found in _evaluations(metrics, default).items():
        of = failures.of_no_cells if "statuses" in found else failures.of_cells
        if sentences := of(found):
            lines.append(f"- {title}: {'; '.join(sentences)}.")
    return [f"## Known failures, {default}", "", *lines, ""] if lines else []


def _data(sources: Sequence[Mapping[str, str]]) -> list[str]:
    """Say whose the data are and under what license."""
    if not sources:
        return []
    keys = ("name", "use", "source", "license")
    rows = [[source[key] for key in keys] for source in sources]
    return ["## Data", "", *tables.aligned(keys, rows, words=len(keys)), ""]
