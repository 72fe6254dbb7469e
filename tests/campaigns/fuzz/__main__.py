"""Whatever reads foreign bytes is fuzzed: `python -m tests.campaigns.fuzz --seconds 3600`."""

import argparse
import sys
import tempfile
from pathlib import Path

from tests.campaigns.fuzz.campaign import campaign, table
from tests.campaigns.fuzz.child import TARGETS


def main() -> int:
    """Run the campaign, print its table; 1 where anything was found."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("targets", nargs="*", help=f"of {', '.join(TARGETS)}; all without any")
    parser.add_argument("--seconds", type=float, default=3600, help="a target (%(default)s)")
    parser.add_argument("--seed", type=int, default=1, help="of what is random (%(default)s)")
    parser.add_argument("--keep", type=Path, help="folder for corpus and findings")
    parser.add_argument("--plain", action="store_true", help="by chance, without Atheris")
    given = parser.parse_args()
    if unknown := set(given.targets) - set(TARGETS):
        parser.error(f"no target is called {', '.join(sorted(unknown))}")
    keep = given.keep or Path(tempfile.mkdtemp(prefix="fuzz-"))
    sys.stderr.write(f"corpus and findings lie in {keep}\n")
    rows = campaign(
        keep,
        given.seconds,
        given.seed,
        given.targets or tuple(TARGETS),
        given.plain,
        tell=lambda row: print(row, file=sys.stderr, flush=True),  # noqa: T201 - a command
    )
    sys.stdout.write(f"{table(rows)}\n")
    return int(any(row.findings for row in rows))


if __name__ == "__main__":
    sys.exit(main())
