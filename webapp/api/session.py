"""Who has signed in, where there are accounts."""

from apiflask import APIBlueprint
from flask import jsonify, request
from flask.typing import ResponseReturnValue

from webapp.api.schemas import SessionAnswer
from webapp.identity import identity_of

blueprint = APIBlueprint("session", __name__, tag="Person")


@blueprint.get("/session")
@blueprint.output(SessionAnswer, description="All of it null where there are no accounts")
def session() -> ResponseReturnValue:
    """Tell who has signed in, in which role, and what a browser's writes must hold.

    `csrf` is null for programs, which sign in by an API token and need none.
    """
    identity = identity_of(request)
    if identity is None or identity.account is None:
        return jsonify(name=None, role=None, csrf=None)
    account = identity.account
    return jsonify(name=account.name, role=account.role, csrf=identity.csrf or None)
