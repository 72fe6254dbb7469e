"""Tables of a data set: cells with their labels, boxes of fields, and types of fields."""

import csv
import math
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from export.data.boxes import upright_size, why_unusable
from export.data.fields import Field, Marked, kind_id, split_id
from export.data.samples import Sample, class_id
from export.errors import DatasetError
from runtime.detection import Box

FILE = ("file", "path", "image", "filename")
SOURCE = ("source",)
LABEL = ("label", "class", "type")
KIND = ("kind", "name", *LABEL)
# The corners as this project and as Pascal VOC's tables call them.
CORNERS = (("x0", "xmin"), ("y0", "ymin"), ("x1", "xmax"), ("y1", "ymax"))


@dataclass(frozen=True)
class Table:
    """A CSV file: the columns in lower case, the rows, and the line that each row ends in."""

    file: Path
    columns: frozenset[str]
    rows: list[dict[str, str]]
    lines: list[int]

    @property
    def numbered(self) -> Iterator[tuple[int, dict[str, str]]]:
        """The rows with their lines."""
        return zip(self.lines, self.rows, strict=True)

    def column(self, names: Sequence[str]) -> str | None:
        """Return the first of the names that the table has a column of."""
        return next((name for name in names if name in self.columns), None)

    @property
    def holds_labels(self) -> bool:
        """Whether each row can name a picture and its class."""
        return bool(self.column(FILE) and self.column(LABEL))

    @property
    def holds_boxes(self) -> bool:
        """Whether each row can name a picture, a box in it and what the box holds."""
        return bool(self.column(FILE) and self.column(KIND) and all(map(self.column, CORNERS)))


def read_csv(file: Path) -> Table:
    """Read a CSV file with a header, separated by commas, semicolons or tabs.

    Raises:
        DatasetError: it cannot be read, or two columns have one name.
    """
    rows, lines = [], []
    try:
        with file.open(newline="", encoding="utf-8-sig") as stream:
            head = stream.readline()
            if "\0" in head:
                raise UnicodeError("a zero byte in its first line")
            stream.seek(0)
            reader = csv.DictReader(stream, delimiter=max(",;\t", key=head.count))
            columns = [name.strip().lower() for name in reader.fieldnames or () if name.strip()]
            for row in reader:
                cells = ((key.strip().lower(), value) for key, value in row.items() if key)
                rows.append({key: (value or "").strip() for key, value in cells})
                lines.append(reader.line_num)
    except UnicodeError as error:
        raise DatasetError(
            "dataset", f"{file} cannot be read as CSV ({error}): save it as UTF-8"
        ) from error
    except (OSError, ValueError, csv.Error) as error:
        raise DatasetError("dataset", f"{file} cannot be read as CSV ({error})") from error
    if twice := [name for name, count in Counter(columns).items() if count > 1]:
        raise DatasetError(
            "dataset",
            f"{file} has more than one column {', '.join(twice)}: rename all but one of each",
        )
    return Table(file, frozenset(columns), rows, lines)


def read_labels(table: Table) -> list[Sample]:
    """Take a table of cells; paths in it are relative to its folder.

    Raises:
        DatasetError: a column, a value or a picture is missing, or some lines alone have a split.
    """
    file_column, label_column = table.column(FILE), table.column(LABEL)
    if not table.rows or not file_column or not label_column:
        raise DatasetError(
            "dataset",
            f"{table.file} needs a header with the columns file and label, and lines below it",
        )
    others = sorted(table.columns - {file_column, label_column, "split", "group"})
    _refuse_half_a_split(table)
    samples = []
    for line, row in table.numbered:
        file, label = row.get(file_column, ""), row.get(label_column, "")
        if not (file and label):
            raise DatasetError("dataset", f"{table.file}: line {line} names no file or no label")
        split, group = split_id(row.get("split", "")), row.get("group") or None
        told = tuple((name, row[name]) for name in others if row.get(name))
        path = table.file.parent / file
        samples.append(Sample(path, class_id(label), split, group, attributes=told))
    _refuse_missing(table.file, [s.path for s in samples])
    return list(dict.fromkeys(samples))


