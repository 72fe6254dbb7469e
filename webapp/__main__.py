"""The command `hematovision`: `python -m webapp`."""

import os
import sys

from webapp.command import load
from webapp.packaging.installer.place import hold_version

hold_version()
try:
    run = load(sys.argv[1:])
except ModuleNotFoundError as error:
    missing = (error.name or "").partition(".")[0]
    if missing in ("", "webapp", "runtime"):
        raise
    print(  # noqa: T201 - what prints elsewhere cannot be imported
        f"the package {missing} is missing, which the app needs: run 'make setup' and start "
        ".venv/bin/python -m webapp, or 'pip install -r requirements/web.txt'",
        file=sys.stderr,
    )
    sys.exit(2)

status = run()
sys.stdout.flush()
sys.stderr.flush()
# A plain exit would wait for a picture that is still being decoded, however long that takes.
os._exit(status)
