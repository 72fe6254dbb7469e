"""What identifies the pictures that a model was trained with or measured on."""

import hashlib
from collections import Counter
from collections.abc import Sequence
from functools import cache
from pathlib import Path

from export.data.samples import Sample


def fingerprint(samples: Sequence[Sample]) -> dict[str, object]:
    """Identify a split: how many cells, of which classes, and a hash over names and bytes."""
    digest, content = hashlib.sha256(), cache(_content)
    for sample in samples:
        place = "" if sample.box is None else f" {sample.box}"
        named = f"{sample.label}/{sample.path.name}{place}\n"
        # Names that are no UTF-8 hold half characters, which this lets pass.
        digest.update(named.encode(errors="surrogatepass"))
        digest.update(content(sample.path))
    counts = Counter(s.label for s in samples)
    return {
        "count": len(samples),
        "classes": dict(sorted(counts.items())),
        "sha256": digest.hexdigest(),
    }


def _content(picture: Path) -> bytes:
    """Hash a picture's bytes; one that cannot be read is measured on as wrong, and has none."""
    try:
        with picture.open("rb") as stream:
            return hashlib.file_digest(stream, "sha256").digest()
    except OSError:
        return b"unreadable"
