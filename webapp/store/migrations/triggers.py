"""Triggers that keep a table's rows as they were written."""

from types import ModuleType


def keep(op: ModuleType, table: str, may_go: str = "FALSE") -> None:
    """Refuse to change a table's rows, or to remove one that may not go.

    Args:
        op: Alembic's operations, within a migration.
        table: name of a table of ours that has an `id`.
        may_go: SQL about `OLD` that is true of a row that may be removed.
    """
    sqlite = op.get_bind().dialect.name == "sqlite"
    for statement in (_sqlite if sqlite else _postgresql)(table, may_go):
        op.execute(statement)


def _sqlite(table: str, may_go: str) -> list[str]:
    refuse = f"BEGIN SELECT RAISE(ABORT, 'rows of {table} are never changed'); END"
    there = f"EXISTS (SELECT 1 FROM {table} WHERE id = NEW.id)"  # noqa: S608 (names of ours)
    return [
        f"CREATE TRIGGER {table}_keep_update BEFORE UPDATE ON {table} {refuse}",
        f"CREATE TRIGGER {table}_keep_delete BEFORE DELETE ON {table} WHEN NOT ({may_go}) {refuse}",
        # INSERT OR REPLACE deletes without asking the trigger of deleting.
        f"CREATE TRIGGER {table}_keep_replace BEFORE INSERT ON {table} WHEN {there} {refuse}",
    ]


def _postgresql(table: str, may_go: str) -> list[str]:
    refuse = (
        f"RAISE EXCEPTION 'rows of {table} are never changed' "
        "USING ERRCODE = 'integrity_constraint_violation';"
    )
    return [
        f"CREATE FUNCTION {table}_keep() RETURNS trigger AS $$ BEGIN "
        f"IF TG_OP = 'DELETE' THEN IF {may_go} THEN RETURN OLD; END IF; END IF; "
        f"{refuse} END $$ LANGUAGE plpgsql",
        f"CREATE TRIGGER {table}_keep BEFORE UPDATE OR DELETE ON {table} "
        f"FOR EACH ROW EXECUTE FUNCTION {table}_keep()",
        f"CREATE TRIGGER {table}_keep_all BEFORE TRUNCATE ON {table} "
        f"FOR EACH STATEMENT EXECUTE FUNCTION {table}_keep()",
    ]
