"""The pages for people: a module for each, whose routes parse, call and render."""

from flask import Blueprint

from webapp.pages import analyze, documentation, live, review

blueprint = Blueprint("pages", __name__)
for page in (analyze, documentation, live, review):
    blueprint.register_blueprint(page.blueprint)
