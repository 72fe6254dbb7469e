"""One target, fuzzed in a process that may crash, hang or run out of memory: its end tells.

Guided by what code is reached where Atheris is installed, else by chance alone. What is being tried
stands in a file all the while, so that whoever started the process finds it when that has died.
"""

import argparse
import faulthandler
import hashlib
import importlib
import mmap
import os
import shutil
import struct
import sys
import time
import traceback
from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import IO, TYPE_CHECKING, Any, TypeAlias

from tests.campaigns.fuzz.mutations import mutate

if TYPE_CHECKING:  # nothing of the program may be imported before it is instrumented
    from tests.campaigns.fuzz.target import Target

Take: TypeAlias = Callable[[bytes], None]

ROOT = Path(__file__).parents[3]
TARGETS = {
    "pictures": "pictures",
    "streams": "pictures",
    "folders": "pictures",
    "bundles": "bundles",
    "sets": "sets",
    "tables": "sets",
    "recipes": "sets",
    "records": "bench",
    "requests": "bench",
    "updates": "updates",
    "backups": "backups",
}
PROOF = {"careless": "careless"}  # for the test of it all
SLOWEST_S = 5.0
MOST_MB = 500  # that the whole process may ever have held
LONGEST = 100_000  # bytes of an input
WORN_MB = 300  # that Atheris may hold between two inputs: it keeps some of each that it traces
SWOLLEN, WORN = 82, 84  # exit status
HEAD = struct.Struct("<QQ")  # executions, bytes of what is being tried


class Trying:
    """What is being tried, in a file that outlives the process."""

    def __init__(self, file: Path) -> None:
        """Start with nothing."""
        file.write_bytes(bytes(HEAD.size + LONGEST))
        with file.open("r+b") as stream:
            self._held = mmap.mmap(stream.fileno(), 0)
        self.executions = 0

    def note(self, given: bytes) -> None:
        """Say what is tried from here on."""
        self.executions += 1
        self._held[: HEAD.size] = HEAD.pack(self.executions, len(given))
        self._held[HEAD.size : HEAD.size + len(given)] = given


def tried(file: Path) -> tuple[int, bytes]:
    """Read how many inputs a process has tried, and the last of them."""
    held = file.read_bytes()
    executions, length = HEAD.unpack_from(held)
    return executions, held[HEAD.size : HEAD.size + length]


class Findings:
    """What must not have happened, each kind once: the input, and beside it what became of it."""

    def __init__(self, folder: Path) -> None:
        """Take a folder, which is made where it is missing."""
        self._folder = folder
        folder.mkdir(parents=True, exist_ok=True)

    @property
    def inputs(self) -> set[bytes]:
        """The inputs that are kept; a process that tries one again might get no further."""
        return {file.read_bytes() for file in self._folder.glob("*.input")}

    def keep(self, given: bytes, kind: str, told: str) -> None:
        """Keep an input, unless there is one of its kind; shorter ones replace longer ones."""
        name = f"{kind.split()[0]}-{hashlib.sha256(kind.encode()).hexdigest()[:8]}"
        file = self._folder / f"{name}.input"
        if not file.exists() or file.stat().st_size > len(given):
            file.write_bytes(given)
            (self._folder / f"{name}.txt").write_text(f"{kind}\n\n{told}", encoding="utf-8")


def kind_of(error: BaseException) -> str:
    """Name an error by where in this program, or else anywhere, it came from."""
    frames = traceback.extract_tb((error.__cause__ or error).__traceback__)
    here = [
        f for f in frames if Path(f.filename).is_relative_to(ROOT) and "tests" not in f.filename
    ]
    last = [*frames, *here][-1]
    words = str(error).split(":")[0][:40] if isinstance(error, AssertionError) else ""
    return f"{type(error).__name__} in {Path(last.filename).name}:{last.name} {words}".strip()


def watched(
    take: Take,
    trying: Trying,
    findings: Findings,
    stalled: IO[str],
    slowest_s: float,
    most_mb: int,
    worn_mb: int | None,
) -> Take:
    """Give what tries one input, and keeps it where it does what it must not.

    With `worn_mb` the process ends, to be begun anew, once it holds that much between two inputs.
    """
    deadly = findings.inputs

    def one(given: bytes) -> None:
        if given in deadly:
            return
        trying.note(given[:LONGEST])
        faulthandler.dump_traceback_later(slowest_s, exit=True, file=stalled)
        try:
            take(given)
        except KeyboardInterrupt:
            raise
        except BaseException as error:  # noqa: BLE001 - whatever it is, it is what we look for
            findings.keep(given, kind_of(error), traceback.format_exc()[-6000:])
        finally:
            faulthandler.cancel_dump_traceback_later()
        if _held_mb("VmHWM") > most_mb:
            os._exit(SWOLLEN)
        if worn_mb and _held_mb("VmRSS") > worn_mb:
            os._exit(WORN)

    return one


