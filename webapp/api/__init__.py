"""The REST API, version 1: a module for each resource, whose routes parse, call and render."""

from apiflask import APIBlueprint

from webapp.api import analyze, audit, camera, classify, device, options, person

blueprint = APIBlueprint("api", __name__, url_prefix="/api/v1")
for resource in (classify, analyze, camera, device, options, audit, person):
    blueprint.register_blueprint(resource.blueprint)
