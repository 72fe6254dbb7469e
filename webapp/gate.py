"""The gate: once there is an account, nobody passes who has not signed in and may not.

Who a request is from is found once, before anything else looks at it: a browser by the cookie of
its session, a program by its API token.
"""

import hashlib
import hmac
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Final

from flask import Flask, Request, redirect, request, url_for
from flask.typing import ResponseReturnValue
from markupsafe import Markup
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from webapp.access import is_public, role_needed
from webapp.addresses import address_of, is_local
from webapp.bench import Bench, bench_of
from webapp.command import FIRST_ACCOUNT, users_command
from webapp.data import has_database
from webapp.delays import Delays
from webapp.errors import RequestError
from webapp.first_administrator import NAME, PASSWORD
from webapp.identity import Identity, identify, identity_of, may
from webapp.person import HEADER, sent_person
from webapp.security import SAFE_METHODS
from webapp.settings import Settings
from webapp.store.accounts import has_accounts, has_administrator
from webapp.store.database import Database
from webapp.store.errors import StoreError
from webapp.store.sessions import Found, find_session, find_token, use_session, use_token
from webapp.texts import gettext as _
from webapp.texts.names import ROLE_NAMES

COOKIE: Final = "session"
SECURE_COOKIE: Final = "__Host-session"  # which browsers take from this very host alone, over TLS
CSRF: Final = "csrf"  # field of forms
CSRF_HEADER: Final = "X-CSRF-Token"
DELAYS: Final = "hematovision delays"

_FORMS: Final = ("application/x-www-form-urlencoded", "multipart/form-data")
_Finds = Callable[[Session, str], Found | None]
_Uses = Callable[[Session, str], None]


def guard(app: Flask, *, is_open: bool) -> None:
    """Put the gate before every route of an app.

    Args:
        app: with a bench, whose accounts hold from the first one on.
        is_open: whether others than this computer can reach the app, so that nobody passes even
            while there is no account.
    """
    bench, known = bench_of(app), [is_open]  # once there are accounts, there always are
    app.extensions[DELAYS] = Delays()

    @app.before_request
    def check() -> ResponseReturnValue | None:
        rule = request.url_rule.rule if request.url_rule else None
        if rule is not None and rule.startswith("/static/"):
            return None
        known[0] = known[0] or _has_accounts(bench)
        if not known[0]:
            return None
        identity = _identity(bench, request)
        identify(request, identity)
        if rule is not None and is_public(request.method, rule):
            return None
        if identity.account is None and _is_shown(request):
            return redirect(url_for("pages.signing_in.ask", next=request.full_path.rstrip("?")))
        account = identity.signed_in
        if request.method not in SAFE_METHODS:
            _check_write(identity, account.name)
        if rule is None:  # there is nothing at the address, as the app will say
            return None
        needed = role_needed(request.method, rule)
        if needed is None or not may(request, needed):
            raise RequestError("role_missing", _refusal(account.name, account.role, needed))
        return None

    app.jinja_env.globals.update(
        account=lambda: getattr(identity_of(request), "account", None),
        csrf=lambda: getattr(identity_of(request), "csrf", ""),
        csrf_field=_csrf_field,
        may=lambda role: may(request, role),
        has_accounts=lambda: identity_of(request) is not None,
    )


def first_account(settings: Settings) -> str:
    """Say by which command the first account is made, an administrator's."""
    return users_command(*FIRST_ACCOUNT, data=settings.data, database=settings.database)


def require_administrator(settings: Settings) -> None:
    """Refuse to let others in while no administrator keeps strangers out.

    Raises:
        RequestError: `no_administrator`.
        StoreError: the database cannot be opened.
    """
    if settings.database or has_database(settings.data):
        place = settings.database or settings.data
        with Database.open(place) as database, database.read() as session:
            if has_administrator(session):
                return
    raise RequestError(
        "no_administrator",
        f"{_opened_by(settings)} lets other machines in, and no administrator keeps strangers out: "
        f"make one with '{first_account(settings)}', or by {NAME} and {PASSWORD}, or leave that "
        "out, and this computer alone reaches it",
    )


