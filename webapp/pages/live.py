"""The page that looks through the microscope's camera."""

from flask import Blueprint, render_template
from flask.typing import ResponseReturnValue

from runtime import to_json
from webapp.service import current_service

blueprint = Blueprint("live", __name__)


@blueprint.get("/live")
def live() -> ResponseReturnValue:
    """Show the page; its script does the rest."""
    return render_template("live.html", classes=to_json(current_service().classes))
