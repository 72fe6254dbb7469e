"""Real servers, one after the other, each a fork of one process that has imported everything.

A server is `python -m webapp` in all but its imports, which would take seconds each time.
"""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from types import TracebackType
from typing import Any, Self

ROOT = Path(__file__).parents[2]
# Forks for each line of arguments that it reads, and tells when that server is gone.
FORKS = """
import json, os, sys
import onnxruntime, webapp.cli
for line in sys.stdin:
    pid = os.fork()
    if pid == 0:
        status = webapp.cli.main(json.loads(line))
        sys.stdout.flush()
        os._exit(status)
    print(pid, flush=True)
    os.waitpid(pid, 0)
    print("gone", flush=True)
"""


class NothingKeptError(Exception):
    """A server has started, and says that it cannot use its data."""


class Servers:
    """Starts servers on a folder of data, within a `with`; one at a time."""

    def __init__(self, models: Path, log: Path, before: str = "") -> None:
        """Serve with the bundles below `models`; `before` is Python that is run before all."""
        self._log = log.open("w")
        self._models = models
        self._forks = subprocess.Popen(
            [sys.executable, "-c", before + FORKS],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._log,
            text=True,
        )
        self._pid = 0

    def start(self, data: Path) -> None:
        """Begin to start a server; `port` waits until it listens."""
        arguments = [
            *("--port", "0", "--data", data),
            *("--model", self._models / "tiny", "--detector", self._models / "squares"),
        ]
        assert self._forks.stdin
        self._forks.stdin.write(json.dumps([str(each) for each in arguments]) + "\n")
        self._forks.stdin.flush()
        self._pid = int(self._line())

    def port(self) -> int:
        """Give the port that it listens on, once it does.

        Raises:
            NothingKeptError: it can be reached, but its database cannot be used.
        """
        said: list[str] = []
        while not said or not said[-1].startswith("Open http"):
            said.append(self._line())
            assert said[-1] != "gone", f"the server has not started, see {self._log.name}: {said}"
        kept = self._line()
        if not kept.startswith("What it keeps lies in"):
            raise NothingKeptError(kept)
        return int(said[-1].split()[1].rpartition(":")[2])

    def kill(self) -> None:
        """Kill it at once, as nothing can be done about, and wait until it is gone."""
        os.kill(self._pid, signal.SIGKILL)
        while self._line() != "gone":
            pass
        self._pid = 0

    def _line(self) -> str:
        assert self._forks.stdout
        line = self._forks.stdout.readline()
        assert line, f"what starts servers has ended, see {self._log.name}"
        return line.strip()

    def __enter__(self) -> Self:
        """Return itself."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """End what starts servers, and the server that runs."""
        if self._pid:
            self.kill()
        self._forks.kill()
        self._forks.communicate()
        self._log.close()


def bundles(folder: Path) -> Path:
    """Make the bundles that servers answer with, tiny ones; return their folder."""
    from tests.tiny_bundle import make_tiny_bundle
    from tests.tiny_squares import make_squares_detector

    made: list[Any] = [make_tiny_bundle(folder / "a"), make_squares_detector(folder / "b")]
    for name, path in zip(("tiny", "squares"), made, strict=True):
        path.rename(folder / name)
    return folder
