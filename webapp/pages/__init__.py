"""The pages for people: a module for each, whose routes parse, call and render."""

from flask import Blueprint

from webapp.pages import analyze, device, documentation, history, live, received, review, slides

blueprint = Blueprint("pages", __name__)
for page in (analyze, live, slides, review, history, received, device, documentation):
    blueprint.register_blueprint(page.blueprint)
