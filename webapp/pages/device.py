"""The page about this device: what it is and how it is, its self-test, its settings."""

from collections.abc import Mapping
from typing import get_args

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from runtime import HematoVisionError
from webapp.bench import current_bench, current_classes
from webapp.device.card import CARD, bundle_named, card_html, card_of
from webapp.device.facts import disk_now, facts
from webapp.device.selftest import Step, run, trials
from webapp.errors import status_of
from webapp.live.camera import current_camera
from webapp.live.look import Condition
from webapp.pages.options_form import changes_of, form_of, typed_form
from webapp.person import person_of_form
from webapp.record import CountsAs
from webapp.service import current_service
from webapp.store.errors import StoreError
from webapp.store.options import KEYS, MOST_DAYS, RESERVED_KEYS, change_options, read_options
from webapp.texts import gettext as _
from webapp.texts import ngettext

blueprint = Blueprint("device", __name__)


@blueprint.get("/device")
def device() -> ResponseReturnValue:
    """Show the device as it is now."""
    return _page()


@blueprint.post("/device/test")
def test() -> ResponseReturnValue:
    """Take every step of the self-test and show what it found, for browsers that run no script."""
    service = current_service()
    known = trials(service, current_bench(), current_camera(), service.bundles())
    return _page(steps={name: run(name, trial) for name, trial in known.items()})


@blueprint.post("/device/push")
def push() -> ResponseReturnValue:
    """Try at once to send what waits, and show the page anew."""
    current_bench().try_sending()
    return redirect(url_for(".device", _anchor="push"), 303)


@blueprint.post("/device/options")
def options() -> ResponseReturnValue:
    """Set the options, and show the page anew; what does not fit is said beside the form."""
    try:
        changes = changes_of(request.form)
        by = person_of_form(request)
        with current_bench().writing() as session:
            change_options(session, by, **changes)
    except HematoVisionError as problem:
        return _page(problem=str(problem)), status_of(problem.code)
    return redirect(url_for(".device", kept=1, _anchor="options"), 303)


@blueprint.get("/device/models/<name>")
def card(name: str) -> ResponseReturnValue:
    """Show the card of a bundle."""
    bundle = bundle_named(current_service().bundles(), name)
    shown = card_html(card_of(bundle), f"/api/v1/models/{name}")
    return render_template("card.html", bundle=bundle, card=shown)


@blueprint.app_template_filter()
def size(n_bytes: int) -> str:
    """Write a number of bytes for people."""
    for unit, one in (("GB", 10**9), ("MB", 10**6), ("kB", 10**3)):
        if n_bytes >= one:
            amount = n_bytes / one
            return f"{amount:.0f} {unit}" if amount >= 100 else f"{amount:.3g} {unit}"
    return f"{n_bytes} B"


@blueprint.app_template_global()
def disk_warning() -> str | None:
    """Say on every page, early enough, that the disk fills up."""
    return disk_now(current_service(), current_bench()).warning


def _page(steps: dict[str, Step] | None = None, problem: str | None = None) -> str:
    service, bench = current_service(), current_bench()
    bundles = service.bundles()
    told = facts(service, bench, current_camera().state, bundles)
    try:
        with bench.reading() as session:
            options, classes = read_options(session), current_classes(session)
        shown = typed_form(request.form, classes) if problem else form_of(options, classes)
    except StoreError:
        shown = None
    cards = {each.id for each in bundles if (each.folder / CARD).is_file()}
    return render_template(
        "device.html",
        device=told,
        used=round(100 * (1 - told.disk.free_bytes / told.disk.total_bytes)),
        running=_duration(told.uptime_s),
        held=_held(told.machine.throttled),
        conditions=_conditions(),
        cards=cards,
        trials=trials(service, bench, current_camera(), bundles),
        steps=steps,
        form=shown,
        counts_as=get_args(CountsAs),
        keys="".join(key for key in KEYS if key not in RESERVED_KEYS),
        most_days=MOST_DAYS,
        problem=problem,
        kept="kept" in request.args,
    )


def _conditions() -> dict[Condition, str]:
    return {
        "closed": _("Closed"),
        "opening": _("Opening"),
        "open": _("Open"),
        "lost": _("Lost, and tried again"),
        "ended": _("Ended"),
    }


def _held(throttled: Mapping[str, list[str] | None] | None) -> str | None:
    """Say what holds the clock down; None where the system does not tell."""
    if throttled is None:
        return None
    words = {
        "under_voltage": _("too little voltage"),
        "frequency_capped": _("a cap on the frequency"),
        "throttled": _("heat"),
        "temperature_limit": _("the soft limit of temperature"),
    }
    now, since = (
        ", ".join(words.get(each, each) for each in throttled[when] or ())
        for when in ("now", "since_boot")
    )
    if now:
        return _("now by {words}").format(words=now)
    return _("since the start by {words}").format(words=since) if since else _("by nothing")


def _duration(seconds: float) -> str:
    minutes = int(seconds // 60)
    if minutes < 60:
        return ngettext("{n} minute", "{n} minutes", minutes).format(n=minutes)
    hours = minutes // 60
    if hours < 48:
        return ngettext("{n} hour", "{n} hours", hours).format(n=hours)
    days = hours // 24
    return ngettext("{n} day", "{n} days", days).format(n=days)
