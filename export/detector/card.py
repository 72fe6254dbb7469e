"""A detector's model card: the manifest's facts as a page for people."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from export.detector import tables
from export.evaluation.tables import aligned

FIGURES = "figures"
GALLERY_FILE = f"{FIGURES}/drawn-fields.png"


def figure_file(data: str) -> str:
    """Name the precision-recall curves of a data set within its bundle."""
    return f"{FIGURES}/precision-recall-{data}.png"


def card(manifest: Mapping[str, Any]) -> str:
    """Write a bundle's card in Markdown, every figure from its manifest."""
    training, variants, spec = manifest["training"], manifest["variants"], manifest["input"]
    titles = {c["id"]: c["title"] for c in manifest["classes"]}
    weights = ", ".join(
        f"{name} {v['bytes'] / 1e6:.2f} MB" for name, v in variants.items() if name != "default"
    )
    thresholds = manifest["picking"]["thresholds"]
    least = ", ".join(f"{titles[kind].lower()} {score:.2f}" for kind, score in thresholds.items())
    learnt, judged = (training["data"][split] for split in ("train", "val"))
    lines = [
        f"# {manifest['title']} (`{manifest['name']}` {manifest['version']})",
        "",
        "For Research Use Only. Not for use in diagnostic procedures.",
        "",
        f"Finds the cells of a stained blood field and boxes them: {', '.join(titles.values())}.",
        "",
        f"Input: the whole picture fitted into {spec['width']} x {spec['height']} px, uint8 RGB. "
        f"Networks: {weights}; {variants['default']} answers unless another is asked for. Least "
        f"scores, of the best F1 on the validation splits: {least}.",
        "",
        "## Intended use",
        "",
        "Research, teaching and the measuring of methods, on fields of stained blood. What it "
        "finds is checked by someone who is trained to count cells.",
        "",
        "## Limits",
        "",
        *(f"- {limit}" for limit in manifest["limits"]),
        "- Stains, cameras and magnifications unlike those of the training data cost cells.",
        "",
        "## How well it finds cells",
        "",
        f"Measured through the detector that ships. {tables.NOTES}",
        "",
        *_metrics(manifest["metrics"], titles),
        "Of drawn fields, which are no blood, those with the fewest mistakes and those with the "
        "most; true boxes thin, found ones colored:",
        "",
        f"![drawn fields with their cells in boxes]({GALLERY_FILE})",
        "",
        *_data(manifest),
        "## How it was made",
        "",
        f"Recipe {training['recipe_sha256'][:12]}, seed {training['seed']}, best epoch "
        f"{training['best_epoch']}, commit {training['commit'] or 'unknown'}. Trained on "
        f"{learnt['count']} boxes, epochs and thresholds chosen on {judged['count']} others."
        + _earlier(training["started_from"]),
        "",
    ]
    return "\n".join(lines)


def _earlier(training: Mapping[str, Any] | None) -> str:
    if training is None:
        return ""
    return (
        f" It went on from an earlier pass (recipe {training['recipe_sha256'][:12]}, best epoch "
        f"{training['best_epoch']})." + _earlier(training["started_from"])
    )


def _metrics(metrics: Mapping[str, Any], titles: Mapping[str, str]) -> list[str]:
    columns, strange, curves = {}, {}, []
    for data, splits in metrics.items():
        for split, found in splits.items():
            for variant in ("int8", "fp32"):
                if variant in found:
                    columns[f"{data}, {split}, {variant}"] = found[variant]
                if variant in found.get("strange", {}):
                    strange[f"{data}, {split}, {variant}"] = found["strange"][variant]
            if "int8" in found:
                curves += [f"![precision and recall on {data}]({quote(figure_file(data))})", ""]
    lines = [*tables.detections(columns, titles), ""]
    if strange:
        lines += [*tables.false_white(strange), ""]
    return lines + curves


def _data(manifest: Mapping[str, Any]) -> list[str]:
    keys = ("name", "use", "source", "license")
    rows = [[source[key] for key in keys] for source in manifest["data"]]
    return ["## Data", "", *aligned(keys, rows, words=len(keys)), ""] if rows else []
