"""A real server in a process of its own."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

ROOT = Path(__file__).parents[2]
ENDS_S = 60  # on a busy computer
DESKTOP, PHONE = (1280, 800), (390, 844)  # pixels of the screens that pages are tried on


@contextmanager
def serving(
    *arguments: str, model: Path, stderr: int | None = None
) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """Run `python -m webapp` on a free port; give the process and the address it says."""
    command = [sys.executable, "-m", "webapp", "--port", "0", *arguments]
    with (
        TemporaryDirectory() as data,
        subprocess.Popen(
            command,
            cwd=ROOT,
            env={"HEMATOVISION_DATA": data, **os.environ, "HEMATOVISION_MODEL": str(model)},
            stdout=subprocess.PIPE,
            stderr=stderr,
            text=True,
        ) as process,
    ):
        try:
            assert process.stdout is not None
            process.stdout.readline()
            words = process.stdout.readline().split()
            assert len(words) > 1, "the server has not started"
            yield process, words[1]
        finally:
            process.terminate()
            try:
                process.wait(ENDS_S)
            except subprocess.TimeoutExpired:
                process.kill()
                raise
