"""The README's figures, written between its marks from what was measured.

A part of the README stands between `<!-- NAME: written by make readme -->` and `<!-- end -->`; its
source is the manifest of the shipped bundle, `results.jsonl` or `comparison.json`.
"""

import hashlib
import json
import re
from collections.abc import Callable, Mapping
from typing import Any

from benchmarks.compare import Comparison, Entry, table
from benchmarks.ratio import Ratio
from benchmarks.report import render, runs
from benchmarks.rows import read
from benchmarks.run import ROOT
from benchmarks.tables import Table, one_line
from runtime import Bundle, HematoVisionError, list_bundles

README = ROOT / "README.md"
RESULTS = ROOT / "benchmarks" / "results.jsonl"
COMPARISON = ROOT / "benchmarks" / "comparison.json"
CHART = ROOT / "docs" / "latency.png"
PART = re.compile(r"(<!-- (\w+): written by make readme -->\n)(?:(?!<!--).)*(<!-- end -->)", re.S)
# What a reader calls the data sets that the shipped bundle was measured on.
SETS = {
    ("pbc", "val"): "PBC validation split",
    ("pbc", "test"): "PBC test split: the laboratory it learnt from",
    ("bccd_crops", "all"): "BCCD crops: another laboratory, never seen",
    ("bionet_fields", "test"): "Bio-net test split",
    ("txl_pbc", "test"): "TXL-PBC test split",
    ("bccd", "all"): "BCCD fields: another laboratory, never seen",
}


class ReadmeError(HematoVisionError, ValueError):
    """The README lacks the place of a part, or the part lacks its source."""


def renewed(text: str) -> str:
    """Write every marked part of the README anew.

    Raises:
        ReadmeError: the marks are not those of the known parts, or a source cannot be read.
    """
    marked = sorted(name for _, name, _ in PART.findall(text))
    if marked != sorted(PARTS):
        raise ReadmeError(
            "readme",
            f"{README} marks the parts {', '.join(marked) or 'none'} instead of "
            f"{', '.join(sorted(PARTS))}: restore its marks",
        )
    try:
        return PART.sub(lambda m: f"{m[1]}\n{PARTS[m[2]]()}\n\n{m[3]}", text)
    except (OSError, ValueError, LookupError, TypeError) as error:
        if isinstance(error, HematoVisionError):
            raise
        raise ReadmeError(
            "readme", f"a source of the README's figures cannot be read ({error}): measure anew"
        ) from error


def results_sha256() -> str:
    """Return the hash of the results that the chart of latency was drawn from."""
    return hashlib.sha256(RESULTS.read_bytes()).hexdigest()


def _shipped(task: str = "classify") -> Bundle:
    (bundle,) = (
        b for b in list_bundles() if isinstance(b, Bundle) and b.is_default and b.task == task
    )
    return bundle


def _model() -> str:
    bundle = _shipped()
    names = [c.title.lower() for c in bundle.classes]
    sizes = {name: f"{v.bytes / 1e6:.2f} MB" for name, v in bundle.variants.items()}
    return (
        f"The shipped model, `{bundle.name}` {bundle.version} ({bundle.manifest['title']}, "
        f"{bundle.size_px} x {bundle.size_px} px), names one of {len(names)} cells: "
        f"{', '.join(names)}. int8 takes {sizes['int8']} and answers by default, fp32 takes "
        f"{sizes['fp32']}."
    )


def _accuracy() -> str:
    bundle = _shipped()
    return "\n\n".join(table.markdown() for table in accuracy_tables(bundle.manifest["metrics"]))


def accuracy_tables(metrics: Mapping[str, Any]) -> list[Table]:
    """Put what a manifest's `metrics` hold in tables: each set's accuracy, and int8 beside fp32."""
    accuracy, pairs = [], []
    for data, splits in metrics.items():
        for split, found in splits.items():
            title = SETS.get((data, split), one_line(f"{data}, {split}"))
            if "int8" in found:
                accuracy.append(_accuracy_line(title, found))
            if "int8_vs_fp32" in found:
                pairs.append(_pair_line(title.partition(":")[0], found["int8_vs_fp32"]))
    header = ["cells", "n", "int8 %", "fp32 %", "macro F1 %", "own classes %", "macro AUC"]
    title = "Accuracy with its 95 % interval; the last four columns are of int8"
    beside = ["cells", "n", "same label %", "accuracy less that of fp32, points"]
    return [
        Table(title, [*header, "calibration error %"], accuracy),
        Table("int8 beside fp32: how often both give the same label", beside, pairs),
    ]


def _accuracy_line(title: str, found: Mapping[str, Any]) -> list[str]:
    int8 = found["int8"]
    accuracies = []
    for variant in ("int8", "fp32"):
        low, high = (100 * bound for bound in found[variant]["interval"])
        accuracies.append(f"{100 * found[variant]['accuracy']:.2f} ({low:.2f} to {high:.2f})")
    auc = int8["macro_auc"]
    return [
        title,
        str(int8["n"]),
        *accuracies,
        f"{100 * int8['macro_f1']:.1f}",
        f"{100 * int8['accuracy_among']:.1f}",
        "-" if auc is None else f"{auc:.4f}",
        f"{100 * int8['ece']:.1f}",
    ]


def _pair_line(title: str, pair: Mapping[str, Any]) -> list[str]:
    low, high = pair["interval"]
    gain, least, most = (
        # What int8 loses is a minus; adding 0 takes the sign from a nought.
        f"{round(-points, 2) + 0.0:+.2f}"
        for points in (pair["points_lost"], high, low)
    )
    shares = f"{100 * pair['agreement']:.2f}", f"{gain} ({least} to {most})"
    return [title, str(pair["n"]), *shares]


def _fields() -> str:
    bundle = _shipped("detect")
    titles = {c.id: c.title.lower() for c in bundle.classes}
    lines = []
    for data, splits in bundle.manifest["metrics"].items():
        for split, found in splits.items():
            for kind, told in found.get("int8", {}).get("kinds", {}).items():
                shares = [f"{100 * told[key]:.1f}" for key in ("precision", "recall", "f1", "ap50")]
                title = SETS.get((data, split), one_line(f"{data}, {split}"))
                lines.append([title, titles[kind], str(told["labelled"]), *shares])
    title = f"Cells found by `{bundle.name}` {bundle.version}, int8, at an IoU of 0.5"
    header = ["fields", "cells", "labelled", "precision %", "recall %", "F1 %", "AP50 %"]
    return Table(title, header, lines).markdown()


def _speed() -> str:
    shipped = {variant.sha256 for variant in _shipped().variants.values()}
    kept = [row for row in read(RESULTS)[0] if row.model.sha256 in shipped]
    if not kept:
        raise ReadmeError("readme", f"{RESULTS} holds no run of the shipped model: 'make bench'")
    return render(runs(kept)[-1], markdown=True)


def _engines() -> str:
    return table(_comparison(json.loads(COMPARISON.read_text(encoding="utf-8")))).markdown()


def _comparison(document: Mapping[str, Any]) -> Comparison:
    entries = [
        Entry(**{**entry, "ratio": entry["ratio"] and Ratio(**entry["ratio"])})
        for entry in document["entries"]
    ]
    return Comparison(**{**document, "entries": entries})


PARTS: dict[str, Callable[[], str]] = {
    "fields": _fields,
    "model": _model,
    "accuracy": _accuracy,
    "speed": _speed,
    "engines": _engines,
}
