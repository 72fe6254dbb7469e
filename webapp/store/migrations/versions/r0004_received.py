"""Records that devices send to a laboratory's server, and the order of signatures on a device."""

import sqlalchemy as sa
from alembic import op

from webapp.store.migrations.triggers import keep
from webapp.store.tables import UtcTime

revision = "0004"
down_revision = "0002"


def upgrade() -> None:
    """Add the table, which only grows, and an index by which signatures are found in order."""
    op.create_index(op.f("ix_audit_action_id"), "audit", ["action", "id"])
    op.create_table(
        "received",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("device", sa.String(length=36), nullable=False),
        sa.Column("device_name", sa.String(length=100), nullable=False),
        sa.Column("entry", sa.Integer(), nullable=False),
        sa.Column("received_at", UtcTime(), nullable=False),
        sa.Column("uid", sa.String(length=36), nullable=False),
        sa.Column("label", sa.String(length=200), nullable=False),
        sa.Column("folded", sa.String(length=600), nullable=False),
        sa.Column("status", sa.String(length=16), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("signed_by", sa.String(length=100), nullable=False),
        sa.Column("signed_at", UtcTime(), nullable=False),
        sa.Column("content", sa.Text(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_received")),
        sa.UniqueConstraint("device", "sha256", name=op.f("uq_received_device_sha256")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_received_device_id"), "received", ["device", "id"])
    op.create_index(op.f("ix_received_signed_by"), "received", ["signed_by"])
    op.create_index(op.f("ix_received_uid"), "received", ["uid"])
    keep(op, "received")


def downgrade() -> None:
    """Refuse: what was received is not thrown away.

    Raises:
        NotImplementedError: always.
    """
    raise NotImplementedError("what was received is not thrown away")
