"""The REST API, version 1."""

from functools import partial
from typing import Any

from flask import Blueprint, Response, jsonify, request
from flask.typing import ResponseReturnValue

from runtime import Bundle, BundleError, ImageError, Refusal, to_json
from runtime.images import encode
from webapp import __version__
from webapp.service import current_service
from webapp.uploads import picture_of, pictures_of

blueprint = Blueprint("api", __name__, url_prefix="/api/v1")


@blueprint.post("/classify")
def classify() -> ResponseReturnValue:
    """Classify the pictures of a request; a request's only picture, refused, is an error."""
    answers = current_service().classify(partial(pictures_of, request))
    if len(answers.results) == 1 and isinstance(only := answers.results[0], Refusal):
        raise ImageError(only.error.code, only.error.message)
    return jsonify(to_json(answers))


@blueprint.post("/analyze")
def analyze() -> ResponseReturnValue:
    """Analyze the fields of a request; a request's only picture, refused, is an error."""
    answers = current_service().analyze(partial(pictures_of, request))
    match answers.results:
        case [Refusal(error=problem)]:
            raise ImageError(problem.code, problem.message)
    return jsonify(to_json(answers))


@blueprint.post("/explain")
def explain() -> ResponseReturnValue:
    """Draw the heat map of a request's only picture, as PNG."""
    heat_map = current_service().explain(partial(picture_of, request))
    return Response(encode(heat_map), mimetype="image/png")


@blueprint.get("/health")
def health() -> ResponseReturnValue:
    """Say whether pictures can be classified, with what, and if not why."""
    service = current_service()
    return jsonify(
        status="degraded" if service.problem else "ok",
        version=__version__,
        model=to_json(service.engine.model) if service.engine else None,
        detector=to_json(service.detector.model) if service.detector else None,
        uptime_s=round(service.uptime_s, 1),
        error=_problem(service.problem) if service.problem else None,
    )


@blueprint.get("/models")
def models() -> ResponseReturnValue:
    """List the bundles of this device, a broken one as its folder and its error."""
    return jsonify(
        models=[
            {"folder": listed.folder.name, "error": _problem(listed.bundle)}
            if isinstance(listed.bundle, BundleError)
            else {
                "folder": listed.folder.name,
                **_describe(listed.bundle),
                "answering": listed.is_answering,
            }
            for listed in current_service().bundles()
        ]
    )


def _problem(problem: BundleError) -> dict[str, str]:
    return {"code": problem.code, "message": str(problem)}


def _describe(bundle: Bundle) -> dict[str, Any]:
    described: dict[str, Any] = to_json(
        {
            "name": bundle.name,
            "version": bundle.version,
            "task": bundle.task,
            "default": bundle.is_default,
            "default_variant": bundle.default_variant,
            "variants": list(bundle.variants.values()),
            "classes": bundle.classes,
            "metrics": bundle.manifest.get("metrics"),
        }
    )
    return described
