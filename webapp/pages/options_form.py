"""The form of options: read into what the store takes, with what a person mistyped named."""

import re
import unicodedata
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from typing import Any, cast

from werkzeug.datastructures import MultiDict

from webapp.errors import RequestError
from webapp.record import CountsAs, ReviewClass
from webapp.store.options import Options
from webapp.texts import gettext as _

NEW = ""  # id of a class in the row for another one


@dataclass(frozen=True)
class Row:
    """A class as it stands in the form."""

    id: str
    title: str
    key: str
    color: str
    counts_as: str
    is_removed: bool = False
    named_by_model: bool = False


@dataclass(frozen=True)
class Shown:
    """The form as it is shown: with what is set, or with what a person has typed."""

    keep_pictures: bool
    retention_days: str
    least_free_gb: str
    copy_folder: str
    copies_kept: str
    classes: Sequence[Row]
    usual: bool = False


def form_of(options: Options, classes: Sequence[ReviewClass]) -> Shown:
    """Show what is set.

    Args:
        options: that are set.
        classes: that a person can give, see `store.options.review_classes`.
    """
    rows = [
        Row(e.id, e.title, e.key, e.color, e.counts_as, named_by_model=e.named_by_model)
        for e in classes
    ]
    days, free_gb = options.retention_days, options.least_free_mb / 1000
    return Shown(
        options.keep_pictures,
        str(days or ""),
        f"{free_gb:g}",
        options.copy_folder,
        str(options.copies_kept),
        rows,
    )


def typed_form(form: MultiDict[str, str], classes: Sequence[ReviewClass]) -> Shown:
    """Show what was typed, so that who mistyped one thing types no other again."""
    named = {each.id for each in classes if each.named_by_model}
    rows = [replace(row, named_by_model=row.id in named) for row in _rows(form)]
    return Shown(
        "keep_pictures" in form,
        form.get("retention_days", ""),
        form.get("least_free_gb", ""),
        form.get("copy_folder", ""),
        form.get("copies_kept", ""),
        [row for row in rows if row.id or row.title],
        "usual" in form,
    )


def changes_of(form: MultiDict[str, str]) -> dict[str, Any]:
    """Read the form.

    Returns:
        The changes as `store.options.change_options` takes them; it checks their limits.

    Raises:
        RequestError: `bad_request`, something is no number.
    """
    days = form.get("retention_days", "").strip()
    free_gb = form.get("least_free_gb", "").strip().replace(",", ".")
    copies = form.get("copies_kept", "").strip() or str(Options.copies_kept)
    return {
        "keep_pictures": "keep_pictures" in form,
        "retention_days": int(_number(_("Days that pictures are kept"), days)) if days else None,
        "least_free_mb": round(1000 * _number(_("Least free space"), free_gb or "0")),
        "copy_folder": form.get("copy_folder", "").strip(),
        "copies_kept": int(_number(_("Copies that are kept"), copies)),
        "classes": () if "usual" in form else _classes(_rows(form)),
    }


def _rows(form: MultiDict[str, str]) -> list[Row]:
    columns = [form.getlist(f"class_{name}") for name in ("id", "title", "key", "color", "counts")]
    removed = set(form.getlist("class_removed"))
    return [
        Row(class_id, title.strip(), key.strip(), color.lower(), counts_as, class_id in removed)
        for class_id, title, key, color, counts_as in zip(*columns, strict=False)
    ]


def _classes(rows: list[Row]) -> tuple[ReviewClass, ...]:
    """Take the rows that are meant; the model's among them have their ids, a new one gets its."""
    kept = [row for row in rows if row.title and not (row.is_removed and row.id)]
    ids = {row.id for row in rows if row.id}
    classes = []
    for row in kept:
        class_id = row.id or _new_id(row.title, ids)
        ids.add(class_id)
        counts_as = cast(CountsAs, row.counts_as)  # which the store checks
        classes.append(
            ReviewClass(class_id, row.title, row.key, row.color, counts_as, named_by_model=False)
        )
    return tuple(classes)


def _new_id(title: str, taken: Collection[str]) -> str:
    """Make an id out of a title: `Hairy cell` is `hairy_cell`, what has no Latin letter `class`."""
    plain = unicodedata.normalize("NFKD", title).encode("ascii", "ignore").decode().lower()
    stem = re.sub(r"[^a-z0-9]+", "_", plain).lstrip("_0123456789")[:60].rstrip("_") or "class"
    numbered = (f"{stem}_{n}" for n in range(2, len(taken) + 3))
    return next(each for each in (stem, *numbered) if each not in taken)


def _number(what: str, text: str) -> float:
    try:
        number = float(text)
    except ValueError:
        number = float("nan")
    if not 0 <= number < 10**9:
        raise RequestError(
            "bad_request",
            _("{what}: {text} is no number, write one such as 30").format(
                what=what, text=repr(text[:20])
            ),
        )
    return number
