"""Reviews: white cells confirmed or classed by a person, and the last review taken back."""

from apiflask import APIBlueprint
from flask import jsonify
from flask.typing import ResponseReturnValue

from runtime import to_json
from webapp.api.document import A_PERSON, WRITES, errors
from webapp.api.slide_schemas import Reviewed, ReviewedAnswer, ReviewWish
from webapp.api.writing import Write, with_edition, writing
from webapp.bench import current_classes
from webapp.store import review
from webapp.store.cells import cells_by_id

blueprint = APIBlueprint("reviews", __name__, tag="White cells")


@blueprint.post("/slides/<int:slide_id>/reviews")
@blueprint.input(ReviewWish, example={"cells": [1], "class": "blast"})
@blueprint.output(ReviewedAnswer, description="The cells and the slide after it")
@blueprint.doc(
    responses=errors(*WRITES, "bad_request", "too_large", "not_found", "changed", "signed"),
    security=A_PERSON,
)
def give(slide_id: int, json_data: ReviewWish) -> ResponseReturnValue:
    """Give white cells a class, or confirm the one that each has; they are seen from then on."""
    with writing() as write:
        done = review.review_cells(
            write.session,
            slide_id,
            write.by,
            json_data.cells,
            json_data.given,
            current_classes(write.session),
            write.seen(slide_id),
        )
        answer = _answer(write, done)
    return with_edition(jsonify(to_json(answer)), answer.slide)


@blueprint.delete("/slides/<int:slide_id>/reviews/last")
@blueprint.output(ReviewedAnswer, description="The cells and the slide after it")
@blueprint.doc(
    responses=errors(*WRITES, "not_found", "changed", "signed", "nothing_to_undo"),
    security=A_PERSON,
)
def undo(slide_id: int) -> ResponseReturnValue:
    """Take back the person's last review of the slide, then the one before, and so on."""
    with writing() as write:
        done = review.undo_review(write.session, slide_id, write.by, write.seen(slide_id))
        answer = _answer(write, done)
    return with_edition(jsonify(to_json(answer)), answer.slide)


def _answer(write: Write, done: review.Reviewed) -> Reviewed:
    cells = cells_by_id(write.session, done.cells)
    return Reviewed(cells, write.slide(done.slide.id))
