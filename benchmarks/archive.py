"""How quickly archives are answered: by workers here, and what a scheduler could feed elsewhere.

Measured: the real commands, each in processes of its own, on copies of pictures that differ in
their last bytes. Then one task is timed, and Dask's own scheduler is run with as many workers as
planned, each of which waits so long instead of answering; finding pictures, index and Parquet are
real. All these workers share this machine, which theirs would not, so that the plan is a lower
bound.
"""

import logging
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache, partial
from itertools import cycle, islice
from pathlib import Path

import dask
from distributed import Client, LocalCluster

from benchmarks.machine import psutil_module
from benchmarks.tables import NONE, Table, digits
from runtime import Engine, HematoVisionError
from runtime.archive import Archiver
from runtime.archive_index import Found
from runtime.archive_parts import Rows, open_archive
from runtime.archive_parts import copies as same_answers
from runtime.archive_work import Loaded, Network, Work, answer, hashes, load

LOOK_S = 0.1  # between two looks at memory
COMMANDS = 5
COPIED = frozenset({".jpg", ".jpeg", ".png", ".webp"})
SIZES = (64, 256, 1024)  # pictures of a batch
PLAN_S = 8.0
ROOT = Path(__file__).resolve().parents[1]


@dataclass(frozen=True)
class Taken:
    """What one command took.

    Attributes:
        what: the command, in words.
        pictures: how many were answered.
        seconds: from the start of the process to its end.
        command_mib: most memory of the command's own process.
        worker_mib: most memory of any other process that it started.
    """

    what: str
    pictures: int
    seconds: float
    command_mib: float
    worker_mib: float


def copies(originals: Sequence[Path], folder: Path, number: int) -> None:
    """Write so many files of different contents: pictures in turn, each with a number at its end.

    Args:
        originals: JPEG, PNG or WebP files, whose decoders stop at the end of the picture.
        folder: is made.
        number: of files.
    """
    folder.mkdir()
    for place, path in enumerate(islice(cycle(originals), number)):
        name = f"{place:08}"
        (folder / name).with_suffix(path.suffix).write_bytes(path.read_bytes() + name.encode())


def timed(what: str, pictures: int, arguments: Sequence[str]) -> Taken:
    """Run a command of the runtime to its end, and look at the memory of all its processes.

    Raises:
        HematoVisionError: it could not be carried out.
    """
    psutil, most = psutil_module(), dict[int, float]()
    start = time.perf_counter()
    with subprocess.Popen(  # noqa: S603 our own command
        [sys.executable, "-m", "runtime", *arguments], cwd=ROOT, stdout=subprocess.DEVNULL
    ) as process:
        watched = psutil.Process(process.pid)
        while process.poll() is None:
            try:
                for each in (watched, *watched.children(recursive=True)):
                    mib = each.memory_info().rss / 2**20
                    most[each.pid] = max(mib, most.get(each.pid, 0.0))
            except psutil.Error:  # it has ended meanwhile
                pass
            time.sleep(LOOK_S)
    if process.returncode not in (0, 1):
        raise HematoVisionError("benchmark", f"'runtime {arguments[0]}' ended with an error")
    seconds = time.perf_counter() - start
    others = [mib for pid, mib in most.items() if pid != process.pid]
    return Taken(what, pictures, seconds, most.get(process.pid, 0.0), max(others, default=0.0))


def measure(originals: Sequence[Path], few: int, many: int, bundle: Path) -> Iterator[Taken]:
    """Time plain `classify` and archives of one and two workers, and an archive of more pictures.

    Args:
        originals: as `copies` takes them.
        few: pictures to compare speed on.
        many: pictures to compare memory on.
        bundle: folder of the bundle.
    """
    model = ["--model", str(bundle)]
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        for number in (few, many):
            copies(originals, folder / f"{number}", number)
        plain = ["classify", str(folder / f"{few}"), "--csv", str(folder / "plain.csv"), *model]
        yield timed("classify, 1 thread", few, [*plain, "--threads", "1"])
        yield timed("classify", few, plain)
        for place, (number, workers) in enumerate(((few, 1), (few, 2), (many, 2))):
            out = ["--out", str(folder / f"out{place}"), "--workers", str(workers)]
            name = f"archive, {workers} worker{'s' if workers > 1 else ''}"
            yield timed(name, number, ["archive", str(folder / f"{number}"), *out, *model])


@dataclass(frozen=True)
class Task:
    """What a worker takes for a batch.

    Attributes:
        load_s: to read and hash it.
        answer_s: to answer it.
        size: pictures of it.
        example: one of them, whose row stands for all while it is planned.
    """

    load_s: float
    answer_s: float
    size: int
    example: Path


@dataclass(frozen=True)
class Planned:
    """What a number of workers would reach.

    Attributes:
        workers: how many.
        batch: pictures a task.
        ideal: pictures a second if nothing but the workers took time.
        reached: pictures a second, finding and writing them included.
    """

    workers: int
    batch: int
    ideal: float
    reached: float


