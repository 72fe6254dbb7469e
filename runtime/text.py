"""Answers as aligned lines for a person at a terminal."""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from runtime.answers import Classification, ModelId, Summary
from runtime.bundle import Bundle
from runtime.differential import PLATELET, RED, Differential
from runtime.field_answers import AnalyzeDocument, FieldAnalysis
from runtime.lines import many, one_line
from runtime.trust import UNFAMILIAR

INDENT = "    "
PREDICTION_SET, HEAT_MAP = "Prediction set", "Heat map"


def cell_line(answer: Classification, width: int) -> str:
    """Say what one cell is.

    Args:
        answer: what is said.
        width: letters of the longest source, for the columns to be aligned.
    """
    status = f"{answer.status:10}  " if answer.status else ""
    return (
        f"{one_line(answer.source):{width}}  {answer.label:14} "
        f"{100 * answer.confidence:5.1f} %  {status}{answer.ms.total:7.1f} ms"
    )


def explained_lines(answer: Classification, bundle: Bundle, figure: Path) -> Iterator[str]:
    """Say what else is known of a cell: prediction set, attributes, and where its map lies.

    Args:
        answer: what is said.
        bundle: gives the titles of attributes.
        figure: file of the heat map.
    """
    titles = {a.id: a.title for a in bundle.attributes}
    width = max(map(len, [PREDICTION_SET, *titles.values()]))
    values = max((len(v) for a in bundle.attributes for v in a.values), default=0)
    if answer.status != UNFAMILIAR:  # words about a cell would be made up
        if answer.prediction_set:
            yield f"{INDENT}{PREDICTION_SET:{width}}  {', '.join(answer.prediction_set)}"
        for name, told in (answer.attributes or {}).items():
            share = f"{100 * told.confidence:5.1f} %"
            yield f"{INDENT}{titles[name]:{width}}  {told.value:{values}}  {share}"
    yield f"{INDENT}{HEAT_MAP:{width}}  {one_line(str(figure))}"


def summary_lines(model: ModelId, summary: Summary) -> Iterator[str]:
    """Sum up what was found, and say by which model and what it is for."""
    found = ", ".join(f"{label} {n}" for label, n in summary.counts.items()) or "none"
    yield f"{summary.answered} answered ({found}), {summary.refused} refused"
    yield f"{model.name} {model.version} {model.variant}. For Research Use Only."


def field_lines(answer: FieldAnalysis, width: int) -> Iterator[str]:
    """Say what is in one field, and below it why it should not be counted.

    Args:
        answer: what is said.
        width: letters of the longest source, for the columns to be aligned.
    """
    counts = "  ".join(f"{n:4d} {kind}" for kind, n in answer.counts.items())
    scale = f"{answer.um_per_px:.3f} um/px" if answer.um_per_px else "scale unknown"
    yield (
        f"{one_line(answer.source):{width}}  {counts}  {scale:13}  {answer.ms.total:7.1f} ms  "
        f"{', '.join(_white_cells(answer))}"
    ).rstrip()
    for reason in answer.quality.reasons:
        yield f"{INDENT}{reason.message}"


def field_summary_lines(document: AnalyzeDocument) -> Iterator[str]:
    """Sum up what was found in all fields, and say by which models and what it is for."""
    fields = [answer for answer in document.results if isinstance(answer, FieldAnalysis)]
    found = sum((Counter(answer.counts) for answer in fields), Counter())
    kinds = ", ".join(f"{kind} {n}" for kind, n in found.items()) or "none"
    yield f"{document.summary.answered} answered ({kinds}), {document.summary.refused} refused"
    if unusable := sum(not answer.quality.usable for answer in fields):
        yield f"{unusable} of these not counted, for the reasons above"
    if found["wbc"]:
        yield from ("", *differential_lines(document.differential), "")
    models = document.models.detect, document.models.classify
    names = ", ".join(f"{m.name} {m.version} {m.variant}" for m in models)
    yield f"{names}. For Research Use Only."


def differential_lines(found: Differential) -> Iterator[str]:
    """Tell a differential to a person, in aligned columns: class, n, %, interval."""
    names = [*found.classes, "unclassified"]
    width = max(map(len, names))
    yield f"{'':{width}}      n       %   95 % interval"
    for name, share in found.classes.items():
        percent = "-" if share.percent is None else f"{share.percent:.1f}"
        low, high = share.interval
        yield f"{name:{width}}  {share.n:5}  {percent:>6}   {low:.1f} to {high:.1f}"
    of = f"of {found.target} wanted, in {many(found.fields, 'field')}"
    yield f"{'counted':{width}}  {found.counted:5}  {of}"
    yield f"{'unclassified':{width}}  {found.unclassified:5}  outside of the percentages"
    if found.nrbc_per_100_wbc is not None:
        at_least, at_most = found.nrbc_interval
        yield (
            f"{found.nrbc_per_100_wbc:.1f} nucleated red cells per 100 white cells "
            f"({found.nrbc} seen, 95 % interval {at_least:.1f} to {at_most:.1f})"
        )
    elif found.nrbc:
        yield f"{many(found.nrbc, 'nucleated red cell')} and no white cell"
    if {RED, PLATELET} <= found.per_field.keys():
        yield (
            f"{found.per_field[RED]:.1f} red cells and {found.per_field[PLATELET]:.1f} platelets "
            "in a field"
        )
    if found.estimates.platelets_1e9_per_l:
        low, high = found.estimates.platelets_1e9_per_l
        yield (
            f"platelets by estimate: {low:.0f} to {high:.0f} x 10^9/L, from "
            f"{found.estimates.platelets_per_oil_field:.1f} in the area of an oil immersion field"
        )


def _white_cells(answer: FieldAnalysis) -> Iterator[str]:
    """Name the white cells of a field; an unfamiliar one is of no class."""
    for cell in answer.cells:
        if cell.classification:
            unfamiliar = cell.classification.status == UNFAMILIAR
            yield UNFAMILIAR if unfamiliar else cell.classification.label
