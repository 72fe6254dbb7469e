"""Keep the data of a device safe: `python -m webapp.maintenance`."""

import sys

from webapp.maintenance.cli import main

sys.exit(main())
