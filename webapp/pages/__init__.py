"""The pages for people: a module for each, whose routes parse, call and render."""

from flask import Blueprint

from webapp.pages import (
    accounts,
    analyze,
    device,
    documentation,
    history,
    live,
    received,
    review,
    signing_in,
    slides,
)

PAGES = (
    analyze,
    live,
    slides,
    review,
    history,
    received,
    device,
    documentation,
    signing_in,
    accounts,
)

blueprint = Blueprint("pages", __name__)
for page in PAGES:
    blueprint.register_blueprint(page.blueprint)
