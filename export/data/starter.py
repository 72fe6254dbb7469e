"""A recipe to begin with: the numbers of the shipped one, the classes of another data set.

The shipped schedule is for thousands of pictures. A small set has few batches in an epoch, and gets
more and smaller ones until there are enough of them to learn from.
"""

import colorsys
import math
import re
import tomllib
from collections.abc import Mapping
from pathlib import Path

from pydantic import ValidationError

from export.data.readers import Reading
from export.errors import DatasetError, RecipeError
from export.recipe import Recipe, Train, load_recipe
from runtime.files import write_whole

MODEL_RECIPE = Path(__file__).parents[1] / "recipes" / "pbc-first.toml"

# As in `runtime.bundle.CellClass`.
CLASS_ID = re.compile(r"[a-z][a-z0-9_-]*")

# Batches that all epochs together should hold, at least.
ENOUGH_STEPS = 1500
# Each epoch is judged and kept, so that very many of very few steps take long for little.
MOST_TIMES = 40
SMALL_SET, SMALL_BATCH = 300, 16
# The average of the last weights spans 100 steps of a short training, 500 of the shipped one.
SHORT_EMA = 0.99


def refuse_existing(file: Path) -> None:
    """Refuse a recipe's place that is taken, because somebody may have edited what is there.

    Raises:
        RecipeError: the file exists.
    """
    if file.exists():
        raise RecipeError("recipe", f"{file} exists already: choose another name, or remove it")


def save_recipe(found: Reading, cells: Mapping[str, Mapping[str, int]], file: Path) -> list[str]:
    """Write a recipe for the classes of a data set, whole or not at all.

    Args:
        found: the set as read.
        cells: usable cells, class to split to number.
        file: where the recipe goes; its name becomes the recipe's.

    Returns:
        A note on classes that the recipe leaves out, if there are any.

    Raises:
        RecipeError: the file exists, or a class has a name that no recipe may have.
        DatasetError: fewer than two classes have a usable cell.
        HematoVisionError: the file cannot be written.
    """
    refuse_existing(file)
    if len(cells) < 2:
        raise DatasetError(
            "dataset",
            f"{found.root} has {len(cells)} classes with a cell that can be used, a classifier "
            "needs two: add labelled cells",
        )
    if wrong := [label for label in cells if not CLASS_ID.fullmatch(label)]:
        raise RecipeError(
            "recipe",
            f"no recipe can be made with the class {', '.join(wrong)}: rename it to begin with a "
            "letter from a to z and hold these, digits, '_' and '-' alone",
        )
    pictures = sum(row.get("train", 0) for row in cells.values())
    content = _recipe(_name(file), sorted(cells), pictures)
    try:
        Recipe.model_validate(tomllib.loads(content))
    except (ValidationError, ValueError) as error:
        raise RecipeError(
            "recipe", f"no recipe can be made for the classes {', '.join(cells)} ({error})"
        ) from error
    write_whole(file, content.encode())
    empty = sorted({s.label for s in found.samples} - cells.keys())
    return [f"the recipe leaves out {', '.join(empty)}: no cell can be used"] if empty else []


def _recipe(name: str, labels: list[str], pictures: int) -> str:
    """Replace what is about the data in the shipped recipe, and keep its numbers and comments."""
    shipped = load_recipe(MODEL_RECIPE)
    known = {c.id: c for c in shipped.classes}
    lines = []
    for place, label in enumerate(labels):
        title = known[label].title if label in known else label.replace("_", " ").capitalize()
        color = known[label].color if label in known else _color(place, len(labels))
        lines.append(f'  {{ id = "{label}", title = "{title}", color = "{color}" }},\n')
    comment, schedule = _schedule(shipped.train, pictures)
    changes = {
        r"\A#.*\n": "# Begun from the shipped recipe: check classes, limits and frame_um.\n"
        + comment,
        r"^name = .*\n": f'name = "{name}"\n',
        r"^title = .*\n": f'title = "Blood cells, {name}"\n',
        r"^limits = \[\n(?:.*\n)*?\]": "limits = []  # what the data leave open, for the card",
        r"^data = \[\n(?:.*\n)*?\]": "data = []  # for the card: "
        '{ name = "my", use = "training", source = "whose, which year", license = "CC BY 4.0" }',
        r"^classes = \[\n(?:.*\n)*?\]": "classes = [\n" + "".join(lines) + "]",
    }
    content = MODEL_RECIPE.read_text(encoding="utf-8")
    for pattern, text in (changes | schedule).items():
        content = re.sub(pattern, text, content, count=1, flags=re.MULTILINE)
    return content


def _schedule(shipped: Train, pictures: int) -> tuple[str, dict[str, str]]:
    """Lengthen the shipped schedule where the train split is small.

    Returns:
        A comment for the recipe and what to replace in it; nothing where the set is large enough,
        or has no train split.
    """
    batch = SMALL_BATCH if pictures < SMALL_SET else shipped.batch
    epochs = shipped.frozen_epochs + sum(lap.epochs for lap in shipped.laps)
    steps = epochs * max(1, pictures // batch)
    times = min(MOST_TIMES, math.ceil(ENOUGH_STEPS / steps))
    if not pictures or times == 1:
        return "", {}
    tuned = times * (steps - shipped.frozen_epochs * max(1, pictures // batch))
    changes = {
        r"^batch = \d+": f"batch = {batch}",
        r"^ema = [\d.]+": f"ema = {SHORT_EMA}",
        r"^frozen_epochs = \d+": f"frozen_epochs = {times * shipped.frozen_epochs}",
        r"^warmup_steps = \d+": f"warmup_steps = {min(shipped.warmup_steps, tuned // 15)}",
    }
    for lap in shipped.laps:
        before = rf"(size_px = {lap.size_px}, .*epochs = )\d+"
        changes[before] = rf"\g<1>{times * lap.epochs}"
    return (
        f"# Only {pictures} training pictures: epochs are {times} times the shipped ones, batches "
        f"of {batch}, so that there are\n# {times * steps} steps in all; warmup_steps and ema "
        "are for a short training.\n",
        changes,
    )


def _name(file: Path) -> str:
    """Name a recipe after its file, in the letters that a bundle's name may have."""
    return re.sub(r"[^a-z0-9]+", "-", file.stem.lower()).strip("-") or "cells"


def _color(place: int, count: int) -> str:
    """Pick one of `count` colors around the wheel, dark enough for white text."""
    red, green, blue = colorsys.hls_to_rgb(place / count, 0.4, 0.65)
    return f"#{round(255 * red):02x}{round(255 * green):02x}{round(255 * blue):02x}"
