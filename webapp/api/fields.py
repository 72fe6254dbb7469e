"""Fields of a slide: analyzed and kept, shown, removed."""

from functools import partial

from apiflask import APIBlueprint
from flask import jsonify, request
from flask.typing import ResponseReturnValue

from runtime import to_json
from webapp.api.adding import ADDING_ERRORS, add_pictures, earlier_scales
from webapp.api.document import A_PERSON, PICTURES, READS, WRITES, errors
from webapp.api.kept_pictures import kept_picture, picture_responses, shown
from webapp.api.slide_schemas import (
    AddedAnswer,
    FieldAnswer,
    FieldDocument,
    FieldsAnswer,
    PictureSide,
    SlideAnswer,
    WholeField,
)
from webapp.api.writing import with_edition, writing
from webapp.bench import current_bench
from webapp.store.cells import cells_of_field
from webapp.store.fields import analysis_of, fields_of, find_field, remove_field
from webapp.uploads import pictures_of

blueprint = APIBlueprint("fields", __name__, tag="Slides")


@blueprint.get("/slides/<int:slide_id>/fields")
@blueprint.output(FieldsAnswer, description="The fields, in the order they were taken")
@blueprint.doc(responses=errors(*READS, "not_found"))
def list_fields(slide_id: int) -> ResponseReturnValue:
    """List the fields of a slide, without their boxes."""
    with current_bench().reading() as session:
        fields = [FieldDocument.of(field) for field in fields_of(session, slide_id)]
    return jsonify(fields=to_json(fields))


@blueprint.post("/slides/<int:slide_id>/fields")
@blueprint.output(AddedAnswer, description="A field or an `error` for each picture, and the slide")
@blueprint.doc(
    responses=errors(*ADDING_ERRORS), extensions={"requestBody": PICTURES}, security=A_PERSON
)
def add(slide_id: int) -> ResponseReturnValue:
    """Analyze pictures as fields of a slide, and keep what is found.

    A field with too few red cells gets the scale of the others. A picture that cannot be answered
    has an `error` in its place; where it is the only one, the request is refused with that error.
    The same file twice is one field: the one that the slide has stays as it is, and its id stands
    in `known`. To have it analyzed anew, remove it first.
    """
    return add_pictures(slide_id, earlier_scales(slide_id), partial(pictures_of, request))


@blueprint.get("/fields/<int:field_id>")
@blueprint.output(FieldAnswer, description="The field")
@blueprint.doc(responses=errors(*READS, "not_found"))
def get_one(field_id: int) -> ResponseReturnValue:
    """Tell a field with every box."""
    with current_bench().reading() as session:
        field = FieldDocument.of(find_field(session, field_id))
        whole = WholeField(
            **vars(field),
            analysis=analysis_of(session, field_id),
            white_cells=cells_of_field(session, field_id),
        )
    return jsonify(to_json(whole))


@blueprint.get("/fields/<int:field_id>/picture")
@blueprint.input(PictureSide, location="query")
@blueprint.doc(responses=picture_responses("image/jpeg", "image/png", "image/webp", "image/bmp"))
def picture(field_id: int, query_data: PictureSide) -> ResponseReturnValue:
    """Show the picture of a field as it came, a TIFF as PNG; or small, as JPEG."""
    bench, side = current_bench(), query_data.side
    with bench.reading() as session:
        field = find_field(session, field_id)
        kept = kept_picture(session, field.facts.picture_sha256)
    if side is None:
        return shown(kept.sha256, lambda: bench.darkroom.whole(kept))
    return shown(f"{kept.sha256}-{side}", lambda: (bench.darkroom.small(kept, side), "image/jpeg"))


@blueprint.delete("/fields/<int:field_id>")
@blueprint.output(SlideAnswer, description="The slide after it")
@blueprint.doc(responses=errors(*WRITES, "not_found", "changed", "signed"), security=A_PERSON)
def remove(field_id: int) -> ResponseReturnValue:
    """Remove a field of an open slide, with its cells and what was said of them."""
    with writing() as write:
        slide_id = find_field(write.session, field_id).slide_id
        remove_field(
            write.session, current_bench().pictures, field_id, write.by, write.seen(slide_id)
        )
        slide = write.slide(slide_id)
    return with_edition(jsonify(to_json(slide)), slide)
