"""Packages of the real app that install in seconds: with tiny bundles, and borrowed packages."""

import shutil
import sys
import sysconfig
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from tests.tiny_bundle import make_tiny_bundle
from tests.tiny_squares import make_squares_detector
from tests.webapp.packaging.test_archive import HERE
from webapp import __version__
from webapp.packaging import archive as archives
from webapp.packaging.archive import packed, stage, write_manifest
from webapp.packaging.signing import Signer, make_key, read_key, sign, write_trusted
from webapp.store.migrations import versions

# Instead of wheels, which take a minute: what this Python has installed.
BORROWS = """

COMPILED = "import webapp.cli"

def _install_packages(archive, part):
    packages = _packages(part)
    there = os.path.relpath(part / "app", packages)
    (packages / "hematovision.pth").write_text(f"{there}\\n%s\\n", encoding="utf-8")
"""
NEWEST = max(each.name[1:5] for each in Path(versions.__path__[0]).glob("r*.py"))
MIGRATION = f'''"""One table more."""

import sqlalchemy as sa
from alembic import op

revision = "9999"
down_revision = "{NEWEST}"


def upgrade() -> None:
    """Add it."""
    op.create_table("added", sa.Column("id", sa.Integer(), primary_key=True))
'''
# Answers as long as it is tried, on a port of its own; then it migrates the data, and ends.
FAILS_LATER = """

_really = run


def run(settings):
    if settings.port:
        create_app(settings)
        raise SystemExit("it fails when it counts")
    return _really(settings)
"""
# Comes up, and says that it finds no cells.
FINDS_NOTHING = """

_really = run


def run(settings):
    from dataclasses import replace

    return _really(replace(settings, detector=Path("/nowhere")))
"""
FAILS_AT_ONCE = "\n\ndef run(settings):\n    raise SystemExit('it never starts')\n"


def new_key(folder: Path) -> Ed25519PrivateKey:
    return read_key(make_key(folder, "")[0], "")


def make_package(
    folder: Path,
    version: str,
    key: Ed25519PrivateKey | None,
    *,
    migrates: bool = False,
    breaks: str = "",
    others: tuple[Path, ...] = (),
) -> Path:
    """Make a package of the app as it is here; `breaks` is Python that its `webapp/cli.py` gets."""
    unpacked = folder / f"hematovision-{version}"
    stage(unpacked)
    app = unpacked / "app"
    shutil.rmtree(app / "models")
    make_tiny_bundle(app / "models", default=True)
    make_squares_detector(app / "models", default=True)
    init = app / "webapp/__init__.py"
    init.write_text(init.read_text().replace(__version__, version))
    borrowed = sysconfig.get_path("purelib")
    _add(app / "webapp/packaging/installer/version.py", BORROWS % borrowed)
    _add(app / "webapp/cli.py", breaks)
    if migrates:
        (app / "webapp/store/migrations/versions/r9999_added.py").write_text(MIGRATION)
    if key:
        write_trusted(unpacked, Signer(key, others))
    archives.__version__, kept = version, archives.__version__  # what the manifest says
    try:
        write_manifest(unpacked, HERE, [".".join(map(str, sys.version_info[:2]))])
    finally:
        archives.__version__ = kept
    if key:
        sign(unpacked, key)
    file = packed(unpacked, folder)
    shutil.rmtree(unpacked)
    return file


def _add(file: Path, text: str) -> None:
    with file.open("a") as stream:
        stream.write(text)
