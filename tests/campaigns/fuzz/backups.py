"""Backups: as bytes, and put together so that each hash is right and what is in them is not."""

import hashlib
import json
import shutil
import sqlite3
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

from runtime.errors import HematoVisionError
from tests.campaigns.fuzz.archives import (
    DEFLATED,
    ODD_MEMBERS,
    Member,
    document,
    members_of,
    recipe_of,
    tree,
    write_zip,
)
from tests.campaigns.fuzz.target import Target
from tests.webapp.store.fields import add, analysis
from webapp.bench import Bench
from webapp.maintenance.archive import MANIFEST, SCHEMA, picture_name
from webapp.maintenance.backup import make_backup
from webapp.maintenance.restore import restore_backup
from webapp.store.database import FILE
from webapp.store.slides import open_slide

PICTURE = b"a picture"
FORBIDDEN = (sqlite3.SQLITE_ATTACH, sqlite3.SQLITE_DETACH)
STEPS = 200_000  # of SQLite, that statements of a fuzzed database may take
STATEMENTS = (
    "DROP TABLE audit",
    "DROP TABLE alembic_version",
    "UPDATE alembic_version SET version_num = '9999'",
    "UPDATE alembic_version SET version_num = '0001'",
    "CREATE TABLE other (id)",
    "CREATE TRIGGER t AFTER INSERT ON audit BEGIN DELETE FROM options; END",
    "CREATE TRIGGER t BEFORE INSERT ON audit WHEN (WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL "
    "SELECT i + 1 FROM n) SELECT 1 FROM n WHERE i < 0) BEGIN SELECT 1; END",
    "DROP TABLE pictures; CREATE VIEW pictures AS WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL "
    "SELECT i + 1 FROM n) SELECT printf('%064d', i) sha256, 1 size_bytes FROM n",
    "DROP TABLE audit_head; CREATE VIEW audit_head AS WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL "
    "SELECT i + 1 FROM n) SELECT i id, i entry_id, i sha256 FROM n WHERE i < 0",
    "ALTER TABLE slides RENAME COLUMN label TO words",
    "ALTER TABLE pictures ADD COLUMN more AS (hex(zeroblob(100000000)))",
    "PRAGMA writable_schema=ON; UPDATE sqlite_master SET sql = 'CREATE TABLE audit(id)'",
    "PRAGMA writable_schema=ON; DELETE FROM sqlite_master",
    "PRAGMA writable_schema=ON; UPDATE sqlite_master SET rootpage = 99999",
    "PRAGMA application_id=7; PRAGMA user_version=9",
    "DROP TRIGGER audit_keep_update; UPDATE audit SET detail = '{', at = 'never', id = -id",
    "DROP TRIGGER audit_keep_update; UPDATE audit SET detail = zeroblob(9), \"by\" = x'ff'",
    "DROP TRIGGER audit_keep_update; UPDATE audit SET detail = '[]', action = 'slide.sign'",
    "UPDATE pictures SET sha256 = x'00', size_bytes = 'many'",
    "UPDATE slides SET label = x'ff', opened_at = 'never'",
    "DELETE FROM audit_head; INSERT INTO audit_head VALUES (1, 1e300, NULL)",
)


ODD_MANIFESTS: tuple[Any, ...] = (
    {"schema": "hematovision.backup/2\n"},
    {"device": "a\nb\x1b[2J", "made_at": "\n" * 5000},
    {"database": {"sha256": "", "bytes": -1}},
    {"pictures": [{"sha256": "../" * 22, "bytes": 1}]},
    {"pictures": [{"sha256": "0" * 64, "bytes": 10**400}]},
    [],
)


