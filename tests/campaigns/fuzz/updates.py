"""Files to update with: as bytes, and put together with a signature that is right."""

import base64
import json
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from tests.campaigns.fuzz.archives import (
    ODD_MEMBERS,
    Member,
    document,
    members_of,
    recipe_of,
    tree,
    write_tar,
    write_zip,
)
from tests.campaigns.fuzz.target import Target
from tests.tiny_bundle import make_tiny_bundle
from webapp.packaging.bundles import make_bundle_package
from webapp.packaging.installer.manifest import MANIFEST, SIGNATURE
from webapp.packaging.installer.manifest import SCHEMA as PROGRAM
from webapp.packaging.installer.place import Place
from webapp.packaging.installer.version import python_of
from webapp.packaging.signing import Signer
from webapp.update.device import Device
from webapp.update.models import PART
from webapp.update.package import BUNDLE, MODEL, read_package, unpack
from webapp.update.signature import TRUSTED
from webapp.update.update import update

KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
TOP = b"top/"  # the folder that all of an archive lies in
RUNS = "1.0.0-01234567"  # the version on the device
PLAIN = [{"name": "top/install.py", "text": "print()"}, {"name": "top/app/a", "text": "a" * 99}]
ODD_MANIFESTS: tuple[Any, ...] = (
    {"schema": MODEL},
    {"version": "1.1.0\n../.."},
    {"version": "9" * 5000},
    {"files": {"../out": {"sha256": "", "bytes": 0}}},
    {"files": {"a": {"sha256": "", "bytes": float("inf")}}},
    {"files": {"a": {"sha256": "", "bytes": 1 << 60}, "b": {"sha256": "", "bytes": -(1 << 60)}}},
    {"files": {"a": {"sha256": "", "bytes": 1}, "a/b": {"sha256": "", "bytes": 1}}},
    [],
)


def updates(folder: Path) -> Target:
    """Signed archives of program and model, whatever is in them, brought to a device.

    No program out of an archive is run: whoever holds the key may run what they like.
    """
    around = folder / "around"
    here = around / "a" / "b" / "c"  # so that what climbs out of a folder is seen
    device, bundle = _device(here), make_tiny_bundle(folder / "made")
    file, unpacked, zipped = here / "package", here / "unpacked", folder / "made" / "package.zip"
    files = {each.name: each.read_bytes() for each in bundle.iterdir()}
    write_zip(zipped, _of_bundle(files))
    packed = make_bundle_package(bundle, folder / "made", Signer(KEY))
    before = tree(around)

    def write(part: str, content: bytes) -> bool:
        if part == "bundle's manifest":
            write_zip(file, _of_bundle({**files, "manifest.json": content}))
        elif part in ("ZIP", "TAR"):
            file.write_bytes(content)
        elif (recipe := recipe_of(content)) is not None:
            put = write_zip if part == "recipe of a ZIP" else write_tar
            put(file, _signed(recipe, members_of(recipe)))
        return file.exists()

    def run(part: str, content: bytes) -> None:
        try:
            if not write(part, content):
                return
            package = read_package(file, [KEY.public_key()])
            if package.kind == MODEL:
                update(device, file, lambda _: None)
            unpacked.mkdir()
            unpack(package, unpacked)
            assert all((unpacked / name).is_file() for name in package.files)
        finally:
            file.unlink(missing_ok=True)
            shutil.rmtree(unpacked, ignore_errors=True)
            versions = device.place.versions
            assert not list(versions.glob(f"{PART}*")), "something half-made is left"
            for whole in versions.glob(f"{RUNS}+*"):  # whose server was not to be started
                shutil.rmtree(whole)
            after = tree(around)
            assert after == before, f"changed: {sorted(dict(after.items() ^ before.items()))[:3]}"

    recipes = [
        *({"members": [*PLAIN, each]} for each in ODD_MEMBERS),
        *({"members": [each, *PLAIN], "manifest": {"files": {}}} for each in ODD_MEMBERS),
        *({"members": PLAIN, "manifest": each} for each in ODD_MANIFESTS),
        {"members": [*PLAIN, PLAIN[0], {**PLAIN[1], "name": "top/app/A"}]},
    ]
    seeds = [json.dumps(each).encode() for each in recipes]
    return Target(
        {
            "ZIP": [zipped.read_bytes()],
            "TAR": [packed.read_bytes()],
            "recipe of a ZIP": seeds,
            "recipe of a TAR": seeds,
            "bundle's manifest": [files["manifest.json"]],
        },
        run,
    )


def _of_bundle(files: dict[str, bytes]) -> list[Member]:
    held = [Member(TOP + f"{BUNDLE}/{name}".encode(), text, 0, {}) for name, text in files.items()]
    return _signed({"manifest": {"schema": MODEL}}, held)


def _signed(recipe: dict[str, Any], members: Sequence[Member]) -> list[Member]:
    """Put a manifest that fits, but where the recipe says otherwise, and its signature first."""
    files = {
        each.name.removeprefix(TOP).decode(errors="replace"): each.fingerprint()
        for each in members
        if each.told.get("type", "0") == "0"
    }
    manifest = document(recipe, {"schema": PROGRAM, "version": "1.1.0", "files": files})
    signature = base64.b64encode(KEY.sign(manifest))
    names = {MANIFEST: manifest, SIGNATURE: signature}
    return [*(Member(TOP + n.encode(), text, 0, {}) for n, text in names.items()), *members]


def _device(folder: Path) -> Device:
    """Give a device whose version finds every model right, and starts no server."""
    place = Place(folder / "opt", folder / "bin")
    version = place.versions / RUNS
    python_of(version).parent.mkdir(parents=True)
    python_of(version).write_text("#!/bin/sh\n")
    python_of(version).chmod(0o755)
    public = KEY.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    (version / TRUSTED).write_bytes(public)
    (version / MANIFEST).write_text('{"version": "1.0.0"}')
    (version / "app" / "models").mkdir(parents=True)
    with place.alone():  # whose file stays
        place.switch(RUNS)
    (folder / "data").mkdir()
    return Device(place, folder / "data", "http://127.0.0.1:9")
