"""The self-test: each step tries one thing that the device needs, and says what it found."""

import os
import secrets
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Final

from runtime import Bundle, BundleError, HematoVisionError
from runtime.verify import verify_all
from webapp.bench import Bench
from webapp.live.camera import Camera
from webapp.service import Listed, Service
from webapp.store.chain import verify
from webapp.store.clock import is_over, last_write
from webapp.texts import gettext as _

TRIED_BYTES: Final = 1_000_000


@dataclass(frozen=True)
class Step:
    """What a step found.

    Attributes:
        id: of the step.
        ok: whether all is well.
        message: what was found, and where all is not well what to do.
        ms: how long it took in milliseconds.
    """

    id: str
    ok: bool
    message: str
    ms: float


class TrialError(HematoVisionError):
    """A step found that something is not well."""


Trial = Callable[[], str]  # says what it found, or raises


def trials(
    service: Service, bench: Bench, camera: Camera, bundles: Sequence[Listed]
) -> Mapping[str, Trial]:
    """List the steps by id, in order; `bundle:ID` stands for each bundle."""
    tried = {f"bundle:{each.id}": partial(_bundle, service, each.bundle) for each in bundles}
    return {
        "clock": partial(_clock, bench),
        "data": partial(_data, service.settings.data),
        "database": partial(_database, bench),
        "trail": partial(_trail, bench),
        "camera": partial(_camera, camera),
        **tried,
    }


def run(name: str, trial: Trial) -> Step:
    """Take a step.

    Raises:
        HematoVisionError: `busy`, other pictures are being read; the step was not taken.
    """
    begun_s = time.perf_counter()
    try:
        ok, message = True, trial()
    except HematoVisionError as problem:
        if problem.code == "busy":
            raise
        ok, message = False, str(problem)
    return Step(name, ok, message, 1000 * (time.perf_counter() - begun_s))


def _clock(bench: Bench) -> str:
    """A small computer without a clock of its own wakes up in the past."""
    with bench.reading() as session:
        last = last_write(session)
    known = datetime.fromtimestamp(Path(__file__).stat().st_mtime, UTC)
    if last:
        known = max(known, last)
    if is_over(known):
        raise TrialError(
            "clock",
            _(
                "The clock is behind {known}, when something was kept here: set date and time"
            ).format(known=f"{known:%Y-%m-%d %H:%M} UTC"),
        )
    return _("The clock is not behind anything that was kept")


def _data(folder: Path) -> str:
    file, content = folder / f".tmp-{secrets.token_hex(8)}", secrets.token_bytes(TRIED_BYTES)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        try:
            with file.open("xb") as stream:
                stream.write(content)
                stream.flush()
                os.fsync(stream.fileno())
            same = file.read_bytes() == content
        finally:
            file.unlink(missing_ok=True)
    except OSError as error:
        raise TrialError(
            "unwritable",
            _(
                "{folder} cannot be written to ({problem}): check the disk and who may write there"
            ).format(folder=folder, problem=error.strerror),
        ) from error
    if not same:
        raise TrialError(
            "unwritable",
            _("{folder} gives back other bytes than were written: replace the disk").format(
                folder=folder
            ),
        )
    return _("1 MB was written and read back")


def _database(bench: Bench) -> str:
    database = bench.database
    if bench.problem:
        raise bench.problem
    if faults := database.faults():
        raise TrialError(
            "database_damaged",
            _("{place} is damaged ({problem}): copy it back from a backup").format(
                place=database.name, problem=faults[0]
            ),
        )
    return _("The database is sound")


def _trail(bench: Bench) -> str:
    with bench.reading() as session:
        chain = verify(session)
    if chain.broken:
        raise TrialError(
            "trail_broken",
            _("The trail is broken: {problem}. Keep the file, and look at earlier backups").format(
                problem=chain.broken
            ),
        )
    return _("The trail is whole: {n} entries, its head is {head}").format(
        n=chain.entries, head=chain.head.sha256[:12]
    )


def _camera(camera: Camera) -> str:
    state = camera.state
    if state.state == "closed":
        return _("No camera is open")
    if state.error:
        raise TrialError(state.error.code, state.error.message)
    camera.shot()
    return _("The camera {source} gives pictures").format(source=state.source)


def _bundle(service: Service, bundle: Bundle | BundleError) -> str:
    if isinstance(bundle, BundleError):
        raise BundleError(bundle.code, str(bundle))  # anew: raised twice it gathers tracebacks
    with service.turn():
        checks = verify_all(bundle)
    return _("The golden picture is answered as published: {variants}").format(
        variants=", ".join(f"{each.variant} ±{each.difference:.4f}" for each in checks)
    )
