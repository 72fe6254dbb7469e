"""Archives put together from a recipe in JSON, so that what is in them can be made wrong."""

import bz2
import hashlib
import json
import lzma
import struct
import tarfile
import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

MOST_MB = 300  # of zeros in a member
MB = 1 << 20
STORED, DEFLATED, BZIP2, LZMA = 0, 8, 12, 14  # of the ZIP format, 4.4.5
ENCRYPTED, UTF_8 = 1, 0x800  # bits of a member's flags
# What a member may say of itself that is not so, as JSON.
ODD_MEMBERS: tuple[dict[str, Any], ...] = (
    *({"name": n} for n in ("top/../../out", "/out", "top\\..\\out", "top/a\0b", "top/a\nb", "")),
    *({"name": f"top/{name}"} for name in ("a" * 300, "a/" * 1000, "manifest.json/x")),
    {"name": "top/out", "attributes": 0o120777 << 16, "text": "../../../out", "type": "2"},
    {"name": "top/out", "type": "1", "text": "top/manifest.json"},
    *({"name": "top/zeros", "megabytes": MOST_MB, "method": m} for m in (DEFLATED, BZIP2, LZMA)),
    {"name": "top/zeros", "megabytes": MOST_MB, "says": 1000},
    {"name": "top/few", "says": 1 << 40, "zip64": True},
    {"name": "top/few", "text": "a", "flags": ENCRYPTED},
    *({"name": "top/few", "text": "a", "method": method} for method in (1, 9, 93, 99)),
    *({"name": "top/few", "type": kind, "says": 1 << 33} for kind in ("x", "g", "L", "S", "6")),
    {"name": "top/zeros", "type": "x", "megabytes": MOST_MB},
    {"name": "top/zeros", "type": "L", "megabytes": MOST_MB},
)  # fmt: skip


@dataclass(frozen=True)
class Member:
    """A member of an archive: what it holds, and what it says of itself.

    Attributes:
        name: in the archive.
        content: nothing where it is `megabytes` of zeros.
        told: the member's part of the recipe.
    """

    name: bytes
    content: bytes
    megabytes: int
    told: dict[str, Any]

    @property
    def size(self) -> int:
        """Bytes of what it holds."""
        return len(self.content) + self.megabytes * MB

    @property
    def says(self) -> int:
        """Bytes that it says it holds."""
        return number(self.told, "says", self.size)

    def fingerprint(self) -> dict[str, Any]:
        """Give hash and size of what it holds, as manifests have them."""
        if self.megabytes:
            return {"sha256": _sums_of_zeros(self.megabytes)[0], "bytes": self.size}
        return {"sha256": hashlib.sha256(self.content).hexdigest(), "bytes": self.size}


def members_of(recipe: dict[str, Any]) -> list[Member]:
    """Read the members of a recipe, of which one may be large; what is none is left out."""
    given = recipe.get("members")
    found = list[Member]()
    for told in given if isinstance(given, list) else []:
        if isinstance(told, dict):
            name, content = (text(told, k).encode(errors="surrogatepass") for k in ("name", "text"))
            is_first = not any(each.megabytes for each in found)
            megabytes = MOST_MB if is_first and number(told, "megabytes", 0) else 0
            found.append(Member(name[:60_000], b"" if megabytes else content, megabytes, told))
    return found


def number(told: dict[str, Any], key: str, default: int) -> int:
    """Give a number of a recipe that fits into 64 bits."""
    value = told.get(key, default)
    return value % (1 << 64) if isinstance(value, int) else default


def text(told: dict[str, Any], key: str) -> str:
    """Give a text of a recipe."""
    value = told.get(key, "")
    return value if isinstance(value, str) else ""


def recipe_of(content: bytes) -> dict[str, Any] | None:
    """Read a recipe; None of what is none."""
    try:
        told = json.loads(content)
    except (ValueError, RecursionError):
        return None
    return told if isinstance(told, dict) else None


def document(recipe: dict[str, Any], fitting: dict[str, Any]) -> bytes:
    """Give the manifest of a recipe: what fits its members, but where it says otherwise."""
    told = recipe.get("manifest", {})
    return json.dumps(fitting | told if isinstance(told, dict) else told).encode()


