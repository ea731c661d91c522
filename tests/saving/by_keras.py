"""Opens with Keras alone what deepkit wrote, and prints what it predicts; run by a test."""

import json
import sys

import keras
import numpy as np


def net():
    """The net of `test_keras_alone.py`, made by Keras."""
    layers = [
        keras.layers.Reshape((6, 6, 1)),
        keras.layers.Conv2D(4, 3, activation="relu"),
        keras.layers.BatchNormalization(),
        keras.layers.GlobalAveragePooling2D(),
        keras.layers.Dropout(0.5),
        keras.layers.Dense(3, activation="softmax"),
    ]
    return keras.Sequential([keras.Input((36,)), *layers])


def main():
    x = np.load(sys.argv[1])
    found = {}
    for path in sys.argv[2:]:
        if ".weights." in path:
            model = net()
            model.load_weights(path)
        else:
            model = keras.saving.load_model(path)
        found[path] = model.predict(x, verbose=0).tolist()
    assert not any(name.split(".")[0] == "deepkit" for name in sys.modules)
    print(json.dumps(found))


if __name__ == "__main__":
    main()
