"""What workers do for an archive: read pictures, tell their hashes, answer them."""

import hashlib
import signal
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

from runtime.answers import ModelId, Refusal
from runtime.archive_index import Found
from runtime.archive_parts import Row, Rows, rows_of
from runtime.engine import Engine
from runtime.errors import HematoVisionError, ImageError
from runtime.images import quiet_pillow, read


def dask_setup(_: object) -> None:
    """Leave Ctrl-C to the command, which ends its workers; Dask calls this as one starts."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)


@dataclass(frozen=True)
class Network:
    """What every worker must answer with: where the bundle lies, and what it must be."""

    path: Path
    model: ModelId


@dataclass(frozen=True)
class Loaded:
    """Pictures that a worker holds, encoded, in the order of their batch."""

    pictures: Sequence[Found]
    contents: Sequence[bytes | Refusal]
    sha256: Sequence[str | None]

    def __sizeof__(self) -> int:
        """Tell Dask what it would cost to send them to another worker."""
        return sum(len(content) for content in self.contents if isinstance(content, bytes)) + 1024


def load(folder: Path, pictures: Sequence[Found]) -> Loaded:
    """Read pictures and hash them.

    Args:
        folder: where relative names begin.
        pictures: those to be read.
    """
    contents = list[bytes | Refusal]()
    for found in pictures:
        try:
            contents.append(read(folder / found.name, found.source))
        except ImageError as error:
            contents.append(Refusal.of(found.source, error))
    hashes = [hashlib.sha256(c).hexdigest() if isinstance(c, bytes) else None for c in contents]
    return Loaded(pictures, contents, hashes)


def hashes(loaded: Loaded) -> Sequence[str | None]:
    """Tell the SHA-256 of each picture, None for one that could not be read."""
    return loaded.sha256


def answer(loaded: Loaded, wanted: Sequence[int], network: Network) -> Rows:
    """Answer some pictures of a batch.

    Args:
        loaded: the batch.
        wanted: places in it.
        network: what to answer with.

    Raises:
        HematoVisionError: the worker has not got that network.
    """
    engine = _engine(network)
    sources = [(loaded.pictures[at].source, loaded.contents[at]) for at in wanted]
    answers = engine.classify_each((n, c) for n, c in sources if isinstance(c, bytes))
    rows: list[Row] = [
        (loaded.pictures[at], loaded.sha256[at], c if isinstance(c, Refusal) else next(answers))
        for at, (_, c) in zip(wanted, sources, strict=True)
    ]
    return rows_of(engine.bundle, engine.model, rows)


@lru_cache(maxsize=1)  # of the worker's process
def _engine(network: Network) -> Engine:
    quiet_pillow()
    engine = Engine.load(network.path, network.model.variant, threads=1)
    if engine.model != network.model:
        raise HematoVisionError(
            "other_model",
            f"{network.path} holds {engine.model.name} {engine.model.version} on a worker and "
            f"{network.model.name} {network.model.version} here: give all of them the same bundle",
        )
    return engine


class Work(NamedTuple):
    """What workers do; `benchmarks` puts measured times in the place of it."""

    load: Callable[[Path, Sequence[Found]], Loaded] = load
    hashes: Callable[[Loaded], Sequence[str | None]] = hashes
    answer: Callable[[Loaded, Sequence[int], Network], Rows] = answer
