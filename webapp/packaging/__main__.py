"""Make what a device is set up from: `python -m webapp.packaging`."""

import sys

from webapp.packaging.cli import main

sys.exit(main())
