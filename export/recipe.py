"""A recipe: every number of a training run, read from TOML and checked before the run starts."""

import tomllib
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from export.errors import RecipeError
from runtime.bundle import CellClass
from runtime.framing import Framing

Share = Annotated[float, Field(ge=0, le=1)]
Spread = Annotated[float, Field(ge=0)]
Positive = Annotated[float, Field(gt=0)]
Count = Annotated[int, Field(ge=1)]
Side = Annotated[int, Field(ge=32, le=512, multiple_of=32)]


class Table(BaseModel):
    """A table of a recipe: frozen, unknown keys refused."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class Framed(Table):
    """How large a window the network sees, as in `runtime.framing`."""

    nuclei: Positive
    least: Annotated[float, Field(gt=0, le=1)]


class Input(Table):
    """Side of the network's input, and what a whole picture of the training data shows."""

    size_px: Side
    frame_um: Positive
    framing: Framed | None = None


class Network(Table):
    """Which backbone, how wide where it comes in widths, and the dropout before the last layer.

    `inner_share` is what a MobileNetV2 keeps of the channels inside its blocks when it starts from
    a wider run, see `export.thin`.
    """

    backbone: Literal[
        "mobilenet_v1",
        "mobilenet_v2",
        "mobilenet_v3_small",
        "mobilenet_v3_large",
        "resnet50",
        "vgg16",
    ]
    alpha: Positive = 1.0
    inner_share: Annotated[float, Field(gt=0, le=1)] = 1.0
    dropout: Annotated[float, Field(ge=0, lt=1)]


class Attribute(Table):
    """Something else to tell of a cell: a column of the data, and the values that it may have."""

    id: Annotated[str, Field(pattern=r"^[a-z0-9_]+$")]
    title: str
    values: Annotated[tuple[str, ...], Field(min_length=2)]


class Augment(Table):
    """How far training pictures are varied, see `export.augment`; units are in the names."""

    window: tuple[Positive, Positive]
    shift: Annotated[float, Field(ge=0, le=0.5)]
    blur_px: tuple[Spread, Spread]
    blur_share: Share
    stain_mix: Spread
    stain_gain: Spread
    glass_gain: Spread


class Lap(Table):
    """Some epochs at one size; small pictures first learn the same in a fraction of the time.

    Training pictures are kept at `frame_px`, and augmentation cuts its windows from them.
    """

    size_px: Side
    frame_px: Annotated[int, Field(le=1024)]
    epochs: Count


class Train(Table):
    """The schedule of both stages: frozen backbone, then fine-tuning.

    `class_balance` says how rare classes are raised, by their weight in the loss or by drawing
    them more often; both by (1 / share) ** `class_balance_power`. The epoch that is kept has the
    best accuracy on validation cells, `shifted_share` of it on augmented ones.
    """

    batch: Count
    attribute_weight: Spread = 1.0
    label_smoothing: Annotated[float, Field(ge=0, lt=1)]
    class_balance: Literal["weights", "sampling"]
    class_balance_power: Share
    weight_decay: Spread
    ema: Annotated[float, Field(gt=0, lt=1)]
    frozen_epochs: Annotated[int, Field(ge=0)]
    frozen_rate: Positive
    rate: Positive
    warmup_steps: Annotated[int, Field(ge=0)]
    shifted_share: Share
    laps: Annotated[tuple[Lap, ...], Field(min_length=1)]


class Export(Table):
    """Conversion, quantization, and how much they may cost."""

    opset: Annotated[int, Field(ge=15, le=18)]
    max_logit_difference: Positive
    calibration: Count
    calibration_method: Literal["minmax", "entropy", "percentile"]
    reduce_range: bool
    float_convolutions: Annotated[int, Field(ge=0)] = 0
    max_points_lost: Spread
    min_agreement: Share


class Trusting(Table):
    """How sure is sure, see `export.trusting`; shares of pictures or answers, 0 to 1."""

    directions: Count = 32
    strange_flagged: Share = 0.996
    home_flagged: Share = 0.01
    confident_at_home: Share = 0.996
    confident_when_shifted: Share = 0.98
    coverage: Share = 0.99


class Recipe(Table):
    """A training run in full; `limits` are sentences about the data for the model card."""

    name: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9._-]*$")]
    title: str
    seed: Annotated[int, Field(ge=0, lt=2**32)]
    limits: tuple[str, ...] = ()
    classes: Annotated[tuple[CellClass, ...], Field(min_length=2)]
    attributes: tuple[Attribute, ...] = ()
    input: Input
    network: Network
    augment: Augment
    train: Train
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

    @model_validator(mode="after")
    def _agree(self) -> Self:
        """Refuse values that are possible alone but not together."""
        if len(set(self.class_ids)) < len(self.class_ids):
            raise ValueError("classes: an id stands twice")
        if self.network.backbone in ("resnet50", "vgg16") and self.network.alpha != 1:
            raise ValueError(f"network.alpha: {self.network.backbone} comes in one width, 1.0")
        if self.network.inner_share < 1 and self.network.backbone != "mobilenet_v2":
            raise ValueError("network.inner_share: only mobilenet_v2 can be thinned")
        if any(lap.frame_px < lap.size_px for lap in self.train.laps):
            raise ValueError("train.laps: frame_px is smaller than size_px")
        if self.train.laps[-1].size_px != self.input.size_px:
            raise ValueError("train.laps: the last size_px must be input.size_px")
        for key, (low, high) in (
            ("window", self.augment.window),
            ("blur_px", self.augment.blur_px),
        ):
            if low > high:
                raise ValueError(f"augment.{key} must rise")
        if self.export.calibration < len(self.classes):
            raise ValueError("export.calibration must hold a picture of each class")
        return self


def load_recipe(path: Path) -> Recipe:
    """Read a recipe and refuse what it does not know.

    Args:
        path: a TOML file, as in `export/recipes/`.

    Raises:
        RecipeError: the file is missing or not TOML, a key is unknown or absent, or a value is
            impossible; every fault is named.
    """
    try:
        return Recipe.model_validate(tomllib.loads(path.read_text(encoding="utf-8")))
    except OSError as error:
        raise RecipeError("recipe", f"{path} cannot be read ({error.strerror})") from error
    except ValidationError as error:
        faults = "; ".join(
            ".".join(str(part) for part in fault["loc"]) + f": {fault['msg']}".replace("::", ":")
            for fault in error.errors()
        )
        raise RecipeError("recipe", f"{path}: {faults}") from error
    except (ValueError, RecursionError) as error:
        raise RecipeError("recipe", f"{path} is not TOML ({error})") from error
