"""A process that is killed while it writes loses nothing that it has said to be kept."""

import os
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
# Forks for each line that it reads, so that only its first process has to be started.
WRITER = """
import os, pathlib, sys
from tests.webapp.store.fields import add, analysis, slide_with
from webapp.store.database import Database
folder = pathlib.Path(sys.argv[1])
for _ in sys.stdin:
    if os.fork():
        os.wait()
        print("gone", flush=True)
        continue
    with Database.open(folder) as database:
        print(os.getpid(), flush=True)
        for number in range(100_000):
            with database.begin() as session:
                slide_id = slide_with(session, folder)
                content = b"%d %d" % (os.getpid(), number)
                field = add(session, folder / "pictures", slide_id, analysis(), content=content)
            print(slide_id, field.facts.picture_sha256, flush=True)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="there is no SIGKILL")
def test_no_acknowledged_row_is_lost(tmp_path: Path) -> None:
    draw, acknowledged = random.Random(7), dict[int, str]()  # noqa: S311 (nothing secret)
    with subprocess.Popen(
        [sys.executable, "-c", WRITER, str(tmp_path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        bufsize=1,
    ) as writer:
        assert writer.stdin
        assert writer.stdout
        for _ in range(TIMES):
            writer.stdin.write("write\n")
            child = int(writer.stdout.readline())
            time.sleep(draw.uniform(0.0, 0.15))
            os.kill(child, signal.SIGKILL)
            while (line := writer.stdout.readline()) != "gone\n":
                slide_id, sha256 = line.split()
                acknowledged[int(slide_id)] = sha256
        writer.stdin.close()
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
