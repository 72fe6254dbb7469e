"""The page that looks through the microscope's camera."""

from flask import Blueprint, render_template, request
from flask.typing import ResponseReturnValue

from runtime import to_json
from webapp.bench import current_bench, current_classes
from webapp.service import current_service
from webapp.store.overview import SlideOverview, overview
from webapp.store.slides import find_open_slide
from webapp.store.tables import LARGEST_ID
from webapp.texts import gettext as _

blueprint = Blueprint("live", __name__)


@blueprint.get("/live")
def live() -> ResponseReturnValue:
    """Show the page; its script does the rest, and captures for the slide that `slide` names."""
    wanted = request.args.get("slide", default=0, type=int)
    slide = _slide(wanted) if 1 <= wanted <= LARGEST_ID else None
    known = current_service().classes
    classes = [{**to_json(each), "title": _(each.title)} for each in known]
    return render_template("live.html", classes=classes, slide=slide)


def _slide(slide_id: int) -> SlideOverview:
    with current_bench().reading() as session:
        find_open_slide(session, slide_id)
        return overview(session, slide_id, current_classes(session))
