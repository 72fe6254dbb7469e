"""What must be true of the folder of data whenever a server has died, whatever it was doing."""

import hashlib
from pathlib import Path

from sqlalchemy import func, select

from webapp.store.chain import verify
from webapp.store.database import Database
from webapp.store.pictures import Pictures
from webapp.store.tables import AuditRow, CellRow, FieldRow, PictureRow, SlideRow, TallyRow


def faults_of(data: Path, every_picture: bool = False) -> list[str]:
    """Look for what is wrong with a database, its trail, and the pictures that it tells of.

    Args:
        data: the app's folder.
        every_picture: compute the hash of each, and not only look whether it is there, whole.
    """
    pictures = Pictures(data / "pictures")
    with Database.open(data) as database, database.read() as session:
        ask = session.connection().exec_driver_sql
        faults = [f"integrity: {e}" for e in ask("PRAGMA integrity_check").scalars() if e != "ok"]
        faults += [f"foreign key: {row}" for row in ask("PRAGMA foreign_key_check")]
        if broken := verify(session).broken:
            faults.append(f"trail: {broken}")
        written = select(AuditRow.slide_id, func.count()).group_by(AuditRow.slide_id)
        entries = dict(session.execute(written).all())
        faults += [
            f"slide {row.id} has edition {row.edition} and {entries.get(row.id)} entries"
            for row in session.execute(select(SlideRow.id, SlideRow.edition))
            if entries.get(row.id) != row.edition
        ]
        counted = select(CellRow.slide_id, func.count()).where(CellRow.counts)
        tallied = select(TallyRow.slide_id, func.sum(TallyRow.n))
        cells = dict(session.execute(counted.group_by(CellRow.slide_id)).all())
        tallies = dict(session.execute(tallied.group_by(TallyRow.slide_id)).all())
        if cells != tallies:
            faults.append(f"there are the cells {cells}, but the tallies {tallies}")
        rows = session.execute(select(PictureRow.sha256, PictureRow.size_bytes)).all()
        for sha256, size_bytes in rows:
            file = pictures.folder / sha256[:2] / sha256
            if not file.is_file() or file.stat().st_size != size_bytes:
                faults.append(f"the picture {sha256} is not there, or not whole")
            elif every_picture and hashlib.sha256(file.read_bytes()).hexdigest() != sha256:
                faults.append(f"the picture {sha256} is not what it was")
        shown = set(session.scalars(select(FieldRow.picture_sha256)))
        faults += [f"the picture {each} has no row" for each in shown - {row[0] for row in rows}]
    return faults
