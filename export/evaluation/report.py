"""What an evaluation found, for people and for programs: text, JSON, and a folder with pictures."""

import dataclasses
import json
import sys
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from tqdm import tqdm

from export.data.readers import read_samples
from export.data.samples import Sample
from export.data.selection import ALL, TEST, of_split, test_or_all
from export.data.usable import read_usable
from export.evaluation import tables, trust_tables
from export.evaluation.class_names import Names, match, rename, unused
from export.evaluation.evaluate import Comparison, Evaluation, Measurement, Mistake, measure
from export.evaluation.figures import draw_confusion, draw_reliability
from export.evaluation.report_folder import (
    CONFUSION_FILE,
    JSON_FILE,
    MISTAKES_FILE,
    RELIABILITY_FILE,
    RISK_FILE,
    TEXT_FILE,
    UNFAMILIARITY_FILE,
    counted,
    model_facts,
    refused,
    report_folder,
    sizes,
)
from export.evaluation.resample import RESAMPLES
from export.evaluation.trust_figures import draw_risk_coverage, draw_unfamiliarity
from export.evaluation.worst import SHOWN, draw_mistakes
from export.place import write
from runtime.answers import Refusal, to_json
from runtime.bundle import Bundle, load_bundle


@dataclass(frozen=True)
class Report:
    """The document of `evaluate --json`.

    Attributes:
        model: name and version of the bundle, hash and size in bytes of each variant.
        data: folder, split (`all` for every picture), how many pictures of each split of the
            set's own (`splits`) and of each of the bundle's classes, and the data's class names
            beside the bundle's (None: these cells were left out).
        resamples: how many draws made the intervals.
        variants: variant to its evaluation.
        int8_vs_fp32: how they differ; None where one is missing.
        mistakes: the surest `SHOWN` of all wrong answers of the first variant.
        refusals: pictures that were not answered, and why.
    """

    model: Mapping[str, object]
    data: Mapping[str, object]
    resamples: int
    variants: Mapping[str, Evaluation]
    int8_vs_fp32: Comparison | None
    mistakes: Sequence[Mapping[str, object]]
    refusals: Sequence[Refusal]
    schema: str = "hematovision.evaluation/1"


@dataclass(frozen=True)
class Evaluated:
    """A bundle measured on a folder, with what a report tells of both."""

    bundle: Bundle
    folder: Path
    split: str
    names: Names
    samples: Sequence[Sample]
    measured: Measurement

    @property
    def title(self) -> str:
        """Say what was measured on what."""
        return f"{self.bundle.name} {self.bundle.version} on {self.data}"

    @property
    def data(self) -> str:
        """Name the data and the split."""
        return tables.one_line(f"{self.folder.resolve().name}, {self.split}")

    @property
    def splits(self) -> dict[str, int]:
        """Count the measured pictures of each split that the set names."""
        return dict(sorted(Counter(s.split for s in self.samples if s.split).items()))

    @property
    def measured_on(self) -> str:
        """Say which pictures were measured, and how many of them the network may know."""
        if self.split != ALL:
            return f"Measured on the split '{self.split}' alone; --split {ALL} measures all."
        if self.splits:
            held = ", ".join(f"{name} {count}" for name, count in self.splits.items())
            return (
                f"Measured on all pictures ({held}): where the network was trained with some of "
                "them, the figures flatter it."
            )
        return (
            "Measured on all pictures, for the set names no splits: where the network was trained "
            f"with this set, the figures flatter it, and --split {TEST} takes what was kept back."
        )


def evaluate_folder(
    bundle: Path, folder: Path, split: str | None, table: Names, variant: str | None
) -> Evaluated:
    """Measure a bundle on a folder of labelled pictures.

    Args:
        bundle: folder of the bundle.
        folder: folder of the data.
        split: the split to take, `all` for every picture; None takes the test split where the set
            names one, else all. Data that name no splits are split as the bundle's training would
            have split them when a split is asked for.
        table: names of the data's classes, as from `read_class_names`.
        variant: the one to measure; None takes every one.

    Raises:
        BundleError: the bundle cannot be used.
        DatasetError: the data hold no such pictures, or a class that the bundle does not know.
    """
    samples, read = read_samples(folder), load_bundle(bundle)
    if strange := unused(sorted({s.label for s in samples}), table):
        line = tables.one_line(", ".join(strange))
        told = f"the table of class names has names that no class of the data has: {line}"
        tqdm.write(f"{told}: check their spelling", file=sys.stderr)
    split = split or test_or_all(samples)
    if split != ALL:
        seed = read.manifest.get("training", {}).get("seed", 0)
        samples = of_split(read_usable(folder, seed), split)
    names = match(sorted({s.label for s in samples}), read.classes, table)
    samples = rename(samples, names)
    found = measure(bundle, samples, folder.resolve().name, variant)
    return Evaluated(read, folder, split, names, samples, found)


