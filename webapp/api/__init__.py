"""The REST API, version 1: a module for each resource, whose routes parse, call and render."""

from apiflask import APIBlueprint

from webapp.api import (
    analyze,
    camera,
    captures,
    cells,
    classify,
    device,
    fields,
    person,
    reports,
    reviews,
    signing,
    slides,
)

blueprint = APIBlueprint("api", __name__, url_prefix="/api/v1")
for resource in (
    classify,
    analyze,
    slides,
    fields,
    cells,
    reviews,
    signing,
    reports,
    camera,
    captures,
    device,
    person,
):
    blueprint.register_blueprint(resource.blueprint)
