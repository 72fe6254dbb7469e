"""What the app keeps is tidied while it runs, and closed with it."""

import os
import threading
import time
from pathlib import Path

from webapp.bench import Bench
from webapp.store.pictures import GRACE_S


def test_what_a_crash_has_left_is_removed_at_start(data: Path) -> None:
    stray = data / "pictures" / "ab" / "abcd"
    stray.parent.mkdir(parents=True)
    stray.write_bytes(b"half a picture")
    long_ago = time.time() - GRACE_S - 60
    os.utime(stray, (long_ago, long_ago))
    before = set(threading.enumerate())
    with Bench.open(data):
        deadline = time.monotonic() + 20
        while stray.exists():
            assert time.monotonic() < deadline
            time.sleep(0.02)
    assert set(threading.enumerate()) == before


def test_a_folder_that_cannot_be_used_is_a_problem_to_show(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with Bench.open(tmp_path / "file") as bench:
        assert bench.problem is not None
        assert bench.problem.code == "unwritable"
        assert "--data" in str(bench.problem)
