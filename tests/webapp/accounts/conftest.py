"""An app with an account of each role."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from argon2 import PasswordHasher
from flask import Flask

from tests.webapp.accounts.people import PASSWORD, PEOPLE
from webapp.store import passwords
from webapp.store.accounts import add_account
from webapp.store.database import Database
from webapp.store.passwords import hashed


@pytest.fixture(autouse=True, scope="session")
def _cheap_hashes() -> Iterator[None]:
    """Hash with the least cost: what is tried here is not how long a hash takes."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(passwords, "_HASHER", PasswordHasher(1, 8, 1))
        passwords._of_nobody.cache_clear()
        yield
    passwords._of_nobody.cache_clear()


@pytest.fixture
def people(data: Path) -> None:
    """Ada is an administrator, Rosa a reviewer, Tom a technician, Vera a viewer."""
    with Database.open(data) as database, database.begin() as session:
        for name, role in PEOPLE.items():
            add_account(session, "setup", name, role, hashed(PASSWORD, name))


@pytest.fixture
def guarded(people: None, app: Flask) -> Flask:
    return app
