"""Picture in, answer out: the half of HematoVision that runs on the device.

with no network, no TensorFlow and no state of its own:

>>> from runtime import Engine
>>> engine = Engine.load()
>>> engine.classify("cell.jpg").label  # doctest: +SKIP
'neutrophil'
"""

from runtime.answers import Classification, Refusal, document, to_json
from runtime.bundle import Bundle, list_bundles, load_bundle
from runtime.detection import Found
from runtime.detector import Detector
from runtime.engine import Engine
from runtime.errors import BundleError, HematoVisionError, ImageError
from runtime.images import decode

__all__ = [
    "Bundle",
    "BundleError",
    "Classification",
    "Detector",
    "Engine",
    "Found",
    "HematoVisionError",
    "ImageError",
    "Refusal",
    "decode",
    "document",
    "list_bundles",
    "load_bundle",
    "to_json",
]
