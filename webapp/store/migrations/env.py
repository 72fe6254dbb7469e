"""Called by Alembic: migrates on the connection, and within the transaction, of its caller."""

from alembic import context

import webapp.store.account_tables  # noqa: F401 - its tables are of Base
from webapp.store.tables import Base

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=Base.metadata,
    render_as_batch=True,
    compare_type=True,
)
context.run_migrations()
