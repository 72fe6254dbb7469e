"""The pages of accounts: one's own, and, for administrators, everybody's."""

from collections.abc import Mapping

from flask import Blueprint, current_app, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from runtime import HematoVisionError
from webapp.bench import current_bench
from webapp.errors import RequestError, status_of
from webapp.gate import DELAYS, first_account, remember_session
from webapp.identity import identity_of
from webapp.service import current_service
from webapp.signing_in import check_password, still_fitting
from webapp.store.accounts import (
    DEVICE,
    PEOPLE,
    Account,
    add_account,
    all_accounts,
    change_role,
    find_account,
    set_disabled,
    set_password,
)
from webapp.store.passwords import SHORTEST, Hashed, hashed
from webapp.store.sessions import add_token, begin_session, revoke_token, tokens_of
from webapp.texts import gettext as _
from webapp.texts.names import ROLE_NAMES

blueprint = Blueprint("accounts", __name__)


@blueprint.get("/account")
def own() -> ResponseReturnValue:
    """Show who has signed in, with the API tokens; without accounts how to make the first one."""
    return _own_page()


@blueprint.post("/account/password")
def password() -> ResponseReturnValue:
    """Change one's own password, which ends all other sessions."""
    account, form = _account(), request.form
    try:
        address, delays = request.remote_addr or "", current_app.extensions[DELAYS]
        old = form.get("password", "")
        checked = check_password(current_bench(), delays, account.name, old, address)
        new = hashed(_typed_twice(), account.name)
        with current_bench().writing() as session:
            account = still_fitting(session, checked)
            set_password(session, account.name, account.id, new)
            secret = begin_session(session, account)
    except HematoVisionError as problem:
        return _own_page(problem=str(problem)), status_of(problem.code)
    response = redirect(url_for(".own", kept=1), 303)
    remember_session(response, secret)
    return response


@blueprint.post("/account/tokens")
def make_token() -> ResponseReturnValue:
    """Make an API token, and show it this once."""
    account = _account()
    try:
        with current_bench().writing() as session:
            token = add_token(session, account.name, account, request.form.get("name", ""))
    except HematoVisionError as problem:
        return _own_page(problem=str(problem)), status_of(problem.code)
    return _own_page(token=token)


@blueprint.post("/account/tokens/<int:token_id>/revoke")
def revoke(token_id: int) -> ResponseReturnValue:
    """Revoke one of one's own API tokens."""
    account = _account()
    with current_bench().writing() as session:
        revoke_token(session, account.name, token_id, account.id)
    return redirect(url_for(".own", _anchor="tokens"), 303)


@blueprint.get("/accounts")
def accounts() -> ResponseReturnValue:
    """Show all accounts and all tokens."""
    return _accounts_page()


@blueprint.post("/accounts")
def add() -> ResponseReturnValue:
    """Make an account."""
    form = request.form
    name, role = form.get("name", ""), form.get("role", "")
    try:
        password = None if role == DEVICE else hashed(_typed_twice(), name)
        with current_bench().writing() as session:
            add_account(session, _account().name, name, role, password)
    except HematoVisionError as problem:
        asked = {} if role == DEVICE else {"name": name, "role": role}
        return _accounts_page(problem=str(problem), asked=asked), status_of(problem.code)
    return redirect(url_for(".accounts", kept=1), 303)


@blueprint.post("/accounts/<int:account_id>")
def change(account_id: int) -> ResponseReturnValue:
    """Do to an account what the pressed button says: its role, its password, whether it may.

    A device's gets an API token, shown this once.
    """
    try:
        password = _new_password(account_id) if request.form.get("do") == "password" else None
        with current_bench().writing() as session:
            token = _change(session, account_id, password)
    except HematoVisionError as problem:
        return _accounts_page(problem=str(problem)), status_of(problem.code)
    if token:
        return _accounts_page(token=token)
    return redirect(url_for(".accounts", kept=1), 303)


@blueprint.post("/accounts/tokens/<int:token_id>/revoke")
def revoke_any(token_id: int) -> ResponseReturnValue:
    """Revoke anybody's API token."""
    with current_bench().writing() as session:
        revoke_token(session, _account().name, token_id)
    return redirect(url_for(".accounts", _anchor="tokens"), 303)


def _change(session: Session, account_id: int, password: Hashed | None) -> str | None:
    """Give the token where one was made."""
    by, form = _account().name, request.form
    match form.get("do"):
        case "role":
            change_role(session, by, account_id, form.get("role", ""))
        case "password" if password is not None:
            set_password(session, by, account_id, password)
        case "disable" | "enable" as do:
            set_disabled(session, by, account_id, disabled=do == "disable")
        case "token":
            account = find_account(session, account_id)
            if account.role != DEVICE:  # a person's token would sign in under that name
                raise RequestError(
                    "bad_request", f"{account.name} makes API tokens on the page of the account"
                )
            return add_token(session, by, account, form.get("purpose", ""))
        case other:
            raise RequestError("bad_request", f"{other!r} cannot be done to an account")
    return None


def _account() -> Account:
    """Give who has signed in; the routes that ask are behind the gate.

    Raises:
        RequestError: `not_found`, where there are no accounts.
    """
    identity = identity_of(request)
    if identity is None:
        raise RequestError("not_found", _("There are no accounts on this device"))
    return identity.signed_in


def _new_password(account_id: int) -> Hashed:
    with current_bench().reading() as session:
        name = find_account(session, account_id).name
    return hashed(_typed_twice(), name)


def _typed_twice() -> str:
    wanted = request.form.get("new", "")
    if wanted != request.form.get("again", ""):
        raise RequestError(
            "bad_request", _("The new password was typed in two ways: type it twice alike")
        )
    return wanted


def _own_page(problem: str | None = None, token: str | None = None) -> str:
    identity, tokens = identity_of(request), []
    if identity is not None:
        with current_bench().reading() as session:
            tokens = list(tokens_of(session, identity.signed_in.id))
    return render_template(
        "account.html",
        tokens=tokens,
        token=token,
        problem=problem,
        kept="kept" in request.args,
        shortest=SHORTEST,
        role_names=ROLE_NAMES,
        first_account=first_account(current_service().settings),
    )


def _accounts_page(
    problem: str | None = None, token: str | None = None, asked: Mapping[str, str] | None = None
) -> str:
    """Show all; `asked` is of the account that was refused, to be asked for again."""
    _account()
    with current_bench().reading() as session:
        known, tokens = all_accounts(session), tokens_of(session)
    return render_template(
        "accounts.html",
        accounts=known,
        tokens=tokens,
        token=token,
        problem=problem,
        kept="kept" in request.args,
        shortest=SHORTEST,
        asked=asked or {},
        roles=PEOPLE,
        role_names=ROLE_NAMES,
    )
