"""Servers are killed (SIGKILL) at random moments: `python -m tests.campaigns.kill --times 1000`."""

import argparse
import sys
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.campaigns.campaign import Tally, run, tell, told
from tests.campaigns.server import Servers, bundles


class Killing:
    """Kills the server; what it has written stays with the system."""

    def __init__(self, data: Path) -> None:
        """Keep the app's folder."""
        self.data = data

    def pull(self, kill: Callable[[], None]) -> None:
        """Kill."""
        kill()


def campaign(
    folder: Path, servers: Servers, times: int, seed: int, tell: Callable[[str], None] | None = None
) -> Tally:
    """Run the campaign in an empty folder."""
    return run(Killing(folder / "data"), servers, times, seed, tell)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--times", type=int, default=1000, help="deaths (%(default)s)")
    parser.add_argument("--seed", type=int, default=1, help="of what is random (%(default)s)")
    given = parser.parse_args()
    with TemporaryDirectory() as name:
        place = Path(name)
        with Servers(bundles(place), place / "server.log") as servers:
            tally = campaign(place, servers, given.times, given.seed, tell)
        sys.exit(told(f"killed {given.times} times", tally))
