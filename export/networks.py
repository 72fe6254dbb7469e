"""The networks that can be trained: a backbone, its own input scaling, dropout, logits."""

from pathlib import Path

import keras

from export.errors import RecipeError
from export.recipe import Recipe

BACKBONE = "backbone"
SCALING = "scaling"


def build(recipe: Recipe, weights: str) -> keras.Model:
    """Build the classifier with its scaling inside, uint8 in, logits out.

    Args:
        recipe: sizes, backbone, dropout, classes.
        weights: path of a Keras weights file without the top, or `imagenet` to let Keras fetch
            them.

    Returns:
        A model from (n, size, size, 3) uint8 to (n, classes) float32, its backbone frozen.

    Raises:
        RecipeError: the weights are missing or do not fit.
    """
    if weights != "imagenet" and not Path(weights).is_file():
        raise RecipeError("weights", f"{weights} does not exist: pass a weights file or 'imagenet'")
    size = recipe.input.size_px
    try:
        backbone = keras.applications.MobileNetV2(
            input_shape=(size, size, 3),
            alpha=recipe.network.alpha,
            include_top=False,
            weights=weights,
            name=BACKBONE,
        )
    except (ValueError, OSError) as error:
        raise RecipeError(
            "weights", f"the weights {weights} do not fit the network: {error}"
        ) from error
    backbone.trainable = False
    inputs = keras.Input((size, size, 3), dtype="uint8", name="pictures")
    scaled = keras.layers.Rescaling(1 / 127.5, offset=-1, name=SCALING)(inputs)
    features = keras.layers.GlobalAveragePooling2D()(backbone(scaled, training=False))
    features = keras.layers.Dropout(recipe.network.dropout, seed=recipe.seed)(features)
    logits = keras.layers.Dense(len(recipe.classes), name="logits", dtype="float32")(features)
    return keras.Model(inputs, logits, name=recipe.name.replace(".", "_"))


def load(recipe: Recipe, file: Path) -> keras.Model:
    """Load a trained classifier to go on from.

    Raises:
        RecipeError: its input or its classes are not the recipe's.
    """
    model = keras.saving.load_model(file)
    size, classes = recipe.input.size_px, len(recipe.classes)
    if model.input_shape != (None, size, size, 3) or model.output_shape != (None, classes):
        raise RecipeError(
            "recipe",
            f"{file} takes {model.input_shape} and gives {model.output_shape}, the recipe wants "
            f"{size} px and {classes} classes: start from another run",
        )
    model.get_layer(BACKBONE).trainable = False
    return model


def unfreeze(model: keras.Model) -> None:
    """Let the backbone learn, all but its batch norms: their statistics stay ImageNet's.

    Batches of a few dozen cells of one laboratory would tie the statistics to its stain.
    """
    backbone = model.get_layer(BACKBONE)
    backbone.trainable = True
    for layer in backbone.layers:
        if isinstance(layer, keras.layers.BatchNormalization):
            layer.trainable = False
