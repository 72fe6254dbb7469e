"""The whole API is asked by Schemathesis, signed in and not: `python -m tests.campaigns.api`.

A real server with the tiny bundles and three slides answers, or any other by `--url`; what its
document tells of statuses, types and shapes must hold, whatever is asked.
"""

import argparse
import json
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from urllib.request import Request, urlopen

from tests.campaigns.server import Servers, bundles
from tests.webapp.accounts.people import PASSWORD
from tests.webapp.filled import fill
from webapp.api.document import PATH
from webapp.bench import Bench
from webapp.store.accounts import Role, add_account
from webapp.store.passwords import hashed
from webapp.store.sessions import add_token

PHASES = ("examples", "coverage", "fuzzing", "stateful")
DOCUMENT = "openapi.json"
A_PERSON = "X-Person: Ada"
# Of a server of our own: the role of who asks, None without accounts; and whether somebody does.
RUNS: tuple[tuple[Role | None, bool], ...] = (
    (None, True),
    (None, False),
    ("administrator", True),
    ("device", True),
)
SETTINGS = Path(__file__).with_name("schemathesis.toml")
# Where there are no accounts: a write without a name is a bad request, whatever else it says.
NO_ACCOUNTS = "ignored_auth"
NOBODY = "positive_data_acceptance"
# Where there are: beside a good token no name is asked for, so a made-up one is no wrong sign-in.
ALONE = ("--generation-with-security-parameters", "false")


@dataclass(frozen=True)
class Asked:
    """What became of a run.

    Attributes:
        who: the headers that it was signed in with.
        operations: that were tried.
        documented: those that the document tells of.
        cases: requests that were checked.
        failures: what did not hold, and of what.
        seconds: how long it took.
        said: all that Schemathesis said.
    """

    who: str
    operations: int
    documented: int
    cases: int
    failures: list[str]
    seconds: float
    said: str


@contextmanager
def serving(folder: Path, role: Role | None = None) -> Iterator[tuple[str, list[str]]]:
    """Run a server with three slides in an empty folder.

    Args:
        folder: receives its data and its log.
        role: of who asks, by an API token; None makes no accounts, and A_PERSON asks.

    Returns:
        Its address, and the headers of who asks; `openapi.json` of the folder is its document,
        which a device may not read.
    """
    headers, reading = [A_PERSON], dict[str, str]()
    with Bench.open(folder / "data") as bench:
        fill(bench, folder / "data" / "pictures")
        if role:
            with bench.writing() as session:
                ada = kim = add_account(
                    session, "setup", "Ada", "administrator", hashed(PASSWORD, "Ada")
                )
                if role != ada.role:
                    kim = add_account(session, "Ada", "Kim", role, hashed(PASSWORD, "Kim"))
                headers = [f"Authorization: Bearer {add_token(session, 'Ada', kim, 'asks')}"]
                reading["Authorization"] = f"Bearer {add_token(session, 'Ada', ada, 'reads')}"
    with Servers(bundles(folder), folder / "server.log") as servers:
        servers.start(folder / "data")
        url = f"http://127.0.0.1:{servers.port()}"
        with urlopen(Request(url + PATH, headers=reading)) as answer:  # noqa: S310 - our own
            (folder / DOCUMENT).write_bytes(answer.read())
        yield url, headers


def ask(
    url: str,
    folder: Path,
    headers: Sequence[str],
    examples: int,
    seed: int,
    phases: Sequence[str] = PHASES,
    accounts: bool = False,
) -> Asked:
    """Ask all that the document of a server tells of.

    Args:
        url: of the server.
        folder: that receives Schemathesis' report; a document in it goes before the server's.
        headers: `NAME: VALUE` each, of all requests.
        examples: requests of each operation, at most, in the phases that draw them.
        seed: of what is drawn.
        phases: of `PHASES`.
        accounts: whether the server refuses who is not signed in.
    """
    report, document = folder / "report.json", folder / DOCUMENT
    report.unlink(missing_ok=True)
    excluded = [NO_ACCOUNTS] if headers else [NO_ACCOUNTS, NOBODY]
    command = [
        *(sys.executable, "-m", "schemathesis.cli", "--config-file", str(SETTINGS)),
        *("run", str(document) if document.exists() else f"{url}{PATH}", "--url", url),
        *("--checks", "all", "--phases", ",".join(phases)),
        *("--max-examples", str(examples), "--seed", str(seed), "--continue-on-failure"),
        *("--report", "json", "--report-json-path", str(report)),
        *(each for header in headers for each in ("--header", header)),
        *(ALONE if accounts else ("--exclude-checks", ",".join(excluded))),
    ]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    said = done.stdout + done.stderr
    if not report.exists():
        raise RuntimeError(f"Schemathesis has not come to its end:\n{said[-3000:]}")
    told: dict[str, Any] = json.loads(report.read_text(encoding="utf-8"))
    failures = [
        f"{each['title']}: {operation}"
        for each in told["failures"]
        for operation in each["operations"]
    ]
    return Asked(
        who=", ".join(headers) or "nobody",
        operations=told["operations"]["tested"],
        documented=told["operations"]["total"],
        cases=told["test_cases"]["generated"],
        failures=[*failures, *(str(error) for error in told["errors"])],
        seconds=told["running_time"],
        said=said,
    )


def table(runs: Sequence[Asked]) -> str:
    """Give the runs as aligned lines, and below them what did not hold."""
    head = f"{'signed in by':<28}{'operations':>12}{'requests':>10}{'failures':>10}{'seconds':>9}"
    rows = [
        f"{each.who[:26]:<28}{f'{each.operations}/{each.documented}':>12}{each.cases:>10}"
        f"{len(each.failures):>10}{each.seconds:>9.0f}"
        for each in runs
    ]
    return "\n".join([head, *rows, *(failure for each in runs for failure in each.failures)])


def main() -> int:
    """Run the campaign, print its table; 1 where anything did not hold."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--url", help="of a running server, in place of one of its own")
    parser.add_argument(
        "--header", action="append", help=f"who asks --url, such as '{A_PERSON}' (default)"
    )
    parser.add_argument("--accounts", action="store_true", help="the server of --url has accounts")
    parser.add_argument("--examples", type=int, default=200, help="an operation (%(default)s)")
    parser.add_argument("--seed", type=int, default=1, help="of what is random (%(default)s)")
    parser.add_argument("--phases", default=",".join(PHASES), help="(%(default)s)")
    given = parser.parse_args()
    runs = []
    for asked in _one_there(given) if given.url else _our_own(given):
        runs.append(asked)
        sys.stderr.write(f"{asked.said}\n" if asked.failures else "")
    sys.stdout.write(f"{table(runs)}\n")
    return int(any(each.failures for each in runs))


def _one_there(given: argparse.Namespace) -> Iterator[Asked]:
    for headers in (given.header or [A_PERSON], []):
        with TemporaryDirectory() as name:
            yield _asked(given, given.url, Path(name), headers, given.accounts)


def _our_own(given: argparse.Namespace) -> Iterator[Asked]:
    for role, is_somebody in RUNS:
        with TemporaryDirectory() as name, serving(Path(name), role) as (url, headers):
            asked = _asked(given, url, Path(name), headers if is_somebody else [], role is not None)
        yield replace(asked, who=f"API token, {role}") if role else asked


def _asked(
    given: argparse.Namespace, url: str, folder: Path, headers: Sequence[str], accounts: bool
) -> Asked:
    phases = given.phases.split(",")
    return ask(url, folder, headers, given.examples, given.seed, phases, accounts)


if __name__ == "__main__":
    sys.exit(main())
