"""Starts the installer of the archive, or of the version, that this file lies in."""

import sys
from pathlib import Path

if __name__ == "__main__":
    here = Path(__file__).resolve().parent
    sys.dont_write_bytecode = True  # the archive stays as its manifest tells
    sys.path.insert(0, str(here / "app"))

    from webapp.packaging.installer.cli import main

    sys.exit(main(here))
