"""Grad-CAM: where in an image a network looks, by gradients of an intermediate value.

A digit is put somewhere in a larger image full of clutter. The network learns its class alone; the
places that raise the score of that class are where the digit is.
"""

import numpy as np

import deepkit
from deepkit import layers, ops

deepkit.utils.set_random_seed(0)
rng = np.random.default_rng(0)
SIZE = 24


def hide(digits):
    """Each digit somewhere in an image of noise; returns the images and the corners."""
    shape = (len(digits), SIZE, SIZE, 1)
    images = np.where(rng.random(shape) < 0.2, 8 * rng.random(shape), 0)
    corners = rng.integers(0, SIZE - 7, (len(digits), 2))
    for image, digit, (row, column) in zip(images, digits, corners):
        image[row : row + 8, column : column + 8, 0] = digit
    return images.astype("float32") / 16, corners


(x_train, y_train), (x_test, y_test) = deepkit.datasets.digits.load_data()
(x_train, _), (x_test, corners) = hide(x_train), hide(x_test)

inputs = deepkit.Input((SIZE, SIZE, 1))
maps = layers.Conv2D(16, 3, padding="same", activation="relu")(inputs)
maps = layers.MaxPooling2D()(maps)
maps = layers.Conv2D(32, 5, padding="same", activation="relu", name="maps")(maps)
scores = layers.Dense(10)(layers.GlobalMaxPooling2D()(maps))
model = deepkit.Model(inputs, scores)
loss = deepkit.losses.SparseCategoricalCrossentropy(from_logits=True)
model.compile(deepkit.optimizers.Adam(0.003), loss, metrics=["accuracy"])
model.fit(x_train, y_train, epochs=10, verbose=0)
print(model.evaluate(x_test, y_test, verbose=0, return_dict=True))

looking = deepkit.Model(model.inputs, [model.get_layer("maps").output, model.output])


@deepkit.function
def heat(images, classes):
    """How much each place of the last maps adds to the score of the class."""
    with deepkit.GradientTape() as tape:
        maps, scores = looking(images)
        chosen = ops.take_along_axis(scores, classes[:, None], axis=1)
    slopes = tape.gradient(chosen, maps)
    return ops.sum(ops.relu(slopes * maps), axis=-1)


where = np.asarray(heat(x_test, y_test.astype("int32")))
peaks = np.stack(np.unravel_index(where.reshape(len(where), -1).argmax(axis=1), where.shape[1:]), 1)
inside = np.all((2 * peaks + 1 >= corners) & (2 * peaks <= corners + 7), axis=1)
print(f"The hottest place is in the digit for {inside.mean():.2f} of the images")
