"""Slides: searched, opened, changed, deleted with their trace kept."""

from apiflask import APIBlueprint
from flask import Response, jsonify, request, url_for
from flask.typing import ResponseReturnValue

from runtime import to_json
from webapp.api.document import A_PERSON, READS, UNCHANGED, WRITES, Described, errors
from webapp.api.slide_schemas import (
    Reason,
    SlideAnswer,
    SlideChange,
    SlidesAnswer,
    SlideSearch,
    SlideWish,
)
from webapp.api.writing import slide_tag, with_edition, writing
from webapp.bench import current_bench, current_classes
from webapp.etags import tagged
from webapp.store.overview import overview
from webapp.store.search import find_slides
from webapp.store.slides import change_slide, delete_slide, open_slide

GONE: Described = {"description": "It is gone; who deleted it, when and why stays in the audit"}

blueprint = APIBlueprint("slides", __name__, tag="Slides")


@blueprint.get("/slides")
@blueprint.input(SlideSearch, location="query")
@blueprint.output(SlidesAnswer, description="A page of them; `after` is null on the last one")
@blueprint.doc(responses=errors(*READS, "bad_request"))
def search(query_data: SlideSearch) -> ResponseReturnValue:
    """List slides, the newest first, or look some up."""
    with current_bench().reading() as session:
        page = find_slides(
            session, query_data.wanted, query_data.after, query_data.limit, query_data.before
        )
    return jsonify(to_json(page))


@blueprint.post("/slides")
@blueprint.input(SlideWish, example={"label": "26-0417", "note": "", "target": 100})
@blueprint.output(SlideAnswer, 201, description="The slide, still without fields")
@blueprint.doc(responses=errors(*WRITES, "bad_request", "too_large"), security=A_PERSON)
def open_one(json_data: SlideWish) -> ResponseReturnValue:
    """Open a slide."""
    with writing() as write:
        opened = open_slide(
            write.session, write.by, json_data.label, json_data.note, json_data.target
        )
        slide = write.slide(opened.id)
    response = jsonify(to_json(slide))
    response.status_code = 201
    response.headers["Location"] = url_for(".get_one", slide_id=slide.id)
    return with_edition(response, slide)


@blueprint.get("/slides/<int:slide_id>")
@blueprint.output(SlideAnswer, description="The slide; its ETag is of its edition and its classes")
@blueprint.doc(responses={304: UNCHANGED, **errors(*READS, "not_found")})
def get_one(slide_id: int) -> ResponseReturnValue:
    """Tell a slide with its differential and progress."""
    with current_bench().reading() as session:
        slide = overview(session, slide_id, current_classes(session))
    return tagged(jsonify(to_json(slide)), request, slide_tag(slide))


@blueprint.patch("/slides/<int:slide_id>")
@blueprint.input(SlideChange, example={"note": "second smear", "target": 200})
@blueprint.output(SlideAnswer, description="The slide after it")
@blueprint.doc(
    responses=errors(*WRITES, "bad_request", "too_large", "not_found", "changed", "signed"),
    security=A_PERSON,
)
def change(slide_id: int, json_data: SlideChange) -> ResponseReturnValue:
    """Change label, note or target of an open slide."""
    with writing() as write:
        change_slide(
            write.session,
            slide_id,
            write.by,
            **json_data.model_dump(),
            edition=write.seen(slide_id),
        )
        slide = write.slide(slide_id)
    return with_edition(jsonify(to_json(slide)), slide)


@blueprint.delete("/slides/<int:slide_id>")
@blueprint.input(Reason, example={"reason": "opened twice"})
@blueprint.doc(
    responses={
        204: GONE,
        **errors(*WRITES, "bad_request", "too_large", "not_found", "no_reason", "changed"),
    },
    security=A_PERSON,
)
def delete(slide_id: int, json_data: Reason) -> ResponseReturnValue:
    """Delete a slide with its fields, cells, records and pictures."""
    with writing() as write:
        delete_slide(
            write.session,
            current_bench().pictures,
            slide_id,
            write.by,
            json_data.reason,
            write.seen(slide_id),
        )
    return Response(status=204)