def document(found: Evaluated) -> Report:
    """Gather what was found into the document that is printed or kept."""
    bundle, measured = found.bundle, found.measured
    return Report(
        model=model_facts(bundle, measured.variants),
        data={
            "folder": str(found.folder),
            "split": found.split,
            "splits": found.splits,
            "classes": dict(sorted(Counter(s.label for s in found.samples).items())),
            "names": found.names,
        },
        resamples=RESAMPLES,
        variants=measured.variants,
        int8_vs_fp32=measured.int8_vs_fp32,
        mistakes=[_plain(m) for m in measured.mistakes[:SHOWN]],
        refusals=measured.refusals,
    )


def text(found: Evaluated) -> str:
    """Lay out what was found as Markdown that reads as well on a terminal."""
    measured = found.measured
    columns = {name: dataclasses.asdict(e) for name, e in measured.variants.items()}
    name, shown = next(iter(columns.items()))
    lines = [f"# {found.title}", "", found.measured_on, "", *tables.scores(columns), ""]
    if measured.int8_vs_fp32:
        pair = dataclasses.asdict(measured.int8_vs_fp32)
        lines += [*tables.comparison({found.data: pair}), ""]
    lines += [f"Size: {sizes(found.bundle, columns)}.", ""]
    lines += [f"## {name}, class by class", "", *tables.classes(shown), ""]
    lines += [*tables.confusion(shown), ""]
    if trust_tables.has_trust(shown):
        nominal = found.bundle.manifest["trust"].get("coverage")
        lines += ["## How far it can be trusted", "", *trust_tables.trust(columns, nominal), ""]
        lines += [trust_tables.TRUST_NOTES, ""]
    if shown["attributes"]:
        lines += ["## Attributes", "", *trust_tables.attributes(columns), ""]
        lines += [trust_tables.ATTRIBUTE_NOTES, ""]
    lines += refused(measured.refusals)
    if left_out := [data for data, model in found.names.items() if model is None]:
        lines += [f"Left out by the table of class names: {', '.join(left_out)}.", ""]
    return "\n".join([*lines, tables.NOTES])


def write_report(found: Evaluated, out: Path) -> None:
    """Write the report as a folder, whole or not at all; an earlier report there is replaced.

    Raises:
        ExportError: the folder cannot be written.
    """
    out = out.resolve()
    name, shown = next(iter(found.measured.variants.items()))
    title = f"{found.title}, {name}"
    lines = [text(found), "", f"![Confusion matrix]({CONFUSION_FILE})", ""]
    lines += [f"![Reliability diagram]({RELIABILITY_FILE})", ""]
    with report_folder(out) as staged:
        draw_confusion(shown, title, staged / CONFUSION_FILE)
        draw_reliability(shown, title, staged / RELIABILITY_FILE)
        lines += _draw_trust(found, title, staged)
        if wrong := found.measured.mistakes:
            heading = f"{title}: {counted(len(wrong))} named wrong"
            draw_mistakes(wrong, found.bundle, heading, staged / MISTAKES_FILE)
            lines += [f"![The worst errors]({MISTAKES_FILE})", ""]
        write(staged / JSON_FILE, as_json(found).encode() + b"\n")
        write(staged / TEXT_FILE, "\n".join(lines).encode(errors="backslashreplace"))


def _draw_trust(found: Evaluated, title: str, staged: Path) -> list[str]:
    """Draw what the marks of trust are worth, where there are any; return the report's lines."""
    trust, marks = found.bundle.trust, found.measured.judged
    if not (trust and marks):
        return []
    draw_risk_coverage({found.data: marks}, title, staged / RISK_FILE)
    kinds = {"named right": marks.right, "named wrong": ~marks.right}
    distances = {kind: marks.unfamiliarity[own] for kind, own in kinds.items()}
    draw_unfamiliarity(distances, trust, title, staged / UNFAMILIARITY_FILE)
    return [
        f"![Risk and coverage]({RISK_FILE})",
        "",
        f"![Unfamiliarity]({UNFAMILIARITY_FILE})",
        "",
    ]


def as_json(found: Evaluated) -> str:
    """Write the document as JSON."""
    return json.dumps(to_json(document(found)), indent=1)


def _plain(mistake: Mistake) -> dict[str, object]:
    return vars(mistake) | {"file": str(mistake.file)}
