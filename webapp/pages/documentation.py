"""The documentation of the API, made from the OpenAPI document that the server gives."""

from typing import cast

from apiflask import APIFlask
from flask import Blueprint, current_app, render_template, request
from flask.typing import ResponseReturnValue

from webapp.access import role_by_path
from webapp.api.document import PATH, SHARED, errors
from webapp.identity import identity_of
from webapp.pages.operations import answer_of, resources_of
from webapp.texts.names import ROLE_NAMES

blueprint = Blueprint("documentation", __name__)


@blueprint.get("/api/docs")
def documentation() -> ResponseReturnValue:
    """Show every route, with an example that runs and a form that sends it."""
    document = cast(APIFlask, current_app)._get_spec("json")  # noqa: SLF001 - `spec` makes it anew
    assert isinstance(document, dict)  # noqa: S101 - a string only where YAML is asked for
    address = request.host_url.rstrip("/")
    return render_template(
        "documentation.html",
        document_path=PATH,
        about=document["info"]["description"],
        address=address,
        shared=[answer_of(document, str(status), each) for status, each in errors(*SHARED).items()],
        resources=resources_of(document, address, SHARED, identity_of(request) is not None),
        role_by_path=role_by_path,
        role_names=ROLE_NAMES,
    )
