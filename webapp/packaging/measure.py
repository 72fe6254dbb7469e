"""What an installed version takes: room on the disk, and time from its start to the first page."""

import resource
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.request import urlopen

from webapp.packaging.installer.version import python_of
from webapp.packaging.pins import PackagingError


@dataclass(frozen=True)
class Taken:
    """What was measured.

    Attributes:
        size_bytes: of all files, the Python beside it not counted.
        first_page_s: from the start of the process until the first page was there.
        cpu_s: seconds of processor time in that, of all threads.
    """

    size_bytes: int
    first_page_s: float
    cpu_s: float


def measure(version: Path) -> Taken:
    """Measure an installed version, such as `PREFIX/current`, with a new folder of data.

    Raises:
        PackagingError: it does not start.
    """
    files = (file for file in version.resolve().rglob("*") if not file.is_symlink())
    size_bytes = sum(file.stat().st_size for file in files if file.is_file())
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    with TemporaryDirectory() as data:
        command = [str(python_of(version)), "-I", "-m", "webapp", "--port", "0", "--data", data]
        began_s = time.perf_counter()
        with subprocess.Popen(  # noqa: S603 - what the person names
            command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
        ) as process:
            try:
                address = _address(process)
                with urlopen(address, timeout=60) as page:  # noqa: S310 - of this computer
                    page.read()
                first_page_s = time.perf_counter() - began_s
            finally:
                process.terminate()
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu_s = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return Taken(size_bytes, first_page_s, cpu_s)


def _address(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None  # noqa: S101 - it was asked for
    for line in process.stdout:
        if line.startswith("Open http"):
            return line.split()[1]
    raise PackagingError("not_started", f"{process.args!r} has ended without a page")
