"""How long pages take with a hundred thousand cells in the database, beside a thousand.

    python -m tests.page_times docs/page-times.md

Two real servers answer by turns, so that what else the machine does meets both.
"""

import argparse
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from urllib.request import urlopen

from sqlalchemy import Connection

from runtime.machine import cpu
from tests.webapp.serving import ROOT, serving
from tests.webapp.store.fields import CLASSES, add, analysis, cells_of
from webapp.bench import Bench
from webapp.store.review import review_cells
from webapp.store.signing import sign_slide
from webapp.store.slides import open_slide
from webapp.store.tables import Base

FEW, MANY, MOST_TIMES = 1_000, 100_000, 3.0
FIELDS, PER_FIELD = 4, 25  # of a slide of 100 white cells
SLIDES = 10  # that are written as the app does: one at work, the others signed
OWNED = dict.fromkeys(("fields", "cells", "tallies", "audit", "reviews", "records"), "slide_id")
OWNED |= {"slides": "id"}  # tables of which a slide has rows, and the column that tells whose
NUMBERS = ("id", "field_id", "cell_id", "review_id", "audit_id", "before_id", "undone_id")
FAR = 1_000_000
WHITE = (
    ("neutrophil", 0.9, "confident"),
    ("lymphocyte", 0.6, "uncertain"),
    ("erythroblast", 0.8, "confident"),
    ("lymphocyte", 0.5, "unfamiliar"),
)
PAGES = (
    "/",
    "/live?slide={open}",
    "/slides",
    "/slides/{open}",
    "/slides/{open}/review",
    "/api/v1/slides/{open}/cells?order=certainty&limit=200",
    "/slides/{signed}/report",
    "/history",
    "/history?label=26-001",
    "/history?status=signed&class=lymphocyte",
    "/history?person=Bo",
    "/history/trail",
    "/device",
    "/api/v1/device",
)


def fill(folder: Path, cells: int) -> dict[str, int]:
    """Keep slides of 100 white cells until there are so many; return an open and a signed one.

    The first ten are written as the app does, the others are copies of their rows.
    """
    ids = {}
    with closing(Bench.open(folder)) as bench:
        for number in range(SLIDES):
            with bench.writing() as session:
                slide = open_slide(session, "Ada", f"26-{number:03d}").id
                for each in range(FIELDS):
                    white = [WHITE[i % len(WHITE)] for i in range(PER_FIELD)]
                    add(session, folder, slide, analysis(white, source=f"field-{each}.png"))
                ids["signed" if number else "open"] = slide
                if number:
                    seen = [cell.id for cell in cells_of(session, slide)]
                    review_cells(session, slide, "Bo", seen, "neutrophil", CLASSES)
                    sign_slide(session, slide, "Bo", CLASSES, "HematoVision")
        with bench.writing() as session:
            for copy in range(1, cells // (SLIDES * FIELDS * PER_FIELD)):
                repeat(session.connection(), copy)
    return ids


def repeat(connection: Connection, copy: int) -> None:
    """Copy the first ten slides with all that hangs on them."""
    for table in Base.metadata.sorted_tables:
        if table.name not in OWNED:
            continue
        columns = [column.name for column in table.columns]
        values = [value(table.name, column, copy) for column in columns]
        connection.exec_driver_sql(
            f"INSERT INTO {table.name} ({', '.join(columns)}) SELECT {', '.join(values)} "  # noqa: S608 - our own
            f"FROM {table.name} WHERE {OWNED[table.name]} <= {SLIDES}"
        )


def value(table: str, column: str, copy: int) -> str:
    """Say what stands in a column of a copy; numbers of rows go on, far from all others."""
    if column in ("uid", "label", "folded"):
        return f"{column} || '-{copy}'"
    if column == OWNED[table] or column == "slide_id":
        return f"{column} + {SLIDES * copy}"
    return f"{column} + {FAR * copy}" if column in NUMBERS else column


def spent_ms(address: str) -> float:
    start = time.perf_counter()
    with urlopen(address) as answer:  # noqa: S310 - our own
        answer.read()
    return (time.perf_counter() - start) * 1e3


def measure(rounds: int) -> list[tuple[str, float, float]]:
    """Give each page with its median time in milliseconds, with few and with many cells."""
    model, quiet = ROOT / "models/pbc", subprocess.DEVNULL
    with TemporaryDirectory() as one, TemporaryDirectory() as other:
        small, large = fill(Path(one), FEW), fill(Path(other), MANY)
        with (
            serving("--data", one, model=model, stderr=quiet) as (_, few),
            serving("--data", other, model=model, stderr=quiet) as (_, many),
        ):
            rows = []
            for page in PAGES:
                addresses = few + page.format_map(small), many + page.format_map(large)
                for address in addresses:
                    spent_ms(address)  # the first time is of what is made once
                times = [[spent_ms(a) for a in addresses] for _ in range(rounds)]
                rows.append((page, *map(median, zip(*times, strict=True))))
            return rows


def table(rows: list[tuple[str, float, float]], rounds: int) -> str:
    machine = cpu() or "an unknown processor"
    head = (
        "# Page times\n\n"
        f"Median of {rounds} answers of a real server, in milliseconds, {FEW:,} cells beside "
        f"{MANY:,},\nasked by turns on one machine ({machine}); written by `make times`.\n\n"
        f"| page | {FEW:,} cells | {MANY:,} cells | ratio |\n| --- | ---: | ---: | ---: |\n"
    )
    return head + "".join(
        f"| `{page}` | {few:.1f} | {many:.1f} | {many / few:.2f} |\n" for page, few, many in rows
    )


def main() -> int:
    """Measure, write the table, and say which page takes more than three times as long."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("file", type=Path, help="Markdown file to write")
    parser.add_argument("--rounds", type=int, default=30, help="answers of each page (%(default)s)")
    given = parser.parse_args()
    rows = measure(given.rounds)
    given.file.write_text(table(rows, given.rounds), encoding="utf-8")
    print(table(rows, given.rounds))  # noqa: T201 - it is a command
    slow = [page for page, few, many in rows if many > MOST_TIMES * few]
    if slow:
        print(f"more than {MOST_TIMES:.0f} times as long: {', '.join(slow)}")  # noqa: T201
    return 1 if slow else 0


if __name__ == "__main__":
    sys.exit(main())
