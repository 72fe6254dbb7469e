"""A package with one bundle, for devices that are installed already."""

import tempfile
from pathlib import Path

from runtime.bundle import read_bundle
from runtime.files import unwritable
from webapp.packaging.archive import copy, packed, write_listed
from webapp.packaging.signing import Signer, sign
from webapp.update.package import BUNDLE, MODEL


def make_bundle_package(bundle: Path, out: Path, signer: Signer) -> Path:
    """Make a signed archive of a bundle.

    Args:
        bundle: its folder.
        out: folder that the archive is put into.
        signer: who signs it.

    Returns:
        The archive.

    Raises:
        BundleError: it is no bundle.
        HematoVisionError: `unwritable`.
    """
    read = read_bundle(bundle)
    try:
        out.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=out, prefix=".part-") as temporary:
            folder = Path(temporary) / f"{read.name}-{read.version}"
            copy(bundle, folder / BUNDLE)
            write_listed(folder, {"schema": MODEL, "name": read.name, "version": read.version})
            sign(folder, signer.key)
            return packed(folder, out)
    except OSError as error:
        raise unwritable(out, error) from error
