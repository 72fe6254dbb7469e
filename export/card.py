"""The model card: the manifest's facts as a page for people."""

from collections.abc import Sequence
from typing import Any


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
        f"Input: the centered square of the picture at {manifest['input']['size']} x "
        f"{manifest['input']['size']} px, uint8 RGB. Networks: {sizes}; "
        f"{variants['default']} answers unless another is asked for.",
        "",
        "## How right it is",
        "",
        'Measured through the shipped engine; a refused picture counts as wrong. "Own classes": '
        "only the classes that the set holds may be answered.",
        "",
        "| data | network | n | accuracy % (95 % interval) | macro recall % | own classes % |",
        "|---|---|---|---|---|---|",
    ]
    confusions = []
    for data, splits in manifest["metrics"].items():
        for split, found in splits.items():
            for variant, m in found.items():
                if variant not in variants:
                    continue
                low, high = (100 * bound for bound in m["interval"])
                lines.append(
                    f"| {data}, {split} | {variant} | {m['n']} | {100 * m['accuracy']:.2f} "
                    f"({low:.2f} to {high:.2f}) | {100 * m['macro_recall']:.2f} "
                    f"| {100 * m['accuracy_among']:.2f} |"
                )
                if variant == variants["default"]:
                    confusions += _confusion(f"{data}, {split}, {variant}", m)
    for data, splits in manifest["metrics"].items():
        if pair := splits.get("val", {}).get("int8_vs_fp32"):
            lines += [
                "",
                f"int8 beside fp32 on the {pair['n']} validation pictures of {data}: the same "
                f"label on {100 * pair['agreement']:.2f} %, {pair['points_lost']:.2f} points of "
                "accuracy lost.",
            ]
    lines += confusions
    lines += [
        "",
        "## How it was made",
        "",
        f"Recipe {training['recipe_sha256'][:12]}, seed {training['seed']}, best epoch "
        f"{training['best_epoch']}, commit {training['commit'] or 'unknown'}. Trained on "
        f"{training['data']['train']['count']} pictures, epochs chosen on "
        f"{training['data']['val']['count']} others." + _first_pass(training.get("started_from")),
        "",
        "## Limits",
        "",
        "- The confidence is a softmax that has not been calibrated: on another laboratory's "
        "pictures it is often high when the answer is wrong.",
        "- It answers for any picture, also for one without a blood cell.",
        "- Stains, cameras and magnifications unlike the training laboratory's cost accuracy; the "
        "rows above that are not its own test split show how much.",
        *(f"- {limit}" for limit in limits),
        "",
    ]
    return "\n".join(lines)


def _first_pass(training: dict[str, Any] | None) -> str:
    """Name the run that this one went on from, if there was one."""
    if training is None:
        return ""
    return (
        f" It went on from a first pass (recipe {training['recipe_sha256'][:12]}, best epoch "
        f"{training['best_epoch']}, commit {training['commit'] or 'unknown'})."
    )


def _confusion(title: str, metrics: dict[str, Any]) -> list[str]:
    rows = metrics["confusion"]
    columns = sorted({c for row in rows.values() for c in row} | rows.keys())
    return [
        "",
        f"### {title}",
        "",
        "| truth \\ found | " + " | ".join(columns) + " | recall % |",
        "|" + "---|" * (len(columns) + 2),
    ] + [
        f"| {label} | "
        + " | ".join(str(row.get(c, 0)) for c in columns)
        + f" | {100 * metrics['recall'][label]:.1f} |"
        for label, row in rows.items()
    ]