def _opened_by(settings: Settings) -> str:
    """Name what opens an app to others, as it is said on a command line and in the environment."""
    host = settings.host
    given = {
        "host": [] if is_local(address_of(host)) else [host],
        "allow-host": settings.allow_hosts,
        "proxy": [settings.proxy] if settings.proxy else [],
    }
    return " and ".join(
        f"{' '.join(f'--{flag} {value}' for value in values)} "
        f"(HEMATOVISION_{flag.upper().replace('-', '_')})"
        for flag, values in given.items()
        if values
    )


def remember_session(response: Response, secret: str) -> None:
    """Let a browser send the secret of its session from now on, and nobody else read it."""
    name = _cookie(request)
    secure = request.is_secure
    response.set_cookie(name, secret, secure=secure, httponly=True, samesite="Strict")


def forget_session(response: Response) -> None:
    """Let a browser forget its session."""
    name = _cookie(request)
    secure = request.is_secure
    response.delete_cookie(name, secure=secure, httponly=True, samesite="Strict")


def session_secret(request: Request) -> str | None:
    """Give what a browser sends as the secret of its session."""
    return request.cookies.get(_cookie(request))


def _cookie(request: Request) -> str:
    return SECURE_COOKIE if request.is_secure else COOKIE


def _has_accounts(bench: Bench) -> bool:
    """Tell whether there are accounts; where the database is broken nothing of them is to be had.

    Then this computer alone can ask, and the routes that need the database refuse by themselves.
    """
    if bench.problem:
        return False
    with bench.reading() as session:
        return has_accounts(session)


def _identity(bench: Bench, request: Request) -> Identity:
    """Find who a request is from; a token opens the API alone, so that it makes no other."""
    bearer = request.authorization
    if request.path.startswith("/api/") and bearer is not None and bearer.type == "bearer":
        found = _found(bench.reading, bearer.token or "", find_token)
        if found and found.is_stale:
            _note_use(bench, bearer.token or "", use_token)
        return Identity(found.account if found else None, has_token=True)
    secret = session_secret(request)
    if not secret:
        return Identity(None)
    found = _found(bench.reading, secret, find_session)
    if found is None:
        return Identity(None)
    if found.is_stale and not _is_polled(request):
        _note_use(bench, secret, use_session)
    return Identity(found.account, _csrf(secret))


def _found(
    reading: Callable[[], AbstractContextManager[Session]], secret: str, finds: _Finds
) -> Found | None:
    with reading() as session:
        return finds(session, secret)


def _note_use(bench: Bench, secret: str, uses: _Uses) -> None:
    try:
        with bench.writing() as session:
            uses(session, secret)
    except StoreError:
        return  # a full disk keeps nobody from reading; the session then ends the earlier


def _is_polled(request: Request) -> bool:
    """Tell whether a page may have asked by itself, with nobody before it."""
    return request.method in SAFE_METHODS and request.path.startswith("/api/")


def _is_shown(request: Request) -> bool:
    return request.method in SAFE_METHODS and not request.path.startswith("/api/v")


def _check_write(identity: Identity, name: str) -> None:
    """Refuse a browser's write that our own page has not sent, or not under this account's name."""
    if not identity.csrf:
        return
    sent = request.headers.get(CSRF_HEADER, "")
    if not sent and request.mimetype in _FORMS:
        sent = request.form.get(CSRF, "")
    if not hmac.compare_digest(sent.encode(), identity.csrf.encode()):
        raise RequestError(
            "no_csrf",
            _("The request does not come from a page of this session: load the page again"),
        )
    if HEADER in request.headers and sent_person(request) != name:
        raise RequestError(
            "other_person",
            _("{now} has signed in by now: load the page again").format(now=name),
        )


def _csrf(secret: str) -> str:
    """Derive a session's token from its secret, which no other site can know."""
    return hmac.digest(secret.encode(), b"csrf", hashlib.sha256).hex()


def _csrf_field() -> Markup:
    """Give the part of a form that proves that it comes from our own page."""
    token = getattr(identity_of(request), "csrf", "")
    field = Markup('<input type="hidden" name="{}" value="{}">')
    return field.format(CSRF, token) if token else Markup("")


def _refusal(name: str, role: str, needed: str | None) -> str:
    if needed is None:
        return _("Nobody may do this: it has no role")
    return _("{name} has the role {role}, and this needs {needed}: ask an administrator").format(
        name=name, role=_(ROLE_NAMES[role]), needed=_(ROLE_NAMES[needed])
    )
