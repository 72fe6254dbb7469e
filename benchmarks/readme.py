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
from benchmarks.tables import Table
from runtime import Bundle, HematoVisionError, list_bundles

README = ROOT / "README.md"
RESULTS = ROOT / "benchmarks" / "results.jsonl"
COMPARISON = ROOT / "benchmarks" / "comparison.json"
CHART = ROOT / "docs" / "latency.png"
PART = re.compile(r"(<!-- (\w+): written by make readme -->\n)(?:(?!<!--).)*(<!-- end -->)", re.S)
# What a reader calls the data sets that the shipped bundle was measured on.
SETS = {
    ("pbc", "test"): "PBC test split: the laboratory it learnt from",
    ("bccd_crops", "all"): "BCCD crops: another laboratory, never seen",
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


def _shipped() -> Bundle:
    (bundle,) = (b for b in list_bundles() if isinstance(b, Bundle) and b.is_default)
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
    lines, notes = [], []
    for data, splits in bundle.manifest["metrics"].items():
        for split, found in splits.items():
            if "int8" in found:
                lines.append(_accuracy_line(SETS.get((data, split), f"{data}, {split}"), found))
            if "int8_vs_fp32" in found and split == "val":
                pair = found["int8_vs_fp32"]
                notes.append(
                    f"int8 gives the same label as fp32 for {100 * pair['agreement']:.2f} % of "
                    f"{pair['n']} validation cells and loses {pair['points_lost']:.2f} points."
                )
    header = ["cells", "n", "int8 %", "fp32 %", "macro F1 %", "own classes %", "macro AUC"]
    title = "Accuracy with its 95 % interval; the last three columns are of int8"
    return "\n\n".join([Table(title, [*header, "calibration error %"], lines).markdown(), *notes])


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
    "model": _model,
    "accuracy": _accuracy,
    "speed": _speed,
    "engines": _engines,
}
