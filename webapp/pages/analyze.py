"""The page that takes pictures of single cells, and the drawings it offers."""

from functools import partial
from io import BytesIO

from flask import Blueprint, Response, abort, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from PIL import Image

from runtime import Refusal
from runtime.images import SUFFIXES, encode
from runtime.smear import draw_smear
from runtime.synthetic import CLASSES, draw_cell
from webapp import __version__
from webapp.errors import status_of
from webapp.identity import may
from webapp.service import current_service
from webapp.texts import gettext as _
from webapp.uploads import pictures_of

FIRST_SEED = 3  # its eight drawings are typical ones
MAX_SEED = 999_999
SAMPLES_KEPT_S = 3600
FIRST_FIELD = 0
FIELD_QUALITY = 92

blueprint = Blueprint("analyze", __name__)


@blueprint.get("/")
def analyze() -> ResponseReturnValue:
    """Show the page that takes pictures; who may have none answered goes on to the slides."""
    if not may(request, "technician"):
        return redirect(url_for("pages.slides.slides"))
    return _page()


@blueprint.post("/")
def answer() -> ResponseReturnValue:
    """Answer the page's plain form, for browsers that run no script."""
    take = partial(
        pictures_of,
        request,
        _("No picture was chosen: go back to the start and choose one or more"),
    )
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


@blueprint.get("/samples/field.jpg")
def field() -> ResponseReturnValue:
    """Draw a whole field; the same seed always gives the same drawing."""
    seed = request.args.get("seed", default=0, type=int)
    if not 0 <= seed <= MAX_SEED:
        abort(404)
    encoded = BytesIO()
    drawing = Image.fromarray(draw_smear(seed).picture)
    drawing.save(encoded, "JPEG", quality=FIELD_QUALITY)
    response = Response(encoded.getvalue(), mimetype="image/jpeg")
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
        classes=service.classes,
        samples=[(label, _(titles.get(label, label.title()))) for label in CLASSES],
        first_seed=FIRST_SEED,
        first_field=FIRST_FIELD,
        suffixes=sorted(SUFFIXES),
        max_bytes=service.settings.max_body_bytes,
        **values,
    )
