"""Data to Keras to ONNX to int8 to a measured, published bundle: runs where TensorFlow is."""

import os

# Read when onnxruntime is imported: without it, it keeps a device id and reports to its maker.
os.environ["ORT_DISABLE_TELEMETRY"] = "1"
