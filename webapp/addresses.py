"""Addresses that the server listens on or believes, and whether other machines can reach it."""

import ipaddress
import socket

from runtime import HematoVisionError
from webapp.settings import Settings


class AddressError(HematoVisionError, OSError):
    """The address cannot be listened on."""


def address_of(host: str) -> str:
    """Look up the address of a host.

    Returns:
        The address as a number, IPv4 where there are both, of this computer alone where there are
        others.

    Raises:
        AddressError: the host is unknown.
    """
    try:
        found = {str(info[4][0]) for info in socket.getaddrinfo(host, None)}
    except (OSError, UnicodeError) as error:
        raise AddressError(
            "unknown_host", f"the host {host!r} is unknown: use 127.0.0.1 or localhost"
        ) from error
    return min(found, key=lambda address: (not is_local(address), ":" in address, address))


def is_local(address: str) -> bool:
    """Tell whether an address is of this computer alone."""
    return ipaddress.ip_address(address).is_loopback


def is_open(settings: Settings) -> bool:
    """Tell whether other machines may reach the app: by its address, or by what is before it.

    Raises:
        AddressError: the host is unknown.
    """
    through_another = settings.proxy is not None or bool(settings.allow_hosts)
    return through_another or not is_local(address_of(settings.host))
