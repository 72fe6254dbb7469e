"""A device that has signed records to send."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from webapp.store.database import FILE, Database


@pytest.fixture
def device(tmp_path: Path, made: bytes) -> Iterator[Database]:
    (tmp_path / FILE).write_bytes(made)
    with Database.open(tmp_path) as database:
        yield database
