"""This device: whether it can answer, and with what."""

from typing import Any

from apiflask import APIBlueprint
from flask import Response, jsonify, request, send_file
from flask.typing import ResponseReturnValue

from runtime import Bundle, BundleError, HematoVisionError, to_json
from webapp import __version__
from webapp.api.bench_schemas import DeviceAnswer, PushAnswer, TrialAnswer, TrialWish
from webapp.api.document import PNG, READS, UNCHANGED, Described, errors
from webapp.api.schemas import HealthAnswer, ModelsAnswer
from webapp.bench import current_bench
from webapp.device.card import bundle_named, card_of, figure_of
from webapp.device.facts import facts
from webapp.device.selftest import run, trials
from webapp.errors import RequestError
from webapp.etags import tagged
from webapp.identity import may
from webapp.live.camera import current_camera
from webapp.packaging.installer.place import running_version
from webapp.service import current_service

CARD: Described = {
    "description": "The card, in Markdown",
    "content": {"text/markdown": {"schema": {"type": "string"}}},
}

blueprint = APIBlueprint("device", __name__, tag="Device")


@blueprint.get("/health")
@blueprint.output(
    HealthAnswer, description="`degraded` when cells cannot be named, or nothing kept"
)
def health() -> ResponseReturnValue:
    """Say whether pictures can be answered and kept, with what, and if not why.

    Where there are accounts, who has not signed in is told no more than which version it is, and
    the codes of what is wrong.
    """
    service = current_service()
    kept = current_bench().problem
    is_told = may(request, "viewer")
    found = (*service.troubles, *([kept] if kept else []))
    troubles = [_problem(each) if is_told else _hidden(each) for each in found]
    return jsonify(
        status="degraded" if troubles else "ok",
        version=__version__,
        installed=running_version(),
        model=to_json(service.engine.model) if service.engine and is_told else None,
        detector=to_json(service.detector.model) if service.detector and is_told else None,
        uptime_s=round(service.uptime_s, 1),
        error=troubles[0] if troubles else None,
        errors=troubles,
    )


@blueprint.get("/models")
@blueprint.output(ModelsAnswer, description="The bundles, by folder")
@blueprint.doc(responses={304: UNCHANGED, **errors()})
def models() -> ResponseReturnValue:
    """List the bundles of this device, a broken one as its folder and its error."""
    listed = jsonify(
        models=[
            {"folder": each.id, "error": _problem(each.bundle)}
            if isinstance(each.bundle, BundleError)
            else {
                "folder": each.id,
                **_describe(each.bundle),
                "answering": each.is_answering,
            }
            for each in current_service().bundles()
        ]
    )
    return tagged(listed, request)


@blueprint.get("/models/<name>/card")
@blueprint.doc(responses={200: CARD, 304: UNCHANGED, **errors("not_found")})
def card(name: str) -> ResponseReturnValue:
    """Give the card of a bundle, by the `folder` that it is listed under.

    It says what the bundle was trained with, how right it is and what it is not for. Its figures
    are named as `figures/FILE.png`, which is their address beside the card.
    """
    bundle = bundle_named(current_service().bundles(), name)
    return tagged(Response(card_of(bundle), mimetype="text/markdown"), request)


@blueprint.get("/models/<name>/figures/<file>")
@blueprint.doc(responses={200: PNG, 304: UNCHANGED, **errors("not_found")})
def figure(name: str, file: str) -> ResponseReturnValue:
    """Give a figure of a bundle's card."""
    bundle = bundle_named(current_service().bundles(), name)
    return send_file(figure_of(bundle, file), mimetype="image/png")


@blueprint.get("/device")
@blueprint.output(DeviceAnswer, description="All of it, as of one moment")
@blueprint.doc(responses=errors())
def device() -> ResponseReturnValue:
    """Tell versions, machine, disk, database, camera and bundles, and which answer and why."""
    service = current_service()
    told = facts(service, current_bench(), current_camera().state, service.bundles())
    return jsonify(to_json(told))


@blueprint.post("/device/test")
@blueprint.input(TrialWish, location="query")
@blueprint.output(TrialAnswer, description="What each step found")
@blueprint.doc(responses=errors("bad_request", "busy"))
def test_device(query_data: TrialWish) -> ResponseReturnValue:
    """Try what the device needs: clock, data folder, database, trail, camera, each bundle.

    Steps are `clock`, `data`, `database`, `trail`, `camera` and `bundle:` with the folder that each
    bundle is listed under. A step that finds something wrong says so, and what to do; the others
    are taken all the same.
    """
    service = current_service()
    known = trials(service, current_bench(), current_camera(), service.bundles())
    if query_data.step is not None and query_data.step not in known:
        raise RequestError(
            "bad_request", f"There is no step {query_data.step!r}: choose {', '.join(known)}"
        )
    chosen = known if query_data.step is None else [query_data.step]
    steps = [run(name, known[name]) for name in chosen]
    return jsonify(ok=all(each.ok for each in steps), steps=to_json(steps))


@blueprint.post("/device/push")
@blueprint.output(PushAnswer, description="How it is after that try, or, after 5 s, during it")
@blueprint.doc(responses=errors(*READS, "not_found"))
def push() -> ResponseReturnValue:
    """Send at once the signed records that wait for the laboratory's server.

    A device does so by itself, but after a failure the pauses grow to 15 minutes.
    """
    return jsonify(to_json(current_bench().try_sending().state()))


def _problem(problem: HematoVisionError) -> dict[str, str]:
    return {"code": problem.code, "message": str(problem)}


def _hidden(problem: HematoVisionError) -> dict[str, str]:
    return {"code": problem.code, "message": f"{problem.code}: sign in to see more"}


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
