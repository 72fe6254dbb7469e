"""A detector's figures, drawn: precision against recall, the fields that went best and worst."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw

from export.detector.matching import Matches, precision_recall, rates
from export.detector.measure import Answers, by_kind
from export.detector.scenes import kind_of
from export.plots import figure, save
from runtime.bundle import CellClass
from runtime.detection import KINDS
from runtime.images import Picture, decode

COLUMNS, SHOWN, TILE_PX = 3, 9, 480
COLORS = 128  # of a sheet that ships, to keep it small


def draw_precision_recall(
    found: Mapping[str, Matches],
    thresholds: Mapping[str, float],
    classes: Sequence[CellClass],
    title: str,
    file: Path,
) -> None:
    """Draw a curve for each kind, the operating point marked."""
    drawn = figure(6, 5)
    axes = drawn.add_subplot(1, 1, 1)
    for each in classes:
        matches = found[each.id]
        if not matches.labelled.any():
            continue
        recall, precision = precision_recall(matches)
        at = rates(matches, thresholds[each.id])
        label = f"{each.title}, AP50 {100 * at.ap50[0]:.1f} %, F1 {100 * at.f1[0]:.1f} %"
        axes.plot(recall, precision, color=each.color, label=label)
        axes.plot(at.recall, at.precision, "o", color=each.color)
    axes.set(title=title, xlabel="recall", ylabel="precision", xlim=(0, 1.01), ylim=(0, 1.01))
    axes.grid(alpha=0.3)
    axes.legend(loc="lower left", fontsize="small")
    save(drawn, file)


def draw_worst(
    answers: Answers, thresholds: Mapping[str, float], classes: Sequence[CellClass], file: Path
) -> None:
    """Draw the fields with the most mistakes: labelled boxes thin and white, told ones colored."""
    worst = _by_mistakes(answers, thresholds)[::-1]
    _sheet(answers, worst[:SHOWN].tolist(), thresholds, classes).save(file)


def draw_gallery(
    answers: Answers, thresholds: Mapping[str, float], classes: Sequence[CellClass], file: Path
) -> None:
    """Draw the fields with the fewest mistakes above those with the most, as `draw_worst` does."""
    order = _by_mistakes(answers, thresholds).tolist()
    sheet = _sheet(answers, order[:COLUMNS] + order[-COLUMNS:], thresholds, classes)
    sheet.quantize(COLORS, dither=Image.Dither.NONE).save(file, optimize=True)


def _by_mistakes(answers: Answers, thresholds: Mapping[str, float]) -> np.ndarray:
    """Sort the places of readable fields by rising number of mistakes."""
    mistakes = np.zeros(len(answers.fields))
    for kind, matches in by_kind(answers).items():
        told = matches.at(thresholds[kind])
        missed = matches.labelled - told.in_field(told.hit) - told.in_field(told.freed)
        # A missed platelet among a hundred red cells counts as much as they do together.
        weight = 1 / max(1.0, float(matches.labelled.mean()))
        mistakes += (missed + told.in_field(told.false)) * weight
    readable = np.array([size != (0, 0) for size in answers.sizes])
    order = np.argsort(mistakes, kind="stable")
    return order[readable[order]]


def _sheet(
    answers: Answers,
    places: Sequence[int],
    thresholds: Mapping[str, float],
    classes: Sequence[CellClass],
) -> Image.Image:
    tiles = [_tile(answers, place, thresholds, classes) for place in places]
    high = max((tile.height for tile in tiles), default=TILE_PX)
    rows = max(1, -(-len(tiles) // COLUMNS))
    sheet = Image.new("RGB", (COLUMNS * TILE_PX, rows * high), "white")
    for place, tile in enumerate(tiles):
        sheet.paste(tile, (place % COLUMNS * TILE_PX, place // COLUMNS * high))
    return sheet


def _tile(
    answers: Answers, place: int, thresholds: Mapping[str, float], classes: Sequence[CellClass]
) -> Image.Image:
    field = answers.fields[place]
    picture: Picture = decode(field.path)
    share = TILE_PX / max(picture.shape[:2])
    size = round(picture.shape[1] * share), round(picture.shape[0] * share)
    tile = Image.fromarray(picture).resize(size)
    draw = ImageDraw.Draw(tile)
    for marked in field.boxes:
        color = ("white", "black", "yellow")[kind_of(marked.kind)]
        draw.rectangle([c * share for c in marked.box], outline=color)
    colors = {each.id: each.color for each in classes}
    for cell in answers.found[place]:
        if cell.score >= thresholds[cell.kind]:
            draw.rectangle([c * share for c in cell.box], outline=colors[cell.kind], width=2)
    draw.text((4, 4), field.path.name, fill=colors[KINDS[0]])
    return tile
