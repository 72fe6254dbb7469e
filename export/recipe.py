"""A recipe: every number of a training run, read from TOML and checked before the run starts."""

import tomllib
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Literal, Self, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from export.errors import RecipeError
from runtime.bundle import CellClass
from runtime.framing import Framing

# Strict: `true` and "16" are slips, not numbers. The limits lie far outside of what is of use.
Whole = Annotated[int, Field(strict=True)]
Number = Annotated[float, Field(strict=True)]
Share = Annotated[Number, Field(ge=0, le=1)]
Spread = Annotated[Number, Field(ge=0, le=2)]
Rate = Annotated[Number, Field(ge=1e-8, le=1)]
Epochs = Annotated[Whole, Field(ge=1, le=1000)]
Side = Annotated[Whole, Field(ge=32, le=512, multiple_of=32)]
Window = Annotated[Number, Field(ge=0.05, le=4)]
Blur = Annotated[Number, Field(ge=0, le=5)]  # the passes of blurring grow with its square
OF_CARD = ("limits", "data")  # keys of a recipe that only the model card tells
Title = Annotated[str, Field(min_length=1, max_length=100)]


class Table(BaseModel):
    """A table of a recipe: frozen, unknown keys refused."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


AnyRecipe = TypeVar("AnyRecipe", bound=Table)


class Framed(Table):
    """How large a window the network sees, as in `runtime.framing`."""

    nuclei: Annotated[Number, Field(ge=0.1, le=20)]
    least: Annotated[Number, Field(ge=0.05, le=1)]


class Input(Table):
    """Side of the network's input, and what a whole picture of the training data shows."""

    size_px: Side
    frame_um: Annotated[Number, Field(ge=1, le=1000)]
    framing: Framed | None = None


class Network(Table):
    """Which backbone, how wide where it comes in widths, and the dropout before the last layer."""

    backbone: Literal[
        "mobilenet_v1",
        "mobilenet_v2",
        "mobilenet_v3_small",
        "mobilenet_v3_large",
        "resnet50",
        "vgg16",
    ]
    alpha: Annotated[Number, Field(ge=0.05, le=2)] = 1.0
    dropout: Annotated[Number, Field(ge=0, lt=1)]


class Attribute(Table):
    """Something else to tell of a cell: a column of the data, and the values that it may have."""

    id: Annotated[str, Field(pattern=r"^[a-z0-9_]+$", max_length=64)]
    title: Title
    values: Annotated[tuple[Title, ...], Field(min_length=2, max_length=100)]


class Augment(Table):
    """How far training pictures are varied, see `export.augment`; units are in the names."""

    window: tuple[Window, Window]
    shift: Annotated[Number, Field(ge=0, le=0.5)]
    blur_px: tuple[Blur, Blur]
    blur_share: Share
    stain_mix: Spread
    stain_gain: Spread
    stain_strength: tuple[Share, Share] = (1.0, 1.0)
    glass_gain: Spread
    style_share: Share = 0.0


class Lap(Table):
    """Some epochs at one size; small pictures first learn the same in a fraction of the time.

    Training pictures are kept at `frame_px`, and augmentation cuts its windows from them.
    """

    size_px: Side
    frame_px: Annotated[Whole, Field(ge=32, le=1024)]
    epochs: Epochs


class Train(Table):
    """The schedule of both stages: frozen backbone, then fine-tuning.

    `class_balance` says how rare classes are raised, by their weight in the loss or by drawing
    them more often; both by (1 / share) ** `class_balance_power`. The epoch that is kept has the
    best accuracy on validation cells, `shifted_share` of it on augmented ones. `distilled` is the
    share of each picture's target that the teacher says of it as it is varied.
    """

    batch: Annotated[Whole, Field(ge=1, le=4096)]
    attribute_weight: Annotated[Number, Field(ge=0, le=100)] = 1.0
    label_smoothing: Annotated[Number, Field(ge=0, lt=1)]
    distilled: Share = 0.0
    class_balance: Literal["weights", "sampling"]
    class_balance_power: Share
    weight_decay: Share
    ema: Annotated[Number, Field(gt=0, lt=1)]
    frozen_epochs: Annotated[Whole, Field(ge=0, le=1000)]
    frozen_rate: Rate
    rate: Rate
    warmup_steps: Annotated[Whole, Field(ge=0, le=1_000_000)]
    shifted_share: Share
    laps: Annotated[tuple[Lap, ...], Field(min_length=1, max_length=20)]


