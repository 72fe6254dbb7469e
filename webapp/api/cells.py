"""White cells of a slide, and a square around each."""

from apiflask import APIBlueprint
from flask import jsonify
from flask.typing import ResponseReturnValue

from runtime import to_json
from webapp.api.document import READS, errors
from webapp.api.kept_pictures import kept_picture, picture_responses, shown
from webapp.api.slide_schemas import CellsAnswer, CellSearch, CellSide
from webapp.bench import current_bench
from webapp.store.cells import find_cell, find_cells
from webapp.store.fields import find_field

blueprint = APIBlueprint("cells", __name__, tag="White cells")


@blueprint.get("/slides/<int:slide_id>/cells")
@blueprint.input(CellSearch, location="query")
@blueprint.output(CellsAnswer, description="A page of them; `after` is null on the last one")
@blueprint.doc(responses=errors(*READS, "bad_request", "not_found"))
def search(slide_id: int, query_data: CellSearch) -> ResponseReturnValue:
    """List the white cells of a slide's usable fields."""
    with current_bench().reading() as session:
        page = find_cells(session, slide_id, **query_data.model_dump())
    return jsonify(to_json(page))


@blueprint.get("/cells/<int:cell_id>/picture")
@blueprint.input(CellSide, location="query")
@blueprint.doc(responses=picture_responses("image/png"))
def picture(cell_id: int, query_data: CellSide) -> ResponseReturnValue:
    """Show a white cell: the square around it that the network was given."""
    bench = current_bench()
    with bench.reading() as session:
        cell = find_cell(session, cell_id)
        field = find_field(session, cell.field_id)
        kept = kept_picture(session, field.facts.picture_sha256)
    box, side = cell.box, query_data.side
    places = "-".join(f"{place:g}" for place in box)
    return shown(
        f"{kept.sha256}-{places}-{side or ''}",
        lambda: (bench.darkroom.cell(kept, box, side), "image/png"),
    )
