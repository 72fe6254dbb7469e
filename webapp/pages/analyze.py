"""The page that takes pictures of single cells, and the drawings it offers."""

from functools import partial

from flask import Blueprint, Response, abort, render_template, request
from flask.typing import ResponseReturnValue

from runtime import Refusal
from runtime.images import SUFFIXES, encode
from runtime.synthetic import CLASSES, draw_cell
from webapp import __version__
from webapp.errors import status_of
from webapp.service import current_service
from webapp.uploads import pictures_of

FIRST_SEED = 3  # its eight drawings are typical ones
MAX_SEED = 999_999
SAMPLES_KEPT_S = 3600
NONE_CHOSEN = "No picture was chosen: go back to the start and choose one or more"

blueprint = Blueprint("analyze", __name__)


@blueprint.get("/")
def analyze() -> ResponseReturnValue:
    """Show the page that takes pictures."""
    return _page()


@blueprint.post("/")
def answer() -> ResponseReturnValue:
    """Answer the page's plain form, for browsers that run no script."""
    take = partial(pictures_of, request, NONE_CHOSEN)
    answers = current_service().classify(take).results
    match answers:
        case [Refusal(error=problem)]:
            status = status_of(problem.code)
        case _:
            status = 200
    return _page(answers=answers), status


@blueprint.get("/samples/<label>.png")
def sample(label: str) -> ResponseReturnValue:
    """Draw a cell; the same label and seed always give the same drawing."""
    seed = request.args.get("seed", default=0, type=int)
    if label not in CLASSES or not 0 <= seed <= MAX_SEED:
        abort(404)
    response = Response(encode(draw_cell(label, seed)), mimetype="image/png")
    response.headers["Cache-Control"] = f"private, max-age={SAMPLES_KEPT_S}"
    return response


@blueprint.app_template_filter()
def percent(share: float) -> str:
    """Write a probability for people; none is ever shown as certain or impossible."""
    if share > 0.999:
        return ">99.9%"
    return "<0.1%" if share < 0.001 else f"{share:.1%}"


def _page(**values: object) -> str:
    service = current_service()
    titles = {c.id: c.title for c in service.classes}
    return render_template(
        "analyze.html",
        version=__version__,
        service=service,
        classes=service.classes,
        samples=[(label, titles.get(label, label.title())) for label in CLASSES],
        first_seed=FIRST_SEED,
        suffixes=sorted(SUFFIXES),
        max_bytes=service.settings.max_body_bytes,
        **values,
    )