class Untyped(Table):
    """Cells without a class that a teacher names, see `export.pseudo_labels`.

    They make up `share` of each batch. A cell is taken when the teacher says the same at all
    `windows`, sides in those of serving, and on average gives it at least the probability `least`.
    `odds` say how often a class comes among them beside the teacher's training cells, 1 for those
    that are not named. Cells that are given a rare class are drawn more often, by (1 / share) **
    `balance_power`. `leave_out` names sources, by a set's `sources.csv`, that are passed over: the
    training data's own laboratory, where `odds` do not hold.
    """

    share: Annotated[Number, Field(gt=0, lt=1)]
    odds: dict[str, Annotated[Number, Field(ge=0, le=1000)]] = {}
    windows: Annotated[tuple[Annotated[Number, Field(ge=0.3, le=3)], ...], Field(min_length=1)]
    least: Share
    balance_power: Share = 0.0
    leave_out: tuple[str, ...] = ()


class Export(Table):
    """Conversion, quantization, and how much they may cost."""

    opset: Annotated[Whole, Field(ge=15, le=18)]
    max_logit_difference: Annotated[Number, Field(gt=0, le=10)]
    calibration: Annotated[Whole, Field(ge=1, le=100_000)]
    calibration_method: Literal["minmax", "entropy", "percentile"]
    reduce_range: Annotated[bool, Field(strict=True)]
    float_convolutions: Annotated[Whole, Field(ge=0, le=1000)] = 0
    max_points_lost: Annotated[Number, Field(ge=0, le=100)]
    min_agreement: Share


class Trusting(Table):
    """How sure is sure, see `export.calibration`; shares of pictures or answers, 0 to 1."""

    directions: Annotated[Whole, Field(ge=1, le=512)] = 32
    strange_flagged: Share = 0.996
    home_flagged: Share = 0.01
    confident_at_home: Share = 0.996
    confident_when_shifted: Share = 0.98
    coverage: Share = 0.99


class Source(Table):
    """Where data come from, for the model card: whose they are, and under what license."""

    name: Title
    use: Title
    source: Annotated[str, Field(min_length=1, max_length=500)]
    license: Title


