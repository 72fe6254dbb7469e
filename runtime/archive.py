"""An archive of millions of pictures, answered by many workers with the engine of this package.

This is the one file that needs Dask. What is done where: this process finds pictures and asks the
index which of them have a row; a worker reads a batch of them and tells their hashes; contents that
were answered before are copied here, the others are answered by the worker that holds them; this
process writes the rows. So each picture is read once, and each content answered once.

Memory is bounded: a few batches a worker are on their way, and each holds so many pictures and so
many bytes at most. A worker that dies is replaced, and its batches are done by others. A batch
that keeps killing workers is taken apart, and its pictures are tried one at a time.
"""

import logging
import math
import tempfile
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any, Final

import dask
from distributed import Client, KilledWorker, LocalCluster, as_completed

from runtime.answers import Problem, Refusal
from runtime.archive_index import Found
from runtime.archive_parts import ArchiveFolder, Row, Rows, copies, refusals, rows_of
from runtime.archive_work import Network, Work
from runtime.bundle import Bundle
from runtime.errors import HematoVisionError

BATCH: Final = 64  # pictures
BATCH_BYTES: Final = 64_000_000
AHEAD: Final = 3  # batches on their way for each worker: one at work, and one to go on with
COUNTED_S: Final = 5.0  # between two looks at how many workers there are: each waits for an answer
WORKERS_S: Final = 60  # that a scheduler may take to have a worker


@dataclass
class Tally:
    """What became of the pictures of a source.

    Attributes:
        before: pictures that had a row already.
        new: rows that were added.
        copied: those of them whose content had been answered before.
        refused: refusals among `before` and `new`.
    """

    before: int = 0
    new: int = 0
    copied: int = 0
    refused: int = 0


@dataclass(eq=False)
class _Batch:
    """Pictures on their way, and how far they have come.

    Attributes:
        pictures: files, in order.
        is_suspect: whether it was part of a batch that kept killing workers.
        loaded: future of what a worker holds of them.
        sha256: of their contents; None until the worker has told them.
        wanted: places of the pictures that are to be answered.
        claimed: contents that nobody else is to answer meanwhile.
    """

    pictures: Sequence[Found]
    is_suspect: bool = False
    loaded: Any = None
    sha256: Sequence[str | None] | None = None
    wanted: list[int] = field(default_factory=list)
    claimed: list[str] = field(default_factory=list)

    @property
    def unanswered(self) -> Sequence[Found]:
        """What is to be looked at again where its worker has died."""
        if self.sha256 is None:
            return self.pictures
        return [self.pictures[at] for at in self.wanted]


