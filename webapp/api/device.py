"""This device: whether it can answer, and with what."""

from typing import Any

from apiflask import APIBlueprint
from flask import jsonify
from flask.typing import ResponseReturnValue

from runtime import Bundle, BundleError, to_json
from webapp import __version__
from webapp.api.schemas import HealthAnswer, ModelsAnswer
from webapp.service import current_service

blueprint = APIBlueprint("device", __name__, tag="Device")


@blueprint.get("/health")
@blueprint.output(HealthAnswer, description="`degraded` when no cell can be named")
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
@blueprint.output(ModelsAnswer, description="The bundles, by folder")
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
