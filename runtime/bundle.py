"""A model bundle on disk: find it, read its manifest, check its files, refuse what is wrong."""

import errno
import hashlib
import json
import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from runtime.detection import KINDS, Found, Picking, found_of
from runtime.errors import BundleError
from runtime.framing import Framing
from runtime.trust import Trust

SCHEMA = "hematovision.bundle/2"
# The second may say `input.framing`, which a program that reads only the first passes over.
READABLE = ("hematovision.bundle/1", SCHEMA)
MODELS = Path(__file__).resolve().parent.parent / "models"
MAX_SIDE_PX = 4096  # of the network's input
MAX_BYTES = 2**31 - 1  # of a network's file: ONNX can hold no more
MAX_SEED = 2**32 - 1
MAX_TOLERANCE = 0.1  # of the golden picture's probabilities; more would prove nothing
ENVIRONMENT = {"classify": "HEMATOVISION_MODEL", "detect": "HEMATOVISION_DETECTOR"}


@dataclass(frozen=True)
class CellClass:
    """A class that the network names: stable id, title for people, color as #rrggbb.

    Raises:
        ValueError: one of them could be taken for something else by a terminal, a page or a table.
    """

    id: str
    title: str
    color: str

    def __post_init__(self) -> None:
        """Hold manifests and recipes to the same letters."""
        _text(self.id, r"[a-z][a-z0-9_-]*")
        _text(self.title, r".+")
        _text(self.color, r"#[0-9a-f]{6}")


@dataclass(frozen=True)
class Attribute:
    """Something else that the network tells: its values, and the classes that taught it."""

    id: str
    title: str
    values: tuple[str, ...]
    of: frozenset[str]

    def __post_init__(self) -> None:
        """Hold them to letters that are safe to show."""
        _text(self.id, r"[a-z][a-z0-9_]*")
        for text in (self.title, *self.values):
            _text(text, r".+")


@dataclass(frozen=True)
class Variant:
    """One file of the network, with the hash and the size in bytes that it must have."""

    name: str
    file: str
    sha256: str
    bytes: int


@dataclass(frozen=True)
class Golden:
    """A picture with what each variant must answer, and how far off a probability or score may be.

    Attributes:
        probabilities: of each class, of a bundle to classify.
        cells: those to be found, of a bundle to detect.
    """

    file: str
    sha256: str
    probabilities: Mapping[str, Mapping[str, float]]
    cells: Mapping[str, Sequence[Found]]
    tolerance: float


@dataclass(frozen=True)
class Bundle:
    """A bundle whose manifest has been read and found sound; its files are checked when opened.

    Attributes:
        path: folder of the bundle.
        shape_px: height and width of the network's input in pixels.
        framing: how large a window of a picture the network sees; None for all of it.
        picking: which of the boxes that the network gives are cells; None where it gives none.
        manifest: the manifest as read, for training facts and metrics.
    """

    path: Path
    name: str
    version: str
    task: str
    is_default: bool
    classes: tuple[CellClass, ...]
    attributes: tuple[Attribute, ...]
    shape_px: tuple[int, int]
    framing: Framing | None
    variants: Mapping[str, Variant]
    default_variant: str
    golden: Golden
    trust: Trust | None
    picking: Picking | None
    manifest: Mapping[str, Any]

    @property
    def size_px(self) -> int:
        """Side in pixels of the square that a network to classify takes."""
        return self.shape_px[0]

    def variant(self, name: str | None = None) -> Variant:
        """Return a variant by name, or the default one.

        Raises:
            BundleError: the bundle has no variant of that name.
        """
        chosen = name or self.default_variant
        if chosen not in self.variants:
            raise BundleError(
                "bundle_incompatible",
                f"{self.path} has no variant '{chosen}': choose {' or '.join(self.variants)}",
            )
        return self.variants[chosen]

    def read(self, file: str, sha256: str) -> bytes:
        """Read a file of the bundle and check it against its hash.

        Raises:
            BundleError: the file is missing or is not the one that the manifest describes.
        """
        path = self.path / file
        try:
            if not path.is_file():
                raise OSError(errno.ENOENT, "it is missing or not a plain file")
            content = path.read_bytes()
        except OSError as error:
            raise BundleError(
                "bundle_damaged",
                f"{path} cannot be read ({error.strerror}): copy the bundle again",
            ) from error
        found = hashlib.sha256(content).hexdigest()
        if found != sha256:
            raise BundleError(
                "bundle_damaged",
                f"{path} does not match its manifest (sha256 {found[:8]}… instead of "
                f"{sha256[:8]}…): copy the bundle again",
            )
        return content


