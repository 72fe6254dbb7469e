"""What identifies the pictures that a model was trained with or measured on."""

import hashlib
from collections import Counter
from collections.abc import Sequence

from export.data.samples import Sample


def fingerprint(samples: Sequence[Sample]) -> dict[str, object]:
    """Identify a split: how many cells, of which classes, and a hash over names and bytes."""
    digest = hashlib.sha256()
    for sample in samples:
        place = "" if sample.box is None else f" {sample.box}"
        digest.update(f"{sample.label}/{sample.path.name}{place}\n".encode())
        digest.update(hashlib.sha256(sample.path.read_bytes()).digest())
    counts = Counter(s.label for s in samples)
    return {
        "count": len(samples),
        "classes": dict(sorted(counts.items())),
        "sha256": digest.hexdigest(),
    }
