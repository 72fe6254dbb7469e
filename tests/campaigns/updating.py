"""Updates are killed (SIGKILL) at random moments: `python -m tests.campaigns.updating --times 50`.

A server works all the while, and somebody writes to it. After each death the device is looked at:
one whole version runs and answers, and all that was acknowledged is there.
"""

import argparse
import http.client
import json
import os
import random
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import tarfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from tests.campaigns.campaign import tell
from tests.campaigns.server import ROOT
from tests.webapp.update import restart, small
from webapp.store.database import FILE

PATIENCE_S: Final = 120.0
MOST_FAULTS: Final = 5
STEPS: Final = ("comparing", "installing", "proving", "starting")  # how an update's lines begin


@dataclass
class Tally:
    """What a campaign has found.

    Attributes:
        deaths: step of the update to its deaths; `done` where it was over before.
        found: by step and version, how often that version ran then.
        acknowledged: writes.
        faults: whatever was not as it must be.
        seconds: how long it took.
    """

    deaths: Counter[str] = field(default_factory=Counter)
    found: Counter[tuple[str, str]] = field(default_factory=Counter)
    acknowledged: int = 0
    faults: list[str] = field(default_factory=list)
    seconds: float = 0.0

    def lines(self) -> Iterator[str]:
        """Give the table."""
        yield f"{'killed while':<16}{'times':>7}{'old runs':>10}{'new runs':>10}"
        for step in ("begun", *STEPS, "done"):
            row = (self.deaths[step], self.found[step, "old"], self.found[step, "new"])
            yield f"{step:<16}{row[0]:>7}{row[1]:>10}{row[2]:>10}"
        yield f"acknowledged writes {self.acknowledged}; {self.seconds:.0f} s"
        yield f"faults {len(self.faults)}"
        yield from (f"  {fault[:1000]}" for fault in self.faults[:20])


class Writer:
    """Opens slides at a server, one after the other, also while it is started anew."""

    def __init__(self, port: int) -> None:
        """Write to a port of this computer."""
        self.labels = list[str]()  # that were acknowledged
        self._port, self._ending = port, threading.Event()
        self._thread = threading.Thread(target=self._work)
        self._thread.start()

    def _work(self) -> None:
        number = 0
        while not self._ending.wait(0.2):
            number += 1
            label = f"slide {number}"
            connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=30)
            try:
                body = json.dumps({"label": label, "target": 100})
                headers = {"Content-Type": "application/json", "X-Person": "Ada"}
                connection.request("POST", "/api/v1/slides", body, headers)
                answer = connection.getresponse()
                answer.read()
                if answer.status == 201:
                    self.labels.append(label)
            except (OSError, http.client.HTTPException):
                continue
            finally:
                connection.close()

    def end(self) -> None:
        """Write no more."""
        self._ending.set()
        self._thread.join()


class Packages:
    """An old version, installed, and a new one that migrates the data."""

    def __init__(self, folder: Path) -> None:
        """Make both."""
        key = small.new_key(folder / "keys")
        old = small.make_package(folder, "1.0.0", key)
        self.new = small.make_package(folder, "1.1.0", key, migrates=True)
        with tarfile.open(old) as packed:
            packed.extractall(folder, filter="data")
        self.prefix = folder / "opt"
        command = [sys.executable, "-I", folder / "hematovision-1.0.0/install.py"]
        command += ["--prefix", self.prefix, "--commands", folder / "bin"]
        subprocess.run([str(each) for each in command], check=True, stdout=subprocess.DEVNULL)


