"""The page on which a person looks at each white cell of a slide, and confirms or classes it."""

from flask import Blueprint, render_template, request
from flask.typing import ResponseReturnValue

from runtime import to_json
from webapp.bench import current_bench, current_classes
from webapp.identity import may
from webapp.person import person_or_none
from webapp.service import current_service
from webapp.store.review import MOST_CELLS
from webapp.store.slides import find_slide
from webapp.texts import gettext as _

FILTERS = ("unseen", "unidentified")  # of `?only=`; without it all cells are shown

blueprint = Blueprint("review", __name__)


@blueprint.get("/slides/<int:slide_id>/review")
def review(slide_id: int) -> ResponseReturnValue:
    """Show the page; its script brings the cells."""
    with current_bench().reading() as session:
        slide = find_slide(session, slide_id)
        classes = current_classes(session)
    asked = request.args.get("only", "")
    only = asked if asked in FILTERS else ""
    told = {
        "slide": {"id": slide.id, "edition": slide.edition},
        "is_open": slide.status == "open",
        "may_review": may(request, "reviewer"),
        "person": person_or_none(request),
        "only": only,
        "most_cells": MOST_CELLS,
        "classes": [{**to_json(each), "title": _(each.title)} for each in classes],
    }
    service = current_service()
    return render_template(
        "review.html",
        slide=slide,
        classes=classes,
        only=only,
        told=told,
        model_classes=service.classes,
        attributes=service.attributes,
    )
