"""Tells systemd that the server is up, and goes on telling while it answers.

The server is asked as a browser asks it, so that one that hangs is started anew. One that answers
what is wrong with it is left alone: its page says what to do, and a start would not mend that.
"""

import http.client
import logging
import os
import socket
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import Final
from urllib.parse import urlsplit

PATH: Final = "/api/v1/health"
ASKS_S: Final = 1.0  # between questions, until the first answer
ENDS_S: Final = 2.0

_log = logging.getLogger(__name__)


@contextmanager
def watched(url: str, environment: Mapping[str, str] = os.environ) -> Iterator[None]:
    """Tell systemd how the server is for the length of a `with`; without systemd nothing happens.

    Args:
        url: address of the server; it may begin to answer later.
        environment: `NOTIFY_SOCKET` and `WATCHDOG_USEC` as systemd sets them for a service.
    """
    notified = environment.get("NOTIFY_SOCKET")
    if not notified or not hasattr(socket, "AF_UNIX"):
        yield
        return
    # As often as systemd advises: twice within the time after which it loses patience.
    pause_s = int(environment.get("WATCHDOG_USEC", "0")) / 2e6
    ending = threading.Event()
    thread = threading.Thread(
        target=_watch, args=(url, notified, pause_s, ending), name="watchdog", daemon=True
    )
    thread.start()
    try:
        yield
    finally:
        ending.set()
        _notify(notified, "STOPPING=1")
        thread.join(ENDS_S)


def answers(url: str, patience_s: float) -> bool:
    """Ask a server whether it is there; what it says of itself does not matter."""
    address = urlsplit(url)
    connection = http.client.HTTPConnection(
        address.hostname or "", address.port, timeout=patience_s
    )
    try:
        connection.request("GET", PATH)
        return bool(connection.getresponse().read())
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def _watch(url: str, notified: str, pause_s: float, ending: threading.Event) -> None:
    while not answers(url, pause_s or ASKS_S):
        if ending.wait(ASKS_S):
            return
    _notify(notified, "READY=1")
    while pause_s and not ending.is_set():
        if answers(url, pause_s):
            _notify(notified, "WATCHDOG=1")
        else:
            _log.error("the server does not answer itself: it will be started anew")
        ending.wait(pause_s)


def _notify(notified: str, state: str) -> None:
    address = f"\0{notified[1:]}" if notified.startswith("@") else notified
    with suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sender:
        sender.sendto(state.encode(), address)
