"""Keys that packages are signed with (Ed25519), and their signatures."""

import base64
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    KeySerializationEncryption,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)

from runtime.files import unwritable, write_whole
from webapp.packaging.installer.manifest import MANIFEST, SIGNATURE
from webapp.packaging.pins import PackagingError
from webapp.update.errors import UpdateError
from webapp.update.signature import TRUSTED, read_keys

PRIVATE: Final = "hematovision.key"
PUBLIC: Final = "hematovision.pub"


@dataclass(frozen=True)
class Signer:
    """Who signs a package.

    Attributes:
        key: the private key.
        others: files of public keys that are trusted too, such as of the next key.
    """

    key: Ed25519PrivateKey
    others: tuple[Path, ...] = ()


def make_key(folder: Path, passphrase: str) -> tuple[Path, Path]:
    """Make a pair of keys.

    Args:
        folder: where they go; made where it is missing.
        passphrase: what the private one is encrypted with; empty leaves it as it is.

    Returns:
        The private and the public one.

    Raises:
        PackagingError: `key`; there is one already.
        HematoVisionError: `unwritable`.
    """
    private, public = folder / PRIVATE, folder / PUBLIC
    key = Ed25519PrivateKey.generate()
    hiding: KeySerializationEncryption = (
        BestAvailableEncryption(passphrase.encode()) if passphrase else NoEncryption()
    )
    text = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, hiding)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with open(private, "xb", opener=lambda name, flags: os.open(name, flags, 0o600)) as stream:
            stream.write(text)
    except FileExistsError as error:
        raise PackagingError(
            "key", f"{private} is there already: name another folder with --out"
        ) from error
    except OSError as error:
        raise unwritable(private, error) from error
    write_whole(public, _public(key))
    return private, public


def read_key(file: Path, passphrase: str) -> Ed25519PrivateKey:
    """Read a private key; the passphrase is empty where there is none.

    Raises:
        PackagingError: `key`.
    """
    try:
        key = load_pem_private_key(file.read_bytes(), passphrase.encode() or None)
    except OSError as error:
        raise PackagingError("key", f"{file} cannot be read ({error.strerror})") from error
    except (TypeError, ValueError) as error:
        raise PackagingError(
            "key", f"{file} is no private key, or of another passphrase"
        ) from error
    if not isinstance(key, Ed25519PrivateKey):
        raise PackagingError("key", f"{file} is no Ed25519 key: make one with 'key'")
    return key


def is_hidden(file: Path) -> bool:
    """Tell whether a private key needs a passphrase."""
    try:
        return b"ENCRYPTED" in file.read_bytes()
    except OSError:
        return False


def shown(key: Ed25519PrivateKey) -> str:
    """Give the public key of a private one in a line, as it stands in its file."""
    return "".join(_public(key).decode().splitlines()[1:-1])


def write_trusted(folder: Path, signer: Signer) -> None:
    """Write down, in what becomes a package, whose updates are taken once it is installed.

    Raises:
        PackagingError: `key`; a file holds none.
    """
    texts = [_public(signer.key)]
    for file in signer.others:
        try:
            texts.append(file.read_bytes())
            read_keys(texts[-1], str(file))
        except OSError as error:
            raise PackagingError("key", f"{file} cannot be read ({error.strerror})") from error
        except UpdateError as error:
            raise PackagingError("key", str(error)) from error
    (folder / TRUSTED).write_bytes(b"".join(texts))


def sign(folder: Path, key: Ed25519PrivateKey) -> None:
    """Sign the manifest of what becomes a package."""
    signature = base64.b64encode(key.sign((folder / MANIFEST).read_bytes()))
    (folder / SIGNATURE).write_bytes(signature + b"\n")


def _public(key: Ed25519PrivateKey) -> bytes:
    return key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
