"""Settings that a person changes: which pictures are kept, where copies go, and the classes."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from string import ascii_lowercase, digits
from typing import Any, Final, get_args

from sqlalchemy.orm import Session

from runtime.bundle import CellClass
from runtime.differential import NOT_WHITE, NUCLEATED_RED
from runtime.trust import UNFAMILIAR
from webapp.record import CountsAs, ReviewClass
from webapp.store.audit import note, person
from webapp.store.errors import StoreError
from webapp.store.tables import OptionRow

# Classes that a person needs and no model of ours names; keys are chosen beside the model's.
OWN: Final = (
    ReviewClass("blast", "Blast", "", "#be123c", "white", named_by_model=False),
    ReviewClass("band_neutrophil", "Band neutrophil", "", "#0d9488", "white", named_by_model=False),
    ReviewClass(
        "atypical_lymphocyte", "Atypical lymphocyte", "", "#4f46e5", "white", named_by_model=False
    ),
    ReviewClass("plasma_cell", "Plasma cell", "", "#9333ea", "white", named_by_model=False),
    ReviewClass("smudge_cell", "Smudge cell", "", "#78716c", "beside", named_by_model=False),
    ReviewClass("artefact", "Artefact", "", "#64748b", "nothing", named_by_model=False),
    ReviewClass("other", "Other", "", "#475569", "white", named_by_model=False),
)
OTHER: Final = "other"
RESERVED_KEYS: Final = frozenset("auz")  # all of a class, next unseen, undo
KEYS: Final = ascii_lowercase + digits
MOST_CLASSES: Final = 24
LONGEST_CLASS: Final = 64  # of a class, and its id
MOST_DAYS: Final = 36_500
MOST_FREE_MB: Final = 1_000_000
MOST_COPIES: Final = 1000
LONGEST_FOLDER: Final = 1000  # characters
_NAME: Final = "options"


@dataclass(frozen=True)
class Options:
    """What is set.

    Attributes:
        keep_pictures: whether the pictures of fields are kept.
        retention_days: days after which a picture is removed; None keeps them.
        least_free_mb: megabytes of the disk below which a warning is shown.
        copy_folder: folder, perhaps of a stick, that a copy of all goes to each day when it is
            there; empty makes none.
        copies_kept: how many of these are kept there.
        classes: the list that a person has made of `review_classes`, whole; of the model's classes
            it says the key and what they count as. Empty takes the defaults.
    """

    keep_pictures: bool = True
    retention_days: int | None = None
    least_free_mb: int = 2000
    copy_folder: str = ""
    copies_kept: int = 7
    classes: tuple[ReviewClass, ...] = ()


def read_options(session: Session) -> Options:
    """Give what is set, or what holds while nothing is."""
    row = session.get(OptionRow, _NAME)
    if row is None:
        return Options()
    told = dict(row.value)
    return Options(**{**told, "classes": tuple(ReviewClass(**each) for each in told["classes"])})


def write_options(session: Session, by: str, options: Options) -> Options:
    """Set all options; `dataclasses.replace` those that were read.

    Raises:
        StoreError: `no_person` or `bad_request`.
    """
    by = person(by)
    _check(options)
    before, after = asdict(read_options(session)), asdict(options)
    session.merge(OptionRow(name=_NAME, value=_json(options)))
    changed = {name: [before[name], after[name]] for name in after if before[name] != after[name]}
    note(session, by, "options.change", changed)
    return options


def change_options(session: Session, by: str, **changes: Any) -> Options:
    """Set some options, by the names of `Options`; the others stay.

    Raises:
        StoreError: `no_person` or `bad_request`.
    """
    return write_options(session, by, replace(read_options(session), **changes))


def review_classes(options: Options, model: Sequence[CellClass]) -> tuple[ReviewClass, ...]:
    """List the classes that a person can give: the model's first, each with a key of its own.

    Args:
        options: with the reviewer's own classes.
        model: the classes of the bundle that names cells.
    """
    changed = {each.id: each for each in options.classes}
    named = {each.id for each in model}
    classes = [
        ReviewClass(
            each.id,
            each.title,
            changed[each.id].key if each.id in changed else "",
            each.color,
            changed[each.id].counts_as if each.id in changed else usual_counts_as(each.id),
            named_by_model=True,
        )
        for each in model
    ]
    own = options.classes or OWN
    classes += [replace(e, named_by_model=False) for e in own if e.id not in named]
    return _with_keys(classes)


def usual_counts_as(class_id: str) -> CountsAs:
    """Tell what a class of the model counts as, unless a person says otherwise."""
    if class_id == NUCLEATED_RED:
        return "nrbc"
    return "nothing" if class_id in NOT_WHITE else "white"


def _with_keys(classes: Sequence[ReviewClass]) -> tuple[ReviewClass, ...]:
    """Give each class without a key the first free letter of its id, or else any free key."""
    taken = {each.key for each in classes} | RESERVED_KEYS
    keyed = []
    for each in classes:
        key = each.key or next(
            (letter for letter in each.id + KEYS if letter in KEYS and letter not in taken), ""
        )
        taken.add(key)
        keyed.append(replace(each, key=key))
    return tuple(keyed)


def _check(options: Options) -> None:
    days, classes = options.retention_days, options.classes
    if days is not None and not 1 <= days <= MOST_DAYS:
        raise StoreError(
            "bad_request", f"retention_days is {days}: give 1 to {MOST_DAYS} days, or none"
        )
    if not 0 <= options.least_free_mb <= MOST_FREE_MB:
        raise StoreError(
            "bad_request", f"least_free_mb is {options.least_free_mb}: give 0 to {MOST_FREE_MB} MB"
        )
    folder = options.copy_folder
    if folder and (
        not Path(folder).is_absolute() or len(folder) > LONGEST_FOLDER or not folder.isprintable()
    ):
        raise StoreError(
            "bad_request",
            f"{folder[:60]!r} cannot be the folder of copies: name all of it, as /media/stick",
        )
    if not 1 <= options.copies_kept <= MOST_COPIES:
        raise StoreError(
            "bad_request", f"copies_kept is {options.copies_kept}: keep 1 to {MOST_COPIES}"
        )
    if len(classes) > MOST_CLASSES:
        raise StoreError(
            "bad_request", f"There are {len(classes)} classes: keep at most {MOST_CLASSES}"
        )
    for each in classes:
        _check_class(each)
    for what in ("id", "key"):
        values = [value for each in classes if (value := getattr(each, what))]
        if twice := {value for value in values if values.count(value) > 1}:
            raise StoreError(
                "bad_request", f"Two classes have the {what} {min(twice)!r}: each needs its own"
            )


def _check_class(each: ReviewClass) -> None:
    try:
        CellClass(each.id, each.title, each.color)
    except ValueError as error:
        message = f"The class {each.id!r} cannot be used: {error}"
        raise StoreError("bad_request", message) from error
    if len(each.id) > LONGEST_CLASS or len(each.title) > LONGEST_CLASS or each.id == UNFAMILIAR:
        raise StoreError(
            "bad_request",
            f"The class {each.id[:LONGEST_CLASS]!r} cannot be used: give it another name, "
            f"of {LONGEST_CLASS} characters at most",
        )
    if each.counts_as not in get_args(CountsAs):
        raise StoreError(
            "bad_request",
            f"{each.id} counts as {each.counts_as!r}: choose {', '.join(get_args(CountsAs))}",
        )
    if each.key and (len(each.key) != 1 or each.key not in KEYS or each.key in RESERVED_KEYS):
        raise StoreError(
            "bad_request",
            f"{each.key!r} cannot be the key of {each.id}: choose a small letter or a digit, "
            f"but not {' or '.join(sorted(RESERVED_KEYS))}",
        )


def _json(options: Options) -> dict[str, Any]:
    return {**asdict(options), "classes": [asdict(each) for each in options.classes]}
