"""The part of the history that devices have sent to this server, and its reports."""

from collections.abc import Mapping
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
    asked, after = _asked(), number(request.args, "after")
    with current_bench().reading() as session:
        page = find_received(session, **asked, after=after, limit=PAGE)
    here, older = _query(asked, after), _query(asked, page.after)
    return render_template("received.html", page=page, asked=asked, here=here, older=older)


@blueprint.get("/received/<int:received_id>/report")
def report(received_id: int) -> ResponseReturnValue:
    """Show the report of a record that a device has sent; its address holds the search before."""
    with current_bench().reading() as session:
        received, content = received_record(session, received_id)
    formats = formats_at(f"/api/v1/received/{received_id}")
    back = f"/history/received{_query(_asked(), number(request.args, 'after'))}"
    return page_of(thawed(content), formats, back, received)


def _asked() -> dict[str, str]:
    return {name: request.args.get(name, "").strip() for name in ("label", "device", "person")}


def _query(asked: Mapping[str, str], after: int | None) -> str:
    """Write a search and its page as the end of an address; empty for all from the newest."""
    told = {name: text for name, text in asked.items() if text}
    if after is not None:
        told["after"] = str(after)
    return f"?{urlencode(told)}" if told else ""
