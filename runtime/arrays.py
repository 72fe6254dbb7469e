"""Named arrays out of the bytes of an `.npz` file, whatever is wrong with it."""

import io
import lzma
import struct
import tokenize
import zipfile
import zlib
from collections.abc import Sequence
from typing import Any, Final

import numpy as np
import numpy.typing as npt

# What NumPy and the archive's reader are seen to raise on damaged files.
DAMAGED: Final = (
    OSError,
    EOFError,
    LookupError,
    MemoryError,
    RuntimeError,
    TypeError,
    ValueError,
    lzma.LZMAError,
    struct.error,
    tokenize.TokenError,
    zipfile.BadZipFile,
    zlib.error,
)


def read_arrays(content: bytes, names: Sequence[str]) -> list[npt.NDArray[Any]]:
    """Read arrays in the order of their names, of any shape and dtype but objects.

    Raises:
        ValueError: the file is damaged, or lacks one of them.
    """
    try:
        with np.load(io.BytesIO(content), allow_pickle=False) as arrays:
            return [np.asarray(arrays[name]) for name in names]
    except DAMAGED as error:
        raise ValueError(f"it holds no arrays that can be read ({error})") from error
