"""Start the web app: `python -m webapp`."""

import os
import sys

from webapp.cli import main

status = main()
sys.stdout.flush()
sys.stderr.flush()
# A plain exit would wait for a picture that is still being decoded, however long that takes.
os._exit(status)
