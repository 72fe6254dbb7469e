"""Signatures of packages (Ed25519): whether one of the keys that a device trusts has made it."""

import base64
import binascii
import re
from typing import Final

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import load_pem_public_key

from webapp.update.errors import UpdateError

TRUSTED: Final = "trusted.pem"  # of a package, and so of a version: whose updates it takes
_KEY: Final = re.compile(b"-----BEGIN PUBLIC KEY-----.+?-----END PUBLIC KEY-----", re.DOTALL)


def read_keys(pem: bytes, name: str) -> list[Ed25519PublicKey]:
    """Read public keys, one after the other.

    Args:
        pem: as `TRUSTED` holds them.
        name: what a person knows them by.

    Raises:
        UpdateError: `untrusted`; there is none, or one is no key of this kind.
    """
    keys = list[Ed25519PublicKey]()
    for text in _KEY.findall(pem):
        try:
            key = load_pem_public_key(text)
        except (ValueError, UnsupportedAlgorithm):
            key = None
        if not isinstance(key, Ed25519PublicKey):
            raise UpdateError("untrusted", f"{name} holds something that is no Ed25519 key")
        keys.append(key)
    if not keys:
        raise UpdateError("untrusted", f"{name} holds no key")
    return keys


def check_signature(content: bytes, signature: bytes, keys: list[Ed25519PublicKey]) -> bool:
    """Tell whether one of the keys has signed a content.

    Args:
        content: of a package's manifest.
        signature: 64 bytes as base64, as `manifest.sig` holds them.
        keys: those that are trusted.
    """
    try:
        raw = base64.b64decode(signature.strip(), validate=True)
    except (binascii.Error, ValueError):
        return False
    for key in keys:
        try:
            key.verify(raw, content)
        except InvalidSignature:
            continue
        return True
    return False
