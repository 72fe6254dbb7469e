"""Build a bundle, measure it through `runtime`, and publish it, or refuse and say why."""

import dataclasses
import json
import sys
from collections import Counter
from collections.abc import Sequence, Set
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from PIL import Image
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
from export.lock import alone
from export.place import staging, write
from export.recipe import OF_CARD, Export, Recipe, load_recipe
from export.run import (
    FP32_FILE,
    FP32_LITERT_FILE,
    HOME_FILE,
    INT8_FILE,
    INT8_LITERT_FILE,
    RECIPE_FILE,
    TRUST_FILE,
    converted,
    finished,
    refuse_other_data,
    sha256,
)
from runtime.answers import to_json
from runtime.bundle import SCHEMA, Bundle, list_bundles, read_bundle
from runtime.engine import Engine
from runtime.errors import BundleError
from runtime.synthetic import draw_cell

GOLDEN_FILE = "golden.png"
# Kernels of other processors round differently; a damaged network is off by far more.
GOLDEN_TOLERANCE = 0.05
VARIANTS = {"int8": INT8_FILE, "fp32": FP32_FILE}

Manifest = dict[str, Any]


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
        manifest = _manifest(recipe, next_version(before), default=default)
        manifest["training"] = finished(run) | {"export": facts}
        manifest["attributes"] = _attributes(recipe, of_split(home, "train"))
        manifest |= words
        _stage(manifest, run, staged, recipe.seed)
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


def older(place: Path) -> Bundle | None:
    """Read the bundle that will be replaced, if there is one.

    Raises:
        ExportError: something else is in its place.
    """
    if not place.exists():
        return None
    try:
        return read_bundle(place)
    except BundleError as error:
        raise ExportError(
            "export", f"{place} is not a bundle that can be replaced ({error}): move it away"
        ) from error


def next_version(before: Bundle | None) -> str:
    """Raise the minor number of a bundle's version, or start at 1.0.0."""
    if before is None:
        return "1.0.0"
    major, minor, _ = before.version.split(".")
    return f"{major}.{int(minor) + 1}.0"


def refuse_two_defaults(models: Path, place: Path, task: str = "classify") -> None:
    """Refuse to make a bundle the default of its task beside another one.

    Raises:
        ExportError: another bundle in the folder is the default.
    """
    for bundle in list_bundles(models):
        if not isinstance(bundle, Bundle) or bundle.task != task:
            continue
        if bundle.is_default and bundle.path != place:
            raise ExportError(
                "export",
                f"{bundle.path} is the default already: publish without --default and name the "
                "new bundle with --model, or remove the other one",
            )


def _manifest(recipe: Recipe, version: str, *, default: bool) -> Manifest:
    # By its nucleus each picture has a window, and so a scale, of its own.
    window_um = None if recipe.framing else recipe.input.frame_um
    return {
        "schema": SCHEMA,
        "name": recipe.name,
        "title": recipe.title,
        "version": version,
        "task": "classify",
        "default": default,
        "classes": [dataclasses.asdict(c) for c in recipe.classes],
        "input": {
            "size": recipe.input.size_px,
            "layout": "NHWC",
            "dtype": "uint8",
            "color": "RGB",
            "frame_um": recipe.input.frame_um,
            "window_um": window_um,
            "um_per_px": window_um and window_um / recipe.input.size_px,
            "framing": recipe.framing and dataclasses.asdict(recipe.framing),
        },
        "variants": {"default": "int8"},
        "trust": None,
        "attributes": [],
        "metrics": {},
    }


def _attributes(recipe: Recipe, learnt: Sequence[Sample]) -> list[dict[str, Any]]:
    """Describe the attributes, each with the classes of the cells that taught it."""
    of: dict[str, set[str]] = {a.id: set() for a in recipe.attributes}
    for sample in learnt:
        for name, _ in sample.attributes:
            of.get(name, set()).add(sample.label)
    return [a.model_dump() | {"of": sorted(of[a.id])} for a in recipe.attributes]


def _stage(manifest: Manifest, run: Path, staged: Path, seed: int) -> None:
    """Write networks and golden picture, and let `runtime` answer it for the manifest."""
    for name, file in VARIANTS.items():
        content = (run / file).read_bytes()
        write(staged / file, content)
        digest = sha256(staged / file)
        manifest["variants"][name] = {"file": file, "sha256": digest, "bytes": len(content)}
    write(staged / TRUST_FILE, (run / TRUST_FILE).read_bytes())
    manifest["trust"] = manifest["training"]["export"].pop("trust") | {
        "file": TRUST_FILE,
        "sha256": sha256(staged / TRUST_FILE),
    }
    stage_file(manifest, "home", HOME_FILE, (run / HOME_FILE).read_bytes(), staged)
    manifest["comparison"] = {"litert": _stage_litert(run, staged / "comparison")}
    golden = staged / GOLDEN_FILE
    Image.fromarray(draw_cell("neutrophil", seed)).save(golden, optimize=True)
    write(golden, golden.read_bytes())
    manifest["golden"] = {
        "file": GOLDEN_FILE,
        "sha256": sha256(golden),
        "tolerance": GOLDEN_TOLERANCE,
        "probabilities": {},
    }
    answer_golden(manifest, staged)


def stage_file(manifest: Manifest, key: str, file: str, content: bytes, staged: Path) -> None:
    """Write a file of a bundle and describe it under a key of the manifest."""
    write(staged / file, content)
    manifest[key] = {"file": file, "sha256": sha256(staged / file), "bytes": len(content)}


def answer_golden(manifest: Manifest, staged: Path) -> None:
    """Let `runtime` answer the staged golden picture, and write the manifest with its answers."""
    write_manifest(manifest, staged)
    golden = staged / manifest["golden"]["file"]
    manifest["golden"]["probabilities"] = {
        name: dict(Engine.load(staged, name).classify(golden).probabilities) for name in VARIANTS
    }
    write_manifest(manifest, staged)


def _stage_litert(run: Path, folder: Path) -> Manifest:
    """Copy the LiteRT files that `benchmarks compare` reads; the runtime does not."""
    folder.mkdir()
    copied = {}
    for name, file in {"int8": INT8_LITERT_FILE, "fp32": FP32_LITERT_FILE}.items():
        content = (run / file).read_bytes()
        write(folder / file, content)
        place = f"{folder.name}/{file}"
        copied[name] = {"file": place, "sha256": sha256(folder / file), "bytes": len(content)}
    return copied


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


def write_manifest(manifest: Manifest, staged: Path) -> None:
    """Write the manifest into a staged bundle."""
    write(staged / "manifest.json", json.dumps(to_json(manifest), indent=1).encode() + b"\n")
