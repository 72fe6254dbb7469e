"""Packages and signatures: what is taken, and what is refused before anything is written."""

import base64
import hashlib
import io
import json
import tarfile
import tracemalloc
import zipfile
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from webapp.packaging.installer.manifest import MANIFEST, SIGNATURE
from webapp.packaging.pins import PackagingError
from webapp.packaging.signing import (
    PRIVATE,
    PUBLIC,
    Signer,
    is_hidden,
    make_key,
    read_key,
    write_trusted,
)
from webapp.update.errors import UpdateError
from webapp.update.package import MODEL, read_package, unpack
from webapp.update.signature import TRUSTED, check_signature, read_keys

KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
TRUST = [KEY.public_key()]
FILES = {"bundle/manifest.json": b"{}", "bundle/card.md": b"# A card"}


def manifest_of(contents: dict[str, bytes], **changes: object) -> bytes:
    told = {
        name: {"sha256": hashlib.sha256(text).hexdigest(), "bytes": len(text)}
        for name, text in contents.items()
    }
    return json.dumps({"schema": MODEL, "version": "1.0.0", "files": told} | changes).encode()


def archive(
    file: Path, manifest: bytes, files: dict[str, bytes], signature: bytes | None = None
) -> Path:
    signature = base64.b64encode(KEY.sign(manifest)) if signature is None else signature
    entries = {MANIFEST: manifest, SIGNATURE: signature, **files}
    if file.suffix == ".zip":
        with zipfile.ZipFile(file, "w") as packed:
            for name, text in entries.items():
                packed.writestr(f"top/{name}", text)
        return file
    with tarfile.open(file, "w:gz") as packed_tar:
        for name, text in entries.items():
            entry = tarfile.TarInfo(f"top/{name}")
            entry.size = len(text)
            packed_tar.addfile(entry, io.BytesIO(text))
    return file


@pytest.fixture
def place(tmp_path: Path) -> Path:
    (tmp_path / "unpacked").mkdir()
    return tmp_path / "unpacked"


@pytest.mark.parametrize("name", ["p.tar.gz", "p.zip"])
def test_a_signed_package_is_unpacked(name: str, tmp_path: Path, place: Path) -> None:
    package = read_package(archive(tmp_path / name, manifest_of(FILES), FILES), TRUST)
    assert (package.kind, package.version) == (MODEL, "1.0.0")
    unpack(package, place)
    for each, text in FILES.items():
        assert (place / each).read_bytes() == text


@pytest.mark.parametrize(
    ("files", "words"),
    [
        ({**FILES, "bundle/card.md": b"# Acard"}, "bundle/card.md was changed"),
        ({**FILES, "bundle/card.md": b"# A card, longer"}, "bundle/card.md was changed"),
        ({"bundle/card.md": b"# A card"}, "bundle/manifest.json is missing"),
        ({**FILES, "bundle/more": b""}, "bundle/more does not belong to it"),
    ],
)
@pytest.mark.parametrize("name", ["p.tar.gz", "p.zip"])
def test_files_that_are_not_those_of_the_manifest_are_refused(
    name: str, files: dict[str, bytes], words: str, tmp_path: Path, place: Path
) -> None:
    package = read_package(archive(tmp_path / name, manifest_of(FILES), files), TRUST)
    with pytest.raises(UpdateError, match=words):
        unpack(package, place)


def test_a_signature_of_another_key_or_manifest_is_refused(tmp_path: Path) -> None:
    other = Ed25519PrivateKey.generate()
    manifest = manifest_of(FILES)
    for signature in (
        base64.b64encode(other.sign(manifest)),
        base64.b64encode(KEY.sign(manifest + b" ")),
        b"",
        b"no base64!",
    ):
        file = archive(tmp_path / "p.zip", manifest, FILES, signature)
        with pytest.raises(UpdateError, match="not signed with a key that this device trusts"):
            read_package(file, TRUST)
    assert read_package(archive(tmp_path / "p.zip", manifest, FILES), [other.public_key(), *TRUST])


@pytest.mark.parametrize("name", ["../escapes", "/etc/passwd", "a\\b", "c:d", "a//b", "./a", ""])
def test_a_name_that_leaves_its_folder_is_refused(name: str, tmp_path: Path) -> None:
    file = archive(tmp_path / "p.zip", manifest_of({name: b"x"}), {})
    with pytest.raises(UpdateError, match="is no update"):
        read_package(file, TRUST)


@pytest.mark.parametrize(
    "manifest",
    [b"", b"[]", b"{}", manifest_of({}, files=3), manifest_of({}, files={"a": {}}),
     manifest_of({}, files={"a": {"sha256": "", "bytes": "x"}}),
     manifest_of({}, files={"a": {"sha256": "", "bytes": float("inf")}}),
     manifest_of({}, files={"a": {"sha256": "", "bytes": -1}}),
     manifest_of({}, files={"a": {"sha256": "", "bytes": 10**400}}),
     manifest_of({}, version="1.0.0\n"), manifest_of({}, version="9" * 5000), b"[" * 100_000],
)  # fmt: skip
def test_a_signed_manifest_that_is_none_is_refused(manifest: bytes, tmp_path: Path) -> None:
    with pytest.raises(UpdateError, match="is no update"):
        read_package(archive(tmp_path / "p.tar.gz", manifest, {}), TRUST)


