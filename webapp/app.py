"""The app factory."""

from typing import Any

from apiflask import APIFlask
from flask.json.provider import DefaultJSONProvider
from werkzeug.exceptions import NotFound
from werkzeug.routing import IntegerConverter

from runtime import BundleError, Detector, Engine, HematoVisionError
from webapp import __version__, api, bench, errors, gate, logs, pages, person, security, texts
from webapp.addresses import is_open
from webapp.api import document
from webapp.live import camera
from webapp.service import EXTENSION, Service
from webapp.settings import Settings
from webapp.store.tables import LARGEST_ID
from webapp.uploads import PictureRequest

NO_DETECTOR = BundleError("bundle_missing", "the app was made without a detector: give it one")


class OrderedJSON(DefaultJSONProvider):
    """Keeps the order of keys: classes come in the order of the bundle."""

    sort_keys = False

    def loads(self, s: str | bytes, **options: Any) -> Any:
        """Read a document as JSON Schema has it: `2.0` is a whole number.

        Raises:
            ValueError: it is not JSON, or lists and objects lie in each other too deep.
        """
        try:
            return super().loads(s, parse_float=_number, **options)
        except RecursionError as error:
            raise ValueError("it is nested too deep") from error


def _number(written: str) -> float | int:
    number = float(written)
    return int(number) if number.is_integer() else number


class Number(IntegerConverter):
    """A number in an address; there is nothing at one that is larger than any id.

    Werkzeug's own bound would answer a write to such an address as one that it does not take.
    """

    regex = "[0-9]{1,10}"

    def to_python(self, value: str) -> int:
        """Read the number.

        Raises:
            NotFound: it is larger than any id.
        """
        number = int(value)
        if number > LARGEST_ID:
            raise NotFound
        return number


def create_app(
    settings: Settings | None = None,
    engine: Engine | None = None,
    detector: Detector | None = None,
    unkept: HematoVisionError | None = None,
) -> APIFlask:
    """Make the app; a database that cannot be opened does not stop it either.

    Args:
        settings: None takes the defaults.
        engine: None loads the bundles that the settings name; one that cannot be used does not
            stop the app, its pages say what is wrong.
        detector: finds the cells of whole fields, beside an engine that is given.
        unkept: why the folder of its data cannot be used; None where it can.
    """
    settings = settings or Settings()
    app = APIFlask(
        __name__, "HematoVision", __version__, document.PATH, docs_path=None, json_errors=False
    )
    app.request_class = PictureRequest
    app.url_map.converters["int"] = Number
    app.json = OrderedJSON(app)
    app.config.update(
        MAX_CONTENT_LENGTH=settings.max_body_bytes,
        MAX_FORM_PARTS=settings.max_parts,
    )
    service = (
        Service(settings, engine, detector or NO_DETECTOR) if engine else Service.open(settings)
    )
    app.extensions[EXTENSION] = service
    app.jinja_env.globals["service"] = service  # every page says which model answers
    bench.register(app, settings, unkept)
    app.extensions[camera.EXTENSION] = camera.Camera(service)
    document.describe(app)
    errors.register(app)
    logs.register(app)
    security.protect(app, settings)
    texts.register(app)
    person.register(app)
    gate.guard(app, is_open=is_open(settings))
    app.register_blueprint(api.blueprint)
    app.register_blueprint(pages.blueprint)
    return app
