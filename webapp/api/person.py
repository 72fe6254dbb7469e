"""Who is at the device, whose name stands in each record."""

from apiflask import APIBlueprint
from flask import jsonify, request
from flask.typing import ResponseReturnValue

from webapp.api.document import errors
from webapp.api.schemas import PersonAnswer, PersonRequest
from webapp.errors import RequestError
from webapp.identity import identity_of
from webapp.person import person_or_none, remember

blueprint = APIBlueprint("person", __name__, tag="Person")


@blueprint.get("/person")
@blueprint.output(PersonAnswer, description="The name; null where the request gives none")
def get_person() -> ResponseReturnValue:
    """Tell who is at the device, as this request says."""
    return jsonify(name=person_or_none(request))


@blueprint.put("/person")
@blueprint.input(PersonRequest, example={"name": "Ada Lovelace"})
@blueprint.output(PersonAnswer, description="The name, as records will hold it")
@blueprint.doc(responses=errors("bad_request", "too_large", "has_accounts"))
def put_person(json_data: PersonRequest) -> ResponseReturnValue:
    """Say who is at the device.

    The answer sets a cookie that lasts a year. Programs may send the header `X-Person` instead,
    the name percent-encoded as UTF-8, which goes before the cookie. Where there are accounts, the
    name is that of the account, and nothing else is believed.
    """
    if identity_of(request) is not None:
        raise RequestError(
            "has_accounts", "This device has accounts: sign in, and records bear the account's name"
        )
    response = jsonify(name=json_data.name)
    remember(response, json_data.name)
    return response