def load_bundle(path: Path | None = None, task: str = "classify") -> Bundle:
    """Read the bundle that is named, or the default one for a task.

    Args:
        path: folder of a bundle; None takes the folder that the environment names
            (`HEMATOVISION_MODEL`, `HEMATOVISION_DETECTOR`), else the one bundle under `models/`
            that does the task and says that it is the default.
        task: `classify` or `detect`.

    Returns:
        The bundle; network files are not read yet.

    Raises:
        BundleError: `bundle_missing`, `bundle_damaged` or `bundle_incompatible`.
    """
    named = path or os.environ.get(ENVIRONMENT[task])
    bundle = read_bundle(Path(named)) if named else _default(task)
    if bundle.task != task:
        raise BundleError(
            "bundle_incompatible",
            f"{bundle.path} is a bundle to {bundle.task}, not to {task}: name another one",
        )
    return bundle


def list_bundles(models: Path | None = None) -> list[Bundle | BundleError]:
    """Read every bundle in a folder, sorted by name; a broken one is listed as its error.

    Args:
        models: the folder; None takes `models/` of the checkout.
    """
    found: list[Bundle | BundleError] = []
    # A bundle that is being put in place or taken away has a name with a dot in front.
    for manifest in sorted((models or MODELS).glob("[!.]*/manifest.json")):
        try:
            found.append(read_bundle(manifest.parent))
        except BundleError as error:
            found.append(error)
    return found


def read_bundle(path: Path) -> Bundle:
    """Read and check the manifest of the bundle in a folder.

    Raises:
        BundleError: `bundle_missing`, `bundle_damaged` or `bundle_incompatible`.
    """
    file = path / "manifest.json"
    try:
        manifest = json.loads(file.read_text(encoding="utf-8"), parse_constant=_no_number)
    except FileNotFoundError as error:
        raise BundleError(
            "bundle_missing",
            f"{path} is not a model bundle (it has no manifest.json): name the folder of one",
        ) from error
    except OSError as error:
        raise BundleError(
            "bundle_missing",
            f"{file} cannot be read ({error.strerror}): check the folder and its permissions",
        ) from error
    except (ValueError, RecursionError) as error:
        raise BundleError(
            "bundle_damaged", f"{file} is not JSON ({error}): copy the bundle again"
        ) from error
    schema = manifest.get("schema") if isinstance(manifest, dict) else None
    if schema not in READABLE:
        raise BundleError(
            "bundle_incompatible",
            f"{file} has the schema {schema!r}, this program reads "
            f"{' and '.join(READABLE)}: "
            "update the program or the bundle",
        )
    try:
        return _parse(path, manifest)
    except (KeyError, TypeError, ValueError, AttributeError, OverflowError) as error:
        raise BundleError(
            "bundle_damaged",
            f"{file} lacks a key or holds a wrong value "
            f"({type(error).__name__}: {error}): copy the bundle again",
        ) from error


def _default(task: str) -> Bundle:
    able = [b for b in list_bundles() if isinstance(b, Bundle) and b.task == task and b.is_default]
    if len(able) == 1:
        return able[0]
    broken = [str(b) for b in list_bundles() if isinstance(b, BundleError)]
    fact = (
        f"{' and '.join(b.name for b in able)} under {MODELS} both say that they are the default"
        if able
        else f"no bundle under {MODELS} says that it is the default to {task}"
    )
    reason = f" ({'; '.join(broken)})" if broken else ""
    flag = "--detector" if task == "detect" else "--model"
    raise BundleError("bundle_missing", f"{fact}{reason}: name one with {flag} DIR")


