"""What identifies the pictures that a model was trained with or measured on."""

import hashlib
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from export.data.samples import Sample


def fingerprint(samples: Sequence[Sample]) -> dict[str, object]:
    """Identify a split: how many cells, of which classes, and a hash over names and bytes."""
    digest = hashlib.sha256()
    for sample in samples:
        place = "" if sample.box is None else f" {sample.box}"
        digest.update(f"{sample.label}/{sample.path.name}{place}\n".encode())
        digest.update(_content(sample.path))
    counts = Counter(s.label for s in samples)
    return {
        "count": len(samples),
        "classes": dict(sorted(counts.items())),
        "sha256": digest.hexdigest(),
    }


def _content(picture: Path) -> bytes:
    """Hash a picture's bytes; one that cannot be read is measured on as wrong, and has none."""
    try:
        return hashlib.sha256(picture.read_bytes()).digest()
    except OSError:
        return b"unreadable"
