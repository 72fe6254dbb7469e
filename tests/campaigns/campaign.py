"""A campaign: technicians work at a server that dies again and again, and nothing may be lost."""

import random
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from tests.campaigns.disk import faults_of
from tests.campaigns.server import NothingKeptError, Servers
from tests.campaigns.technician import Technician

MOST = 12  # writes that are acknowledged in a server's life, by chance
LONGEST_S = 10.0  # that the next one of them is waited for
MOST_FAULTS = 5  # after which there is no use in going on
WHOLE = 50  # deaths between two looks at everything


class Plug(Protocol):
    """What a server's life hangs on."""

    data: Path  # the app's folder

    def pull(self, kill: Callable[[], None]) -> None:
        """Take the power away; `kill` ends the server."""


@dataclass
class Tally:
    """What a campaign has found.

    Attributes:
        deaths: of servers.
        starting: those of servers that were not answering yet.
        acknowledged: writes by act.
        in_flight: writes by act that had no answer when the server died.
        kept: those of them that were found to be done, whole.
        faults: whatever was not as it must be.
        seconds: how long it took.
    """

    deaths: int = 0
    starting: int = 0
    acknowledged: Counter[str] = field(default_factory=Counter)
    in_flight: Counter[str] = field(default_factory=Counter)
    kept: Counter[str] = field(default_factory=Counter)
    faults: list[str] = field(default_factory=list)
    seconds: float = 0.0

    def lines(self) -> Iterator[str]:
        """Give the table."""
        yield f"{'act':<16}{'acknowledged':>14}{'in flight':>11}{'of these kept':>15}"
        for act in sorted(self.acknowledged.keys() | self.in_flight.keys()):
            row = (self.acknowledged[act], self.in_flight[act], self.kept[act])
            yield f"{act:<16}{row[0]:>14}{row[1]:>11}{row[2]:>15}"
        row = tuple(each.total() for each in (self.acknowledged, self.in_flight, self.kept))
        yield f"{'all':<16}{row[0]:>14}{row[1]:>11}{row[2]:>15}"
        yield ""
        yield f"deaths {self.deaths}, of these while starting {self.starting}; {self.seconds:.0f} s"
        yield f"faults {len(self.faults)}"
        yield from (f"  {fault[:1000]}" for fault in self.faults[:20])


def run(
    plug: Plug, servers: Servers, times: int, seed: int, tell: Callable[[str], None] | None = None
) -> Tally:
    """Let servers die, and look after each death for what was lost.

    Args:
        plug: what takes a server's life.
        servers: that are started one after the other.
        times: deaths.
        seed: of all that is random but the moments, which the machine decides too.
        tell: called with the table so far, now and then.
    """
    draw, tally, begun_s = random.Random(seed), Tally(), time.monotonic()  # noqa: S311
    technicians = [Technician(name, draw.randrange(2**32)) for name in ("Ada", "Bo Müller")]
    while True:
        servers.start(plug.data)
        if tally.deaths < times and draw.random() < 0.05:
            time.sleep(draw.uniform(0, 0.5))
            plug.pull(servers.kill)
            tally.deaths += 1
            tally.starting += 1
            continue
        try:
            port = servers.port()
        except NothingKeptError as error:
            tally.faults.append(str(error))
            servers.kill()
            break
        last = tally.deaths == times
        whole = last or tally.deaths % WHOLE == 0
        tally.faults += faults_of(plug.data, every_picture=whole)
        for each in technicians:
            tally.faults += each.look_back(port, all_of_them=whole)
            if each.ended_in:
                act, is_kept = each.ended_in
                tally.in_flight[act] += 1
                tally.kept[act] += is_kept
        tally.acknowledged = sum((each.acknowledged for each in technicians), Counter[str]())
        tally.seconds = time.monotonic() - begun_s
        if tell and whole:
            tell("\n".join(tally.lines()))
        if last or len(tally.faults) >= MOST_FAULTS:
            servers.kill()
            break
        with working(technicians, port) as (power, acknowledged):
            worked_s, writes = time.monotonic(), draw.randint(0, MOST)
            for _ in range(writes):
                acknowledged.acquire(timeout=LONGEST_S)
            pause_s = (time.monotonic() - worked_s) / writes if writes else 0.5
            time.sleep(draw.uniform(0.0, pause_s))  # anywhere in the next one
            power.clear()
            plug.pull(servers.kill)
        tally.deaths += 1
    return tally


@contextmanager
def working(
    technicians: list[Technician], port: int
) -> Iterator[tuple[threading.Event, threading.Semaphore]]:
    """Let technicians work for the length of a `with`.

    Yields:
        What says that there is power, and what each acknowledged write releases.

    Raises:
        RefusedError: one of them was refused something that must not be.
    """
    power, acknowledged = threading.Event(), threading.Semaphore(0)
    failed = list[BaseException]()
    power.set()

    def work(technician: Technician) -> None:
        try:
            technician.work(port, power, acknowledged)
        except BaseException as error:  # noqa: BLE001 - raised below
            failed.append(error)

    threads = [threading.Thread(target=work, args=(each,)) for each in technicians]
    for thread in threads:
        thread.start()
    yield power, acknowledged
    for thread in threads:
        thread.join()
    if failed:
        raise failed[0]


def tell(lines: str) -> None:
    """Say how far a campaign is."""
    sys.stderr.write(f"{lines}\n\n")


def told(name: str, tally: Tally) -> int:
    """Print the table of a campaign; return the exit status, 1 where anything was wrong."""
    sys.stdout.write("\n".join((name, *tally.lines(), "")))
    return int(bool(tally.faults))
