"""Settings that a person changes: whether pictures are kept and how long, and the classes."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy.orm import Session

from runtime.bundle import CellClass
from webapp.report.record import ReviewClass

UNCHANGED = object()


@dataclass(frozen=True)
class Options:
    """What is set.

    Attributes:
        keep_pictures: whether the pictures of fields are kept.
        retention_days: days after which a picture is removed; None keeps them.
        classes: the reviewer's own classes, and the keys of the model's; empty takes the defaults.
    """

    keep_pictures: bool = True
    retention_days: int | None = None
    classes: tuple[ReviewClass, ...] = ()


def read_options(session: Session) -> Options:
    """Give what is set, or what holds while nothing is."""
    raise NotImplementedError


def write_options(session: Session, by: str, options: Options) -> Options:
    """Set all options; `dataclasses.replace` those that were read.

    Raises:
        StoreError: `no_person` or `bad_request`.
    """
    raise NotImplementedError


def review_classes(options: Options, model: Sequence[CellClass]) -> tuple[ReviewClass, ...]:
    """List the classes that a person can give: the model's first, each with a key of its own.

    Args:
        options: with the reviewer's own classes.
        model: the classes of the bundle that names cells.
    """
    raise NotImplementedError
