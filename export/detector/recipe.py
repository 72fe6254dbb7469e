"""A detector's recipe: every number of a training run, read from TOML and checked before it."""

from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from export.detector.parts import COARSEST
from export.recipe import (
    Augment,
    Blur,
    Export,
    Number,
    Rate,
    Share,
    Source,
    Spread,
    Table,
    Title,
    Whole,
    must_rise,
    read_recipe,
)
from runtime.bundle import CellClass
from runtime.detection import KINDS

Side = Annotated[Whole, Field(ge=64, le=1024, multiple_of=COARSEST)]
Scale = Annotated[Number, Field(ge=0.1, le=10)]
Channels = Annotated[Whole, Field(ge=4, le=512)]


class Input(Table):
    """Width and height of the network's input, into which a whole picture is fitted."""

    width_px: Side
    height_px: Side


class Network(Table):
    """Width of the MobileNetV2, and channels of the features at strides 16, 8 and 4.

    The first `frozen_blocks` blocks keep the weights that they are given.
    """

    alpha: Annotated[Number, Field(ge=0.05, le=2)]
    frozen_blocks: Annotated[Whole, Field(ge=1, le=13)]
    channels: tuple[Channels, Channels, Channels]


class Vary(Table):
    """How far training pictures are varied.

    `scale` is beside that of serving; `stretch` the spread of ln(width / height); `rare_share` of
    the views show some white cell or platelet; `drawn_share` are drawn pictures without cells, and
    `blank_share` parts of drawn fields of glass and dirt. The others are those of `export.augment`.
    """

    scale: tuple[Scale, Scale]
    stretch: Spread
    rare_share: Share
    drawn_share: Share
    blank_share: Share = 0.0
    blur_px: tuple[Blur, Blur]
    blur_share: Share
    stain_mix: Spread
    stain_gain: Spread
    stain_strength: tuple[Share, Share] = (1.0, 1.0)
    glass_gain: Spread
    style_share: Share

    @property
    def of_color(self) -> Augment:
        """The part that `export.augment` reads."""
        return Augment(
            window=(1.0, 1.0),
            shift=0.0,
            **self.model_dump(include=set(Augment.model_fields) - {"window", "shift"}),
        )


class Train(Table):
    """The schedule: `epochs` of `steps` batches of square views.

    An unlabelled cell at the border, nearer than `edge` times the size of the field's red cells,
    is no mistake: sets box such cells or not, at whim.
    """

    view_px: Side
    batch: Annotated[Whole, Field(ge=1, le=1024)]
    epochs: Annotated[Whole, Field(ge=1, le=1000)]
    steps: Annotated[Whole, Field(ge=1, le=100_000)]
    rate: Rate
    warmup_steps: Annotated[Whole, Field(ge=0, le=1_000_000)]
    weight_decay: Share
    ema: Annotated[Number, Field(gt=0, lt=1)]
    box_weight: Annotated[Number, Field(ge=0, le=100)]
    edge: Annotated[Number, Field(ge=0, le=2)]


class Picking(Table):
    """Places that are told, and the overlap above which two boxes of a kind are one cell."""

    most: Annotated[Whole, Field(ge=1, le=1000)]
    overlap: Share


class DetectorExport(Export):
    """As for a classifier; `max_points_lost` is of the mean F1 over the kinds, in points.

    `max_logit_difference` is of scores, and `min_agreement` the share of cells of the one that the
    other finds too.
    """


class DetectorRecipe(Table):
    """A training run in full; `limits` and `data` are words about the data for the model card."""

    task: Literal["detect"]
    name: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9._-]*$", max_length=64)]
    title: Title
    seed: Annotated[Whole, Field(ge=0, lt=2**32)]
    limits: tuple[str, ...] = ()
    data: tuple[Source, ...] = ()
    classes: tuple[CellClass, ...]
    input: Input
    network: Network
    vary: Vary
    train: Train
    picking: Picking
    export: DetectorExport

    @property
    def shape_px(self) -> tuple[int, int]:
        """Height and width of the network's input."""
        return self.input.height_px, self.input.width_px

    @model_validator(mode="after")
    def _agree(self) -> Self:
        """Refuse values that are possible alone but not together."""
        if tuple(c.id for c in self.classes) != KINDS:
            raise ValueError(f"classes: the ids are {', '.join(KINDS)}, in this order")
        must_rise("vary", self.vary, "scale", "blur_px", "stain_strength")
        return self


def load_detector_recipe(path: Path) -> DetectorRecipe:
    """Read a detector's recipe and refuse what it does not know.

    Args:
        path: a TOML file, as `export/recipes/fields.toml`.

    Raises:
        RecipeError: as `export.recipe.load_recipe`.
    """
    return read_recipe(path, DetectorRecipe)
