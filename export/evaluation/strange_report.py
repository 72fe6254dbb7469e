"""What was made of pictures that are no cells, as text, JSON and a folder with pictures."""

import dataclasses
import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from export.data.samples import Sample
from export.data.strange import read_strange
from export.evaluation import trust_tables
from export.evaluation.report_folder import (
    JSON_FILE,
    MISTAKES_FILE,
    TEXT_FILE,
    UNFAMILIARITY_FILE,
    counted,
    model_facts,
    refused,
    report_folder,
    sizes,
)
from export.evaluation.strange import Strange, StrangeMeasurement, measure_strange
from export.evaluation.tables import one_line
from export.evaluation.trust_figures import draw_unfamiliarity
from export.evaluation.worst import SHOWN, draw_mistakes
from export.place import write
from runtime.answers import Refusal, to_json
from runtime.bundle import Bundle, load_bundle
from runtime.trust import UNFAMILIAR

NOTES = (
    f"None of these pictures shows a stained cell: each should be called {UNFAMILIAR}, and what it "
    "is named does not count. Measured through the engine that ships; brackets hold Wilson's 95 % "
    "intervals."
)


@dataclass(frozen=True)
class StrangeReport:
    """The document of `evaluate --strange --json`.

    Attributes:
        model: name and version of the bundle, hash and size in bytes of each variant.
        data: folder, split (`all` for every picture), and how many pictures of each class.
        variants: variant to what was made of the pictures.
        passed: the surest `SHOWN` of those that the first variant did not call unfamiliar.
        refusals: pictures that were not answered, and why.
    """

    model: Mapping[str, object]
    data: Mapping[str, object]
    variants: Mapping[str, Strange]
    passed: Sequence[Mapping[str, object]]
    refusals: Sequence[Refusal]
    schema: str = "hematovision.strange/1"


@dataclass(frozen=True)
class StrangeEvaluated:
    """A bundle on pictures that are no cells, with what a report tells of both."""

    bundle: Bundle
    folder: Path
    split: str
    samples: Sequence[Sample]
    measured: StrangeMeasurement

    @property
    def data(self) -> str:
        """Name the data and the split."""
        return one_line(f"{self.folder.resolve().name}, {self.split}")

    @property
    def title(self) -> str:
        """Say what was measured on what."""
        return f"{self.bundle.name} {self.bundle.version} on {self.data}"


def evaluate_strange(
    bundle: Path, folder: Path, split: str | None, variant: str | None
) -> StrangeEvaluated:
    """Measure a bundle on pictures that are no cells.

    Args:
        bundle: folder of the bundle.
        folder: as `export.data.strange.read_strange` takes it.
        split: as `export.data.strange.read_strange` takes it.
        variant: the one to measure; None takes every one.

    Raises:
        BundleError: the bundle cannot be used, or it calls nothing unfamiliar.
        DatasetError: there are no such pictures.
    """
    samples, taken = read_strange(folder, split)
    found = measure_strange(bundle, samples, folder.resolve().name, variant)
    return StrangeEvaluated(load_bundle(bundle), folder, taken, samples, found)


def as_json(found: StrangeEvaluated) -> str:
    """Write the document as JSON."""
    measured = found.measured
    report = StrangeReport(
        model=model_facts(found.bundle, measured.variants),
        data={
            "folder": str(found.folder),
            "split": found.split,
            "classes": dict(sorted(Counter(s.label for s in found.samples).items())),
        },
        variants=measured.variants,
        passed=[
            {"file": str(m.file), "class": m.truth, "found": m.found, "confidence": m.confidence}
            for m in measured.passed[:SHOWN]
        ],
        refusals=measured.refusals,
    )
    return json.dumps(to_json(report), indent=1)


def text(found: StrangeEvaluated) -> str:
    """Lay out what was found as Markdown that reads as well on a terminal."""
    columns = {name: dataclasses.asdict(s) for name, s in found.measured.variants.items()}
    name, shown = next(iter(columns.items()))
    lines = [f"# {found.title}", "", NOTES, "", *trust_tables.trust(columns, None), ""]
    lines += [f"Size: {sizes(found.bundle, columns)}.", ""]
    lines += [f"## {name}, kind by kind", "", *trust_tables.strange(shown), ""]
    return "\n".join([*lines, *refused(found.measured.refusals)]).rstrip()


def write_report(found: StrangeEvaluated, out: Path) -> None:
    """Write the report as a folder, whole or not at all; an earlier report there is replaced.

    Raises:
        ExportError: the folder cannot be written.
    """
    title = f"{found.title}, {next(iter(found.measured.variants))}"
    lines = [text(found), ""]
    with report_folder(out.resolve()) as staged:
        if trust := found.bundle.trust:
            distances = {found.data: found.measured.unfamiliarity}
            draw_unfamiliarity(distances, trust, title, staged / UNFAMILIARITY_FILE)
            lines += [f"![Unfamiliarity]({UNFAMILIARITY_FILE})", ""]
        if passed := found.measured.passed:
            heading = f"{title}: {counted(len(passed))} not called {UNFAMILIAR}"
            draw_mistakes(passed, found.bundle, heading, staged / MISTAKES_FILE)
            lines += [f"![Not called {UNFAMILIAR}]({MISTAKES_FILE})", ""]
        write(staged / JSON_FILE, as_json(found).encode() + b"\n")
        write(staged / TEXT_FILE, "\n".join(lines).encode(errors="backslashreplace"))
