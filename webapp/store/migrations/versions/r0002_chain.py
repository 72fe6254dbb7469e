"""The audit becomes a chain: each entry holds a hash of itself and of the hash before it."""

import sqlalchemy as sa
from alembic import op

from webapp.store.chain import HEAD_ID, START, link
from webapp.store.tables import UtcTime

revision = "0002"
down_revision = "0001"

AUDIT = sa.table(
    "audit",
    sa.column("id", sa.Integer),
    sa.column("at", UtcTime),
    sa.column("by", sa.String),
    sa.column("action", sa.String),
    sa.column("slide_id", sa.Integer),
    sa.column("revision", sa.Integer),
    sa.column("edition", sa.Integer),
    sa.column("detail", sa.JSON),
    sa.column("sha256", sa.String),
)
AT_ONCE = 500  # rows
KEEPS = (
    "CREATE TRIGGER audit_keep_update BEFORE UPDATE ON audit "
    "BEGIN SELECT RAISE(ABORT, 'rows of audit are never changed'); END"
)


def upgrade() -> None:
    """Add hash and head, and chain the entries that are there; only now may they be changed."""
    sqlite = op.get_bind().dialect.name == "sqlite"
    op.add_column("audit", sa.Column("sha256", sa.String(64), server_default="", nullable=False))
    op.create_table(
        "audit_head",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("entry_id", sa.Integer(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit_head")),
    )
    op.execute(
        "DROP TRIGGER audit_keep_update" if sqlite else "ALTER TABLE audit DISABLE TRIGGER USER"
    )
    entry_id, sha256 = _chained(op.get_bind())
    op.execute(KEEPS if sqlite else "ALTER TABLE audit ENABLE TRIGGER USER")
    head = sa.table("audit_head", *map(sa.column, ("id", "entry_id", "sha256")))
    op.bulk_insert(head, [{"id": HEAD_ID, "entry_id": entry_id, "sha256": sha256}])


def downgrade() -> None:
    """Refuse: a trace is not taken apart.

    Raises:
        NotImplementedError: always.
    """
    raise NotImplementedError("the chain of the audit is not taken apart")


def _chained(connection: sa.Connection) -> tuple[int, str]:
    """Chain all entries; return id and hash of the last one."""
    last, sha256 = 0, START
    while True:
        some = sa.select(*(c for c in AUDIT.c if c.name != "sha256")).where(AUDIT.c.id > last)
        rows = connection.execute(some.order_by(AUDIT.c.id).limit(AT_ONCE)).mappings().all()
        for row in rows:
            sha256, last = link(sha256, **row), row["id"]
            update = sa.update(AUDIT).where(AUDIT.c.id == last).values(sha256=sha256)
            connection.execute(update)
        if len(rows) < AT_ONCE:
            return last, sha256
