"""The history: slides looked up, listed, deleted with their trail kept."""

from datetime import datetime
from typing import Final

from flask import Blueprint, redirect, render_template, request
from flask.typing import ResponseReturnValue

from webapp.bench import current_bench, current_classes
from webapp.errors import RequestError, status_of
from webapp.pages.searched import NAMES, number, searched
from webapp.pages.trail import told
from webapp.person import person_of_form
from webapp.store.audit import entries, labels_of
from webapp.store.chain import head_of
from webapp.store.errors import StoreError
from webapp.store.received import count_received
from webapp.store.search import find_slides
from webapp.store.slides import delete_slide, find_slide

PAGE: Final = 25  # slides
TRAIL: Final = 50  # entries of a page

blueprint = Blueprint("history", __name__)


@blueprint.get("/history")
def history() -> ResponseReturnValue:
    """Show the slides that are searched for, page by page."""
    asked = searched(request.args)
    with current_bench().reading() as session:
        page = find_slides(session, asked.wanted, asked.after, PAGE, asked.before)
        if asked.before and page.before is None:  # nothing is newer: the first page, whole
            page = find_slides(session, asked.wanted, limit=PAGE)
        classes = current_classes(session)
        deleted = labels_of(session, [number(request.args, "deleted") or 0])
        received = count_received(session)
    return render_template(
        "history.html",
        asked=asked,
        names=NAMES,
        page=page,
        classes=classes,
        deleted=deleted,
        received=received,
    )


@blueprint.get("/history/trail")
def trail() -> ResponseReturnValue:
    """Show who did what when: to one slide, also a deleted one, or to all."""
    slide = number(request.args, "slide")
    with current_bench().reading() as session:
        page = entries(session, slide, number(request.args, "after"), TRAIL)
        ids = {each.slide_id for each in page.entries if each.slide_id is not None}
        labels = labels_of(session, ids | ({slide} if slide is not None else set()))
        classes, head = current_classes(session), head_of(session)
    if slide is not None and slide not in labels:
        raise StoreError("not_found", f"There is no slide {slide}: look it up in the history")
    titles = {each.id: each.title for each in classes}
    acts = [(each, told(each, titles)) for each in page.entries]
    return render_template(
        "trail.html", slide=slide, labels=labels, acts=acts, after=page.after, head=head
    )


@blueprint.get("/history/<int:slide_id>/delete")
def ask_delete(slide_id: int) -> ResponseReturnValue:
    """Ask why a slide is to be deleted, for browsers that run no script."""
    return _delete_page(slide_id)


@blueprint.post("/history/<int:slide_id>/delete")
def delete(slide_id: int) -> ResponseReturnValue:
    """Delete a slide, and go back to the list."""
    back, edition = request.form.get("back", ""), number(request.form, "edition")
    try:
        with current_bench().writing() as session:
            by, reason = person_of_form(request), request.form.get("reason", "")
            delete_slide(session, current_bench().pictures, slide_id, by, reason, edition)
    except (RequestError, StoreError) as problem:
        if problem.code == "not_found":
            raise
        return _delete_page(slide_id, str(problem)), status_of(problem.code)
    asked = back.removeprefix("?")
    return redirect(f"/history?{asked}{'&' if asked else ''}deleted={slide_id}", 303)


@blueprint.app_template_filter()
def when(moment: datetime) -> str:
    """Write a moment for people, by this device's clock."""
    return f"{moment.astimezone():%Y-%m-%d %H:%M}"


def _delete_page(slide_id: int, problem: str | None = None) -> str:
    with current_bench().reading() as session:
        slide = find_slide(session, slide_id)
    back = request.values.get("back", "")
    return render_template("delete.html", slide=slide, problem=problem, back=back)
