"""The documentation of the API, made from the OpenAPI document that the server gives."""

from typing import cast

from apiflask import APIFlask
from flask import Blueprint, current_app, render_template, request
from flask.typing import ResponseReturnValue

from webapp.api.document import PATH
from webapp.pages.operations import resources_of

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
        resources=resources_of(document, address),
    )