def campaign(
    folder: Path, times: int, seed: int, tell: Callable[[str], None] | None = None
) -> Tally:
    """Kill updates in an empty folder, and look at the device after each."""
    draw, tally, begun_s = random.Random(seed), Tally(), time.monotonic()  # noqa: S311
    packages = Packages(folder)
    longest_s = 0.0
    for number in range(times + 1):
        place = folder / str(number)
        shutil.copytree(
            packages.prefix, place / "opt", symlinks=True, copy_function=os.link
        )  # a device as it was
        took_s, step = _killed(
            place, packages.new, draw.uniform(0, 1.1 * longest_s) if number else None, tally
        )
        if number == 0:  # is waited for, and so timed
            longest_s = took_s
        else:
            tally.deaths[step] += 1
        tally.seconds = time.monotonic() - begun_s
        shutil.rmtree(place)
        if tell:
            tell("\n".join(tally.lines()))
        if len(tally.faults) >= MOST_FAULTS:
            break
    return tally


def _killed(place: Path, package: Path, after_s: float | None, tally: Tally) -> tuple[float, str]:
    """Kill one update and look; tell how long it lived, and in which step it was."""
    prefix, data = place / "opt", place / "data"
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    again = [sys.executable, restart.__file__, str(prefix), str(data), str(port)]
    subprocess.run(again, check=True)
    old = (prefix / "current").readlink().name
    writer = Writer(port)
    command = [sys.executable, "-m", "webapp", "update", package, "--prefix", prefix]
    command += ["--data", data, "--port", port, "--restart", " ".join(again)]
    said, begun_s = place / "said.txt", time.monotonic()
    try:
        with said.open("w") as log:
            process = subprocess.Popen([str(e) for e in command], cwd=ROOT, stdout=log, stderr=log)
        try:
            status = process.wait(after_s)
            if status:
                tally.faults.append(f"the update has failed: {said.read_text()}")
            step = "done"
        except subprocess.TimeoutExpired:
            os.kill(process.pid, signal.SIGKILL)
            process.wait()
            told = [line.split()[0] for line in said.read_text().splitlines() if line]
            step = told[-1] if told else "begun"
        took_s = time.monotonic() - begun_s
        now = (prefix / "current").readlink().name
        which = "old" if now == old else "new"
        version = _answers(port)  # the one that goes on, or that a start in flight has brought
        if version is None:
            tally.faults.append(f"{step}: nobody answers")
        subprocess.run(again, check=False)  # as after a power cut
        version = _answers(port)
        if version is None or not now.startswith(f"{version}-"):
            tally.faults.append(f"{step}: {now} should answer, and not {version}")
        if after_s is not None:
            tally.found[step, which] += 1
    finally:
        writer.end()
        restart.stop(prefix, signal.SIGKILL)
    tally.acknowledged += len(writer.labels)
    tally.faults += [f"{step}: {fault}" for fault in _faults(data / FILE, writer.labels)]
    return took_s, step


def _faults(database: Path, labels: list[str]) -> Iterator[str]:
    """Look for what is wrong with a database, whose tables may be of either version."""
    with closing(sqlite3.connect(database)) as connection:
        there = {label for (label,) in connection.execute("SELECT label FROM slides")}
        for (fault,) in connection.execute("PRAGMA integrity_check"):
            if fault != "ok":
                yield f"integrity: {fault}"
    lost = set(labels) - there
    if lost:
        yield f"{len(lost)} acknowledged writes are lost, such as {min(lost)}"


def _answers(port: int) -> str | None:
    """Wait for an answer; give the version that answers in good health."""
    end_s = time.monotonic() + PATIENCE_S
    while time.monotonic() < end_s:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
        try:
            connection.request("GET", "/api/v1/health")
            told = json.loads(connection.getresponse().read())
            return str(told["version"]) if told["status"] == "ok" else None
        except (OSError, http.client.HTTPException, ValueError):
            time.sleep(0.1)
        finally:
            connection.close()
    return None


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--times", type=int, default=50, help="deaths (%(default)s)")
    parser.add_argument("--seed", type=int, default=1, help="of what is random (%(default)s)")
    given = parser.parse_args()
    with TemporaryDirectory() as name:
        found = campaign(Path(name), given.times, given.seed, tell)
    sys.stdout.write("\n".join((f"killed {given.times} updates", *found.lines(), "")))
    sys.exit(int(bool(found.faults)))
