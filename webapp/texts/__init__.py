"""Every text that people read on pages, in the language that their browser asks for.

Templates call `_("…")` and `ngettext("…", "…", n)`, Python `gettext` and `ngettext` from here,
scripts `t` and `tn` of `static/text.js`, which `/texts.js` gives the texts. Texts are written in
English where they are used; `make texts` gathers them in `messages.pot`, and a file `<language>.po`
beside it is a translation.
"""

import gettext as catalogs
from functools import cache
from pathlib import Path
from typing import Any

from flask import Blueprint, Flask, Response, g, has_request_context, json, request
from flask.typing import ResponseReturnValue

from webapp.texts.catalog import Catalog

FOLDER = Path(__file__).parent
ENGLISH = "en"
UNTRANSLATED = catalogs.NullTranslations()

blueprint = Blueprint("texts", __name__)


def register(app: Flask) -> None:
    """Make texts translatable in templates and scripts."""
    app.jinja_env.add_extension("jinja2.ext.i18n")
    app.jinja_env.policies["ext.i18n.trimmed"] = True
    app.jinja_env.install_gettext_callables(  # type: ignore[attr-defined]
        gettext, ngettext, newstyle=True
    )
    app.jinja_env.globals["language"] = language
    app.register_blueprint(blueprint)


def languages() -> list[str]:
    """List the languages there are, English first."""
    return [ENGLISH, *sorted(path.stem for path in FOLDER.glob("*.po"))]


def language() -> str:
    """Choose the language of the request's answer, once for all of its texts."""
    if not has_request_context():
        return ENGLISH
    if "language" not in g:
        g.language = request.accept_languages.best_match(languages(), ENGLISH) or ENGLISH
    return str(g.language)


def gettext(message: str) -> str:
    """Translate a text for the request's reader."""
    return _catalog(language()).gettext(message)


def ngettext(one: str, many: str, n: int) -> str:
    """Translate a text in the form that a number asks for."""
    return _catalog(language()).ngettext(one, many, n)


def translations() -> catalogs.NullTranslations:
    """Give all texts in the language of the request's reader, for what is written whole."""
    return _catalog(language())


@blueprint.get("/texts.js")
def script() -> ResponseReturnValue:
    """Give scripts their texts, as a module."""
    chosen = _catalog(language())
    told: dict[str, Any] = {"language": language(), "forms": {}, "plural": "n != 1"}
    if isinstance(chosen, Catalog):
        told |= {"forms": chosen.forms, "plural": chosen.plural}
    # The rule for plurals is C, and as such JavaScript too; a strict page runs no text as code.
    lines = [
        f"export const language = {json.dumps(told['language'])};",
        f"export const forms = {json.dumps(told['forms'])};",
        f"export const plural = (n) => Number({told['plural']});",
    ]
    response = Response("\n".join(lines) + "\n", mimetype="text/javascript")
    response.headers["Vary"] = "Accept-Language"
    return response


@cache
def _catalog(chosen: str) -> catalogs.NullTranslations:
    if chosen == ENGLISH:
        return UNTRANSLATED
    return Catalog.read(FOLDER / f"{chosen}.po")
