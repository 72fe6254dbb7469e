"""Pictures whose time is over are removed, and files that a crash has left."""

from datetime import timedelta
from typing import Final

from webapp.store.database import Database
from webapp.store.options import read_options
from webapp.store.pictures import Pictures
from webapp.store.tables import now

BY: Final = "HematoVision"  # who does it, in the audit


def tidy(database: Database, pictures: Pictures) -> int:
    """Remove pictures as the options say, and stray files; to be called at start and daily.

    Args:
        database: that tells of them.
        pictures: their folder.

    Returns:
        How many pictures and files.
    """
    removed = 0
    with database.begin() as session:
        days = read_options(session).retention_days
        if days is not None:
            removed = pictures.expire(session, BY, now() - timedelta(days=days))
    return removed + pictures.sweep(database)
