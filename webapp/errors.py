"""Every error that leaves the app: one JSON shape under /api, one small page elsewhere."""

import logging
from collections.abc import Sequence
from http import HTTPStatus

from apiflask import HTTPError
from flask import Flask, Response, g, jsonify, make_response, render_template, request
from werkzeug.exceptions import BadHost, HTTPException, RequestEntityTooLarge

from runtime import HematoVisionError, ImageError, Refusal
from runtime.lines import message_line
from webapp.texts import gettext as _

STATUS = {
    "bad_request": 400,
    "empty": 400,
    "no_images": 400,
    "bad_source": 400,
    "no_person": 400,
    "no_reason": 400,
    "weak_password": 400,
    "wrong_password": 400,
    "not_signed_in": 401,
    "no_csrf": 403,
    "role_missing": 403,
    "wrong_host": 403,
    "wrong_origin": 403,
    "source_denied": 403,
    "not_found": 404,
    "not_receiving": 404,
    "method_not_allowed": 405,
    "gap": 409,
    "no_cells": 409,
    "not_seen": 409,
    "not_signed": 409,
    "nothing_to_undo": 409,
    "other_person": 409,
    "signed": 409,
    "unidentified": 409,
    "camera_closed": 409,
    "changed": 409,
    "clock_behind": 409,
    "has_accounts": 409,
    "last_administrator": 409,
    "name_taken": 409,
    "no_administrator": 409,
    "too_large": 413,
    "too_many_pixels": 413,
    "not_an_image": 415,
    "truncated": 422,
    "unsupported": 422,
    "no_blank_field": 422,
    "too_many_tries": 429,
    "internal": 500,
    "record_damaged": 500,
    "busy": 503,
    "no_frame": 503,
    "camera_silent": 503,
    "dependency_missing": 503,
    "bundle_missing": 503,
    "bundle_damaged": 503,
    "bundle_incompatible": 503,
    "database_damaged": 503,
    "database_newer": 503,
    "unreachable": 503,
    "unwritable": 503,
    "disk_full": 507,
}
RETRY_AFTER_S = 2
NO_OBJECT = "Input should be a valid dictionary"  # as pydantic begins it
WHOLE = "_schema"  # as the extension names what is wrong with no key alone
SEND_LESS = "send fewer pictures a request, and a large one as JPEG or cut into parts"

_log = logging.getLogger(__name__)


class RequestError(HematoVisionError, ValueError):
    """A request cannot be answered as it was made, or not now.

    Attributes:
        wait_s: seconds after which it may be made again, where that is known.
    """

    def __init__(self, code: str, message: str, wait_s: int | None = None) -> None:
        """Say what is wrong."""
        super().__init__(code, message)
        self.wait_s = wait_s


def error_body(code: str, message: str, request_id: str) -> dict[str, dict[str, str]]:
    """Build the one shape that every error has over HTTP."""
    return {"error": {"code": code, "message": message, "request_id": request_id}}


def refuse_the_only(answers: Sequence[object]) -> None:
    """Refuse a request as its only picture was refused; beside others that costs itself alone.

    Args:
        answers: what became of each picture, a `Refusal` where it was refused.

    Raises:
        ImageError: as the picture was refused.
    """
    match answers:
        case [Refusal(error=problem)]:
            raise ImageError(problem.code, problem.message)


def status_of(code: str) -> int:
    """Give the HTTP status that says the same as an error's code."""
    return STATUS.get(code, 500)


def register(app: Flask) -> None:
    """Make the app answer every error in its own words."""
    app.register_error_handler(HematoVisionError, _deliberate)
    app.register_error_handler(HTTPException, _http)
    app.register_error_handler(HTTPError, _invalid)
    app.register_error_handler(Exception, _unforeseen)


def _deliberate(error: HematoVisionError) -> Response:
    response = _respond(status_of(error.code), error.code, str(error))
    wait_s = RETRY_AFTER_S if error.code == "busy" else getattr(error, "wait_s", None)
    if wait_s is not None:
        response.headers["Retry-After"] = str(wait_s)
    if error.code == "not_signed_in":
        sent = request.authorization
        is_token = sent is not None and sent.type == "bearer"  # as RFC 6750, section 3, tells it
        response.headers["WWW-Authenticate"] = (
            'Bearer error="invalid_token"' if is_token else "Bearer"
        )
    return response


def _http(error: HTTPException) -> Response:
    """Keep the status, and what headers belong to it, of an error that Flask found."""
    status, where = error.code or 500, request.path
    not_taken = (
        _("{where} does not take {method}: see /api/docs for what it takes")
        if _is_of_programs() or request.method != "GET"
        else _("{where} answers a form alone: open the page that has the form again")
    )
    known = {
        404: ("not_found", _("There is nothing at {where}: check the address").format(where=where)),
        405: ("method_not_allowed", not_taken.format(where=where, method=request.method)),
        413: ("too_large", _too_large(error)),
    }
    default = (
        "bad_request",
        _("The request cannot be read ({problem}): see /api/docs for what can be sent").format(
            problem=HTTPStatus(status).phrase
        ),
    )
    code, message = known.get(status, default)
    response = _respond(status, code, message)
    for name, value in error.get_headers():
        if name not in ("Content-Type", "Content-Length"):
            response.headers[name] = value
    return response


def _invalid(error: HTTPError) -> Response:
    """Say in one line what is wrong with the values of a request."""
    wrong = [
        _in_plain_words(field, problem)
        for fields in error.detail.values()
        for field, problems in fields.items()
        for problem in problems
    ]
    return _respond(400, "bad_request", f"The request does not fit: {'; '.join(wrong)}")


def _in_plain_words(field: str, problem: str) -> str:
    """Name no class of the program."""
    if problem.startswith(NO_OBJECT):
        problem = "should be a JSON object, keys in braces as /api/docs tells"
    whole = "the body" if field == WHOLE else field
    return f"{whole}: {problem}"


def _unforeseen(error: Exception) -> Response:
    noted = {"request_id": g.request_id, "method": request.method, "path": request.path}
    _log.error("request %s failed", g.request_id, exc_info=error, extra={"noted": noted})
    return _respond(
        500,
        "internal",
        _(
            "HematoVision failed at this request and has noted why in its log: "
            "try again, or report the number {number}"
        ).format(number=g.request_id),
    )


def _too_large(error: HTTPException) -> str:
    limit, length = request.max_content_length or 0, request.content_length or 0
    if isinstance(error, RequestEntityTooLarge) and length <= limit:
        return (
            f"The form has more than {request.max_form_parts} parts, or a text in it is too long: "
            "send fewer pictures a request"
        )
    return f"The request has {length / 1e6:.1f} MB, the limit is {limit / 1e6:g} MB: {SEND_LESS}"


def _is_of_programs() -> bool:
    return request.path == "/api" or request.path.startswith("/api/")


def _respond(status: int, code: str, message: str) -> Response:
    message = message_line(message)
    no_page = isinstance(request.routing_exception, BadHost)  # it would have no address
    if no_page or _is_of_programs():
        response = jsonify(error_body(code, message, g.request_id))
    else:
        page = render_template(
            "error.html", status=status, message=message, request_id=g.request_id
        )
        response = make_response(page)
    response.status_code = status
    return response
