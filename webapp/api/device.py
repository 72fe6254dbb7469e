"""This device: whether it can answer, and with what."""

from typing import Any

from apiflask import APIBlueprint
from flask import jsonify, request
from flask.typing import ResponseReturnValue

from runtime import Bundle, BundleError, HematoVisionError, to_json
from webapp import __version__
from webapp.api.document import UNCHANGED, errors
from webapp.api.schemas import HealthAnswer, ModelsAnswer
from webapp.bench import current_bench
from webapp.etags import tagged
from webapp.service import current_service

blueprint = APIBlueprint("device", __name__, tag="Device")


@blueprint.get("/health")
@blueprint.output(
    HealthAnswer, description="`degraded` when cells cannot be named, or nothing kept"
)
def health() -> ResponseReturnValue:
    """Say whether pictures can be answered and kept, with what, and if not why."""
    service = current_service()
    ailing = service.ailing or current_bench().problem
    return jsonify(
        status="degraded" if ailing else "ok",
        version=__version__,
        model=to_json(service.engine.model) if service.engine else None,
        detector=to_json(service.detector.model) if service.detector else None,
        uptime_s=round(service.uptime_s, 1),
        error=_problem(ailing) if ailing else None,
    )


@blueprint.get("/models")
@blueprint.output(ModelsAnswer, description="The bundles, by folder")
@blueprint.doc(responses={304: UNCHANGED, **errors()})
def models() -> ResponseReturnValue:
    """List the bundles of this device, a broken one as its folder and its error."""
    listed = jsonify(
        models=[
            {"folder": each.folder.name, "error": _problem(each.bundle)}
            if isinstance(each.bundle, BundleError)
            else {
                "folder": each.folder.name,
                **_describe(each.bundle),
                "answering": each.is_answering,
            }
            for each in current_service().bundles()
        ]
    )
    return tagged(listed, request)


def _problem(problem: HematoVisionError) -> dict[str, str]:
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