class Recipe(Table):
    """A training run in full; `limits` and `data` are words about the data for the model card."""

    name: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9._-]*$", max_length=64)]
    title: Title
    seed: Annotated[Whole, Field(ge=0, lt=2**32)]
    limits: tuple[str, ...] = ()
    data: tuple[Source, ...] = ()
    classes: Annotated[tuple[CellClass, ...], Field(min_length=2, max_length=1000)]
    attributes: Annotated[tuple[Attribute, ...], Field(max_length=100)] = ()
    input: Input
    network: Network
    augment: Augment
    train: Train
    untyped: Untyped | None = None
    export: Export
    trust: Trusting = Trusting()

    @property
    def class_ids(self) -> tuple[str, ...]:
        """The ids in the order of the network's outputs."""
        return tuple(c.id for c in self.classes)

    @property
    def framing(self) -> Framing | None:
        """How serving will cut its windows."""
        framed = self.input.framing
        return framed and Framing(framed.nuclei, framed.least)

    @property
    def labelled_in_batch(self) -> int:
        """How many cells of a batch have a class of their own; a teacher names the others."""
        share = self.untyped.share if self.untyped else 0.0
        return max(1, round(self.train.batch * (1 - share)))

    @model_validator(mode="after")
    def _agree(self) -> Self:
        """Refuse values that are possible alone but not together."""
        if len(set(self.class_ids)) < len(self.class_ids):
            raise ValueError("classes: an id stands twice")
        if twice := _repeated([a.id for a in self.attributes]):
            raise ValueError(f"attributes: the id {twice} stands twice")
        for attribute in self.attributes:
            if twice := _repeated(attribute.values):
                raise ValueError(f"attributes: {attribute.id} has the value '{twice}' twice")
        if self.network.backbone in ("resnet50", "vgg16") and self.network.alpha != 1:
            raise ValueError(f"network.alpha: {self.network.backbone} comes in one width, 1.0")
        if any(lap.frame_px < lap.size_px for lap in self.train.laps):
            raise ValueError("train.laps: frame_px is smaller than size_px")
        last, size = self.train.laps[-1].size_px, self.input.size_px
        if last != size:
            raise ValueError(
                f"train.laps end with pictures of {last} px and input.size_px is {size}: set "
                f"input.size_px = {last} too, or end with a lap of {size}"
            )
        if self.untyped and (unknown := sorted(set(self.untyped.odds) - set(self.class_ids))):
            raise ValueError(f"untyped.odds: {unknown[0]} is not among the classes")
        if self.untyped and self.labelled_in_batch == self.train.batch:
            raise ValueError(
                f"untyped.share: {self.untyped.share:g} of a batch of {self.train.batch} is no "
                "cell: raise it, or train.batch"
            )
        if self.augment.style_share and not self.untyped:
            raise ValueError("augment.style_share needs cells to take styles from: add [untyped]")
        must_rise("augment", self.augment, "window", "blur_px", "stain_strength")
        if self.export.calibration < len(self.classes):
            raise ValueError("export.calibration must hold a picture of each class")
        return self


def must_rise(name: str, table: Table, *keys: str) -> None:
    """Refuse a range of a table that falls.

    Raises:
        ValueError: its second number is below its first.
    """
    for key in keys:
        low, high = getattr(table, key)
        if low > high:
            raise ValueError(f"{name}.{key} must rise")


def load_recipe(path: Path) -> Recipe:
    """Read a recipe and refuse what it does not know.

    Args:
        path: a TOML file, as in `export/recipes/`.

    Raises:
        RecipeError: the file is missing or not TOML, a key is unknown or absent, or a value is
            impossible; every fault is named.
    """
    return read_recipe(path, Recipe)


def task_of(path: Path) -> str:
    """Tell what a recipe, or the recipe of a run, trains a network to do; `classify` unless told.

    Args:
        path: a TOML file; what is wrong with it is left to whoever reads it in full.
    """
    try:
        return str(tomllib.loads(path.read_text(encoding="utf-8")).get("task", "classify"))
    except (OSError, ValueError, RecursionError):
        return "classify"


def read_recipe(path: Path, kind: type[AnyRecipe]) -> AnyRecipe:
    """Read a recipe of a kind.

    Raises:
        RecipeError: as `load_recipe`.
    """
    try:
        return kind.model_validate(tomllib.loads(path.read_text(encoding="utf-8")))
    except OSError as error:
        raise RecipeError("recipe", f"{path} cannot be read ({error.strerror})") from error
    except ValidationError as error:
        faults = "; ".join(
            ": ".join(filter(None, (".".join(map(str, fault["loc"])), _plain(fault["msg"]))))
            for fault in error.errors()
        )
        raise RecipeError("recipe", f"{path}: {faults}") from error
    except (ValueError, RecursionError) as error:
        raise RecipeError("recipe", f"{path} is not TOML ({error})") from error


def other_tables(one: Recipe, other: Recipe) -> list[str]:
    """Name what differs between two recipes, but for what decides nothing in a training."""
    return [
        key
        for key in Recipe.model_fields
        if key not in ("export", "trust", *OF_CARD) and getattr(one, key) != getattr(other, key)
    ]


def _repeated(names: Sequence[str]) -> str | None:
    return next((name for name, count in Counter(names).items() if count > 1), None)


def _plain(message: str) -> str:
    return message.removeprefix("Value error, ")
