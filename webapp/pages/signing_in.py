"""The page that asks who it is, and the end of a session."""

from urllib.parse import urlsplit

from flask import Blueprint, current_app, redirect, render_template, request
from flask.typing import ResponseReturnValue

from webapp.bench import current_bench
from webapp.errors import RequestError, status_of
from webapp.gate import DELAYS, forget_session, remember_session, session_secret
from webapp.identity import identity_of
from webapp.signing_in import sign_in
from webapp.store.audit import note
from webapp.store.sessions import end_session

START = "/slides"

blueprint = Blueprint("signing_in", __name__)


@blueprint.get("/sign-in")
def ask() -> ResponseReturnValue:
    """Ask for name and password; who has signed in, or need not, goes on at once."""
    identity = identity_of(request)
    if identity is None or identity.account is not None:
        return redirect(_next(), 303)
    return render_template("sign_in.html", next=_next(), name="", problem=None)


@blueprint.post("/sign-in")
def answer() -> ResponseReturnValue:
    """Begin a session, and go on to where the person wanted to go."""
    name, address = request.form.get("name", ""), request.remote_addr or ""
    bench, delays = current_bench(), current_app.extensions[DELAYS]
    try:
        signed_in = sign_in(bench, delays, name, request.form.get("password", ""), address)
    except RequestError as problem:
        page = render_template("sign_in.html", next=_next(), name=name, problem=str(problem))
        headers = {} if problem.wait_s is None else {"Retry-After": str(problem.wait_s)}
        return page, status_of(problem.code), headers
    _end()
    response = redirect(_next(), 303)
    remember_session(response, signed_in.secret)
    return response


@blueprint.post("/sign-out")
def sign_out() -> ResponseReturnValue:
    """End the session of this browser."""
    _end()
    response = redirect("/sign-in", 303)
    forget_session(response)
    return response


def _end() -> None:
    secret, identity = session_secret(request), identity_of(request)
    if secret is None or identity is None or identity.account is None:
        return
    with current_bench().writing() as session:
        end_session(session, secret)
        note(session, identity.account.name, "session.end", {})


def _next() -> str:
    """Give the page to go on to, of this app alone."""
    wanted = request.values.get("next", "")
    is_plain = wanted.isprintable() and "\\" not in wanted
    is_ours = wanted.startswith("/") and not wanted.startswith("//") and is_plain
    parts = urlsplit(wanted if is_ours else START)
    return START if parts.scheme or parts.netloc else (wanted if is_ours else START)
