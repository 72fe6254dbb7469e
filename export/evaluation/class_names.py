"""Whose class is whose: the names of a data set beside the classes of a bundle.

A name is found by itself where it is a class's id or title, whatever its case, spaces, hyphens and
underscores. Any other name needs a line in a table, a CSV file with the columns `data` and `model`.
"""

import csv
import dataclasses
from collections.abc import Mapping, Sequence
from pathlib import Path

from export.data.samples import Sample, class_id
from export.errors import DatasetError
from runtime.bundle import CellClass

LEFT_OUT = ("", "-")
FORM = (
    "the table needs a first line 'data,model' and a line such as 'EOS,eosinophil' for each class"
)

Names = Mapping[str, str | None]


def read_class_names(file: Path) -> Names:
    """Read a table of class names.

    Args:
        file: CSV with the columns data and model, separated by commas, semicolons or tabs; `-` or
            nothing as the model's class leaves the cells of the data's class out.

    Returns:
        The data's names, as they are written, to ids of the bundle or None.

    Raises:
        DatasetError: the file cannot be read, holds no pair of names, or names a class twice.
    """
    try:
        with file.open(newline="", encoding="utf-8-sig") as stream:
            head = stream.readline()
            stream.seek(0)
            reader = csv.DictReader(stream, delimiter=max(",;\t", key=head.count))
            rows = [(reader.line_num, row) for row in reader]
    except (OSError, ValueError, csv.Error) as error:
        raise DatasetError("dataset", f"{file} cannot be read ({error})") from error
    names: dict[str, str | None] = {}
    for line, row in rows:
        cells = {(key or "").strip().lower(): value for key, value in row.items()}
        data, model = cells.get("data"), cells.get("model")
        if not data or not data.strip() or model is None:
            raise DatasetError("dataset", f"{file}, line {line}, is not a pair of names: {FORM}")
        if _bare(data) in map(_bare, names):
            raise DatasetError("dataset", f"{file} names {data} more than once: keep one line")
        names[data.strip()] = None if model.strip() in LEFT_OUT else model.strip()
    if not names:
        raise DatasetError("dataset", f"{file} holds no pair of names: {FORM}")
    return names


def match(labels: Sequence[str], classes: Sequence[CellClass], table: Names) -> Names:
    """Find the bundle's class for each label of a data set.

    Args:
        labels: names of the data's classes.
        classes: the bundle's classes.
        table: as from `read_class_names`; it wins over likeness.

    Returns:
        Each label to the id of its class, or to None where its cells are left out.

    Raises:
        DatasetError: a label has no class, or the table names one that the bundle lacks.
    """
    known = ", ".join(c.id for c in classes)
    alike = {_bare(c.title): c.id for c in classes} | {_bare(c.id): c.id for c in classes}
    if lacking := sorted({m for m in table.values() if m and _bare(m) not in alike}):
        raise DatasetError(
            "dataset",
            f"the table of class names points to {', '.join(lacking)}, which the bundle does not "
            f"know (it knows {known}): name one of these, or '-' to leave the cells out",
        )
    chosen = {_bare(data): alike[_bare(model)] if model else None for data, model in table.items()}
    if strange := sorted({label for label in labels if _bare(label) not in alike | chosen}):
        raise DatasetError(
            "dataset",
            f"the bundle does not know the class {', '.join(strange)} (it knows {known}): write a "
            "CSV table with the first line 'data,model' and a line for each, such as "
            f"'{strange[0]},{classes[0].id}' or '{strange[0]},-' to leave these cells out, "
            "and pass it as --classes FILE; pictures that are no cells are measured by --strange",
        )
    return {label: (alike | chosen)[_bare(label)] for label in labels}


def unused(labels: Sequence[str], table: Names) -> list[str]:
    """List the names of a table that are no class of the data, as they are written there.

    Args:
        labels: names of the data's classes.
        table: as from `read_class_names`.
    """
    known = {_bare(label) for label in labels}
    return [data for data in table if _bare(data) not in known]


def rename(samples: Sequence[Sample], names: Names) -> list[Sample]:
    """Give samples the bundle's class names, without those that are left out.

    Raises:
        DatasetError: none is left.
    """
    renamed = [
        dataclasses.replace(sample, label=name)
        for sample in samples
        if (name := names[sample.label]) is not None
    ]
    if not renamed:
        raise DatasetError(
            "dataset",
            "the table of class names leaves every picture out: keep one class, or pass --strange "
            "in its place where no picture shows a cell",
        )
    return renamed


def _bare(name: str) -> str:
    """Compare names as ids are made, and without what parts their words."""
    return class_id(name).replace("_", "")