def _parse(path: Path, manifest: Mapping[str, Any]) -> Bundle:
    spec, golden, variants = manifest["input"], manifest["golden"], dict(manifest["variants"])
    default_variant = str(variants.pop("default"))
    task = _text(manifest["task"], "classify|detect")
    # The runtime reads neither, but training and reports take their shape for granted.
    training, _ = (_table(manifest, key) for key in ("training", "metrics"))
    _whole(training.get("seed", 0), 0, MAX_SEED)
    if (spec["layout"], spec["dtype"], spec["color"]) != ("NHWC", "uint8", "RGB"):
        raise ValueError("input must be NHWC, uint8, RGB")
    bundle = Bundle(
        path=path,
        name=_text(manifest["name"], r"\w[\w.-]{0,99}"),
        version=_text(manifest["version"], r"\d+\.\d+\.\d+"),
        task=task,
        is_default=manifest.get("default") is True,
        classes=tuple(CellClass(c["id"], c["title"], c["color"]) for c in manifest["classes"]),
        attributes=tuple(
            Attribute(a["id"], a["title"], tuple(a["values"]), frozenset(a["of"]))
            for a in manifest.get("attributes") or ()
        ),
        shape_px=_shape(spec, task),
        framing=Framing.of(spec.get("framing")),
        variants={
            _text(k, r"[\w.-]+"): Variant(
                k, _plain(v["file"]), str(v["sha256"]), _whole(v["bytes"], 1, MAX_BYTES)
            )
            for k, v in variants.items()
        },
        default_variant=default_variant,
        golden=Golden(
            _plain(golden["file"]),
            str(golden["sha256"]),
            {
                str(variant): {str(c): float(p) for c, p in probabilities.items()}
                for variant, probabilities in (
                    golden["probabilities"] if task == "classify" else {}
                ).items()
            },
            {
                str(v): [found_of(c) for c in cells]
                for v, cells in (golden["cells"] if task == "detect" else {}).items()
            },
            float(golden["tolerance"]),
        ),
        trust=None,
        picking=Picking.of(manifest["picking"]) if task == "detect" else None,
        manifest=manifest,
    )
    if not 0 <= bundle.golden.tolerance <= MAX_TOLERANCE:
        raise ValueError(f"the golden tolerance is not between 0 and {MAX_TOLERANCE:g}")
    if default_variant not in bundle.variants:
        raise ValueError(f"there is no variant '{default_variant}', the default one")
    ids = {c.id for c in bundle.classes}
    if not ids or len(ids) < len(bundle.classes):
        raise ValueError("there are no classes, or two share an id")
    if bundle.picking and tuple(c.id for c in bundle.classes) != KINDS:
        raise ValueError(f"classes of a bundle to detect are {', '.join(KINDS)}, in this order")
    trust = manifest.get("trust")
    if trust is None:
        return bundle
    arrays = bundle.read(_plain(trust["file"]), str(trust["sha256"]))
    return replace(bundle, trust=Trust.of(trust, arrays))


def _no_number(constant: str) -> float:
    raise ValueError(f"{constant} is no number")


def _whole(value: object, least: int, most: int) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= most:
        raise ValueError(f"{str(value)[:40]} is not a whole number from {least} to {most}")
    return value


def _shape(spec: Mapping[str, Any], task: str) -> tuple[int, int]:
    """Return height and width of the network's input, which is a square for single cells."""
    sides = ("height", "width") if task == "detect" else ("size", "size")
    height, width = (_whole(spec[side], 1, MAX_SIDE_PX) for side in sides)
    return height, width


def _table(manifest: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    """Return an object of the manifest, empty where it has none."""
    value = manifest.get(key, {})
    if not isinstance(value, dict):
        raise ValueError(f"{key} is not an object")
    return value


def _text(value: object, pattern: str) -> str:
    """Refuse a text that a terminal, a page or a table could take for something else."""
    if not isinstance(value, str) or not value.isprintable() or not re.fullmatch(pattern, value):
        raise ValueError(f"{value!r} is not printable text of the form {pattern}")
    return value


def _plain(file: str) -> str:
    """Refuse a file name that leaves the bundle's folder."""
    if Path(file).name != file or file in ("", "..") or not file.isprintable():
        raise ValueError(f"{file!r} is not a plain file name")
    return file
