"""A file that is there whole or not at all."""

import os
import tempfile
from contextlib import suppress
from pathlib import Path

from runtime.errors import HematoVisionError


def write(file: Path, content: bytes) -> None:
    """Put a file in its place once all of it is on the disk; an older one there is replaced.

    Raises:
        HematoVisionError: `unwritable`, and whatever was there is still there.
    """
    part = None
    try:
        if file.exists() and not (file.is_file() and os.access(file, os.W_OK)):
            raise HematoVisionError(
                "unwritable", f"{file} is not a file that may be replaced: choose another name"
            )
        with tempfile.NamedTemporaryFile(dir=file.parent, prefix=".", delete=False) as stream:
            part = Path(stream.name)
            stream.write(content)
            stream.flush()
            os.fsync(stream.fileno())
        mask = os.umask(0)
        os.umask(mask)
        part.chmod(0o666 & ~mask)  # a temporary file is its maker's alone
        part.replace(file)
    except OSError as error:
        raise HematoVisionError(
            "unwritable", f"{file} cannot be written ({error.strerror}): choose another place"
        ) from error
    finally:
        if part is not None:
            with suppress(OSError):
                part.unlink(missing_ok=True)
