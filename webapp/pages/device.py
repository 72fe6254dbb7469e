"""The page about this device: what it is and how it is, its self-test, its settings."""

from pathlib import Path
from typing import Final, get_args

from flask import Blueprint, abort, redirect, render_template, request, send_from_directory, url_for
from flask.typing import ResponseReturnValue

from runtime import HematoVisionError
from runtime.bundle import Bundle
from webapp.bench import current_bench, current_classes
from webapp.device.card import card_html
from webapp.device.facts import facts
from webapp.device.selftest import Step, run, trials
from webapp.errors import status_of
from webapp.live.camera import current_camera
from webapp.pages.options_form import changes_of
from webapp.person import person_of
from webapp.report.record import CountsAs
from webapp.service import current_service
from webapp.store.errors import StoreError
from webapp.store.options import KEYS, MOST_DAYS, RESERVED_KEYS, change_options, read_options

CARD: Final = "CARD.md"
LONGEST_CARD: Final = 500_000  # bytes

blueprint = Blueprint("device", __name__)


@blueprint.get("/device")
def device() -> ResponseReturnValue:
    """Show the device as it is now."""
    return _page()


@blueprint.post("/device/test")
def test() -> ResponseReturnValue:
    """Take every step of the self-test and show what it found, for browsers that run no script."""
    known = trials(current_service(), current_bench(), current_camera())
    return _page(steps={name: run(name, trial) for name, trial in known.items()})


@blueprint.post("/device/options")
def options() -> ResponseReturnValue:
    """Set the options, and show the page anew; what does not fit is said beside the form."""
    try:
        changes = changes_of(request.form)
        by = person_of(request)
        with current_bench().writing() as session:
            change_options(session, by, **changes)
    except HematoVisionError as problem:
        return _page(problem=str(problem)), status_of(problem.code)
    return redirect(url_for(".device", kept=1, _anchor="options"), 303)


@blueprint.get("/device/models/<folder>")
def card(folder: str) -> ResponseReturnValue:
    """Show the card of a bundle."""
    bundle = _bundle(folder)
    file = bundle.path / CARD
    if not file.is_file() or file.stat().st_size > LONGEST_CARD:
        abort(404)
    text = file.read_text(encoding="utf-8", errors="replace")
    return render_template(
        "card.html", bundle=bundle, card=card_html(text, f"/device/models/{folder}")
    )


@blueprint.get("/device/models/<folder>/figures/<file>")
def figure(folder: str, file: str) -> ResponseReturnValue:
    """Give a figure of a bundle's card."""
    if Path(file).suffix != ".png":
        abort(404)
    return send_from_directory(_bundle(folder).path.resolve() / "figures", file)


@blueprint.app_template_filter()
def size(n_bytes: int) -> str:
    """Write a number of bytes for people."""
    for unit, one in (("GB", 10**9), ("MB", 10**6), ("kB", 10**3)):
        if n_bytes >= one:
            return f"{n_bytes / one:.3g} {unit}" if n_bytes < 1000 * one else f"{n_bytes // one} GB"
    return f"{n_bytes} B"


def _page(steps: dict[str, Step] | None = None, problem: str | None = None) -> str:
    service, bench = current_service(), current_bench()
    told = facts(service, bench, current_camera().state)
    try:
        with bench.reading() as session:
            chosen, classes = read_options(session), current_classes(session)
    except StoreError:
        chosen, classes = None, ()
    cards = {each.folder.name for each in service.bundles() if (each.folder / CARD).is_file()}
    return render_template(
        "device.html",
        device=told,
        cards=cards,
        trials=trials(service, bench, current_camera()),
        steps=steps,
        options=chosen,
        classes=classes,
        counts_as=get_args(CountsAs),
        keys="".join(key for key in KEYS if key not in RESERVED_KEYS),
        most_days=MOST_DAYS,
        problem=problem,
        kept="kept" in request.args,
    )


def _bundle(folder: str) -> Bundle:
    for each in current_service().bundles():
        if each.folder.name == folder and isinstance(each.bundle, Bundle):
            return each.bundle
    abort(404)
