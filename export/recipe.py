"""A recipe: every number of a training run, read from TOML into frozen dataclasses."""

import dataclasses
import hashlib
import re
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any, get_args, get_origin, get_type_hints

from export.errors import RecipeError


@dataclass(frozen=True)
class CellClass:
    """A class that the network names: stable id, title for people, color as #rrggbb."""

    id: str
    title: str
    color: str


@dataclass(frozen=True)
class Input:
    """Sizes of the network's input and of the pictures that it is trained on."""

    size_px: int
    frame_px: int
    frame_um: float


@dataclass(frozen=True)
class Network:
    """Which backbone, how wide, and the dropout before the last layer."""

    backbone: str
    alpha: float
    dropout: float


@dataclass(frozen=True)
class Augment:
    """How far training pictures are varied; units are in the names."""

    window_um: tuple[float, float]
    shift: float
    blur_px: tuple[float, float]
    blur_share: float
    stain_mix: float
    stain_gain: float
    glass_gain: float


@dataclass(frozen=True)
class Train:
    """The schedule of both stages: frozen backbone, then fine-tuning."""

    batch: int
    label_smoothing: float
    class_weight_power: float
    weight_decay: float
    ema: float
    frozen_epochs: int
    frozen_rate: float
    epochs: int
    rate: float
    warmup_steps: int


@dataclass(frozen=True)
class Export:
    """Conversion, quantization, and how much they may cost."""

    opset: int
    max_logit_difference: float
    calibration: int
    calibration_method: str
    reduce_range: bool
    max_points_lost: float
    min_agreement: float


@dataclass(frozen=True)
class Recipe:
    """A training run in full; `sha256` identifies the file that it was read from."""

    name: str
    title: str
    seed: int
    classes: tuple[CellClass, ...]
    input: Input
    network: Network
    augment: Augment
    train: Train
    export: Export
    sha256: str = ""

    @property
    def class_ids(self) -> tuple[str, ...]:
        """The ids in the order of the network's outputs."""
        return tuple(c.id for c in self.classes)


def load_recipe(path: Path) -> Recipe:
    """Read a recipe and refuse what it does not know.

    Args:
        path: a TOML file, as in `export/recipes/`.

    Returns:
        The recipe, with the SHA-256 of the file.

    Raises:
        RecipeError: the file is missing or not TOML, a key is unknown or absent, or a value is of
            the wrong type or impossible.
    """
    try:
        text = path.read_bytes()
        table = tomllib.loads(text.decode())
    except OSError as error:
        raise RecipeError("recipe", f"{path} cannot be read ({error.strerror})") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise RecipeError("recipe", f"{path} is not TOML: {error}") from error
    table.pop("sha256", None)
    recipe: Recipe = _build(Recipe, table, str(path))
    _check(recipe, str(path))
    return dataclasses.replace(recipe, sha256=hashlib.sha256(text).hexdigest())


def _build(kind: type, value: Any, where: str) -> Any:
    """Turn plain TOML values into the dataclass, tuple or number that `kind` names."""
    if dataclasses.is_dataclass(kind):
        if not isinstance(value, dict):
            raise RecipeError("recipe", f"{where} must be a table")
        hints = get_type_hints(kind)
        required = {
            f.name for f in dataclasses.fields(kind) if f.default is dataclasses.MISSING
        }
        if unknown := sorted(value.keys() - hints.keys()):
            raise RecipeError("recipe", f"{where}: unknown {', '.join(unknown)}")
        if missing := sorted(required - value.keys()):
            raise RecipeError("recipe", f"{where}: {', '.join(missing)} is missing")
        return kind(**{k: _build(hints[k], v, f"{where}: {k}") for k, v in value.items()})
    if get_origin(kind) is tuple:
        inner = get_args(kind)
        if not isinstance(value, list) or (inner[-1] is not ... and len(value) != len(inner)):
            raise RecipeError("recipe", f"{where} must be a list" + (
                "" if inner[-1] is ... else f" of {len(inner)}"
            ))
        return tuple(_build(inner[0], item, f"{where}[{i}]") for i, item in enumerate(value))
    if kind is float and type(value) is int:
        return float(value)
    if type(value) is not kind:
        raise RecipeError("recipe", f"{where} must be {kind.__name__}, not {value!r}")
    return value


def _check(recipe: Recipe, where: str) -> None:
    ids = recipe.class_ids
    facts = {
        "name must be lower-case letters, digits, '-', '.' or '_'": re.fullmatch(
            r"[a-z0-9][a-z0-9._-]*", recipe.name
        ),
        "classes must be at least two, each id once": len(ids) == len(set(ids)) >= 2,
        "input.size_px must be a multiple of 32 from 32 to 512": recipe.input.size_px
        in range(32, 513, 32),
        "input.frame_px must be at least size_px": recipe.input.frame_px >= recipe.input.size_px,
        "augment.window_um must rise and end within frame_um": 0
        < recipe.augment.window_um[0]
        <= recipe.augment.window_um[1]
        <= recipe.input.frame_um,
        "train.batch, train.epochs and train.rate must be above zero": min(
            recipe.train.batch, recipe.train.epochs, recipe.train.rate
        )
        > 0,
        "export.calibration must hold a picture of each class": recipe.export.calibration
        >= len(ids),
    }
    for fact, holds in facts.items():
        if not holds:
            raise RecipeError("recipe", f"{where}: {fact}")
