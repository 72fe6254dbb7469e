"""`python -m runtime`."""

import sys

try:
    from runtime.cli import main

    status = main()
except KeyboardInterrupt:  # while modules are still being imported
    status = 130
sys.exit(status)