def write_zip(file: Path, members: Sequence[Member]) -> None:
    """Write a ZIP file whose members say what they are told to say."""
    with file.open("wb") as stream:
        entries = b""
        for each in members:
            method, at = number(each.told, "method", STORED) & 0xFFFF, stream.tell()
            packed, crc = _packed(each, method)
            size = number(each.told, "packed", len(packed))
            wide = bool(each.told.get("zip64")) or max(size, each.says) >= 1 << 32
            extra = struct.pack("<HHQQ", 1, 16, each.says, size) if wide else b""
            sizes = (0xFFFFFFFF, 0xFFFFFFFF) if wide else (size, each.says)
            flags = number(each.told, "flags", UTF_8) & 0xFFFF
            common = (flags, method, 0, 33, number(each.told, "crc", crc) & 0xFFFFFFFF, *sizes)
            lengths = len(each.name), len(extra)
            head = struct.pack("<4sHHHHHIIIHH", b"PK\3\4", 45, *common, *lengths)
            stream.write(head + each.name + extra + packed)
            attributes = number(each.told, "attributes", 0o100600 << 16) & 0xFFFFFFFF
            place = (number(each.told, "at", at)) & 0xFFFFFFFF
            fields = (b"PK\1\2", 3 << 8 | 45, 45, *common, *lengths, 0, 0, 0, attributes, place)
            entries += struct.pack("<4sHHHHHHIIIHHHHHII", *fields) + each.name + extra
        count, at = len(members) & 0xFFFF, stream.tell()
        ending = struct.pack("<4sHHHHIIH", b"PK\5\6", 0, 0, count, count, len(entries), at, 0)
        stream.write(entries + ending)


def write_tar(file: Path, members: Sequence[Member]) -> None:
    """Write a packed TAR file whose members say what they are told to say."""
    with file.open("wb") as raw:
        press = zlib.compressobj(1, zlib.DEFLATED, 31)
        for each in members:
            entry = tarfile.TarInfo(each.name[:100].decode("latin-1"))
            entry.size, entry.linkname = each.says, each.content[:100].decode("latin-1")
            entry.type = text(each.told, "type").encode(errors="replace")[:1] or tarfile.REGTYPE
            head = entry.create_gnu_header(entry.get_info(), "latin-1", "replace")
            raw.write(press.compress(head + each.content))
            raw.write(press.flush(zlib.Z_FULL_FLUSH) + _zeros(DEFLATED, each.megabytes))
            raw.write(press.compress(bytes(-each.size % tarfile.BLOCKSIZE)))
        raw.write(press.compress(bytes(2 * tarfile.BLOCKSIZE)) + press.flush())


def _packed(member: Member, method: int) -> tuple[bytes, int]:
    if not member.megabytes:
        return _PACKING.get(method, bytes)(member.content), zlib.crc32(member.content)
    packed = _zeros(method, member.megabytes) + b"\3\0" * (method == DEFLATED)
    return packed, _sums_of_zeros(member.megabytes)[1]


def tree(folder: Path) -> dict[str, bytes]:
    """Tell all that lies in a folder: names and contents of its files."""
    return {
        str(each.relative_to(folder)): each.read_bytes() if each.is_file() else b""
        for each in folder.rglob("*")
    }


@lru_cache
def _sums_of_zeros(megabytes: int) -> tuple[str, int]:
    """Give SHA-256 and CRC-32 of so many megabytes of zeros."""
    digest, crc, zeros = hashlib.sha256(), 0, bytes(MB)
    for _ in range(megabytes):
        digest.update(zeros)
        crc = zlib.crc32(zeros, crc)
    return digest.hexdigest(), crc


@lru_cache
def _zeros(method: int, megabytes: int) -> bytes:
    """Give so many megabytes of zeros, packed."""
    parts = (bytes(MB) for _ in range(megabytes))
    if method == BZIP2:
        press = bz2.BZ2Compressor(1)
        return b"".join([*map(press.compress, parts), press.flush()])
    if method == LZMA:
        filters = [{"id": lzma.FILTER_LZMA1, "preset": 0}]
        squeeze = lzma.LZMACompressor(lzma.FORMAT_RAW, filters=filters)
        return _LZMA_HEAD + b"".join([*map(squeeze.compress, parts), squeeze.flush()])
    deflate = zlib.compressobj(9, zlib.DEFLATED, -15)
    once = deflate.compress(bytes(MB)) + deflate.flush(zlib.Z_FULL_FLUSH)
    return once * megabytes


_LZMA_HEAD = struct.pack("<BBHBI", 9, 4, 5, 93, 1 << 18)
_PACKING: dict[int, Callable[[bytes], bytes]] = {
    DEFLATED: lambda content: zlib.compress(content, wbits=-15),
    BZIP2: bz2.compress,
}