def spellings(table: Table) -> list[str]:
    """List the class names of a table of cells as they are written there."""
    column = table.column(LABEL)
    return [row.get(column, "") for row in table.rows] if column else []


def read_boxes(table: Table) -> tuple[list[Field], list[str]]:
    """Take a table of boxes, one a row.

    Returns:
        The fields, and a sentence for each row that cannot be used.

    Raises:
        DatasetError: a picture is missing, no row can be used, or some alone have a split.
    """
    _refuse_half_a_split(table)
    file_column, kind_column = table.column(FILE) or "", table.column(KIND) or ""
    corners = [table.column(names) or "" for names in CORNERS]
    found: dict[tuple[str, str | None, str | None], list[Marked]] = {}
    faults, size = [], cache(upright_size)
    for line, row in table.numbered:
        file, box = row.get(file_column), _box([row.get(name, "") for name in corners])
        has_kind = any(map(str.isalnum, row.get(kind_column, "")))
        if not (file and has_kind and box):
            faults.append(f"{table.file}: line {line} names no file, no kind or no box in numbers")
        elif why := why_unusable(box, size(table.file.parent / file)):
            faults.append(f"{table.file}: line {line} cannot be used ({why})")
        else:
            key = (file, split_id(row.get("split", "")), row.get("group") or None)
            found.setdefault(key, []).append(Marked(kind_id(row[kind_column]), box))
    if not found:
        first = faults[0] if faults else f"{table.file} needs lines with a file, a kind and a box"
        raise DatasetError("dataset", f"no line of boxes can be used; {first}")
    fields = [
        Field(table.file.parent / file, split, tuple(boxes), group)
        for (file, split, group), boxes in found.items()
    ]
    _refuse_missing(table.file, [field.path for field in fields])
    return fields, faults


def read_types(table: Table) -> dict[str, tuple[str, str | None]]:
    """Take a table with the type of each field's white cells.

    `Image, Category` is the form of the table that comes with the BCCD fields: a picture's number,
    and one type, several or none; a field of several types has none here.

    Returns:
        The picture's name without its suffix, or its number, to its type and split.
    """
    types: dict[str, tuple[str, str | None]] = {}
    file_column, label_column = table.column(FILE), table.column((*LABEL, "category"))
    if not file_column or not label_column:
        return types
    for row in table.rows:
        name, label = Path(row.get(file_column, "")).stem, row.get(label_column, "")
        if name and label and "," not in label:
            types[name] = class_id(label), split_id(row.get("split", ""))
    return types


def read_sources(table: Table) -> dict[str, str]:
    """Take a table that says which collection each picture of a set comes from.

    Returns:
        The picture's name without its suffix to its source; empty where a column is missing.
    """
    file_column, source_column = table.column(FILE), table.column(SOURCE)
    if not file_column or not source_column:
        return {}
    return {Path(row.get(file_column, "")).stem: row.get(source_column, "") for row in table.rows}


def _box(values: Sequence[str]) -> Box | None:
    try:
        x0, y0, x1, y1 = (float(value) for value in values)
    except ValueError:
        return None
    return (x0, y0, x1, y1) if all(map(math.isfinite, (x0, y0, x1, y1))) else None


def _refuse_half_a_split(table: Table) -> None:
    """Refuse lines without a split beside others with one, which no stage would take."""
    lacking = [line for line, row in table.numbered if not row.get("split", "")]
    if 0 < len(lacking) < len(table.rows):
        raise DatasetError(
            "dataset",
            f"{table.file}: {len(lacking)} of {len(table.rows)} lines name no split, the first is "
            f"line {lacking[0]}: fill the split column, or empty it to split by chance",
        )


def _refuse_missing(table: Path, files: Sequence[Path]) -> None:
    if gone := [file for file in dict.fromkeys(files) if not file.is_file()]:
        raise DatasetError(
            "dataset",
            f"{table} names {len(gone)} files that are missing, the first is {gone[0]}: "
            "copy them, or remove their lines",
        )
