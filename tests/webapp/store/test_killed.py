"""A process that is killed while it writes loses nothing that it has said to be kept."""

import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from webapp.store.database import Database
from webapp.store.pictures import Pictures
from webapp.store.search import find_slides

TIMES = 10
WRITER = """
import pathlib, sys
from tests.webapp.store.fields import add, analysis, slide_with
from webapp.store.database import Database
folder = pathlib.Path(sys.argv[1])
with Database.open(folder) as database:
    print("open", flush=True)
    for number in range(100_000):
        with database.begin() as session:
            slide_id = slide_with(session, folder)
            field = add(session, folder / "pictures", slide_id, analysis(), content=b"%d" % number)
        print(slide_id, field.facts.picture_sha256, flush=True)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="there is no SIGKILL")
def test_no_acknowledged_row_is_lost(tmp_path: Path) -> None:
    draw, acknowledged = random.Random(7), dict[int, str]()  # noqa: S311 (nothing secret)
    for _ in range(TIMES):
        writer = subprocess.Popen(
            [sys.executable, "-c", WRITER, str(tmp_path)], stdout=subprocess.PIPE, text=True
        )
        assert writer.stdout
        assert writer.stdout.readline() == "open\n"
        time.sleep(draw.uniform(0.0, 0.15))
        writer.send_signal(signal.SIGKILL)
        rest, _ = writer.communicate()
        for line in rest.splitlines(keepends=True):
            if line.endswith("\n"):
                slide_id, sha256 = line.split()
                acknowledged[int(slide_id)] = sha256
    pictures = Pictures(tmp_path / "pictures")
    with Database.open(tmp_path) as database, database.read() as session:
        assert session.connection().exec_driver_sql("PRAGMA integrity_check").scalar() == "ok"
        assert session.connection().exec_driver_sql("PRAGMA foreign_key_check").all() == []
        kept, after = set[int](), None
        while True:
            page = find_slides(session, after=after, limit=200)
            kept.update(slide.id for slide in page.slides)
            assert all(slide.progress.cells == 1 for slide in page.slides)
            if (after := page.after) is None:
                break
        assert acknowledged.keys() <= kept
        for sha256 in acknowledged.values():
            assert pictures.find(session, sha256).file.stat().st_size > 0
