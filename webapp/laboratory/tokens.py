"""Who may send records to this server: one who has its token; and where tokens are read from."""

import hmac
from collections.abc import Mapping
from pathlib import Path

from flask import Request

from runtime import HematoVisionError
from webapp.errors import RequestError


def secret_of(environment: Mapping[str, str], name: str) -> str:
    """Read a token from the environment, or from the file that `NAME_FILE` names there.

    Returns:
        The token; empty where neither is set.

    Raises:
        HematoVisionError: `no_token`, the file cannot be read, or holds none.
    """
    if not (file := environment.get(f"{name}_FILE")):
        return environment.get(name, "").strip()
    try:
        token = Path(file).read_text("ascii").strip()
    except (OSError, ValueError) as error:
        raise HematoVisionError(
            "no_token", f"the token in {file} cannot be read: see {name}_FILE and who may read it"
        ) from error
    if not token:
        raise HematoVisionError("no_token", f"{file} holds no token: write it there")
    return token


def check_token(request: Request, token: str | None) -> None:
    """Let a device in that knows the server's token, as `Authorization: Bearer`.

    Args:
        request: of the device.
        token: of this server; None takes no records.

    Raises:
        RequestError: `not_receiving` or `no_token`.
    """
    if not token:
        raise RequestError(
            "not_receiving",
            "This device takes no records: a server that shall take them is started with "
            "HEMATOVISION_RECEIVE_TOKEN",
        )
    scheme, _, given = request.headers.get("Authorization", "").partition(" ")
    same = hmac.compare_digest(given.strip().encode(), token.encode())
    if scheme.lower() != "bearer" or not same:
        raise RequestError(
            "no_token", "The token is not the one of this server: set it anew on the device"
        )
