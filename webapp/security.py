"""Which pages may ask, and what a browser may do with the answer.

A page of another site, open in the same browser, is kept out by the name it must call us by (Host)
and by the name that the browser puts on what it sends (Origin, Sec-Fetch-Site). Which persons may
ask is decided in `gate.py`.
"""

import ipaddress
import re
import secrets

from flask import Flask, Response, g, request

from webapp.errors import RequestError
from webapp.settings import Settings

LOCAL_HOSTS = frozenset({"127.0.0.1", "localhost", "::1"})
EVERYWHERE = frozenset({"0.0.0.0", "::"})  # noqa: S104 - addresses to listen on, no names
HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob:; "
        "connect-src 'self'; font-src 'self'; form-action 'self'; base-uri 'none'; "
        "frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cross-Origin-Embedder-Policy": "require-corp",
}

_HOST = re.compile(r"(?:\[(?P<v6>[0-9a-f:.]+)\]|(?P<name>[0-9a-z.-]+))(?::[0-9]{1,5})?")
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})


def new_request_id() -> str:
    """Draw the number under which a request is found in the log."""
    return secrets.token_hex(8)


def protect(app: Flask, settings: Settings) -> None:
    """Check every request of the app, and put the headers on every response.

    Args:
        app: the app.
        settings: tell the names that it answers to, exactly, beside those of this computer.
    """
    names = {name.lower() for name in (settings.host, *settings.allow_hosts)}
    allowed = LOCAL_HOSTS | names - EVERYWHERE
    own = "localhost" if settings.host in LOCAL_HOSTS | EVERYWHERE else settings.host

    @app.before_request
    def check() -> None:
        g.request_id = new_request_id()
        host = request.headers.get("Host", "")
        name = host_name(host)
        if name not in allowed:
            port = settings.port or request.environ["SERVER_PORT"]  # a free one was taken
            here = f"http://[{own}]:{port}" if ":" in own else f"http://{own}:{port}"
            raise RequestError(
                "wrong_host",
                f"HematoVision is not called {name or host!r}: open {here} on the computer that "
                "it runs on"
                + (f", or have it started with --allow-host {name}" if _is_a_name(name) else ""),
            )
        if request.method not in SAFE_METHODS and not _same_origin(host):
            raise RequestError(
                "wrong_origin",
                "The request comes from a page of another site: send it from HematoVision's own",
            )

    @app.after_request
    def add_headers(response: Response) -> Response:
        response.headers.update(HEADERS)
        response.headers["X-Request-ID"] = g.request_id
        # Answers may be about a patient's blood, so no copy is kept unless a route says so.
        response.headers.setdefault("Cache-Control", "no-store")
        return response


def host_name(header: str) -> str | None:
    """Take the name out of a Host header, without its port, in lower case; None if malformed."""
    match = _HOST.fullmatch(header.lower())
    if match is None:
        return None
    if match["v6"] is None:
        return match["name"]
    try:
        return str(ipaddress.IPv6Address(match["v6"]))
    except ValueError:
        return None


def _is_a_name(name: str | None) -> bool:
    """Tell whether `--allow-host` takes a name of a Host header."""
    return name is not None and name not in EVERYWHERE


def _same_origin(host: str) -> bool:
    """Tell whether a request was sent by our own page, or by no page at all."""
    site = request.headers.get("Sec-Fetch-Site")
    if site is not None:
        return site in ("same-origin", "none")
    origin = request.headers.get("Origin")
    return origin is None or origin.lower() == f"{request.scheme}://{host}".lower()