@dataclass
class Archiver:
    """Answers the pictures of a source into an archive.

    Attributes:
        client: of a scheduler.
        archive: where rows go.
        bundle: what answers, as it lies here.
        network: the same, as a worker finds it.
        tell: is called with each refusal, and with the number of pictures that have been done.
        size: most pictures of a batch.
        work: what workers do.
    """

    client: Client
    archive: ArchiveFolder
    bundle: Bundle
    network: Network
    tell: Callable[[int, Sequence[Problem]], None] = lambda *_: None
    size: int = BATCH
    work: Work = field(default_factory=Work)

    def __post_init__(self) -> None:
        """Begin with nothing on its way."""
        self.tally = Tally()
        self._done = as_completed(loop=self.client.loop, with_results=True, raise_errors=False)
        self._batches = dict[Any, _Batch]()  # by the future that is waited for
        self._taken = set[bytes]()  # pictures on their way
        self._claimed = set[str]()  # contents that are being answered
        self._copies = list[tuple[Found, str]]()  # pictures that wait for such an answer
        self._suspects = deque[Found]()
        self._tried: _Batch | None = None  # the suspect that is being tried
        self._threads, self._counted_s = 0, -math.inf

    def run(self, names: Iterable[str]) -> Tally:
        """Answer all pictures that have no row yet.

        Args:
            names: paths of pictures; they are taken as they are needed.

        Raises:
            HematoVisionError: the archive cannot be written, a worker has not got the network, or
                the scheduler is gone.
        """
        for pictures in self._new(names):
            self._start(_Batch(pictures))
            while len(self._batches) >= self._most():
                self._step()
        while self._batches or self._suspects:
            self._step()
        return self.tally

    def _most(self) -> int:
        """Tell how many batches may be on their way; workers come and go."""
        now_s = time.monotonic()
        if now_s - self._counted_s > COUNTED_S:
            self._threads, self._counted_s = sum(self.client.nthreads().values()), now_s
        return AHEAD * max(1, self._threads)

    def _new(self, names: Iterable[str]) -> Iterator[list[Found]]:
        """Find the pictures without a row, in batches of bounded bytes."""
        queue = iter(names)
        while some := [Found.at(name) for name in islice(queue, self.size)]:
            known = self.archive.known(some)
            new, bytes_held = list[Found](), 0
            for found in some:
                if (key := found.key) in known or key in self._taken:
                    self.tally.before += 1
                    self.tally.refused += known.get(key, False)
                    continue
                self._taken.add(key)
                if new and bytes_held + (found.size or 0) > BATCH_BYTES:
                    yield new
                    new, bytes_held = [], 0
                new.append(found)
                bytes_held += found.size or 0
            self.tell(len(known), ())
            if new:
                yield new

    def _start(self, batch: _Batch) -> None:
        batch.loaded = self._submit(self.work.load, Path.cwd(), batch.pictures)
        self._wait(batch, self._submit(self.work.hashes, batch.loaded, priority=1))

    def _submit(self, work: Callable[..., Any], *about: Any, priority: int = 0) -> Any:
        return self.client.submit(work, *about, pure=False, priority=priority)

    def _wait(self, batch: _Batch, future: Any) -> None:
        self._batches[future] = batch
        self._done.add(future)

    def _step(self) -> None:
        """Take what is done, and go on with it."""
        if self._suspects and self._tried is None:
            self._tried = _Batch([self._suspects.popleft()], is_suspect=True)
            self._start(self._tried)
        for future, result in self._done.next_batch():
            batch = self._batches.pop(future)
            if future.status != "finished":
                self._failed(batch, result)
            elif batch.sha256 is None:
                self._hashed(batch, result)
            else:
                self._answered(batch, result)
            if batch is self._tried and batch not in self._batches.values():
                self._tried = None

    def _hashed(self, batch: _Batch, sha256: Sequence[str | None]) -> None:
        """Claim the contents that nobody has answered, and leave the others to be copied."""
        batch.sha256 = sha256
        old = self.archive.are_answered([content for content in sha256 if content])
        for at, content in enumerate(sha256):
            if content is None:
                batch.wanted.append(at)
            elif content in old or content in self._claimed:
                self._copies.append((batch.pictures[at], content))
            else:
                batch.wanted.append(at)
                batch.claimed.append(content)
                self._claimed.add(content)
        if batch.wanted:
            answer = self.work.answer, batch.loaded, batch.wanted, self.network
            self._wait(batch, self._submit(*answer, priority=2))
        batch.loaded = None  # the worker may forget it once it is answered
        self._copy()

    def _answered(self, batch: _Batch, rows: Rows) -> None:
        self._add(rows)
        self._release(batch)
        self._copy()

    def _failed(self, batch: _Batch, result: Any) -> None:
        """Take a batch apart that kept killing workers; whatever else went wrong ends the run."""
        error = result[1] if isinstance(result, tuple) else result
        if not isinstance(error, KilledWorker):
            raise self._reason(error)
        if batch.is_suspect:
            sha256 = batch.sha256[0] if batch.sha256 else None
            row = _without_answer(batch.pictures[0], sha256)
            self._add(rows_of(self.bundle, self.network.model, [row]))
        else:
            self._suspects.extend(batch.unanswered)
        self._release(batch)
        self._copy()

    def _reason(self, error: object) -> Exception:
        """Tell an error of the work itself from those that only say that the scheduler is gone."""
        if isinstance(error, HematoVisionError):
            return error
        if isinstance(error, Exception) and self.client.status == "running":
            return error
        return HematoVisionError(
            "scheduler_lost",
            "the scheduler is gone: start it again and run the same command, which goes on",
        )

    def _release(self, batch: _Batch) -> None:
        self._claimed.difference_update(batch.claimed)

    def _copy(self) -> None:
        """Give the pictures that wait for an answer to their content that answer."""
        ready = [
            (found, content) for found, content in self._copies if content not in self._claimed
        ]
        if not ready:
            return
        self._copies = [each for each in self._copies if each[1] in self._claimed]
        old = self.archive.answered(list(dict.fromkeys(content for _, content in ready)))
        known = [(found, content) for found, content in ready if content in old]
        # Who was to answer has kept killing workers.
        self._suspects.extend(found for found, content in ready if content not in old)
        if known:
            self._add(copies([old[c] for _, c in known], [found for found, _ in known]))
            self.tally.copied += len(known)

    def _add(self, rows: Rows) -> None:
        refused = refusals(rows)
        self.tally.new += len(rows)
        self.tally.refused += len(refused)
        self._taken.difference_update(entry.key for entry in self.archive.add(rows))
        self.tell(len(rows), refused)


