"""What the server notes on standard error: a JSON object a line, one for each request.

No query, no label, no name of a file and no picture stands in it: they may be a patient's.
"""

import json
import logging
import sys
import time
from datetime import UTC, datetime

from flask import Flask, Response, g, request

from webapp.person import person_or_none

NAME = "webapp"
NOTED = "noted"  # the attribute of a log record that holds further keys

_log = logging.getLogger(f"{NAME}.requests")


class JSONLines(logging.Formatter):
    """Writes a log record as one JSON object, a traceback as one of its texts."""

    def format(self, record: logging.LogRecord) -> str:
        """Write time (UTC), level and logger, the message, and the keys that were noted."""
        line = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
            **getattr(record, NOTED, {}),
        }
        if record.exc_info:
            line["traceback"] = self.formatException(record.exc_info)
        return json.dumps(line, ensure_ascii=False)


def start() -> None:
    """Note requests and warnings on standard error from now on, for the whole process."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JSONLines())
    logging.basicConfig(handlers=[handler], force=True)
    logging.getLogger(NAME).setLevel(logging.INFO)
    # Waitress warns of every request that waits at all; who may wait is bounded in service.py.
    logging.getLogger("waitress.queue").setLevel(logging.ERROR)


def register(app: Flask) -> None:
    """Note each request of an app; before whatever else looks at its requests."""

    @app.before_request
    def begin() -> None:
        g.began_s = time.perf_counter()

    @app.after_request
    def note(response: Response) -> Response:
        note_request(
            request_id=g.request_id,
            method=request.method,
            path=request.path,
            status=response.status_code,
            ms=round(1000 * (time.perf_counter() - g.began_s), 1),
            bytes=response.content_length,
            person=person_or_none(request),
        )
        return response


def note_request(**noted: str | float | None) -> None:
    """Note a request that was answered, by `request_id`, `method`, `path`, `status` and more."""
    told = {key: value for key, value in noted.items() if value is not None}
    _log.info("request", extra={NOTED: told})
