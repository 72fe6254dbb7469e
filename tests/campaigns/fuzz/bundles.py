"""Bundles: manifests, and the arrays beside them, with hashes that fit."""

import hashlib
import json
from pathlib import Path

from runtime.bundle import list_bundles
from runtime.detector import Detector
from runtime.engine import Engine
from runtime.verify import verify
from tests.campaigns.fuzz.target import Target
from tests.tiny_bundle import make_trusting_bundle
from tests.tiny_squares import make_squares_detector


def bundles(folder: Path) -> Target:
    """Manifests of both tasks, and a trust.npz that its manifest knows."""
    classifier, detector = make_trusting_bundle(folder), make_squares_detector(folder)
    manifests = {path: (path / "manifest.json").read_bytes() for path in (classifier, detector)}
    trust = (classifier / "trust.npz").read_bytes()

    def run(part: str, content: bytes) -> None:
        path = detector if part == "detector's manifest" else classifier
        (path / "manifest.json").write_bytes(manifests[path])
        (classifier / "trust.npz").write_bytes(trust)
        if part == "trust.npz":
            (path / part).write_bytes(content)
            manifest = json.loads(manifests[path])
            manifest["trust"]["sha256"] = hashlib.sha256(content).hexdigest()
            content = json.dumps(manifest).encode()
        (path / "manifest.json").write_bytes(content)
        list_bundles(folder)
        if path == detector:
            Detector.load(path, threads=1)
        else:
            answer = Engine.load(path, threads=1).classify(path / "golden.png")
            assert answer.label in answer.probabilities
        verify(path, "int8")

    return Target(
        {
            "manifest": [manifests[classifier]],
            "trust.npz": [trust],
            "detector's manifest": [manifests[detector]],
        },
        run,
    )
