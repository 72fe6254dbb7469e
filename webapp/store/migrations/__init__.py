"""Brings the tables of a database to those of this program, step by step, by Alembic."""

from collections.abc import Callable
from pathlib import Path
from typing import Final

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection

from webapp.store.errors import StoreError

FOLDER: Final = Path(__file__).resolve().parent


def migrate(connection: Connection, name: str, keep: Callable[[str], object]) -> None:
    """Take the steps that a database lacks, within the transaction of the caller.

    Args:
        connection: in a transaction that keeps other writers out.
        name: what a person knows the database by.
        keep: called with the revision of tables that are there, before the first step.

    Raises:
        StoreError: `database_newer`.
    """
    config = Config()
    config.set_main_option("script_location", str(FOLDER).replace("%", "%%"))
    config.attributes["connection"] = connection
    steps = ScriptDirectory.from_config(config)
    known = {step.revision for step in steps.walk_revisions()}
    there = set(MigrationContext.configure(connection).get_current_heads())
    if there - known:
        raise StoreError(
            "database_newer",
            f"{name} was written by a newer HematoVision (its tables are of version "
            f"{min(there - known)}, this program knows {steps.get_current_head()}): "
            "update the program, or name another folder with --data",
        )
    if there != {steps.get_current_head()}:
        if there:
            keep(min(there))
        command.upgrade(config, "head")
