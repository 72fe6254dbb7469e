"""Pascal VOC: an XML file of boxes for each field, in `Annotations` or beside the pictures."""

import math
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from itertools import chain
from pathlib import Path

from export.data.boxes import upright_size, why_unusable
from export.data.fields import Field, Marked, kind_id, pictures_below, split_of
from export.errors import DatasetError

SPLIT_LISTS = "ImageSets/Main"
CORNERS = ("xmin", "ymin", "xmax", "ymax")


class _NoDoctype(ET.TreeBuilder):
    """Refuses a DOCTYPE, where entities are declared that could grow without end."""

    def doctype(self, name: str, public: str | None, system: str | None) -> None:
        raise ValueError(f"it declares a DOCTYPE {name}, which annotations never need")


def is_voc(folder: Path) -> bool:
    """Tell whether a folder holds annotations of this form."""
    return next(_annotations(folder), None) is not None


def read_voc(folder: Path) -> tuple[list[Field], list[str]]:
    """Read all fields of a folder.

    Returns:
        The fields, and a sentence for each annotation or box that cannot be used.
    """
    pictures: dict[str, list[Path]] = {}
    for path in pictures_below(folder):
        pictures.setdefault(path.stem, []).append(path)
    listed = _listed_splits(folder)
    fields, faults = [], []
    for file in sorted(_annotations(folder)):
        own = split_of(file, folder)
        found = [p for p in pictures.get(file.stem, ()) if split_of(p, folder) == own]
        if len(found) != 1:
            faults.append(f"{file}: {len(found)} pictures are named {file.stem}, one is needed")
            continue
        try:
            marked = _marked(file)
        except (OSError, ValueError, LookupError, ET.ParseError, DatasetError) as error:
            faults.append(f"{file} cannot be used ({error})")
            continue
        size, boxes = upright_size(found[0]), []
        for number, each in enumerate(marked, 1):
            if why := why_unusable(each.box, size):
                faults.append(f"{file}: object {number} cannot be used ({why})")
            else:
                boxes.append(each)
        fields.append(Field(found[0], own or listed.get(file.stem), tuple(boxes)))
    return fields, faults


def _annotations(folder: Path) -> Iterator[Path]:
    places = [folder]
    places += [p for p in folder.iterdir() if p.is_dir() and split_of(p / "x", folder)]
    for place in places:
        subfolders = (p for p in place.iterdir() if p.is_dir() and p.name.lower() == "annotations")
        for home in chain([place], subfolders):
            yield from home.glob("*.xml")


def _marked(file: Path) -> list[Marked]:
    parser = ET.XMLParser(target=_NoDoctype())  # noqa: S314 a DOCTYPE is refused
    root = ET.fromstring(file.read_bytes(), parser)  # noqa: S314 the same
    if root.tag != "annotation":
        raise ValueError(f"its root is <{root.tag}> instead of <annotation>")
    boxes = []
    for item in root.iter("object"):
        corners = [
            float(item.findtext(f"bndbox/{c}", "")) for c in ("xmin", "ymin", "xmax", "ymax")
        ]
        if not all(map(math.isfinite, corners)):
            raise ValueError("a corner of a box is not a number")
        x0, y0, x1, y1 = corners
        boxes.append(Marked(kind_id(item.findtext("name", "")), (x0, y0, x1, y1)))
    return boxes


def _listed_splits(folder: Path) -> dict[str, str]:
    """Read the lists of names that some sets keep for each split."""
    splits: dict[str, str] = {}
    for split in ("train", "val", "test"):
        file = folder / SPLIT_LISTS / f"{split}.txt"
        if file.is_file():
            names = file.read_text(encoding="utf-8", errors="replace").split()
            splits |= dict.fromkeys(names, split)
    return splits
