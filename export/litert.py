"""Keras to LiteRT, for `benchmarks compare` alone: what devices run is ONNX.

LiteRT reads files that only TensorFlow writes, so they are made where the network is, from the
same function and for int8 with the same calibration pictures as the ONNX files.
"""

import tensorflow as tf
from tensorflow.python.framework.convert_to_constants import convert_variables_to_constants_v2

from runtime.preprocess import Batch


def to_litert(
    function: tf.types.experimental.PolymorphicFunction, calibration: Batch | None = None
) -> bytes:
    """Convert a classifier that takes one picture.

    Args:
        function: (1, size, size, 3) uint8 to a dictionary with logits, with its input signature.
        calibration: (n, size, size, 3) uint8 RGB; with it weights and activations become int8,
            weights per channel, while pictures stay uint8 and logits float.

    Returns:
        The file's content.
    """
    # Calibration runs the graph outside of TensorFlow, where variables have no values.
    frozen = convert_variables_to_constants_v2(function.get_concrete_function())
    converter = tf.lite.TFLiteConverter.from_concrete_functions([frozen], tf.Module())
    if calibration is not None:
        converter.optimizations = [tf.lite.Optimize.DEFAULT]
        converter.representative_dataset = lambda: ([picture[None]] for picture in calibration)
        converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]
    return bytes(converter.convert())