def time_task(engine: Engine, originals: Sequence[Path], size: int, rounds: int = 5) -> Task:
    """Time a batch in this process, as a worker does it; the median of some rounds.

    Args:
        engine: gives the bundle.
        originals: pictures, taken in turn.
        size: pictures of a batch.
        rounds: after one that does not count.
    """
    network = Network(Path.cwd() / engine.bundle.path, engine.model)
    pictures = [Found.at(str(path)) for path in islice(cycle(originals), size)]
    took = []
    for _ in range(rounds + 1):
        start = time.perf_counter()
        loaded = load(Path.cwd(), pictures)
        read = time.perf_counter()
        answer(loaded, range(size), network)
        took.append((read - start, time.perf_counter() - read))
    middle = [sorted(part)[rounds // 2] for part in zip(*took[1:], strict=True)]
    return Task(middle[0], middle[1], size, originals[0])


def plan(engine: Engine, task: Task, workers: int, seconds: float) -> Planned:
    """Run the scheduler, the index and Parquet for workers that wait as long as they would work.

    Args:
        engine: gives the bundle.
        task: what each of them takes.
        workers: how many there are.
        seconds: how long the pictures would last if the workers alone set the pace.
    """
    size = task.size
    ideal = workers * size / (task.load_s + task.answer_s)
    pictures = max(workers, round(seconds * ideal / size)) * size
    network = Network(Path.cwd() / engine.bundle.path, engine.model)
    work = Work(partial(_wait_and_load, task), hashes, partial(_wait_and_answer, task))
    with (
        tempfile.TemporaryDirectory() as temporary,
        _threads(workers) as client,
        open_archive(Path(temporary) / "out", engine.model) as archive,
    ):
        archiver = Archiver(client, archive, engine.bundle, network, size=size, work=work)
        start = time.perf_counter()
        tally = archiver.run(f"picture {place}" for place in range(pictures))
        archive.flush()
        took_s = time.perf_counter() - start
    return Planned(workers, size, ideal, tally.new / took_s)


@lru_cache(maxsize=1)  # made once, and not sent with each task, as no real one would be
def _row(picture: Path, network: Network) -> Rows:
    return answer(load(Path.cwd(), [Found.at(str(picture))]), [0], network)


def _wait_and_load(task: Task, _: Path, pictures: Sequence[Found]) -> Loaded:
    time.sleep(task.load_s * len(pictures) / task.size)
    return Loaded(pictures, [], [os.urandom(32).hex() for _ in pictures])


def _wait_and_answer(task: Task, loaded: Loaded, wanted: Sequence[int], network: Network) -> Rows:
    time.sleep(task.answer_s * len(wanted) / task.size)
    pictures = [loaded.pictures[at] for at in wanted]
    rows = same_answers([(_row(task.example, network), 0)] * len(wanted), pictures)
    content = [loaded.sha256[at] for at in wanted]
    return rows.set_column(rows.schema.get_field_index("sha256"), "sha256", [content])


@contextmanager
def _threads(workers: int) -> Iterator[Client]:
    # What each worker watches itself with would go on on its own machine.
    settings = {
        "distributed.worker.profile.enabled": False,
        "distributed.admin.system-monitor.interval": "60s",
    }
    with (
        dask.config.set(settings),
        LocalCluster(
            n_workers=workers,
            threads_per_worker=1,
            protocol="tcp://",
            host="127.0.0.1",  # else the way to another machine is looked for
            processes=False,
            memory_limit=0,  # all of them share this process, whose memory is none of theirs
            dashboard_address="127.0.0.1:0",
            silence_logs=logging.CRITICAL,
        ) as cluster,
        Client(cluster, set_as_default=False) as client,
    ):
        client.gather(client.map(abs, range(4 * workers), pure=False))  # all of them have begun
        yield client


def taken_table(taken: Sequence[Taken]) -> Table:
    """Show what the commands took, beside the first of them."""
    first = taken[0].pictures / taken[0].seconds
    lines = [
        (
            each.what,
            str(each.pictures),
            digits(each.seconds),
            digits(each.pictures / each.seconds),
            digits(each.pictures / each.seconds / first),
            digits(each.command_mib),
            digits(each.worker_mib) if each.worker_mib else NONE,
        )
        for each in taken
    ]
    header = ("command", "pictures", "s", "pictures/s", "ratio", "command MiB", "worker MiB")
    return Table("Measured here, from start to end; memory at its peak", header, lines)


def planned_table(planned: Sequence[Planned]) -> Table:
    """Show how much of their workers' pace one scheduler and one writer keep up with."""
    lines = [
        (
            str(each.workers),
            str(each.batch),
            digits(each.ideal),
            digits(each.reached),
            f"{100 * each.reached / each.ideal:.0f}",
            digits(1e7 / each.reached / 3600),
        )
        for each in planned
    ]
    header = ("workers", "batch", "workers' pictures/s", "reached", "%", "hours for 10 million")
    return Table(
        "Planned: Dask's scheduler, workers that wait as long as they would work", header, lines
    )
