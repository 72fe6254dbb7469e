"""Queries about more values than a database takes at once."""

from collections.abc import Iterator, Sequence
from typing import Final, TypeVar

MOST_VALUES: Final = 500  # SQLite takes at least 999 in a query

Value = TypeVar("Value")


def in_parts(values: Sequence[Value]) -> Iterator[Sequence[Value]]:
    """Part values into as many as a query may name; none of no values."""
    for start in range(0, len(values), MOST_VALUES):
        yield values[start : start + MOST_VALUES]
