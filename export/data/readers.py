"""Recognize how a data set is laid out, and read it."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from export.data.fields import Field, tidied, typed, typed_cells
from export.data.folders import class_folders, has_classes, read_folders, split_folders, subfolders
from export.data.samples import Sample, class_id, in_order
from export.data.tables import (
    Table,
    read_boxes,
    read_csv,
    read_labels,
    read_sources,
    read_types,
    spellings,
)
from export.data.voc import is_voc, read_voc
from export.data.yolo import is_yolo, read_yolo
from export.errors import DatasetError

LABELS_FILE, BOXES_FILE, TYPES_FILE = "labels.csv", "boxes.csv", "types.csv"
SOURCES_FILE = "sources.csv"
OF_CLASSES = "folders of classes"
OR_CLASSES = (
    "; if these are classes, with folders inside, move their pictures up or write a labels.csv"
)
# Archives nest the same name twice, with `images` below.
DEEPEST = 4


@dataclass(frozen=True)
class Reading:
    """What a data set holds.

    Attributes:
        root: the folder or table that was read.
        layout: its form, for people.
        samples: cells whose class is known, sorted by path.
        fields: pictures of many cells with their boxes; empty where each cell has its own picture.
        empty: classes that have a folder but no picture.
        notes: what else was seen and what was made of it.
        faults: what could not be used, one sentence each.
    """

    root: Path
    layout: str
    samples: list[Sample]
    fields: list[Field]
    empty: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    faults: tuple[str, ...] = ()


def read_samples(path: Path) -> list[Sample]:
    """List the cells of a data set whose class is known, in a fixed order.

    Args:
        path: see `read_set`.

    Raises:
        DatasetError: as `read_set`, or no cell has a class.
    """
    return labelled(read_set(path))


def labelled(found: Reading) -> list[Sample]:
    """Return the cells of a set whose class is known, or refuse when there is none.

    Raises:
        DatasetError: no cell has a class.
    """
    if not found.samples and found.faults:
        raise DatasetError(
            "dataset",
            f"{found.root} holds no labelled cell that can be used; {found.faults[0]} (faults: "
            f"{len(found.faults)}; 'python -m export datasets' lists them)",
        )
    if not found.samples:
        raise DatasetError(
            "dataset",
            f"{found.root} holds {sum(len(f.boxes) for f in found.fields)} boxes but no classes of "
            f"white cells: add a {TYPES_FILE} (file, label), or take a set of labelled cells",
        )
    return found.samples


def read_set(path: Path) -> Reading:
    """Read a data set of any known layout.

    Args:
        path: a table (.csv), the folder of the set, or a folder above it that holds no other set.

    Returns:
        The cells and the fields. Where a folder describes itself more than once, Pascal VOC goes
        before YOLO, before boxes.csv, before labels.csv, before folders named after classes.

    Raises:
        DatasetError: nothing is recognized, or several sets are; a table or a name is unusable.
    """
    try:
        if path.is_file() and path.suffix.lower() == ".csv":
            return _of_table(read_csv(path))
        if not path.is_dir():
            raise DatasetError(
                "dataset", f"{path} is not a folder and not a .csv file: pass the data set's folder"
            )
        roots = list(_roots(path, DEEPEST))
    except OSError as error:
        raise DatasetError(
            "dataset", f"{error.filename} cannot be read ({error.strerror}): check its permissions"
        ) from error
    if len(roots) > 1:
        raise DatasetError(
            "dataset",
            f"{path} holds {len(roots)} data sets: name one of "
            + ", ".join(str(found.root) for found in roots[:5])
            + ("" if any(found.layout != OF_CLASSES for found in roots) else OR_CLASSES),
        )
    if roots:
        return roots[0]
    if (path / LABELS_FILE).is_file():
        read_labels(read_csv(path / LABELS_FILE))  # says what is wrong with it
    raise DatasetError(
        "dataset",
        f"{path} holds no labelled pictures: it needs a {LABELS_FILE} (file, label, split), a "
        "folder of pictures for each class, or boxes (Pascal VOC, YOLO or boxes.csv)",
    )


def _roots(folder: Path, levels: int) -> Iterator[Reading]:
    """Look for data sets in a folder, and below it as long as there is none."""
    if found := _read_folder(folder):
        yield found
    elif levels:
        for below in subfolders(folder):
            yield from _roots(below, levels - 1)


def _read_folder(folder: Path) -> Reading | None:
    """Read a folder in the first form that fits it."""
    also = tuple(name for name in (BOXES_FILE, LABELS_FILE) if (folder / name).is_file())
    if is_voc(folder):
        fields, faults = read_voc(folder)
        if fields:
            return _of_fields(folder, "fields with Pascal VOC boxes", fields, faults, unused=also)
    if is_yolo(folder):
        fields, faults = read_yolo(folder)
        if fields:
            return _of_fields(folder, "fields with YOLO boxes", fields, faults, unused=also)
    for name in also:
        table = read_csv(folder / name)
        if table.holds_boxes or table.holds_labels:
            return _of_table(table)
    if split_folders(folder) or has_classes(folder):
        return _of_folders(folder)
    return None


def _of_table(table: Table) -> Reading:
    if table.holds_boxes:
        fields, faults = read_boxes(table)
        return _of_fields(table.file, "table of boxes", fields, faults)
    samples = read_labels(table)
    _refuse_alike(spellings(table))
    return Reading(table.file, "table of cells", in_order(samples), [])


def _of_folders(folder: Path) -> Reading:
    homes = class_folders(folder)
    _refuse_alike(home.name for _, home in homes)
    samples, splits = read_folders(folder), split_folders(folder)
    filled = {(s.split, s.label) for s in samples}
    empty = [str(home) for split, home in homes if (split, class_id(home.name)) not in filled]
    others = [p.name for p in subfolders(folder) if p not in splits.values()] if splits else []
    notes = [f"{name} was not read: it is named after no split, or is empty" for name in others]
    if any(s.group for s in samples):
        notes.append(
            "names say which original a picture was augmented from: those of one original stay "
            "together; originals are counted anew in each split"
        )
    if {s.path.parent for s in samples} - {home for _, home in homes}:
        notes.append(
            "pictures in folders inside of class folders were read too; where these are patients, "
            f"a {LABELS_FILE} with a group column keeps each in one split"
        )
    layout = "folders of splits, then classes" if splits else OF_CLASSES
    return Reading(folder, layout, in_order(samples), [], tuple(empty), tuple(notes))


def _of_fields(
    root: Path, layout: str, fields: list[Field], faults: list[str], unused: Iterable[str] = ()
) -> Reading:
    notes = [f"{name} was not read: the {layout.split(' with ')[-1]} were" for name in unused]
    folder = root if root.is_dir() else root.parent
    for name in (TYPES_FILE, LABELS_FILE):
        if (folder / name).is_file() and (types := read_types(read_csv(folder / name))):
            fields = typed(fields, types)
            notes = [note for note in notes if not note.startswith(name)]
            notes.append(f"{name} gives the type of white cell for a field")
            break
    if (folder / SOURCES_FILE).is_file():
        sources = read_sources(read_csv(folder / SOURCES_FILE))
        fields = [replace(field, source=sources.get(field.path.stem)) for field in fields]
    fields, dropped = tidied(fields)
    if dropped:
        notes.append(f"{dropped} boxes were dropped: empty, or the same cell twice")
    cells = in_order(typed_cells(fields))
    faults = [*faults, *_half_a_split(cells)]
    fields = sorted(fields, key=lambda field: field.path.parts)
    return Reading(root, layout, cells, fields, (), tuple(notes), tuple(faults))


def _half_a_split(cells: list[Sample]) -> list[str]:
    """Tell of cells without a split beside others with one, which no stage takes."""
    lacking = [cell for cell in cells if not cell.split]
    if not 0 < len(lacking) < len(cells):
        return []
    return [
        f"{len(lacking)} of {len(cells)} cells have no split, the first is in {lacking[0].path}: "
        "name one for all, or for none to split by chance"
    ]


def _refuse_alike(names: Iterable[str]) -> None:
    """Refuse class names that differ in spelling but not as ids."""
    first: dict[str, str] = {}
    for name in names:
        other = first.setdefault(class_id(name), name)
        if other != name:
            raise DatasetError(
                "dataset",
                f"two classes have the same name but for its spelling, {other!r} and {name!r}: "
                "merge them or rename one",
            )
