"""Starts the server of a prefix anew, as a system does: `restart.py PREFIX DATA PORT`."""

import fcntl
import http.client
import os
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path


def lives(pid: int) -> bool:
    """Tell whether a process is there and no zombie."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except (OSError, IndexError):
        return False
    return state != "Z"


def stop(prefix: Path, number: int = signal.SIGTERM) -> None:
    """End the server that runs, if one does."""
    with suppress(OSError, ValueError):
        pid = int((prefix / "server.pid").read_text())
        with suppress(ProcessLookupError):
            os.kill(pid, number)
        while lives(pid):
            time.sleep(0.05)


def answers(port: int) -> bool:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request("GET", "/api/v1/health")
        return bool(connection.getresponse().read())
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def start(prefix: Path, data: Path, port: int) -> int:
    """Start the version that runs; return the exit status, 0 once it answers."""
    command = [(prefix / "current").resolve() / "environment/bin/python", "-I", "-m", "webapp"]
    command += ["serve", "--port", str(port), "--data", str(data)]
    with (prefix / "server.log").open("a") as log:
        process = subprocess.Popen(
            [str(each) for each in command],
            stdout=log,
            stderr=log,
            start_new_session=True,
            close_fds=True,
        )
    (prefix / "server.pid").write_text(str(process.pid))
    while process.poll() is None:
        if answers(port):
            return 0
        time.sleep(0.1)
    sys.stderr.write("it has ended\n")
    return 1


if __name__ == "__main__":
    place, folder, number = Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3])
    with (place / "restart.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # one after the other, as a system does it
        stop(place)
        sys.exit(start(place, folder, number))
