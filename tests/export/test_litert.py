"""LiteRT files: the same network as Keras, in fp32 and in int8."""

import numpy as np
import pytest

pytest.importorskip("tensorflow")
pytestmark = [
    pytest.mark.export,
    # TensorFlow's own interpreter tells of its successor.
    pytest.mark.filterwarnings("ignore"),
]

SIZE_PX = 16


def test_both_files_answer_like_keras_and_int8_is_smaller() -> None:
    import keras
    import tensorflow as tf

    from export.convert import as_function
    from export.litert import to_litert

    keras.utils.set_random_seed(3)
    chain = keras.Sequential(
        [
            keras.layers.Input((SIZE_PX, SIZE_PX, 3)),
            keras.layers.Rescaling(1 / 127.5, -1),
            keras.layers.Conv2D(32, 3, activation="relu"),
            keras.layers.Conv2D(64, 3, activation="relu"),
            keras.layers.GlobalAveragePooling2D(),
            keras.layers.Dense(3),
        ]
    )
    model = keras.Model(chain.inputs, {"logits": chain.outputs[0]})
    pictures = np.random.default_rng(3).integers(0, 256, (20, SIZE_PX, SIZE_PX, 3), np.uint8)
    pictures //= np.arange(1, 21, dtype=np.uint8)[:, None, None, None]
    function = as_function(model, SIZE_PX, 1)
    files = {"fp32": to_litert(function), "int8": to_litert(function, pictures)}
    theirs = keras.ops.convert_to_numpy(model(pictures, training=False)["logits"])
    for precision, tolerance in (("fp32", 1e-5), ("int8", 0.05)):
        interpreter = tf.lite.Interpreter(model_content=files[precision])
        interpreter.allocate_tensors()
        (taken,), (given,) = interpreter.get_input_details(), interpreter.get_output_details()
        assert taken["dtype"] == np.uint8
        for picture, expected in zip(pictures, theirs, strict=True):
            interpreter.set_tensor(taken["index"], picture[None])
            interpreter.invoke()
            logits = interpreter.get_tensor(given["index"])[0]
            assert logits == pytest.approx(expected, abs=tolerance * float(np.ptp(theirs)))
    assert len(files["int8"]) < len(files["fp32"]) / 2
