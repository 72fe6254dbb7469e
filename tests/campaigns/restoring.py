"""The power is cut while a backup is brought back: the old data are there then, or the new."""

import os
import random
import shutil
import signal
import sys
import time
from contextlib import suppress
from pathlib import Path
from subprocess import PIPE, Popen

from tests.campaigns.disk import faults_of
from tests.campaigns.power import Mains
from tests.campaigns.server import ROOT
from tests.webapp.store.fields import add, analysis
from webapp.bench import Bench
from webapp.maintenance.backup import make_backup
from webapp.maintenance.restore import ASIDE
from webapp.store.slides import find_slide, open_slide

# Forks for each line, tells the process that restores, and when that is gone.
RESTORES = """
import os, pathlib, sys
from webapp.maintenance.restore import restore_backup
for _ in sys.stdin:
    pid = os.fork()
    if pid == 0:
        try:
            restore_backup(pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2]))
        finally:
            os._exit(0)
    print(pid, flush=True)
    os.waitpid(pid, 0)
    print("gone", flush=True)
"""


def fill(data: Path, label: str, pictures: int) -> None:
    """Keep a slide of some pictures."""
    with Bench.open(data) as bench, bench.writing() as session:
        slide = open_slide(session, "Ada", label)
        for number in range(pictures):
            content = f"{label} {number}".encode() * 1000
            add(session, bench.pictures.folder, slide.id, analysis(), content=content)


def label_of(data: Path) -> str:
    """Tell which data are there."""
    with Bench.open(data) as bench, bench.reading() as session:
        return find_slide(session, 1).label


def campaign(folder: Path, times: int, seed: int) -> tuple[dict[str, int], list[str]]:
    """Cut the power again and again.

    Returns:
        How often the old and the new data were there, and what was wrong.
    """
    draw, found, faults = random.Random(seed), {"old": 0, "new": 0}, list[str]()  # noqa: S311
    fill(folder / "other", "new", 5)
    backup = folder / "new.zip"
    make_backup(folder / "other", backup)
    with Mains(folder) as mains:
        command = [sys.executable, "-c", RESTORES, str(backup), str(mains.data)]
        with Popen(command, cwd=ROOT, stdin=PIPE, stdout=PIPE, text=True, bufsize=1) as restores:
            longest_s = 0.0
            for number in range(times + 1):
                shutil.rmtree(mains.data, ignore_errors=True)
                fill(mains.data, "old", 5)
                begun_s, pid = time.monotonic(), int(_asked(restores))
                if number == 0:  # is waited for, and so timed
                    assert _line(restores) == "gone"
                    longest_s = time.monotonic() - begun_s
                    assert label_of(mains.data) == "new"
                    continue
                time.sleep(draw.uniform(0, 1.2 * longest_s))
                mains.pull(lambda pid=pid: _kill(restores, pid))
                found[label_of(mains.data)] += 1
                faults += faults_of(mains.data, every_picture=True)
                if label_of(mains.data) == "new":
                    for aside in mains.data.glob(f"{ASIDE}*"):
                        faults += faults_of(aside, every_picture=True)
            assert restores.stdin
            restores.stdin.close()
    return found, faults


def _asked(restores: "Popen[str]") -> str:
    assert restores.stdin
    restores.stdin.write("restore\n")
    return _line(restores)


def _line(restores: "Popen[str]") -> str:
    assert restores.stdout
    return restores.stdout.readline().strip()


def _kill(restores: "Popen[str]", pid: int) -> None:
    with suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)
    while _line(restores) != "gone":
        pass