def _held_mb(key: str) -> float:
    """Return the memory that this program holds, VmRSS, or the most that it has, VmHWM, in MB.

    Not `ru_maxrss`: that knows also what the process held before it became this program, which is
    all of its parent's.
    """
    status = Path("/proc/self/status").read_text(encoding="ascii")
    return int(status.partition(f"{key}:")[2].split()[0]) / 1024


def main() -> int:
    """Fuzz a target for some time."""
    parser = argparse.ArgumentParser()
    parser.add_argument("target", choices=TARGETS | PROOF)
    parser.add_argument("folder", type=Path, help="of this run: corpus, findings, scratch")
    parser.add_argument("--seconds", type=float, required=True)
    parser.add_argument("--seed", type=int, required=True)
    parser.add_argument("--slowest", type=float, default=SLOWEST_S, help="seconds of an input")
    parser.add_argument("--most", type=int, default=MOST_MB, help="megabytes of the process")
    parser.add_argument("--plain", action="store_true", help="by chance alone")
    given = parser.parse_args()
    atheris = None if given.plain else _atheris()
    if atheris:
        with atheris.instrument_imports(include=["runtime", "export", "webapp", "PIL"]):
            make = _maker(given.target)
    else:
        make = _maker(given.target)
    scratch, corpus = given.folder / "scratch", given.folder / "corpus"
    shutil.rmtree(scratch, ignore_errors=True)  # of a process that has died
    for folder in (scratch, corpus):
        folder.mkdir(parents=True, exist_ok=True)
    target = make(scratch)
    inputs = target.inputs
    for each in inputs:
        (corpus / hashlib.sha256(each).hexdigest()[:16]).write_bytes(each)
    with (given.folder / "stalled.txt").open("w") as stalled:
        one = watched(
            target.take,
            Trying(given.folder / "trying"),
            Findings(given.folder / "findings"),
            stalled,
            given.slowest,
            given.most,
            WORN_MB if atheris else None,
        )
        if atheris:
            return _guided(atheris, one, corpus, inputs, given.seconds, given.seed)
        return _by_chance(one, inputs, given.seconds, given.seed)


def _atheris() -> Any:
    try:
        return importlib.import_module("atheris")
    except ImportError:
        return None


def _maker(target: str) -> "Callable[[Path], Target]":
    module = importlib.import_module(f"tests.campaigns.fuzz.{(TARGETS | PROOF)[target]}")
    make: Callable[[Path], Target] = getattr(module, target)
    return make


def _guided(
    atheris: Any, one: Take, corpus: Path, inputs: list[bytes], seconds: float, seed: int
) -> int:
    def changed(given: bytes, longest: int, chance: int) -> bytes:
        draw = Random(chance)  # noqa: S311
        if draw.random() < 0.5:
            return mutate(given, draw, inputs, longest)
        return atheris.Mutate(given, longest)

    options = (
        f"-max_total_time={max(1, round(seconds))}",
        f"-seed={seed or 1}",
        f"-max_len={LONGEST}",
        *("-timeout=3600", "-rss_limit_mb=0", "-verbosity=0", "-print_final_stats=0"),
        f"-artifact_prefix={corpus.parent}/",
        *(f"-handle_{signal}=0" for signal in ("abrt", "bus", "fpe", "ill", "segv")),
    )
    atheris.Setup([sys.argv[0], *options, str(corpus)], one, custom_mutator=changed)
    atheris.Fuzz()
    return 0


def _by_chance(one: Take, inputs: list[bytes], seconds: float, seed: int) -> int:
    draw, ends_s = Random(seed), time.monotonic() + seconds  # noqa: S311
    for each in inputs:
        one(each)
    while time.monotonic() < ends_s:
        one(mutate(draw.choice(inputs), draw, inputs, LONGEST))
    return 0


if __name__ == "__main__":
    sys.exit(main())
