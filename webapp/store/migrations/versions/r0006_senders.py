"""Which account has sent a record, and that a program which knows no device's account stays out."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    """Add the column; of what is there already nobody knows it."""
    op.add_column("received", sa.Column("account", sa.String(length=100), nullable=True))


def downgrade() -> None:
    """Refuse: who sent a record is not forgotten.

    Raises:
        NotImplementedError: always.
    """
    raise NotImplementedError("who sent a record is not forgotten")
