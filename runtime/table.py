"""Answers as a CSV table, whole or not at all; of single cells one row a picture."""

import csv
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from runtime.answers import Answer, Classification, to_json
from runtime.errors import HematoVisionError
from runtime.files import open_to_others, refuse_irreplaceable, unwritable

# The last four are full-width ones, which East Asian spreadsheets read as the first.
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")
SUFFIXES = frozenset({".csv", ".txt"})
LAST = frozenset({"error", "note"})  # columns of tables of answers, which may be replaced
HEAD = ("source", "width", "height", "label", "confidence", "status")


@contextmanager
def open_table(file: Path, class_ids: Sequence[str]) -> Iterator[Callable[[Answer], None]]:
    """Open a table of answers about single cells, as `open_rows` does.

    Args:
        file: where the table goes.
        class_ids: the columns of probabilities.

    Yields:
        A function that writes one answer.

    Raises:
        HematoVisionError: `unwritable`, before the work where that can be known.
    """
    with open_rows(file, [*HEAD, *class_ids, "error"]) as write:
        yield lambda answer: write(_row(answer, class_ids))


@contextmanager
def open_rows(file: Path, head: Sequence[str]) -> Iterator[Callable[[Sequence[object]], None]]:
    """Open a table that appears under its name once it is complete.

    Args:
        file: where the table goes; an earlier table of answers there is replaced at the end.
        head: names of the columns.

    Yields:
        A function that writes one row.

    Raises:
        HematoVisionError: `unwritable`, before the work where that can be known.
    """
    _refuse_what_is_no_table(file)
    with _told(file):
        # Names that are not text in this system's encoding go through unchanged.
        part = tempfile.NamedTemporaryFile(  # noqa: SIM115 it must outlive its `with`
            "w",
            newline="",
            encoding="utf-8",
            errors="surrogateescape",
            prefix=".",
            dir=file.parent,
            delete=False,
        )
    try:
        rows = csv.writer(part)

        def write(row: Sequence[object]) -> None:
            with _told(file):
                rows.writerow([plain(cell) for cell in row])

        write(head)
        yield write
        with _told(file):
            part.close()
            open_to_others(Path(part.name))
            Path(part.name).replace(file)
    finally:
        with suppress(OSError):
            part.close()
        Path(part.name).unlink(missing_ok=True)


@contextmanager
def _told(file: Path) -> Iterator[None]:
    """Say which table could not be written, where, and only where, it is written."""
    try:
        yield
    except OSError as error:
        raise unwritable(file, error) from error


def plain(cell: object) -> object:
    """Keep spreadsheets from running a name as a formula (OWASP, CSV injection)."""
    return f"'{cell}" if isinstance(cell, str) and cell.startswith(FORMULA_STARTS) else cell


def _refuse_what_is_no_table(file: Path) -> None:
    """Keep a slip of the command line from replacing anything but an earlier table of answers."""
    if file.suffix.lower() not in SUFFIXES:
        raise HematoVisionError(
            "unwritable", f"{file} is not named like a table: choose another name, ending with .csv"
        )
    refuse_irreplaceable(file)
    try:
        with file.open(newline="", encoding="utf-8", errors="replace") as stream:
            begins = next(csv.reader(stream), None)
    except FileNotFoundError:
        return
    except (OSError, csv.Error):
        begins = ["unreadable"]
    if begins is not None and not (tuple(begins[:3]) == HEAD[:3] and begins[-1] in LAST):
        raise HematoVisionError(
            "unwritable", f"{file} is not a table of answers: choose another name, or remove it"
        )


def _row(answer: Answer, class_ids: Sequence[str]) -> list[object]:
    if isinstance(answer, Classification):
        known = to_json(answer)
        probabilities = [known["probabilities"][c] for c in class_ids]
        return [*(known[key] for key in HEAD), *probabilities, ""]
    return [answer.source, *[""] * (len(HEAD) - 1 + len(class_ids)), answer.error.message]
