"""YOLO: a text file of boxes for each field, in `labels` beside `images` or beside the picture."""

import re
from pathlib import Path

from export.data.boxes import upright_size, why_too_large
from export.data.fields import Field, Marked, kind_id, pictures_below, split_of
from export.errors import DatasetError

NAME_LISTS = ("classes.txt", "obj.names", "classes.names")
YAML_FILES = ("data.yaml", "data.yml", "dataset.yaml")

# A class number before its name, in YAML.
KEY = r"""['"]?(\d{1,6})['"]?[ \t]*:"""

Line = tuple[int, float, float, float, float]


def is_yolo(folder: Path) -> bool:
    """Tell whether a folder holds label files or their list of classes."""
    homes = [folder, *(p for p in folder.iterdir() if p.is_dir() and split_of(p / "x", folder))]
    return any((home / "labels").is_dir() for home in homes) or any(
        (folder / name).is_file() for name in NAME_LISTS + YAML_FILES
    )


def read_yolo(folder: Path) -> tuple[list[Field], list[str]]:
    """Read all fields of a folder; a picture without a label file has no boxes.

    Returns:
        The fields, none when no picture has a label file, and a sentence for each line that cannot
        be used.

    Raises:
        DatasetError: there are label files, but the names of their classes are nowhere.
    """
    files = {picture: _label_file(picture, folder) for picture in sorted(pictures_below(folder))}
    if not any(file.is_file() for file in files.values()):
        return [], []
    names = _class_names(folder)
    fields, faults = [], []
    for picture, file in files.items():
        boxes, wrong = _boxes(file, picture, names) if file.is_file() else ((), [])
        fields.append(Field(picture, split_of(picture, folder), boxes))
        faults += wrong
    return fields, faults


def parse_line(line: str) -> Line:
    """Read `class x y width height`, center and size as shares of the picture.

    Raises:
        ValueError: the line is anything else.
    """
    parts = line.split()
    if len(parts) != 5 or not re.fullmatch(r"[0-9]{1,6}", parts[0]):
        raise ValueError("it is not 'class x y width height'")
    x, y, width, height = (float(part) for part in parts[1:])
    if not all(0 <= share <= 1 for share in (x, y, width, height)):
        raise ValueError("a share of the picture is not between 0 and 1")
    return int(parts[0]), x, y, width, height


def _boxes(
    file: Path, picture: Path, names: dict[int, str]
) -> tuple[tuple[Marked, ...], list[str]]:
    size = upright_size(picture)
    if size is None:  # the survey of the pictures tells why
        return (), []
    try:
        lines = file.read_text(encoding="utf-8-sig", errors="replace").splitlines()
    except OSError as error:
        return (), [f"{file} cannot be read ({error.strerror}): check its permissions"]
    boxes, faults = [], []
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            place, x, y, width, height = parse_line(line)
            if place not in names:
                raise ValueError(f"class {place} is not among the {len(names)} that have a name")
            left, top = (x - width / 2) * size[0], (y - height / 2) * size[1]
            box = (left, top, left + width * size[0], top + height * size[1])
            if why := why_too_large(box):
                raise ValueError(why)
        except ValueError as error:
            faults.append(f"{file}: line {number} cannot be used ({error})")
            continue
        boxes.append(Marked(names[place], box))
    return tuple(boxes), faults


def _label_file(picture: Path, folder: Path) -> Path:
    beside = picture.with_suffix(".txt")
    parts = list(beside.relative_to(folder).parts)
    if "images" in parts and not beside.is_file():
        parts[parts.index("images")] = "labels"
    return folder.joinpath(*parts)


def _class_names(folder: Path) -> dict[int, str]:
    """Read the kind that each class number stands for.

    Raises:
        DatasetError: there is no list of names.
    """
    for name in NAME_LISTS:
        file = folder / name
        if file.is_file():
            lines = file.read_text(encoding="utf-8-sig", errors="replace").splitlines()
            return dict(enumerate(kind_id(line) for line in lines if line.strip()))
    for name in YAML_FILES:
        file = folder / name
        if file.is_file() and (found := _names_of_yaml(file.read_text("utf-8-sig", "replace"))):
            return {number: kind_id(each) for number, each in found.items()}
    raise DatasetError(
        "dataset",
        f"{folder} holds YOLO files but no names of their classes: write classes.txt there, "
        "one name a line in the order of the numbers",
    )


def _names_of_yaml(text: str) -> dict[int, str]:
    """Find `names:` in a description as YOLO's tools write it: `[a, b]`, `{0: a}`, `- a`, `0: a`.

    A name is text, even where YAML would take it for a number.
    """
    text = re.sub(r"(?:^|\s)#[^'\"\n]*$", "", text, flags=re.MULTILINE)
    if inline := re.search(r"^names:\s*[\[{](.*?)[\]}]", text, re.MULTILINE | re.DOTALL):
        items = re.findall(r"""(?:'[^']*'|"[^"]*"|[^,])+""", inline[1])
    elif block := re.search(rf"^names:[ \t]*\n((?:[ \t]*(?:-|{KEY}).*\n?)+)", text, re.MULTILINE):
        items = block[1].splitlines()
    else:
        return {}
    names = {}
    for place, item in enumerate(items):
        entry = re.fullmatch(rf"\s*(?:-|{KEY})?\s*(.*?)\s*", item, re.DOTALL)
        if entry and (name := entry[2].strip("'\"")):
            names[int(entry[1] or place)] = name
    return names
