"""A recipe to begin with: the numbers of the shipped one, the classes of another data set."""

import colorsys
import re
import tomllib
from pathlib import Path

from pydantic import ValidationError

from export.data.readers import Reading
from export.errors import DatasetError, RecipeError
from export.recipe import Recipe, load_recipe
from runtime.files import write_whole

MODEL_RECIPE = Path(__file__).parents[1] / "recipes" / "pbc-wide.toml"


def refuse_existing(file: Path) -> None:
    """Refuse a recipe's place that is taken, because somebody may have edited what is there.

    Raises:
        RecipeError: the file exists.
    """
    if file.exists():
        raise RecipeError("recipe", f"{file} exists already: choose another name, or remove it")


def save_recipe(found: Reading, file: Path) -> None:
    """Write a recipe for the classes of a data set, whole or not at all.

    Args:
        found: the set as read.
        file: where the recipe goes; its name becomes the recipe's.

    Raises:
        RecipeError: the file exists.
        DatasetError: the set has fewer than two classes.
        ExportError: the file cannot be written.
    """
    refuse_existing(file)
    labels = sorted({s.label for s in found.samples})
    if len(labels) < 2:
        raise DatasetError(
            "dataset",
            f"{found.root} has {len(labels)} classes, a classifier needs two: add labelled cells",
        )
    content = _recipe(_name(file), labels)
    try:
        Recipe.model_validate(tomllib.loads(content))
    except (ValidationError, ValueError) as error:
        raise RecipeError(
            "recipe", f"no recipe can be made for the classes {', '.join(labels)} ({error})"
        ) from error
    write_whole(file, content.encode())


def _recipe(name: str, labels: list[str]) -> str:
    """Replace what is about the data in the shipped recipe, and keep its numbers and comments."""
    known = {c.id: c for c in load_recipe(MODEL_RECIPE).classes}
    lines = []
    for place, label in enumerate(labels):
        title = known[label].title if label in known else label.replace("_", " ").capitalize()
        color = known[label].color if label in known else _color(place, len(labels))
        lines.append(f'  {{ id = "{label}", title = "{title}", color = "{color}" }},\n')
    changes = {
        r"\A#.*\n": "# Begun from the shipped recipe: check classes, limits and frame_um.\n",
        r"^name = .*\n": f'name = "{name}"\n',
        r"^title = .*\n": f'title = "Blood cells, {name}"\n',
        r"^limits = \[\n(?:.*\n)*?\]": "limits = []  # what the data leave open, for the card",
        r"^classes = \[\n(?:.*\n)*?\]": "classes = [\n" + "".join(lines) + "]",
    }
    content = MODEL_RECIPE.read_text(encoding="utf-8")
    for pattern, text in changes.items():
        content = re.sub(pattern, text, content, count=1, flags=re.MULTILINE)
    return content


def _name(file: Path) -> str:
    """Name a recipe after its file, in the letters that a bundle's name may have."""
    return re.sub(r"[^a-z0-9]+", "-", file.stem.lower()).strip("-") or "cells"


def _color(place: int, count: int) -> str:
    """Pick one of `count` colors around the wheel, dark enough for white text."""
    red, green, blue = colorsys.hls_to_rgb(place / count, 0.4, 0.65)
    return f"#{round(255 * red):02x}{round(255 * green):02x}{round(255 * blue):02x}"
