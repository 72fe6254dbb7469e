"""The part of the history that devices have sent to this server, and its reports."""

from typing import Final
from urllib.parse import urlencode

from flask import Blueprint, render_template, request
from flask.typing import ResponseReturnValue

from webapp.bench import current_bench
from webapp.pages.searched import number
from webapp.pages.slides import formats_at
from webapp.report.page import page_of
from webapp.store.received import find_received, received_record
from webapp.store.signing import thawed

PAGE: Final = 25  # records

blueprint = Blueprint("received", __name__)


@blueprint.get("/history/received")
def received() -> ResponseReturnValue:
    """Show what devices have sent, page by page."""
    asked = {name: request.args.get(name, "").strip() for name in ("label", "device", "person")}
    after = number(request.args, "after")
    with current_bench().reading() as session:
        page = find_received(session, **asked, after=after, limit=PAGE)
    older = urlencode({**{k: v for k, v in asked.items() if v}, "after": page.after})
    return render_template("received.html", page=page, asked=asked, older=older)


@blueprint.get("/received/<int:received_id>/report")
def report(received_id: int) -> ResponseReturnValue:
    """Show the report of a record that a device has sent."""
    with current_bench().reading() as session:
        _, content = received_record(session, received_id)
    formats = formats_at(f"/api/v1/received/{received_id}")
    return page_of(thawed(content), formats, "/history/received")
