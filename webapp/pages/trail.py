"""The audit in words: what each entry says was done."""

from collections.abc import Mapping
from typing import Any, Final

from webapp.store.audit import Entry
from webapp.texts import gettext as _
from webapp.texts import ngettext
from webapp.texts.names import RECORDED, ROLE_NAMES

LONGEST: Final = 120  # letters of a text that was changed


def told(entry: Entry, titles: Mapping[str, str]) -> str:
    """Say what an entry tells.

    Args:
        entry: of the audit.
        titles: class id to its title.
    """
    detail = entry.detail
    match entry.action:
        case "slide.open":
            return _("Opened, to count {target} white cells").format(target=detail["target"])
        case "slide.change":
            return _("Changed {what}").format(what=_changes(detail))
        case "slide.delete":
            return _("Deleted {label}: {reason}").format(**detail)
        case "slide.sign":
            return _("Signed, record {hash}").format(hash=detail["sha256"][:12])
        case "slide.reopen":
            return _("Reopened: {reason}").format(**detail)
        case "field.add":
            return _added(detail)
        case "field.remove":
            return _("Removed the field {source}").format(**detail)
        case "cells.review":
            return _reviewed(detail, titles)
        case "cells.undo":
            n = len(detail["cells"])
            text = ngettext(
                "Took back the review of {n} cell", "Took back the review of {n} cells", n
            )
            return text.format(n=n)
        case "options.change":
            return _("Changed options: {names}").format(
                names=", ".join(_(RECORDED.get(name, name)) for name in detail)
            )
        case "pictures.expire":
            n = detail["pictures"]
            text = ngettext(
                "Removed {n} picture whose time was over",
                "Removed {n} pictures whose time was over",
                n,
            )
            return text.format(n=n)
        case "record.receive":
            text = _("Received {label}, revision {revision}, record {hash}")
            received = text.format(**detail, hash=detail["sha256"][:12])
            device = detail.get("device_name")  # earlier entries bear it as who did it
            return f"{received} ({device})" if device else received
        case "store.copy":
            return _("Copied all to {file}").format(**detail)
        case "store.restore":
            text = _("Brought back from a copy of {device}, made on {made_at}")
            made_at = detail["made_at"][:16].replace("T", " ")
            return _of_then(text.format(device=detail["device"], made_at=made_at), detail)
        case "store.undo":
            text = _("Went back to what was kept before the update of {kept_at}")
            kept_at = detail["kept_at"][:16].replace("T", " ")
            return _of_then(text.format(kept_at=kept_at), detail)
        case other:
            return _of_accounts(other, detail)


def _of_then(text: str, detail: Mapping[str, Any]) -> str:
    accounts = _("accounts, passwords and API tokens are those of then")
    return f"{text}; {accounts}" if detail.get("accounts") else text


def _of_accounts(action: str, detail: Mapping[str, Any]) -> str:
    match action:
        case "account.add":
            text = _("Made the account {account} in the role {role}")
            return text.format(account=detail["account"], role=_(ROLE_NAMES[detail["role"]]))
        case "account.role":
            text = _("Gave {account} the role {after} instead of {before}")
            before, after = (_(ROLE_NAMES[role]) for role in detail["role"])
            return text.format(account=detail["account"], before=before, after=after)
        case "account.disable":
            return _("Disabled the account {account}").format(**detail)
        case "account.enable":
            return _("Enabled the account {account}").format(**detail)
        case "account.password":
            return _("Changed the password of {account}").format(**detail)
        case "token.add":
            return _("Made the API token {token} of {account}").format(**detail)
        case "token.revoke":
            return _("Revoked the API token {token} of {account}").format(**detail)
        case "session.begin":
            return _("Signed in from {address}").format(**detail)
        case "session.end":
            return _("Signed out")
        case "session.refused":
            who = detail["account"] or _("a name that nobody has")
            text = _("Refused to sign in {account} from {address}")
            return text.format(account=who, address=detail["address"])
        case other:  # of a newer program
            return other


def _added(detail: Mapping[str, Any]) -> str:
    light = detail.get("white_reference")  # entries of before it was told lack it
    if light is None:
        return _("Added the field {source}").format(**detail)
    text = _("Added the field {source}, corrected by the white reference {hash}")
    return text.format(**detail, hash=light[:12])


def _changes(detail: Mapping[str, Any]) -> str:
    return "; ".join(
        _("{name} from “{before}” to “{after}”").format(
            name=_(RECORDED.get(name, name)), before=_short(before), after=_short(after)
        )
        for name, (before, after) in detail.items()
    )


def _reviewed(detail: Mapping[str, Any], titles: Mapping[str, str]) -> str:
    n, given = len(detail["cells"]), detail["given"]
    if given is None:
        return ngettext("Confirmed {n} cell", "Confirmed {n} cells", n).format(n=n)
    text = ngettext("Named {n} cell {title}", "Named {n} cells {title}", n)
    return text.format(n=n, title=_(titles.get(given, given)))


def _short(text: object) -> str:
    whole = " ".join(str(text).split())
    return whole if len(whole) <= LONGEST else f"{whole[:LONGEST]}…"
