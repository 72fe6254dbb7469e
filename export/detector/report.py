"""What measuring a detector found, for people and for programs: text, JSON, and a folder."""

import dataclasses
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from export.detector import tables
from export.detector.figures import draw_precision_recall, draw_worst
from export.detector.measure import Answers, Detection, answer_all, by_kind, figures
from export.detector.scenes import fields_of, read_fields
from export.errors import DatasetError
from export.evaluation.report_folder import (
    CURVES_FILE,
    JSON_FILE,
    TEXT_FILE,
    WORST_FILE,
    model_facts,
    report_folder,
    sizes,
)
from export.evaluation.resample import RESAMPLES
from export.place import write
from runtime.answers import Refusal, to_json
from runtime.bundle import Bundle, load_bundle
from runtime.detector import Detector

ALL, TEST = "all", "test"


@dataclass(frozen=True)
class Measured:
    """A bundle measured on fields; `answers` are those of the first variant."""

    bundle: Bundle
    folder: Path
    split: str
    answers: Answers
    variants: Mapping[str, Detection]

    @property
    def refusals(self) -> Sequence[Refusal]:
        """The fields that could not be read."""
        return self.answers.refusals

    @property
    def title(self) -> str:
        """Say what was measured on what."""
        name = f"{self.folder.resolve().name}, {self.split}"
        return f"{self.bundle.name} {self.bundle.version} on {name}"


def evaluate_fields(bundle: Path, folder: Path, split: str | None, variant: str | None) -> Measured:
    """Measure a detector on a folder of fields with boxes.

    Args:
        bundle: folder of the bundle.
        folder: folder of the data.
        split: the split to take, `all` for every field; None takes the test split where the set
            names one, else all.
        variant: the one to measure; None takes every one.

    Raises:
        BundleError: the bundle cannot be used.
        DatasetError: the data hold no such fields.
    """
    read = load_bundle(bundle, "detect")
    fields = read_fields(folder, int(read.manifest.get("training", {}).get("seed", 0)))
    split = split or (TEST if any(f.split == TEST for f in fields) else ALL)
    if split != ALL:
        fields = fields_of(fields, split, folder)
    names = [read.variant(variant).name] if variant else list(read.variants)
    found = {
        name: answer_all(Detector.load(bundle, name), fields, f"{folder.resolve().name}, {name}")
        for name in names
    }
    first = found[names[0]]
    if len(first.refusals) == len(fields):
        raise DatasetError("dataset", f"{folder}: no field can be read: {first.refusals[0].error}")
    measured = {name: figures(each, thresholds_of(read)) for name, each in found.items()}
    return Measured(read, folder, split, first, measured)


def thresholds_of(bundle: Bundle) -> Mapping[str, float]:
    """Return the least score of each kind in a bundle to detect."""
    return dict(bundle.picking.thresholds) if bundle.picking else {}


def as_json(found: Measured) -> str:
    """Write the document `hematovision.detection/1`."""
    document = {
        "schema": "hematovision.detection/1",
        "model": model_facts(found.bundle, found.variants),
        "data": {"folder": str(found.folder), "split": found.split},
        "thresholds": thresholds_of(found.bundle),
        "resamples": RESAMPLES,
        "variants": {name: dataclasses.asdict(d) for name, d in found.variants.items()},
        "refusals": [dataclasses.asdict(r) for r in found.refusals],
    }
    return json.dumps(to_json(document), indent=1)


def text(found: Measured) -> str:
    """Tell what was found, as Markdown."""
    titles = {c.id: c.title for c in found.bundle.classes}
    columns = {name: dataclasses.asdict(d) for name, d in found.variants.items()}
    told = ", ".join(f"{titles[k]} {v:.2f}" for k, v in thresholds_of(found.bundle).items())
    lines = [
        f"# {found.title}",
        "",
        f"Networks: {sizes(found.bundle, found.variants)}. Least scores: {told}.",
        "",
        *tables.of_refusals(found.refusals),
        *tables.detections(columns, titles),
        "",
        tables.NOTES,
    ]
    return "\n".join(lines)


def write_report(found: Measured, out: Path) -> None:
    """Write text, JSON, precision-recall curves and the worst fields into a folder.

    Raises:
        ExportError: the folder cannot be written.
    """
    thresholds, classes = thresholds_of(found.bundle), found.bundle.classes
    with report_folder(out) as staged:
        write(staged / JSON_FILE, as_json(found).encode() + b"\n")
        write(staged / TEXT_FILE, text(found).encode() + b"\n")
        title = f"{found.title}, {next(iter(found.variants))}"
        curves = staged / CURVES_FILE
        draw_precision_recall(by_kind(found.answers), thresholds, classes, title, curves)
        draw_worst(found.answers, thresholds, classes, staged / WORST_FILE)