def _without_answer(found: Found, sha256: str | None) -> Row:
    """Refuse a picture that killed each worker that looked at it."""
    problem = Problem(
        "worker_died",
        f"{found.source} ended every worker that looked at it, perhaps for lack of memory: "
        "cut out the part that matters, or try again with --retry on a larger machine",
    )
    return found, sha256, Refusal(found.source, problem)


@contextmanager
def open_client(workers: int, scheduler: str | None = None) -> Iterator[Client]:
    """Start workers, a process each, or join those of a scheduler that runs already.

    Args:
        workers: how many to start.
        scheduler: address of a scheduler; None starts one for this computer alone.

    Raises:
        HematoVisionError: `no_scheduler`, nothing answers there or it has no workers.
    """
    if scheduler is not None:
        with _joined(scheduler) as client:
            yield client
        return
    settings = {
        "distributed.scheduler.allowed-failures": 1,
        # Its process is started again in any case; after this time none would be.
        "distributed.deploy.lost-worker-timeout": "365 days",
        "distributed.scheduler.http.routes": [],
        "distributed.worker.http.routes": [],
        # Batches are small, and what a worker holds is bounded without writing it to a disk.
        "distributed.worker.memory.target": False,
        "distributed.worker.memory.spill": False,
    }
    with (
        dask.config.set(settings),
        tempfile.TemporaryDirectory(prefix="hematovision-") as scratch,
        LocalCluster(
            n_workers=workers,
            threads_per_worker=1,
            host="127.0.0.1",
            dashboard_address="127.0.0.1:0",  # there is no way to have none
            security=True,  # tasks are programs: no other user of this computer may send one
            silence_logs=logging.CRITICAL,
            local_directory=scratch,
            preload=["runtime.archive_work"],
        ) as cluster,
        Client(cluster, set_as_default=False) as client,
    ):
        yield client


@contextmanager
def _joined(scheduler: str) -> Iterator[Client]:
    try:
        client = Client(scheduler, set_as_default=False, timeout=WORKERS_S / 4)
    except (OSError, ValueError, TimeoutError) as error:
        raise HematoVisionError(
            "no_scheduler",
            f"no Dask scheduler answers at {scheduler} ({type(error).__name__}): start one with "
            "'dask scheduler', or leave --scheduler out",
        ) from error
    with client:
        try:
            client.wait_for_workers(1, timeout=WORKERS_S)
        except TimeoutError as error:
            raise HematoVisionError(
                "no_scheduler",
                f"the Dask scheduler at {scheduler} has no workers: start some with 'dask worker "
                f"{scheduler}' in this folder",
            ) from error
        yield client
