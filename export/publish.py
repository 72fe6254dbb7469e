"""Measure a run's networks through `runtime` and publish them as a bundle, or say why not."""

import dataclasses
import sys
from collections import Counter
from collections.abc import Sequence, Set
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tqdm import tqdm

from export.data.arrays import targets
from export.data.fingerprint import fingerprint
from export.data.readers import read_samples
from export.data.samples import Sample
from export.data.selection import of_split
from export.data.strange import read_strange
from export.data.usable import read_usable
from export.errors import DatasetError, ExportError
from export.evaluation import tables, trust_tables
from export.evaluation.card import (
    FIGURES,
    RISK_FIGURE,
    UNFAMILIARITY_FIGURE,
    card,
    figure_file,
)
from export.evaluation.class_names import Names, match, rename
from export.evaluation.evaluate import Comparison, answer_all, compare, measure
from export.evaluation.figures import draw_confusion, draw_reliability
from export.evaluation.metrics import Floats
from export.evaluation.strange import measure_strange
from export.evaluation.trust_figures import draw_risk_coverage, draw_unfamiliarity
from export.evaluation.trusted import Judged
from export.gate import failed, told
from export.place import staging, write
from export.recipe import OF_CARD, Export, Recipe, load_recipe
from export.run import RECIPE_FILE, converted, finished, refuse_other_data
from export.staged_bundle import (
    attributes_of,
    new_manifest,
    next_version,
    older,
    refuse_two_defaults,
    stage_run,
    write_manifest,
)
from runtime.bundle import read_bundle
from runtime.engine import Engine
from runtime.lock import alone


@dataclass(frozen=True)
class HeldOut:
    """Labelled pictures that the network was not trained on.

    Attributes:
        name: of their folder.
        split: `all` without one.
        samples: with the recipe's class ids.
        names: the data's class names to these, None where the cells were left out.
    """

    name: str
    split: str
    samples: Sequence[Sample]
    names: Names | None = None


@dataclass(frozen=True)
class NoCells:
    """Pictures that are no cells: name of their folder, samples of any class, split."""

    name: str
    samples: Sequence[Sample]
    split: str


def publish(
    run: Path,
    data: Path,
    others: Sequence[Path],
    models: Path,
    names: Names,
    *,
    default: bool,
    strange: Sequence[Path] = (),
) -> Path:
    """Publish the networks of a run as a bundle, with the proof that it is right.

    Args:
        run: folder of a converted run.
        data: the data set; `val` compares int8 with fp32, `test` is the published figure.
        others: further labelled folders that are reported beside it, all of their pictures.
        models: folder that receives the bundle under the recipe's name.
        names: class names of `others`, as from `class_names.read_class_names`.
        default: whether this bundle answers when none is named; a bundle that does so keeps it.
        strange: pictures that are no cells, as `read_strange` takes them; how many are called
            unfamiliar is reported.

    Returns:
        The bundle's folder.

    Raises:
        ExportError: the run is not whole or was trained with other data, another bundle is the
            default, another command is at work in a folder, or int8 falls behind fp32 by more than
            the settings of its conversion allow; then nothing is published.
        DatasetError: the data do not fit the recipe, two of them have the same name, or a set of
            `others` has no class of the recipe.
    """
    recipe, facts = load_recipe(run / RECIPE_FILE), converted(run)
    # Without them, the recipe's own: a conversion before it could be given other ones.
    limits = Export.model_validate(facts.get("settings", recipe.export.model_dump()))
    words = facts.pop("card", recipe.model_dump(include=set(OF_CARD)))
    place = models / recipe.name
    with alone(run), alone(models), staging(place) as staged:
        _refuse_same_names([data, *others, *strange])
        also = _also(recipe, others, names)  # first: `data` take minutes to read
        no_cells = [NoCells(path.resolve().name, *read_strange(path, None)) for path in strange]
        home = read_usable(data, recipe.seed)
        validation, test = of_split(home, "val"), of_split(home, "test")
        targets(test, recipe.class_ids)
        held_out = [HeldOut(data.resolve().name, "test", test), *also]
        refuse_other_data(run, home)
        before = older(place)
        default = default or (before is not None and before.is_default)
        if default:
            refuse_two_defaults(models, place)
        manifest = new_manifest(recipe, next_version(before), default=default)
        manifest["training"] = finished(run) | {"export": facts}
        manifest["attributes"] = attributes_of(recipe, of_split(home, "train"))
        manifest |= words
        stage_run(manifest, run, staged, recipe.seed)
        comparison = _gate(limits, staged, validation)
        manifest["metrics"] = _metrics(staged, data.resolve().name, comparison, held_out, no_cells)
        write_manifest(manifest, staged)
        write(staged / "CARD.md", card(manifest, manifest["limits"]).encode())
    return place