def backups(folder: Path) -> Target:
    """Backups of any content, verified and brought back over data that must outlive it."""
    around = folder / "around"
    here = around / "a" / "b" / "c"  # so that what climbs out of a folder is seen
    data, file, changed = here / "data", here / "backup.zip", folder / "changed.db"
    kept, made = folder / "kept", folder / "made.zip"
    with Bench.open(kept) as bench, bench.writing() as session:
        slide = open_slide(session, "Ada", "26-1")
        add(session, bench.pictures.folder, slide.id, analysis(), content=PICTURE)
    make_backup(kept, made)
    here.mkdir(parents=True)
    shutil.copytree(kept, data)
    shutil.copy(kept / FILE, changed)
    with closing(sqlite3.connect(changed)) as connection:
        for statement in ("PRAGMA journal_mode=DELETE", "PRAGMA page_size=512", "VACUUM"):
            connection.execute(statement).fetchall()
    database = changed.read_bytes()  # so small that an input holds it
    before = tree(around)

    def write(part: str, content: bytes) -> bool:
        if part == "ZIP":
            file.write_bytes(content)
            return True
        recipe, held = recipe_of(content), database
        if part == "database":
            held = content
        elif part == "statements":
            changed.write_bytes(database)
            held = _after(content, changed)
        elif recipe is None:
            return False
        write_zip(file, _fitting(recipe if part == "recipe" else None, held))
        return True

    def run(part: str, content: bytes) -> None:
        if not write(part, content):
            return
        try:
            restored = restore_backup(file, data)
        except HematoVisionError:
            file.unlink()
            after = tree(around)
            assert after == before, f"changed: {sorted(dict(after.items() ^ before.items()))[:3]}"
            raise
        finally:
            shutil.rmtree(around)
            here.mkdir(parents=True)
            shutil.copytree(kept, data)
        assert restored.aside, "what was there before is kept"

    recipes = [
        *({"members": [each]} for each in ODD_MEMBERS),
        *({"members": [], "manifest": each} for each in ODD_MANIFESTS),
        {"members": [{"name": FILE, "text": "another"}]},
    ]
    return Target(
        {
            "ZIP": [made.read_bytes()],
            "recipe": [json.dumps(each).encode() for each in recipes],
            "database": [database, database[:18] + b"\2\2" + database[20:]],  # as with a log
            "statements": [each.encode() for each in STATEMENTS],
        },
        run,
    )


def _fitting(recipe: dict[str, Any] | None, database: bytes) -> list[Member]:
    """Put a manifest that fits, but where the recipe says otherwise, among the members."""
    held = Member(FILE.encode(), database, 0, {"method": DEFLATED})
    sha256 = hashlib.sha256(PICTURE).hexdigest()
    picture = Member(picture_name(sha256).encode(), PICTURE, 0, {})
    others = members_of(recipe or {})
    fitting = {
        **{"schema": SCHEMA, "program": "1", "device": "d", "made_at": "2026-01-01T00:00:00Z"},
        **{"left_out": [], "entries": 2, "head": "0" * 64, "broken": None},
        "database": held.fingerprint(),
        "pictures": [picture.fingerprint(), *(e.fingerprint() for e in others if e.megabytes)],
    }
    for each in others:
        if each.megabytes:  # under the name that is looked for
            each.told["name"] = picture_name(each.fingerprint()["sha256"])
    manifest = Member(MANIFEST.encode(), document(recipe or {}, fitting), 0, {})
    return [held, picture, *members_of(recipe or {}), manifest]


def _after(statements: bytes, database: Path) -> bytes:
    """Give a database as statements leave it that may take no long time and touch no other file."""
    with closing(sqlite3.connect(database, isolation_level=None)) as connection:
        connection.set_authorizer(
            lambda act, *_: sqlite3.SQLITE_DENY if act in FORBIDDEN else sqlite3.SQLITE_OK
        )
        connection.set_progress_handler(lambda: 1, STEPS)
        statement = ""
        for part in statements.decode(errors="replace").split(";"):
            statement += f"{part};".replace("\0", "")
            if sqlite3.complete_statement(statement):  # and not within a trigger
                with suppress(sqlite3.Error, sqlite3.Warning):
                    connection.execute(statement)
                statement = ""
    return database.read_bytes()
