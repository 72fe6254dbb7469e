"""Many clients at one server: `python -m tests.campaigns.load --clients 50 --seconds 600`.

No request goes without an answer, none is answered 5xx but 503 with Retry-After, and the server's
memory is flat after the first minute.
"""

import argparse
import http.client
import io
import json
import random
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import psutil
from PIL import Image

from runtime.smear import draw_smear
from runtime.synthetic import draw_cell
from tests.campaigns.server import ROOT
from tests.webapp.filled import fill
from webapp.bench import Bench

PAGES = (
    "/",
    "/slides",
    "/slides/2",
    "/slides/2/review",
    "/history",
    "/device",
    "/live",
    "/api/docs",
)
POLLED = ("/api/v1/slides/2", "/api/v1/slides?limit=20", "/api/v1/camera/look", "/api/v1/models")
PATIENCE_S = 120.0  # of a client, for an answer; a server that is asked too much says so in 5 s
FLAT = 1.10  # the largest memory after the first minute may be so many times that at its end
MB = 1_000_000


@dataclass
class Seen:
    """What clients have seen; each has its own, which are put together.

    Attributes:
        answers: by act and status.
        lost: requests that had no answer, and why.
        wrong: answers that must not be.
        slowest_s: the longest that an answer took, by act.
    """

    answers: Counter[tuple[str, int]] = field(default_factory=Counter)
    lost: list[str] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)
    slowest_s: dict[str, float] = field(default_factory=dict)

    def add(self, other: "Seen") -> None:
        """Take what another client has seen too."""
        self.answers += other.answers
        self.lost += other.lost
        self.wrong += other.wrong
        for act, seconds in other.slowest_s.items():
            self.slowest_s[act] = max(seconds, self.slowest_s.get(act, 0.0))


@dataclass(frozen=True)
class Load:
    """What became of a server under load.

    Attributes:
        seen: by all clients.
        seconds: how long it was asked.
        rss_mb: memory of the server at each point in time, in megabytes.
        every_s: seconds between these.
    """

    seen: Seen
    seconds: float
    rss_mb: Sequence[float]
    every_s: float

    @property
    def is_flat(self) -> bool:
        """Whether memory has stayed after the first minute, or third of a shorter run."""
        settled = round(min(60.0, self.seconds / 3) / self.every_s)
        return max(self.rss_mb[settled:]) <= FLAT * self.rss_mb[settled]

    def lines(self) -> Iterator[str]:
        """Give the table."""
        statuses = sorted({status for _, status in self.seen.answers})
        yield f"{'act':<12}" + "".join(f"{each:>8}" for each in statuses) + f"{'slowest s':>11}"
        for act in sorted({act for act, _ in self.seen.answers}):
            row = "".join(f"{self.seen.answers[act, each]:>8}" for each in statuses)
            yield f"{act:<12}{row}{self.seen.slowest_s[act]:>11.1f}"
        total = self.seen.answers.total()
        yield f"answers {total}, {total / self.seconds:.1f} a second"
        yield f"lost {len(self.seen.lost)}, wrong {len(self.seen.wrong)}"
        a_minute = max(1, round(60 / self.every_s))
        by_minute = [*self.rss_mb[:-1:a_minute], self.rss_mb[-1]]
        yield "MB by minute, and in the end: " + " ".join(f"{each:.0f}" for each in by_minute)
        yield f"memory {'is' if self.is_flat else 'is NOT'} flat after the first minute"
        yield from (each[:300] for each in (self.seen.lost + self.seen.wrong)[:20])


@dataclass(frozen=True)
class Drawn:
    """What clients send: encoded pictures, drawn before anybody asks."""

    cells: Sequence[bytes]
    fields: Sequence[bytes]

    @classmethod
    def some(cls) -> "Drawn":
        """Draw cells and fields."""
        cells = [draw_cell("neutrophil", seed=each, size_px=200) for each in range(7)]
        fields = [draw_smear(seed=each).picture for each in range(3)]
        return cls([_png(each) for each in cells], [_png(each) for each in fields])