@pytest.mark.parametrize("name", ["manifest.json/a", "a" * 300, "a/" * 3000 + "a", "bundle"])
@pytest.mark.parametrize("kind", ["p.tar.gz", "p.zip"])
def test_a_name_that_no_file_can_have_is_refused(
    name: str, kind: str, tmp_path: Path, place: Path
) -> None:
    files = {"bundle/card.md": b"# A card", name: b"x"}
    package = read_package(archive(tmp_path / kind, manifest_of(files), files), TRUST)
    with pytest.raises(UpdateError, match="nothing can be called"):
        unpack(package, place)


def test_what_is_to_fill_memory_or_time_is_refused_before_it_does(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "p.zip", "w", zipfile.ZIP_BZIP2) as packed:
        packed.writestr("top/manifest.json", b" " * 50_000_000)
    with tarfile.open(tmp_path / "p.tar.gz", "w:gz", format=tarfile.PAX_FORMAT) as packed_tar:
        entry = tarfile.TarInfo("top/manifest.json")
        entry.pax_headers = {"comment": "x" * 50_000_000}
        packed_tar.addfile(entry)
    with tarfile.open(tmp_path / "late.tar.gz", "w:gz") as packed_tar:
        for name in ("a", MANIFEST, SIGNATURE):
            entry = tarfile.TarInfo(f"top/{name}")
            entry.size = 50_000_000
            packed_tar.addfile(entry, io.BytesIO(bytes(entry.size)))
    for file in tmp_path.iterdir():
        tracemalloc.start()
        with pytest.raises(UpdateError, match=r"is no update|is not whole"):
            read_package(file, TRUST)
        held = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert held < 40_000_000, file


def test_a_newer_form_says_what_to_do(tmp_path: Path) -> None:
    file = archive(tmp_path / "p.zip", manifest_of({}, schema="hematovision.archive/9"), {})
    with pytest.raises(UpdateError, match="install that one by hand"):
        read_package(file, TRUST)


@given(content=st.binary(max_size=200), head=st.sampled_from([b"", b"PK\x03\x04", b"\x1f\x8b\x08"]))
def test_whatever_a_file_holds_it_is_read_or_refused_in_a_line(
    content: bytes, head: bytes, tmp_path_factory: pytest.TempPathFactory
) -> None:
    file = tmp_path_factory.getbasetemp() / "anything"
    file.write_bytes(head + content)
    with pytest.raises(UpdateError):
        read_package(file, TRUST)


@given(cut=st.floats(0, 1), name=st.sampled_from(["p.tar.gz", "p.zip"]), flip=st.booleans())
def test_a_package_cut_or_changed_anywhere_is_refused_or_whole(
    cut: float, name: str, flip: bool, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("cut")
    file = archive(folder / name, manifest_of(FILES), FILES)
    content = file.read_bytes()
    at = min(int(cut * len(content)), len(content) - 1)
    damaged = content[:at] + (bytes([content[at] ^ 1]) + content[at + 1 :] if flip else b"")
    file.write_bytes(damaged)
    try:
        unpack(read_package(file, TRUST), folder)
    except UpdateError:
        return
    for each, text in FILES.items():
        assert (folder / each).read_bytes() == text


@given(content=st.binary(), signature=st.binary(max_size=100))
def test_only_the_key_makes_its_signature(content: bytes, signature: bytes) -> None:
    assert not check_signature(content, signature, TRUST)
    assert check_signature(content, base64.b64encode(KEY.sign(content)), TRUST)


def test_a_key_is_its_owners_alone_and_may_be_hidden(tmp_path: Path) -> None:
    private, public = make_key(tmp_path, "a secret")
    assert private.stat().st_mode & 0o777 == 0o600
    assert is_hidden(private)
    key = read_key(private, "a secret")
    assert b"PUBLIC KEY" in public.read_bytes()
    assert check_signature(
        b"x", base64.b64encode(key.sign(b"x")), read_keys(public.read_bytes(), "it")
    )
    for passphrase in ("", "another"):
        with pytest.raises(PackagingError, match="of another passphrase"):
            read_key(private, passphrase)
    with pytest.raises(PackagingError, match="is there already"):
        make_key(tmp_path, "")
    with pytest.raises(PackagingError, match="is no private key"):
        read_key(public, "")


def test_several_keys_can_be_trusted(tmp_path: Path) -> None:
    make_key(tmp_path / "next", "")
    write_trusted(tmp_path, Signer(KEY, (tmp_path / "next" / PUBLIC,)))
    assert len(read_keys((tmp_path / TRUSTED).read_bytes(), "it")) == 2
    with pytest.raises(PackagingError, match="holds no key"):
        write_trusted(tmp_path, Signer(KEY, (tmp_path / "next" / PRIVATE,)))
    with pytest.raises(UpdateError, match="no Ed25519 key"):
        read_keys(b"-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----", "it")