def _refuse_same_names(folders: Sequence[Path]) -> None:
    called = [folder.resolve().name for folder in folders]
    if len(set(called)) < len(called):
        raise DatasetError(
            "dataset", f"two data sets have the same name ({', '.join(called)}): rename a folder"
        )


def _also(recipe: Recipe, others: Sequence[Path], table: Names) -> list[HeldOut]:
    """Read the other sets, without the cells of classes that the recipe does not know."""
    sets = []
    for other in others:
        samples = read_samples(other)
        names = _known({s.label for s in samples}, recipe, table)
        counts = Counter(s.label for s in samples if names[s.label] is None)
        left_out = ", ".join(f"{label} {count}" for label, count in sorted(counts.items()))
        if len(samples) == counts.total():
            raise DatasetError(
                "dataset",
                f"{other} holds no class that the bundle will know ({left_out}): leave it out of "
                "--also, or name its classes with --classes FILE (make: ALSO=, CLASSES=FILE)",
            )
        if left_out:
            tqdm.write(
                f"{other}: cells of other classes are left out: {left_out} (--classes FILE, or "
                "make's CLASSES=FILE, names them)",
                file=sys.stderr,
            )
        sets.append(HeldOut(other.resolve().name, "all", rename(samples, names), names))
    return sets


def _known(labels: Set[str], recipe: Recipe, table: Names) -> Names:
    """Find the recipe's class for each label, None where it has none."""
    match([], recipe.classes, table)  # a class that only the table knows is a slip of its writer
    names: dict[str, str | None] = {}
    for label in sorted(labels):
        try:
            names |= match([label], recipe.classes, table)
        except DatasetError:
            names[label] = None
    return names


def _gate(limits: Export, staged: Path, samples: Sequence[Sample]) -> Comparison:
    """Refuse an int8 network that falls behind fp32 on the validation split."""
    fp32, int8 = (
        answer_all(Engine.load(staged, variant), samples, f"val, {variant}")
        for variant in ("fp32", "int8")
    )
    found = compare(samples, fp32, int8)
    print(f"val: {told(found)}\n")
    if faults := failed(found, limits):
        raise ExportError(
            "export",
            f"{'; '.join(faults)}: nothing was published; train longer, add validation pictures, "
            "or convert with other settings (--recipe FILE with another [export] table)",
        )
    return found


def _metrics(
    staged: Path,
    home: str,
    comparison: Comparison,
    held_out: Sequence[HeldOut],
    no_cells: Sequence[NoCells],
) -> dict[str, Any]:
    """Measure, print and draw, and return what the manifest tells of it."""
    metrics: dict[str, Any] = {home: {"val": {"int8_vs_fp32": dataclasses.asdict(comparison)}}}
    (staged / FIGURES).mkdir()
    judged: dict[str, Judged] = {}
    distances: dict[str, Floats] = {}
    for held in held_out:
        title = f"{held.name}, {held.split}"
        measured = measure(staged, held.samples, title)
        found = {name: dataclasses.asdict(e) for name, e in measured.variants.items()}
        print(title, *tables.scores(found), "", sep="\n")
        if measured.judged:
            judged[title], distances[title] = measured.judged, measured.judged.unfamiliarity
            print(*trust_tables.trust(found, None), "", sep="\n")
        name, shown = next(iter(measured.variants.items()))
        draw_confusion(shown, f"{title}, {name}", staged / figure_file("confusion", held.name))
        draw_reliability(shown, f"{title}, {name}", staged / figure_file("reliability", held.name))
        if measured.int8_vs_fp32:
            found["int8_vs_fp32"] = dataclasses.asdict(measured.int8_vs_fp32)
        data = fingerprint(held.samples) | ({"names": held.names} if held.names else {})
        metrics.setdefault(held.name, {})[held.split] = {"data": data} | found
    for shown_to in no_cells:
        title = f"{shown_to.name}, {shown_to.split}"
        passed = measure_strange(staged, shown_to.samples, title)
        distances[f"{title}, no cells"] = passed.unfamiliarity
        strangers = {name: dataclasses.asdict(s) for name, s in passed.variants.items()}
        print(title, *trust_tables.trust(strangers, None), "", sep="\n")
        data = fingerprint(shown_to.samples)
        metrics[shown_to.name] = {shown_to.split: {"data": data, "strange": strangers}}
    bundle = read_bundle(staged)
    if bundle.trust:
        title = f"{bundle.name} {bundle.version}, {bundle.default_variant}"
        draw_risk_coverage(judged, title, staged / RISK_FIGURE)
        draw_unfamiliarity(distances, bundle.trust, title, staged / UNFAMILIARITY_FIGURE)
    return metrics
