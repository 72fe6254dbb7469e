"""Which role each route needs: the one place that decides it.

A route that stands nowhere here is refused to everybody once there are accounts.
"""

import re
from typing import Final

from webapp.store.accounts import Role

PUBLIC: Final = frozenset(
    {
        "GET /static/<path:filename>",
        "GET /texts.js",
        "GET /sign-in",
        "POST /sign-in",
        "GET /api/v1/health",  # of which it tells strangers the least
    }
)
ROLES: Final[dict[Role, frozenset[str]]] = {
    # Reads.
    "viewer": frozenset(
        {
            "GET /",
            "GET /account",
            "GET /api/docs",
            "GET /api/v1/audit",
            "GET /api/v1/audit.json",
            "GET /api/v1/camera",
            "GET /api/v1/camera/frame",
            "GET /api/v1/camera/look",
            "GET /api/v1/cameras",
            "GET /api/v1/cells/<int:cell_id>/picture",
            "GET /api/v1/device",
            "GET /api/v1/fields/<int:field_id>",
            "GET /api/v1/fields/<int:field_id>/picture",
            "GET /api/v1/models",
            "GET /api/v1/models/<name>/card",
            "GET /api/v1/models/<name>/figures/<file>",
            "GET /api/v1/openapi.json",
            "GET /api/v1/options",
            "GET /api/v1/person",
            "GET /api/v1/received",
            "GET /api/v1/received/<int:received_id>",
            "GET /api/v1/received/<int:received_id>/cells.csv",
            "GET /api/v1/received/<int:received_id>/report.csv",
            "GET /api/v1/received/<int:received_id>/report.fhir.json",
            "GET /api/v1/received/<int:received_id>/report.json",
            "GET /api/v1/received/<int:received_id>/report.pdf",
            "GET /api/v1/session",
            "GET /api/v1/slides",
            "GET /api/v1/slides.csv",
            "GET /api/v1/slides/<int:slide_id>",
            "GET /api/v1/slides/<int:slide_id>/cells",
            "GET /api/v1/slides/<int:slide_id>/cells.csv",
            "GET /api/v1/slides/<int:slide_id>/fields",
            "GET /api/v1/slides/<int:slide_id>/records",
            "GET /api/v1/slides/<int:slide_id>/records/<int:revision>",
            "GET /api/v1/slides/<int:slide_id>/report.csv",
            "GET /api/v1/slides/<int:slide_id>/report.fhir.json",
            "GET /api/v1/slides/<int:slide_id>/report.json",
            "GET /api/v1/slides/<int:slide_id>/report.pdf",
            "GET /device",
            "GET /device/models/<name>",
            "GET /history",
            "GET /history/received",
            "GET /history/trail",
            "GET /received/<int:received_id>/report",
            "GET /samples/<label>.png",
            "GET /samples/field.jpg",
            "GET /slides",
            "GET /slides/<int:slide_id>",
            "GET /slides/<int:slide_id>/records/<int:revision>/report",
            "GET /slides/<int:slide_id>/report",
            "GET /slides/<int:slide_id>/review",
            "POST /account/password",
            "POST /account/tokens",
            "POST /account/tokens/<int:token_id>/revoke",
            "POST /sign-out",
            "PUT /api/v1/person",  # is told there that the account's name holds
        }
    ),
    # Has pictures answered, and adds what is to be counted.
    "technician": frozenset(
        {
            "DELETE /api/v1/camera",
            "DELETE /api/v1/camera/count",
            "DELETE /api/v1/camera/white-reference",
            "DELETE /api/v1/fields/<int:field_id>",
            "GET /live",
            "PATCH /api/v1/slides/<int:slide_id>",
            "POST /",
            "POST /api/v1/analyze",
            "POST /api/v1/camera/captures",
            "POST /api/v1/camera/frame",
            "POST /api/v1/camera/white-reference",
            "POST /api/v1/classify",
            "POST /api/v1/device/push",
            "POST /api/v1/device/test",
            "POST /api/v1/differential",
            "POST /api/v1/explain",
            "POST /api/v1/preview",
            "POST /api/v1/slides",
            "POST /api/v1/slides/<int:slide_id>/fields",
            "POST /device/push",
            "POST /device/test",
            "PUT /api/v1/camera",
        }
    ),
    # Says what cells are, and answers for it.
    "reviewer": frozenset(
        {
            "DELETE /api/v1/slides/<int:slide_id>/reviews/last",
            "POST /api/v1/slides/<int:slide_id>/reviews",
            "POST /api/v1/slides/<int:slide_id>/revisions",
            "POST /api/v1/slides/<int:slide_id>/signatures",
        }
    ),
    # Deletes for good, and decides how the device is set and who may use it.
    "administrator": frozenset(
        {
            "DELETE /api/v1/slides/<int:slide_id>",
            "GET /accounts",
            "GET /history/<int:slide_id>/delete",
            "PATCH /api/v1/options",
            "POST /accounts",
            "POST /accounts/<int:account_id>",
            "POST /accounts/tokens/<int:token_id>/revoke",
            "POST /device/options",
            "POST /history/<int:slide_id>/delete",
        }
    ),
    # Sends what was signed on it, and may nothing that a person may.
    "device": frozenset({"POST /api/v1/received"}),
}
_NEEDED: Final = {route: role for role, routes in ROLES.items() for route in routes}
_BY_PATH: Final = {
    re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", route): role for route, role in _NEEDED.items()
}


def is_public(method: str, rule: str) -> bool:
    """Tell whether a route is there also for who has not signed in."""
    return _route(method, rule) in PUBLIC


def role_needed(method: str, rule: str) -> Role | None:
    """Give the role that a route needs, of people the least; None where nobody may use it.

    Args:
        method: of HTTP.
        rule: of Flask, such as `/slides/<int:slide_id>`.
    """
    return "viewer" if method == "OPTIONS" else _NEEDED.get(_route(method, rule))


def role_by_path(method: str, path: str) -> Role | None:
    """As `role_needed`, by the path as OpenAPI writes it, such as `/api/v1/slides/{slide_id}`."""
    return _BY_PATH.get(_route(method, path))


def _route(method: str, rule: str) -> str:
    return f"{'GET' if method == 'HEAD' else method} {rule}"
