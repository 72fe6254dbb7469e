"""The REST API, version 1: a module for each resource, whose routes parse, call and render."""

from apiflask import APIBlueprint

from webapp.api import (
    analyze,
    audit,
    camera,
    captures,
    cells,
    classify,
    device,
    fields,
    options,
    person,
    preview,
    received,
    reports,
    reviews,
    session,
    signing,
    slide_table,
    slides,
)

RESOURCES = (
    *(classify, analyze, preview, slides, slide_table, fields, cells, reviews, signing, reports),
    received,
    *(camera, captures, device, options, audit, person, session),
)

blueprint = APIBlueprint("api", __name__, url_prefix="/api/v1")
for resource in RESOURCES:
    blueprint.register_blueprint(resource.blueprint)
