"""Refuses sockets to other machines, and notes them in a file.

Python runs this by itself in each process whose `PYTHONPATH` names this folder, so that programs
which tests start are watched too; see `tests/conftest.py`.
"""

import errno
import ipaddress
import os
import socket
import sys
from typing import Any

REPORT = "TESTS_REACHED_OUT"  # environment variable that names the file
LOOKUPS = ("socket.getaddrinfo", "socket.gethostbyname")
SENDING = ("socket.connect", "socket.sendto", "socket.sendmsg")
NOWHERE = (".invalid", ".test", ".example")  # by RFC 6761 nothing has such a name


def is_here(host: str) -> bool:
    """Tell whether a name or an address is of this machine alone."""
    try:
        address = ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        return host.lower() in ("", "localhost", socket.gethostname().lower())
    return address.is_loopback or address.is_unspecified


def watch(event: str, told: tuple[Any, ...]) -> None:
    """Refuse what reaches out, as on a machine without a network."""
    if event in SENDING and told[0].family in (socket.AF_INET, socket.AF_INET6) and told[1]:
        host = _text(told[1][0])
        if not is_here(host):
            _note(f"{event} {host}")
            raise OSError(errno.ENETUNREACH, f"tests reach no other machine, and not {host}")
    elif event in LOOKUPS and told[0] is not None:
        host = _text(told[0])
        if is_here(host) or _is_number(host):
            return
        if not host.lower().endswith(NOWHERE):
            _note(f"{event} {host}")
        raise socket.gaierror(socket.EAI_NONAME, f"tests ask for no name, and not for {host}")


def _text(host: str | bytes) -> str:
    return host.decode(errors="replace") if isinstance(host, bytes) else str(host)


def _is_number(host: str) -> bool:
    try:
        ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        return False
    return True


def _note(what: str) -> None:
    with open(os.environ[REPORT], "a", encoding="utf-8") as report:  # noqa: PTH123 - early, and small
        report.write(f"{what} by {' '.join(sys.orig_argv)[:200]}\n")


if REPORT in os.environ:
    sys.addaudithook(watch)