class Client(threading.Thread):
    """Asks for one thing after the other, on a connection of its own."""

    def __init__(self, port: int, seed: int, ends_s: float, kept: int, drawn: "Drawn") -> None:
        """Start before the first request; `ends_s` is in monotonic time, `kept` a field's id."""
        super().__init__(daemon=True)
        self.seen = Seen()
        self._draw, self._ends_s, self._kept = random.Random(seed), ends_s, kept  # noqa: S311
        self._port, self._tags = port, dict[str, str]()
        self._name = f"Client {seed}"
        self._cell, self._field = self._draw.choice(drawn.cells), self._draw.choice(drawn.fields)

    def run(self) -> None:
        """Ask until the time is over."""
        acts: list[tuple[Callable[[], None], int]] = [
            (lambda: self._get("page", self._draw.choice(PAGES)), 4),
            (lambda: self._get("poll", self._draw.choice(POLLED)), 8),
            (lambda: self._get("picture", f"/api/v1/fields/{self._kept}/picture"), 2),
            (lambda: self._get("report", "/api/v1/slides/1/report.pdf"), 1),
            (lambda: self._ask("classify", "POST", "/api/v1/classify", self._cell), 3),
            (lambda: self._ask("analyze", "POST", "/api/v1/analyze", self._field), 1),
            (self._open_slide, 1),
            (lambda: self._ask("field", "POST", "/api/v1/slides/2/fields", self._field), 1),
        ]
        choices, weights = [act for act, _ in acts], [weight for _, weight in acts]
        while time.monotonic() < self._ends_s:
            self._draw.choices(choices, weights)[0]()
            time.sleep(self._draw.uniform(0, 0.5))

    def _open_slide(self) -> None:
        body = json.dumps({"label": f"{self._name} {time.time_ns()}"}).encode()
        self._ask("slide", "POST", "/api/v1/slides", body, {"Content-Type": "application/json"})

    def _get(self, act: str, path: str) -> None:
        known = {"If-None-Match": self._tags[path]} if path in self._tags else {}
        response = self._ask(act, "GET", path, None, known)
        if response and (tag := response.headers.get("ETag")):
            self._tags[path] = tag

    def _ask(
        self, act: str, method: str, path: str, body: bytes | None, headers: Any = None
    ) -> http.client.HTTPResponse | None:
        begun_s = time.monotonic()
        connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=PATIENCE_S)
        try:
            sent = {"X-Person": self._name, **(headers or {})}
            connection.request(method, path, body, sent)
            response = connection.getresponse()
            content = response.read()
        except (OSError, http.client.HTTPException) as error:
            self.seen.lost.append(f"{act} {path}: {type(error).__name__} {error}")
            return None
        finally:
            connection.close()
        self.seen.answers[act, response.status] += 1
        took_s = time.monotonic() - begun_s
        self.seen.slowest_s[act] = max(took_s, self.seen.slowest_s.get(act, 0.0))
        busy = response.status == 503 and response.headers.get("Retry-After")
        if response.status >= 400 and not busy:
            self.seen.wrong.append(f"{act} {path}: {response.status} {content[:200]!r}")
        if busy:
            time.sleep(float(response.headers["Retry-After"]))
        return response


def load(folder: Path, clients: int, seconds: float, seed: int, arguments: Sequence[str]) -> Load:
    """Run a server in an empty folder and ask it.

    Args:
        folder: receives its data and its log.
        clients: that ask at once.
        seconds: how long.
        seed: of what is asked.
        arguments: of the server, such as which bundles answer.
    """
    with Bench.open(folder / "data") as bench:
        fill(bench, folder / "data" / "pictures")
    with _serving(folder, arguments) as (server, port):
        drawn = Drawn.some()
        kept = keep_field(port, drawn.fields[0])
        ends_s, every_s = time.monotonic() + seconds, min(5.0, seconds / 12)
        asking = [Client(port, seed + each, ends_s, kept, drawn) for each in range(clients)]
        begun_s, rss_mb = time.monotonic(), list[float]()
        for each in asking:
            each.start()
        while time.monotonic() < ends_s:
            rss_mb.append(server.memory_info().rss / MB)
            time.sleep(every_s)
        seen = Seen()
        for each in asking:
            each.join()
            seen.add(each.seen)
        rss_mb.append(server.memory_info().rss / MB)
        return Load(seen, time.monotonic() - begun_s, rss_mb, every_s)


@contextmanager
def _serving(folder: Path, arguments: Sequence[str]) -> Iterator[tuple[psutil.Process, int]]:
    command = [
        *(sys.executable, "-m", "webapp", "--port", "0", "--data", str(folder / "data")),
        *arguments,
    ]
    with (
        (folder / "server.log").open("w") as log,
        subprocess.Popen(
            command, cwd=ROOT, stdout=subprocess.PIPE, stderr=log, text=True
        ) as server,
    ):
        try:
            assert server.stdout is not None
            for line in server.stdout:
                if line.startswith("Open http"):
                    yield psutil.Process(server.pid), int(line.split()[1].rpartition(":")[2])
                    break
        finally:
            server.terminate()


def keep_field(port: int, picture: bytes) -> int:
    """Add a field to slide 2 of a server; give its id."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE_S)
    connection.request("POST", "/api/v1/slides/2/fields", picture, {"X-Person": "Ada"})
    kept: int = json.loads(connection.getresponse().read())["results"][0]["id"]
    connection.close()
    return kept


def _png(picture: Any) -> bytes:
    stream = io.BytesIO()
    Image.fromarray(picture).save(stream, "PNG")
    return stream.getvalue()


def main() -> int:
    """Run the campaign, print its table; 1 where anything was lost, wrong or growing."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--clients", type=int, default=50, help="that ask at once (%(default)s)")
    parser.add_argument("--seconds", type=float, default=600, help="(%(default)s)")
    parser.add_argument("--seed", type=int, default=1, help="of what is asked (%(default)s)")
    given = parser.parse_args()
    with TemporaryDirectory() as name:
        found = load(Path(name), given.clients, given.seconds, given.seed, [])
    sys.stdout.write("\n".join([*found.lines(), ""]))
    return int(bool(found.seen.lost or found.seen.wrong) or not found.is_flat)


if __name__ == "__main__":
    sys.exit(main())
