"""Data to Keras to ONNX to int8 to a measured, published bundle: runs where TensorFlow is."""
