"""Who has an account, and how they sign in."""

import re

from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from webapp.store.accounts import Role

PEOPLE: dict[str, Role] = {
    "Ada": "administrator",
    "Rosa": "reviewer",
    "Tom": "technician",
    "Vera": "viewer",
}
PASSWORD = "some words nobody guesses"  # noqa: S105 of tests alone


def try_to_sign_in(
    client: FlaskClient, name: str, password: str = PASSWORD, address: str = "192.0.2.7"
) -> TestResponse:
    return client.post(
        "/sign-in",
        data={"name": name, "password": password},
        environ_base={"REMOTE_ADDR": address},
    )


def signed_in(app: Flask, name: str, password: str = PASSWORD) -> FlaskClient:
    client = app.test_client()
    assert try_to_sign_in(client, name, password).status_code == 303
    return client


def csrf_of(client: FlaskClient) -> str:
    """Give what the writes of a browser's session must hold."""
    told: str = client.get("/api/v1/session").json["csrf"]
    return told


def proof(client: FlaskClient) -> dict[str, str]:
    return {"X-CSRF-Token": csrf_of(client)}


def send(client: FlaskClient, path: str, **form: str) -> TestResponse:
    """Send a form as a page of ours does."""
    return client.post(path, data={"csrf": csrf_of(client), **form})


def token_of(client: FlaskClient, purpose: str = "a program") -> str:
    page = send(client, "/account/tokens", name=purpose).text
    found = re.search(r"hv_[\w-]{43}", page)
    assert found
    return found[0]


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


def code_of(response: TestResponse) -> str:
    told: str = response.json["error"]["code"]
    return told
