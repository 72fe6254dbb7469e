"""Other programs of an update: they end with it, and work on data as who owns them."""

import ctypes
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any, Final

from webapp.update.errors import UpdateError

_PR_SET_PDEATHSIG: Final = 1  # of Linux: the signal that a process gets when its parent dies


@contextmanager
def as_owner_of(folder: Path) -> Iterator[None]:
    """Do as who owns a folder what an administrator does, so that nothing in it is somebody else's.

    It changes who this process is, for all of its threads.
    """
    owner = owner_of(folder)
    if owner is None or sys.platform == "win32":
        yield
        return
    groups, group = os.getgroups(), os.getegid()
    os.setgroups([])
    os.setegid(owner[1])
    os.seteuid(owner[0])
    try:
        yield
    finally:
        os.seteuid(0)
        os.setegid(group)
        os.setgroups(groups)


def owner_of(folder: Path) -> tuple[int, int] | None:
    """Tell who owns a folder, and their group, where this process works for somebody else."""
    if sys.platform == "win32" or os.geteuid() != 0:
        return None
    found = folder.stat()
    return (found.st_uid, found.st_gid) if found.st_uid else None


def start(
    command: Sequence[str | Path], log: IO[str] | int, owner: tuple[int, int] | None = None
) -> "subprocess.Popen[str]":
    """Start a program of ours, without the settings of this one.

    Args:
        command: the program and its arguments.
        log: what it says goes there.
        owner: user and group that it runs as.
    """
    more: dict[str, Any] = {"user": owner[0], "group": owner[1]} if owner else {}
    return subprocess.Popen(  # noqa: S603 - our own Python, our own files
        [str(part) for part in command],
        stdin=subprocess.DEVNULL,
        stdout=log,
        stderr=subprocess.STDOUT,
        text=True,
        env=plain(os.environ),
        cwd="/" if os.name == "posix" else None,
        preexec_fn=_die_with_parent(),  # an update has one thread
        **more,
    )


def called(command: Sequence[str | Path], doing: str) -> str:
    """Run a program of ours, and return what it says.

    Raises:
        UpdateError: `unhealthy`, it fails.
    """
    with start(command, subprocess.PIPE) as process:
        said, _ = process.communicate()
    if process.returncode:
        raise UpdateError("unhealthy", f"{doing}: {' '.join(said.split())[-600:]}")
    return said


def plain(environment: Mapping[str, str]) -> dict[str, str]:
    """Leave out what sets the program up, so that what is tried runs as it was made."""
    return {n: text for n, text in environment.items() if not n.startswith("HEMATOVISION_")}


def _die_with_parent() -> Callable[[], None] | None:
    """Let a program end when an update is killed; elsewhere than on Linux it goes on."""
    if sys.platform != "linux":
        return None
    control = ctypes.CDLL(None).prctl
    return lambda: control(_PR_SET_PDEATHSIG, signal.SIGKILL)
