"""Who is at the device: the account that has signed in, or, without accounts, a name that is given.

A name in a header or in a cookie is no proof of who somebody is. It is believed only while there
are no accounts, and one person sits at the device.
"""

from urllib.parse import quote, unquote_to_bytes

from flask import Flask, Request, Response, request

from webapp.errors import RequestError
from webapp.identity import identity_of
from webapp.store.words import person_name
from webapp.texts import gettext as _

HEADER = "X-Person"
COOKIE = "person"
SHOWN = "shown_person"  # field of forms
KEPT_S = 365 * 24 * 3600
NO_PERSON = (
    "Nobody has said who is at the device: send a name in the header "
    f"{HEADER} (UTF-8, percent-encoded), or once by PUT /api/v1/person"
)


def person_of(request: Request) -> str:
    """Give the name of who sends a request: of the account, where there are accounts.

    Raises:
        RequestError: `not_signed_in`; without accounts as `sent_person`.
    """
    identity = identity_of(request)
    return sent_person(request) if identity is None else identity.signed_in.name


def sent_person(request: Request) -> str:
    """Give the name that a request says; the header goes before the cookie.

    Raises:
        RequestError: `no_person`, when there is no name, or one that no record can hold.
    """
    sent = request.headers.get(HEADER)
    if sent is None:
        sent = request.cookies.get(COOKIE)
    if sent is None:
        raise RequestError("no_person", NO_PERSON)
    try:
        # What WSGI hands over as Latin-1 is UTF-8, whether it is percent-encoded or not.
        encoded = sent.encode("latin-1" if HEADER in request.headers else "utf-8")
        return person_name(unquote_to_bytes(encoded).decode())
    except UnicodeError as error:
        raise RequestError(
            "no_person", f"The name in {HEADER} is not UTF-8: percent-encode it"
        ) from error
    except ValueError as error:
        raise RequestError("no_person", f"Who is at the device cannot be told: {error}") from error


def person_of_form(request: Request) -> str:
    """Give the name of who sends a form, which its page must have shown.

    Another window may have told another name since: what a person sends under one name is not
    written under another.

    Raises:
        RequestError: `no_person`, or `other_person` where the page showed another name.
    """
    name = person_of(request)
    shown = request.form.get(SHOWN, name)
    if shown != name:
        raise RequestError(
            "other_person",
            _(
                "{now} is working by now, and the page showed {shown}: look at the name, "
                "and send it again"
            ).format(now=name, shown=shown or _("nobody")),
        )
    return name


def register(app: Flask) -> None:
    """Let templates show the name, empty where none was given, and forms carry it."""
    app.jinja_env.globals["SHOWN_PERSON"] = SHOWN
    app.jinja_env.globals["person"] = lambda: person_or_none(request) or ""


def person_or_none(request: Request) -> str | None:
    """Give the name of who sends a request, None where it does not say."""
    try:
        return person_of(request)
    except RequestError:
        return None


def remember(response: Response, name: str) -> None:
    """Let a browser send a name with each of its requests from now on.

    Pages get the name from the server, so that no script need read the cookie.
    """
    response.set_cookie(COOKIE, quote(name), KEPT_S, httponly=True, samesite="Strict")
