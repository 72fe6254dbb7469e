"""Where versions are, which of them runs, and the command that runs it."""

import os
import shlex
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

from webapp.packaging.installer.manifest import InstallError

WINDOWS: Final = sys.platform == "win32"
PART: Final = ".part-"  # how the names of unfinished versions begin
MARK: Final = "made by HematoVision's installer"


def running_version() -> str | None:
    """Name the version that this program is of; None where no installer has put it there."""
    version = Path(sys.prefix).resolve().parent
    return version.name if version.parent.name == "versions" else None


def hold_version() -> None:
    """Keep the files of the version that this program is of; the lock goes with the process."""
    if running_version() is None or sys.platform == "win32":  # which removes nothing that is open
        return
    import fcntl

    with suppress(OSError):  # a disk without locks
        fcntl.flock(os.open(Path(sys.prefix).resolve().parent, os.O_RDONLY), fcntl.LOCK_SH)


def is_used(version: Path) -> bool:
    """Tell whether a program of a version runs; of Windows that is not known."""
    with _locked(version) as is_ours:
        return not is_ours


def remove_version(version: Path) -> bool:
    """Remove a version, unless a program of it runs.

    Returns:
        Whether it was removed.
    """
    gone = version.with_name(f"{PART}{version.name}")  # broken off, it is a version no more
    with _locked(version) as is_ours:
        if is_ours:
            with suppress(PermissionError):  # Windows, where a program of it runs
                shutil.rmtree(gone, ignore_errors=True)
                version.rename(gone)
                shutil.rmtree(gone, ignore_errors=True)
                return True
    return False


@contextmanager
def _locked(version: Path) -> Iterator[bool]:
    """Let no program of a version begin within a block; tell whether none of it runs."""
    if sys.platform == "win32":
        yield True
        return
    import fcntl

    handle = os.open(version, os.O_RDONLY)
    try:
        is_ours = True
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            is_ours = False
        except OSError:  # a disk without locks
            pass
        yield is_ours
    finally:
        os.close(handle)


def sync_folder(folder: Path) -> None:
    """Put a folder's list of files on the disk, where the system can."""
    if not WINDOWS:
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def write_whole(file: Path, text: str, mode: int = 0o644) -> None:
    """Put a text in its place once all of it is on the disk; until then what was there stays."""
    part = file.with_name(f".new-{file.name}")
    with part.open("w", encoding="utf-8", newline="") as stream:
        stream.write(text)
        stream.flush()
        os.fsync(stream.fileno())
    part.chmod(mode)
    part.replace(file)
    sync_folder(file.parent)


class Place:
    """Where versions are, which of them runs, and the command that runs it."""

    def __init__(self, prefix: Path, commands: Path) -> None:
        """Name the folder of the versions, and the folder of the command."""
        self.prefix = prefix
        self.versions = prefix / "versions"
        self.command = commands / ("hematovision.cmd" if WINDOWS else "hematovision")
        self._pointer = prefix / ("current.txt" if WINDOWS else "current")

    @property
    def current(self) -> str | None:
        """The name of the version that runs; None before the first."""
        with suppress(OSError):
            if WINDOWS:
                return self._pointer.read_text(encoding="utf-8").strip()
            return self._pointer.readlink().name
        return None

    def switch(self, name: str) -> None:
        """Let another version run from now on, in one step."""
        sync_folder(self.versions)
        if WINDOWS:
            write_whole(self._pointer, name)
            return
        new = self._pointer.with_name(f".new-{self._pointer.name}")
        new.unlink(missing_ok=True)
        new.symlink_to(Path("versions") / name)
        new.replace(self._pointer)
        sync_folder(self.prefix)

    def write_command(self) -> None:
        """Put the command in its place; `check_command` has looked at what is there."""
        self.command.parent.mkdir(parents=True, exist_ok=True)
        if WINDOWS:
            text = (
                f'@rem {MARK}\r\n@setlocal\r\n@set /p NOW=<"{self._pointer}"\r\n'
                f'@"{self.versions}\\%NOW%\\environment\\Scripts\\python.exe" -I -m webapp %*\r\n'
            )
        else:
            pointer = shlex.quote(str(self._pointer))  # followed once: a program is of one version
            text = (
                f"#!/bin/sh\n# {MARK}\nversion=$(readlink -f {pointer}) || exit 2\n"
                'exec "$version/environment/bin/python" -I -m webapp "$@"\n'
            )
        write_whole(self.command, text, 0o755)

    def check_command(self) -> None:
        """Refuse to replace a command that is not ours.

        Raises:
            InstallError: as said.
        """
        with suppress(FileNotFoundError):
            if MARK not in self.command.read_text(encoding="utf-8", errors="replace"):
                raise InstallError(
                    f"{self.command} is another program: move it away, or choose another folder "
                    "with --commands"
                )

    def used(self) -> list[str]:
        """Name the versions that programs run of."""
        return sorted(each.name for each in self.versions.glob("[!.]*") if is_used(each))

    def remove(self) -> None:
        """Remove all versions and the command, and no data; the lock goes when it is released.

        Raises:
            InstallError: a program of a version runs.
        """
        used = self.used()
        there = sorted(self.versions.glob("[!.]*"), key=lambda each: each.name != self.current)
        if used or not all(map(remove_version, there)):
            how = "" if WINDOWS else f", or with: pkill -f '^{self.versions.resolve()}/'"
            raise InstallError(
                f"HematoVision runs here ({', '.join(used) or self.current}): end it with Ctrl-C "
                f"where it was started{how}; then do this again"
            )
        self.command.unlink(missing_ok=True)
        self._pointer.unlink(missing_ok=True)
        shutil.rmtree(self.versions, ignore_errors=True)

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Let no other installer or update work here meanwhile; the lock goes with the process.

        Raises:
            InstallError: another one does.
        """
        self.versions.mkdir(parents=True, exist_ok=True)
        lock = self.prefix / ".lock"
        with lock.open("a") as stream:
            try:
                if sys.platform == "win32":
                    import msvcrt

                    msvcrt.locking(stream.fileno(), msvcrt.LK_NBLCK, 1)
                else:
                    import fcntl

                    fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError as error:
                raise InstallError(
                    f"another installer or update works in {self.prefix}: wait until it has ended"
                ) from error
            yield
        if not self.versions.is_dir():  # all was removed
            lock.unlink(missing_ok=True)
            for folder in (self.prefix, self.command.parent if WINDOWS else self.prefix):
                with suppress(OSError):  # something else is in it
                    folder.rmdir()
